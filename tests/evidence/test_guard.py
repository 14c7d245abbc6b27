"""What a database with the migration's triggers refuses, and what erasure still may do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from bot.db import begin, create_engine
from bot.evidence import guard
from bot.evidence.keys import Keys
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_cosignature, ev_event, ev_part, ev_tile, ev_token
from tests.evidence.conftest import NOW, add


@pytest.fixture
def guarded(database_url: str, keys: Keys) -> Iterator[Engine]:
    """A migrated database with two placed events and a pending one."""
    engine = create_engine(database_url)
    with begin(engine) as conn:
        add(conn, keys, 1)
        add(conn, keys, 2, "ntc_2")
    assert sequence(engine, keys, NOW)
    place = {"epoch": 1, "size": 2, "received_ms": 1}
    with begin(engine) as conn:
        add(conn, keys, 3)
        conn.execute(sa.insert(ev_token).values(**place, authority="a", token=b"t", chain=b"", gen_ms=1))
        conn.execute(sa.insert(ev_cosignature).values(**place, witness="w", line="x"))
    yield engine
    engine.dispose()


EVENT = "UPDATE ev_event SET "
FORBIDDEN = [
    *(f"{EVENT}{name} = '1'" for name in ("event_id", "object_id", "promise", "type", "actor", "subject")),
    *(f"{EVENT}{name} = CAST('x' AS {{bytes}})" for name in ("entry", "leaf_hash", "envelope", "salt")),
    *(f"{EVENT}{name} = 77" for name in ("epoch", "object_seq", "at_ms", "seen_ms")),
    f"{EVENT}log_index = NULL WHERE log_index = 0",
    f"{EVENT}log_index = 9 WHERE log_index = 0",
    f"{EVENT}log_index = 1 WHERE log_index IS NULL",
    *(f"DELETE FROM {table}" for table in ("ev_event", "ev_part", "ev_checkpoint", "ev_token", "ev_cosignature")),
    "DELETE FROM ev_epoch",
    "DELETE FROM ev_tile",
    "UPDATE ev_part SET content = CAST('x' AS {bytes})",
    "UPDATE ev_part SET commitment = CAST('x' AS {bytes})",
    "UPDATE ev_part SET sealed_for = 'p:e2'",
    "UPDATE ev_part SET name = 'x'",
    "UPDATE ev_checkpoint SET note = 'x'",
    "UPDATE ev_token SET token = CAST('x' AS {bytes})",
    "UPDATE ev_cosignature SET line = 'y'",
    "UPDATE ev_epoch SET log_vkey = 'x'",
    "UPDATE ev_tile SET data = CAST('x' AS {bytes})",
    "UPDATE ev_tile SET n = 7",
]
REPLACING = [
    "INSERT OR REPLACE INTO ev_event SELECT * FROM ev_event WHERE log_index = 0",
    "INSERT OR REPLACE INTO ev_tile SELECT epoch, level, n, CAST('x' AS BLOB) FROM ev_tile",
    "INSERT OR REPLACE INTO ev_checkpoint SELECT epoch, size, root, 'x', created_ms FROM ev_checkpoint",
    "UPDATE OR REPLACE ev_event SET log_index = 0 WHERE log_index IS NULL",
]


def rows(engine: Engine) -> list[object]:
    names = [name for name in sa.inspect(engine).get_table_names() if name.startswith("ev_")]
    with engine.connect() as conn:
        return [sorted(map(repr, conn.exec_driver_sql(f"SELECT * FROM {name}"))) for name in sorted(names)]


def test_every_change_is_refused_and_nothing_is_lost(guarded: Engine) -> None:
    lite = guarded.dialect.name == "sqlite"
    kind = "BLOB" if lite else "bytea"
    before = rows(guarded)
    for statement in [*FORBIDDEN, *(REPLACING if lite else ["TRUNCATE ev_event CASCADE"])]:
        with pytest.raises(sa.exc.IntegrityError, match="存证记录不可改动|violates unique"), begin(guarded) as conn:  # noqa: PT012
            conn.exec_driver_sql(statement.format(bytes=kind))
            pytest.fail(statement)
    assert rows(guarded) == before


def test_work_and_erasure_go_on(guarded: Engine, keys: Keys) -> None:
    with begin(guarded) as conn:
        assert conn.execute(sa.update(ev_event).values(envelope=None, salt=None)).rowcount == 3
        assert conn.execute(sa.update(ev_part).values(salt=None, content=None, sealed_for=None)).rowcount == 3
    done = sequence(guarded, keys, NOW)
    assert done and done.size == 3
    with guarded.connect() as conn:
        assert len(conn.execute(sa.select(ev_tile.c.data)).scalar_one()) == 96


def test_the_owner_of_the_database_can_remove_it(guarded: Engine) -> None:
    with begin(guarded) as conn:
        guard.remove(conn)
        guard.remove(conn)
        conn.execute(sa.update(ev_event).values(promise="x"))
        guard.install(conn)
    with pytest.raises(sa.exc.IntegrityError, match="存证记录不可改动"), begin(guarded) as conn:
        conn.execute(sa.update(ev_event).values(promise="y"))
