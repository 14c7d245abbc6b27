"""Evidence log against the simplest thing that stores or re-hashes the same bytes, on SQLite and on PostgreSQL.

    python -m bench.evidence [events] [rounds]
    python -m bench.evidence million [events]

append: canonical envelope, salted commitment, promise signature and chain, 100 events per commit, into the migrated
        database with its triggers (SQLite with WAL and synchronous=FULL, PostgreSQL with fsync); then with each part
        encrypted for its person, as the product stores it; then with tree and checkpoint as well, one per commit. All
        against one `executemany` per 100 of event rows with the same bytes, without triggers.
audit:  the nightly self-audit of such a log, parts opened: tree, tiles, checkpoints, contents, chains, a thousand
        promises; against one running SHA-256 over the same entries, envelopes and parts.

`million` builds a log of that size without syncing and audits it once, in one process; the build is not measured.
Rounds are interleaved, every measurement runs in a fresh process. Answers are checked: a wrong root is an error.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, make_url, select, text

from bench.rounds import Row, apart, median, own_peak
from bot import db, schema
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.selfaudit import examine
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_head, ev_part
from bot.evidence.vault import vault_of

BATCH = 100
START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
CARD = "今天 9:00 没有看到您的打卡记录，一切还好吗？".encode()
KINDS = ("sqlite", "postgresql")
AUDITED = 100_000
COLUMNS = (
    "event_id, type, at_ms, seen_ms, actor, subject, object_id, object_seq, envelope, salt, entry, leaf_hash, promise"
)
Measured = tuple[list[float], float]
"""(seconds of each thing measured, peak resident MB of the measuring process)."""
Place = tuple[str, str]
"""(URL of an empty database, folder for the keys)."""


def draft(number: int) -> Draft:
    """Event `number`: five to a case, a thousand people in turn."""
    at, part = START + timedelta(milliseconds=number), Part("card", "text/plain; charset=utf-8", CARD)
    person, case = f"p:{number % 1000}", f"case_{number // 5}"
    return Draft(f"evt_{number}", "bench.asked", at, at, "p:system", person, case, [part], {"kind": "bench"})


def keys_in(folder: str) -> Keys:
    """The bench's own."""
    return load_or_create(Path(folder) / "keys", "bench.example/hr-log/1")


def ours_append(place: Place, events: int, *, sealed: bool = False) -> list[float]:
    """Append and sequence `events`; returns seconds without and with sequencing, and our CPU seconds without it. The
    rows stay for the others."""
    engine, keys = db.create_engine(place[0]), keys_in(place[1])
    vault = vault_of(keys.key_dir) if sealed else None
    begun, appending, working = time.perf_counter(), 0.0, 0.0
    for low in range(0, events, BATCH):
        started, worked = time.perf_counter(), time.process_time()
        with db.begin(engine) as conn:
            append_many(conn, keys, [draft(number) for number in range(low, min(low + BATCH, events))], vault=vault)
        appending, working = appending + time.perf_counter() - started, working + time.process_time() - worked
        while sequence(engine, keys, START, limit=BATCH):
            continue
    spent = time.perf_counter() - begun
    with engine.connect() as conn:
        assert conn.execute(select(ev_head.c.size)).scalar_one() == events
    engine.dispose()
    return [appending, spent, working]


def sealed_append(place: Place, events: int) -> list[float]:
    """The same with the parts encrypted for their people; their keys are made on the way."""
    return ours_append(place, events, sealed=True)


def plain_append(place: Place, events: int) -> list[float]:
    """The rows of `ours_append` again, plainly and with the same durability, by the database's own driver."""
    engine = db.create_engine(place[0])
    with db.begin(engine) as conn:
        rows = [tuple(row) for row in conn.execute(text(f"SELECT {COLUMNS} FROM ev_event ORDER BY n"))]
        lite = conn.dialect.name == "sqlite"
        kind = "BLOB" if lite else "BYTEA"
        typed = [f"{name} {kind if name in BINARY else NUMBERS.get(name, 'TEXT')}" for name in COLUMNS.split(", ")]
        serial = "INTEGER PRIMARY KEY" if lite else "BIGSERIAL PRIMARY KEY"
        conn.exec_driver_sql(f"CREATE TABLE plain (n {serial}, {', '.join(typed)})")
    assert len(rows) == events
    marks = ",".join(["?" if lite else "%s"] * 13)
    with engine.connect() as conn:
        raw: Any = conn.connection.driver_connection
        begun, cursor = time.perf_counter(), raw.cursor()
        for low in range(0, events, BATCH):
            cursor.execute("BEGIN" + (" IMMEDIATE" if lite else ""))
            cursor.executemany(f"INSERT INTO plain ({COLUMNS}) VALUES ({marks})", rows[low : low + BATCH])
            cursor.execute("COMMIT")
        spent = time.perf_counter() - begun
    engine.dispose()
    return [spent]


BINARY = {"envelope", "salt", "entry", "leaf_hash"}
NUMBERS = {"at_ms": "BIGINT", "seen_ms": "BIGINT", "object_seq": "INTEGER"}


