"""The self-audit finds what a database owner would do, and names the event."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from bot import clock
from bot.app import App
from bot.db import begin, create_engine, metadata
from bot.evidence import tree
from bot.evidence.audit_tree import Range
from bot.evidence.epochs import new_epoch
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.log import Draft, Part, append, append_many, entry_of
from bot.evidence.selfaudit import OBJECT, audit, examine
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_checkpoint, ev_event, ev_head, ev_object, ev_part, ev_tile
from bot.evidence.vault import vault_of
from tests.evidence.conftest import NOW, ORIGIN, Made, add, log_tables

COUNT = 300


def drafts(low: int, high: int) -> list[Draft]:
    return [
        Draft(
            f"evt_ntc_{number % 7}_{number}", "notice.created", NOW, NOW, "p:hr", "p:e1", f"ntc_{number % 7}",
            [Part("正文 body.txt", "text/plain", f"第 {number} 条".encode())],
        )
        for number in range(low, high)
    ]  # fmt: skip


def fill(engine: Engine, keys: Keys) -> None:
    """Two hundred and more events over seven objects in several checkpoints, two of them erased; one is pending."""
    for low in range(0, COUNT, 90):
        with begin(engine) as conn:
            append_many(conn, keys, drafts(low, min(low + 90, COUNT)))
        while sequence(engine, keys, NOW, limit=37):
            pass
    with begin(engine) as conn:
        conn.execute(sa.update(ev_event).where(ev_event.c.log_index == 10).values(envelope=None, salt=None))
        third = sa.select(ev_event.c.event_id).where(ev_event.c.log_index == 11).scalar_subquery()
        conn.execute(sa.update(ev_part).where(ev_part.c.event_id == third).values(salt=None, content=None))
        append_many(conn, keys, drafts(COUNT, COUNT + 1))


@pytest.fixture
def full(engine: Engine, keys: Keys) -> Engine:
    fill(engine, keys)
    return engine


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled SQLite database, made once."""
    folder = tmp_path_factory.mktemp("template")
    engine = create_engine(f"sqlite:///{folder}/log.db")
    metadata.create_all(engine, tables=log_tables())
    fill(engine, load_or_create(folder / "keys", ORIGIN))
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "log.db"


