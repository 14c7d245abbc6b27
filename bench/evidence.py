"""Evidence log against the simplest thing that stores or re-hashes the same bytes.

    python -m bench.evidence [events] [rounds]

append: canonical envelope, salted commitment, promise signature and chain, 100 events per commit, SQLite with WAL and
        synchronous=FULL; then the same with tree and checkpoint, one per commit; both against one `executemany` per
        100 of event rows with the same bytes.
verify: read every entry in order and rebuild the RFC 9162 root; against one running SHA-256 over the same entries.

Rounds are interleaved, every measurement runs in a fresh process. Answers are checked: a wrong root is an error.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from bench.rounds import Row, apart, median, own_peak
from bot import db
from bot.evidence.keys import load_or_create
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_event, ev_head
from bot.evidence.tree import Frontier

BATCH = 100
START = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
CARD = "今天 9:00 没有看到您的打卡记录，一切还好吗？".encode()
Measured = tuple[list[float], float]
"""(seconds of each thing measured, peak resident MB of the measuring process)."""


def draft(number: int) -> Draft:
    """Event `number`: five to a case."""
    at, part = START + timedelta(milliseconds=number), Part("card", "text/plain; charset=utf-8", CARD)
    person, case = f"p:{number % 5000}", f"case_{number // 5}"
    return Draft(f"evt_{number}", "bench.asked", at, at, "p:system", person, case, [part], {"kind": "bench"})


def ours_append(folder: str, events: int) -> list[float]:
    """Append and sequence `events`; returns seconds without and with sequencing. The database stays for `verify`."""
    engine = db.create_engine(f"sqlite:///{folder}/ours.db")
    db.metadata.create_all(engine)
    keys = load_or_create(Path(folder) / "keys", "bench.example/hr-log/1")
    begun, appending = time.perf_counter(), 0.0
    for low in range(0, events, BATCH):
        started = time.perf_counter()
        with db.begin(engine) as conn:
            append_many(conn, keys, [draft(number) for number in range(low, min(low + BATCH, events))])
        appending += time.perf_counter() - started
        while sequence(engine, keys, START, limit=BATCH):
            continue
    spent = time.perf_counter() - begun
    with engine.connect() as conn:
        assert conn.execute(select(ev_head.c.size)).scalar_one() == events
    return [appending, spent]


def plain_append(folder: str, events: int) -> list[float]:
    """The bytes that `ours_append` stored, written again as plain rows with the same durability; returns seconds."""
    source = sqlite3.connect(f"{folder}/ours.db")
    columns = "event_id, type, at_ms, seen_ms, actor, subject, object_id, object_seq"
    columns += ", envelope, salt, entry, leaf_hash, promise"
    rows = source.execute(f"SELECT {columns} FROM ev_event ORDER BY n").fetchall()
    assert len(rows) == events
    target = sqlite3.connect(f"{folder}/plain.db", isolation_level=None)
    target.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    target.execute(f"CREATE TABLE plain (n INTEGER PRIMARY KEY, {columns})")
    command = f"INSERT INTO plain ({columns}) VALUES ({','.join('?' * 13)})"
    begun = time.perf_counter()
    for low in range(0, events, BATCH):
        target.execute("BEGIN IMMEDIATE")
        target.executemany(command, rows[low : low + BATCH])
        target.execute("COMMIT")
    return [time.perf_counter() - begun]


def ours_verify(folder: str, events: int) -> list[float]:
    """Rebuild the root from the entries and compare it with the stored head; returns seconds."""
    engine = db.create_engine(f"sqlite:///{folder}/ours.db")
    begun = time.perf_counter()
    frontier = Frontier()
    with engine.connect() as conn:
        for (entry,) in conn.execute(select(ev_event.c.entry).order_by(ev_event.c.log_index)):
            frontier = frontier.append(entry)
        head = frontier.head()
        stored = conn.execute(select(ev_head.c.size, ev_head.c.root)).one()
    spent = time.perf_counter() - begun
    assert (head.size, head.root) == (stored.size, stored.root)
    assert head.size == events
    return [spent]


def plain_verify(folder: str, events: int) -> list[float]:
    """One SHA-256 over all entries in order, read the same way; returns seconds."""
    engine = db.create_engine(f"sqlite:///{folder}/ours.db")
    begun = time.perf_counter()
    digest = hashlib.sha256()
    with engine.connect() as conn:
        for (entry,) in conn.execute(select(ev_event.c.entry).order_by(ev_event.c.log_index)):
            digest.update(entry)
        digest.digest()
    spent = time.perf_counter() - begun
    with engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(ev_event)).scalar_one() == events
    return [spent]


def measured(task: Callable[[str, int], list[float]], folder: str, events: int) -> Measured:
    """Seconds as the task counts them, and the peak memory of this (fresh) process."""
    return task(folder, events), own_peak()


def rounds(events: int, count: int) -> Iterator[dict[str, Measured]]:
    """One dictionary per round, every task on the same data, ours and plain in turn."""
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            yield {task.__name__: apart(measured, task, folder, events) for task in TASKS}


TASKS = (ours_append, plain_append, ours_verify, plain_verify)


def compare(events: int = 10_000, count: int = 5) -> list[Row]:
    """Interleaved rounds; AssertionError when a root or a number of events is wrong."""
    seen = list(rounds(events, count))

    def side(task: str, which: int = 0) -> tuple[float, float]:
        return 1000 * median(row[task][0][which] for row in seen), max(row[task][1] for row in seen)

    found = []
    for name, mine, other in (
        ("append", side("ours_append", 0), side("plain_append")),
        ("append, tree, checkpoint", side("ours_append", 1), side("plain_append")),
        ("verify", side("ours_verify"), side("plain_verify")),
    ):
        note = f"{events:,} events, {1000 * events / mine[0]:,.0f}/s against {1000 * events / other[0]:,.0f}/s"
        found.append(Row(f"evidence: {name}", "ms", mine[0], other[0], mine[1], other[1], note))
    return found


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:3])):
        print(line)