def ours_audit(place: Place, events: int) -> list[float]:
    """What runs every night, without its event."""
    engine = db.create_engine(place[0])
    opener = vault_of(keys_in(place[1]).key_dir).open_part
    begun = time.perf_counter()
    report = examine(engine, opener=opener, start=0)
    spent = time.perf_counter() - begun
    assert report.ok, report.findings
    assert (report.events, report.parts, report.sealed) == (events, events, 0)
    return [spent]


def plain_audit(place: Place, events: int) -> list[float]:
    """One SHA-256 over everything that is committed to, read in order."""
    engine = db.create_engine(place[0])
    wanted = select(ev_event.c.entry, ev_event.c.envelope, ev_part.c.content).join_from(ev_event, ev_part)
    begun, digest, count = time.perf_counter(), hashlib.sha256(), 0
    with engine.connect().execution_options(stream_results=True, max_row_buffer=1000) as conn:
        for row in conn.execute(wanted.order_by(ev_event.c.log_index)):
            for each in row:
                digest.update(each)
            count += 1
    spent = time.perf_counter() - begun
    assert count == events
    return [spent]


def build(place: Place, events: int) -> list[float]:
    """A log of `events`, quickly: large batches, nothing synced. Not a measurement of appending."""
    engine, keys = db.create_engine(place[0]), keys_in(place[1])
    for low in range(0, events, 5000):
        with db.begin(engine) as conn:
            _unsynced(conn)
            append_many(conn, keys, [draft(number) for number in range(low, min(low + 5000, events))])
        while sequence(engine, keys, START, limit=5000):
            continue
    with engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(ev_event)).scalar_one() == events
    return []


def _unsynced(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET LOCAL synchronous_commit TO off")


@contextmanager
def places() -> Iterator[Callable[[str], Place]]:
    """kind -> a new, migrated database and its key folder. PostgreSQL's own lies apart: its user has no rights here."""
    import pgserver  # not needed, and not paid for, by the measured processes

    with tempfile.TemporaryDirectory() as root:
        server = pgserver.get_server(tempfile.mkdtemp(prefix="huizhi-bench-"), cleanup_mode="delete")  # type: ignore[attr-defined]
        admin = db.create_engine(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")

        def new(kind: str) -> Place:
            name = f"b{uuid.uuid4().hex[:12]}"
            folder = f"{root}/{name}"
            url = f"sqlite:///{folder}/bench.db"
            if kind == "postgresql":
                with admin.connect() as conn:
                    conn.exec_driver_sql(f"CREATE DATABASE {name}")
                url = make_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)
            schema.upgrade(url)
            return url, folder

        yield new
        admin.dispose()
        server.cleanup()


def measured(task: Callable[[Place, int], list[float]], place: Place, events: int) -> Measured:
    """Seconds as the task counts them, and the peak memory of this (fresh) process."""
    return task(place, events), own_peak()


def compare(events: int = 10_000, count: int = 5) -> list[Row]:
    """Interleaved rounds; AssertionError when a root or a number of events is wrong."""
    found: list[Row] = []
    with places() as new:
        seen: dict[str, list[dict[str, Measured]]] = {kind: [] for kind in KINDS}
        for _ in range(count):
            for kind in KINDS:
                place, other = new(kind), new(kind)
                row = {task.__name__: apart(measured, task, place, events) for task in (ours_append, plain_append)}
                row["sealed"] = apart(measured, sealed_append, other, events)
                seen[kind].append(row)
        for kind in KINDS:
            found += _appending(kind, seen[kind], events)
        found += _auditing(new("sqlite"), count)
    return found


def _side(seen: list[dict[str, Measured]], task: str, which: int = 0) -> tuple[float, float]:
    return 1000 * median(row[task][0][which] for row in seen), max(row[task][1] for row in seen)


def _appending(kind: str, seen: list[dict[str, Measured]], events: int) -> Iterator[Row]:
    plain = _side(seen, "plain_append")
    for name, task, which in (
        ("append", "ours_append", 0), ("append, sealed", "sealed", 0), ("append, sealed, tree", "sealed", 1),
    ):  # fmt: skip
        mine = _side(seen, task, which)
        note = f"{events:,} events, {1000 * events / mine[0]:,.0f}/s against {1000 * events / plain[0]:,.0f}/s"
        note += "" if which else f", {1000 * events / _side(seen, task, 2)[0]:,.0f} for each CPU second"
        yield Row(f"{name}: {kind}", "ms", mine[0], plain[0], mine[1], plain[1], note)


def _auditing(place: Place, count: int, events: int = AUDITED) -> Iterator[Row]:
    apart(measured, build, place, events)
    tasks = (ours_audit, plain_audit)
    seen = [{task.__name__: apart(measured, task, place, events) for task in tasks} for _ in range(count)]
    mine, other = _side(seen, "ours_audit"), _side(seen, "plain_audit")
    note = f"{events:,} events, {1000 * events / mine[0]:,.0f}/s"
    yield Row("evidence: audit", "ms", mine[0], other[0], mine[1], other[1], note)


def million(events: int = 1_000_000) -> list[Row]:
    """One audit of a large log on SQLite, in one process."""
    with places() as new:
        return list(_auditing(new("sqlite"), 1, events))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    for line in (million if sys.argv[1:2] == ["million"] else compare)(*numbers):
        print(line)