@pytest.fixture
def copied(template: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(template, tmp_path / "copied.db")
    engine = create_engine(f"sqlite:///{tmp_path}/copied.db")
    yield engine
    engine.dispose()


def test_untouched(full: Engine) -> None:
    report = examine(full)
    assert report.ok and report.findings == []
    assert (report.events, report.pending, report.parts, report.erased) == (COUNT, 1, COUNT + 1, 2)
    assert report.checkpoints == 10 and report.signatures == 10 + COUNT + 1
    fast = examine(full, fast=True)
    assert fast.ok and (fast.events, fast.parts) == (COUNT, 0)


def name_of(conn: Connection, index: int) -> str:
    return str(conn.execute(sa.select(ev_event.c.event_id).where(ev_event.c.log_index == index)).scalar_one())


def at(index: int, **values: object) -> Callable[[Connection], str]:
    def change(conn: Connection) -> str:
        conn.execute(sa.update(ev_event).where(ev_event.c.log_index == index).values(**values))
        return name_of(conn, index)

    return change


def part_at(index: int, **values: object) -> Callable[[Connection], str]:
    def change(conn: Connection) -> str:
        name = name_of(conn, index)
        conn.execute(sa.update(ev_part).where(ev_part.c.event_id == name).values(**values))
        return name

    return change


def forged(conn: Connection) -> str:
    """Everything about one row made to fit itself: only the tree knows."""
    row = conn.execute(sa.select(ev_event).where(ev_event.c.log_index == 42)).one()
    envelope = row.envelope.replace(b"notice.created", b"notice.refused")
    entry = entry_of(row.salt, envelope)
    values = {"envelope": envelope, "entry": entry, "leaf_hash": tree.leaf_hash(entry), "type": "notice.refused"}
    conn.execute(sa.update(ev_event).where(ev_event.c.log_index == 42).values(**values))
    return str(row.event_id)


def removed(conn: Connection) -> str:
    name = name_of(conn, 50)
    follower = conn.execute(sa.select(ev_event.c.event_id).where(ev_event.c.log_index == 57)).scalar_one()
    conn.execute(sa.delete(ev_part).where(ev_part.c.event_id == name))
    conn.execute(sa.delete(ev_event).where(ev_event.c.event_id == name))
    return str(follower)


def cut(conn: Connection) -> str:
    """The pending event, the last of its object, deleted."""
    name = conn.execute(sa.select(ev_event.c.event_id).where(ev_event.c.log_index.is_(None))).scalar_one()
    before = name_of(conn, 293)
    conn.execute(sa.delete(ev_part).where(ev_part.c.event_id == name))
    conn.execute(sa.delete(ev_event).where(ev_event.c.event_id == name))
    return before


def swapped(conn: Connection) -> str:
    one, two = name_of(conn, 60), name_of(conn, 61)
    for place, name in ((900, one), (60, two), (61, one)):
        conn.execute(sa.update(ev_event).where(ev_event.c.event_id == name).values(log_index=place))
    return one


ATTACKS: list[tuple[str, Callable[[Connection], str]]] = [
    ("entry", at(20, entry=b"x")),
    ("entry", at(20, leaf_hash=bytes(32))),
    ("entry", forged),
    ("entry", swapped),
    ("envelope", at(21, envelope=b"{}")),
    ("envelope", at(21, salt=bytes(32))),
    ("columns", at(22, at_ms=5)),
    ("columns", at(22, type="notice.refused")),
    ("columns", at(22, subject="p:e2")),
    ("promise", at(23, promise="none\n")),
    ("part", part_at(24, content="第 X 条".encode())),
    ("part", part_at(24, commitment=bytes(32))),
    ("part", part_at(24, name="other")),
    ("chain", removed),
    ("chain", cut),
]


@pytest.mark.parametrize("attack", range(len(ATTACKS)))
def test_every_change_is_named(copied: Engine, attack: int) -> None:
    kind, change = ATTACKS[attack]
    with begin(copied) as conn:
        name = change(conn)
    report = examine(copied)
    assert not report.ok
    assert (kind, name) in {(found.kind, found.event_id) for found in report.findings}
    assert report.found <= 4 and all(found.zh and found.en for found in report.findings)


STRUCTURE: list[tuple[str, sa.Executable]] = [
    ("head", sa.update(ev_head).values(root=bytes(32))),
    ("checkpoint", sa.update(ev_checkpoint).where(ev_checkpoint.c.size == 37).values(root=bytes(32))),
    ("checkpoint", sa.update(ev_checkpoint).where(ev_checkpoint.c.size == 37).values(note="x")),
    ("checkpoint", sa.delete(ev_checkpoint).where(ev_checkpoint.c.size == COUNT)),
    ("tile", sa.update(ev_tile).where(ev_tile.c.level == 1).values(data=bytes(32))),
    ("tile", sa.delete(ev_tile).where(ev_tile.c.level == 1)),
    ("checkpoint", sa.update(ev_tile).where(ev_tile.c.level == 0, ev_tile.c.n == 0).values(data=bytes(8192))),
    ("chain", sa.insert(ev_object).values(object_id="ntc_gone", head_seq=3, head_leaf=bytes(32))),
]


@pytest.mark.parametrize("damage", range(len(STRUCTURE)))
def test_structure(copied: Engine, damage: int) -> None:
    kind, statement = STRUCTURE[damage]
    with begin(copied) as conn:
        conn.execute(statement)
    report = examine(copied)
    assert kind in {found.kind for found in report.findings} and len(report.findings) <= 200


def test_missing_tail_is_seen_in_the_tiles(copied: Engine) -> None:
    with begin(copied) as conn:
        name = name_of(conn, COUNT - 1)
        conn.execute(sa.delete(ev_part).where(ev_part.c.event_id == name))
        conn.execute(sa.delete(ev_event).where(ev_event.c.event_id == name))
    found = examine(copied, fast=True).findings
    assert [(each.kind, each.index) for each in found] == [("missing", COUNT - 1)]


def test_two_epochs(full: Engine, keys: Keys) -> None:
    fresh = new_epoch(full, keys, "test", NOW)
    with begin(full) as conn:
        add(conn, fresh, 1, "ntc_new")
    assert sequence(full, fresh, NOW)
    assert examine(full).ok
    with begin(full) as conn:
        conn.execute(sa.update(ev_event).where(ev_event.c.object_id == "ntc_new").values(entry=b"y"))
    found = examine(full, fast=True).findings
    assert [(each.kind, each.epoch, each.index) for each in found] == [("entry", 2, 1)]


def test_sealed_parts_need_the_vault(made: Made, keys: Keys) -> None:
    engine, _ = made
    metadata.create_all(engine, tables=[metadata.tables["ev_subject_key"]])
    vault = vault_of(keys.key_dir)
    with begin(engine) as conn:
        parts = [Part("a", "text/plain", b"short"), Part("b", "text/plain", b"long" * 30_000)]
        common: dict[str, Any] = {"type": "x", "at": NOW, "seen": NOW, "actor": "p:e1", "subject": "p:e1"}
        append(conn, keys, event_id="e1", object_id="o", parts=parts, source={}, vault=vault, **common)
    assert sequence(engine, keys, NOW)
    closed, opened = examine(engine), examine(engine, opener=vault.open_part)
    assert closed.ok and (closed.parts, closed.sealed) == (2, 2)
    assert opened.ok and (opened.parts, opened.sealed, opened.erased) == (2, 0, 0)
    with begin(engine) as conn:
        conn.execute(sa.update(ev_part).where(ev_part.c.position == 1).values(content=b"x" * 99))
    assert [each.kind for each in examine(engine, opener=vault.open_part).findings] == ["part"]


def test_the_job_records_its_result(full: Engine, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    later = NOW + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    app = cast(App, SimpleNamespace(engine=full, keys=keys))
    assert audit(app).ok
    with begin(full) as conn:
        at(20, entry=b"x")(conn)
        bad = name_of(conn, 20)
    assert not audit(app).ok
    with full.connect() as conn:
        rows = conn.execute(
            sa.select(ev_part.c.content, ev_event.c.envelope)
            .join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
            .where(ev_event.c.object_id == OBJECT)
            .order_by(ev_event.c.object_seq)
        ).all()
    good, found = (json.loads(row.content) for row in rows)
    assert good["ok"] and good["events"] == COUNT and good["findings"] == []
    assert not found["ok"] and bad in {each["event_id"] for each in found["findings"]}
    assert json.loads(rows[1].envelope)["source"]["ok"] == "false"


def test_range_equals_the_reference_tree() -> None:
    frontier, fast = tree.Frontier(), Range()
    for number in range(600):
        entry = f"{number}".encode()
        frontier = frontier.append(entry)
        fast.push(tree.leaf_hash(entry))
        assert fast.head() == frontier.head()
    assert len(fast.above[1]) == 2


def test_memory_does_not_grow_with_contents(lite: Engine, keys: Keys) -> None:
    """40 MB of parts are read with a peak far below that."""
    for number in range(20):
        with begin(lite) as conn:
            append(
                conn, keys, event_id=f"e{number}", type="x", at=NOW, seen=NOW, actor="p:a", subject="p:b",
                object_id="o", parts=[Part("film", "video/mp4", bytes([number]) * 2_000_000)], source={},
            )  # fmt: skip
    sequence(lite, keys, NOW)
    program = (
        "import resource, sys; from bot import db; from bot.evidence.selfaudit import examine;"
        "engine = db.create_engine(sys.argv[1]); examine(engine, fast=True);"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; report = examine(engine);"
        "print(report.ok, report.parts, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    url = lite.url.render_as_string(hide_password=False)
    said = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True).stdout
    ok, parts, grown = said.split()
    assert (ok, parts) == ("True", "20") and int(grown) < 20_000
