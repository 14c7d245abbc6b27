"""Who is missing now? The handler's own query over one day of a large firm, against plain dictionaries.

    python -m bench.missing [employees] [rounds]

ours:  `missed_punch.ladder.scan` asks the database: running shifts past grace without a punch, with leave and case.
plain: `sqlite3` loads today's shifts, punches and leaves, and dictionaries say who is missing.

Both read the same SQLite file; the answers (shift, leave, leave pending) must be equal in every round. The firm's day:
95 % punched in, of the others half are on leave; every fifth punch is of yesterday evening and proves nothing today.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.rounds import Row, apart, median, own_peak
from bot import db, schema
from bot.context import Context
from bot.evidence.keys import load_or_create
from config.settings import Settings
from handlers.missed_punch import rules
from handlers.missed_punch.ladder import scan
from handlers.missed_punch.store import EARLY

START = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)
END = START + timedelta(hours=9)
NOW = START + rules.GRACE + timedelta(minutes=1)
Answer = tuple[float, float, int, str]
"""(seconds, peak MB, how many are missing, digest of who)."""


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")  # what `bot.db.UTCDateTime` becomes in SQLite


def fill(path: str, employees: int) -> None:
    """One shift each; punches and leaves as the module's docstring says."""
    schema.upgrade(f"sqlite:///{path}")
    shifts, punches, leaves = [], [], []
    times = [_text(at) for at in (START - EARLY, START, END)]
    for number in range(employees):
        person = f"wecom:u{number:06d}"
        shifts.append((person, "wecom", f"u{number:06d}", "2026-06-11", *times, "", f"site/{number % 200}"))
        if number % 20:
            punches.append((person, _text(START - timedelta(seconds=number % 1800)), "on", "machine", times[1], ""))
        elif number % 40:
            leaves.append((person, times[0], times[2], "annual", number % 3 == 0))
        if number % 5 == 0:
            punches.append((person, _text(START - timedelta(hours=15)), "off", "machine", times[1], ""))
    connection = sqlite3.connect(path)
    for table, columns, rows in (
        ("mp_shift", "person_id, platform, user_id, day, early_at, start_at, end_at, plan_ref, site", shifts),
        ("mp_punch", "person_id, at, kind, source, fetched_at, raw_sha256", punches),
        ("mp_leave", "person_id, start_at, end_at, kind, pending", leaves),
    ):
        marks = ", ".join("?" * len(columns.split(", ")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    connection.commit()
    connection.close()


def _answer(begun: float, found: list[tuple[int, str, bool]]) -> Answer:
    spent, peak = time.perf_counter() - begun, own_peak()
    return spent, peak, len(found), hashlib.sha256(repr(found).encode()).hexdigest()


def ours(path: str) -> Answer:
    """The product's query in the product's context."""
    engine = db.create_engine(f"sqlite:///{path}")
    keys = load_or_create(Path(path).parent / "keys", "bench.example/hr-log/1")
    with engine.connect() as connection:
        ctx = Context(connection, now=NOW, keys=keys, settings=Settings(), zone="Asia/Shanghai")
        begun = time.perf_counter()
        rows = scan._missing(ctx)
        return _answer(begun, [(row["id"], row["leave"] or "", bool(row["leave_pending"])) for row in rows])


def plain(path: str) -> Answer:
    """Load, then look up."""
    now, due = _text(NOW), _text(NOW - rules.GRACE)
    connection = sqlite3.connect(path)
    begun = time.perf_counter()
    punched: dict[str, list[str]] = {}
    for person, at in connection.execute("SELECT person_id, at FROM mp_punch WHERE kind <> 'off'"):
        punched.setdefault(person, []).append(at)
    away: dict[str, tuple[bool, str]] = {}
    for person, kind, pending in connection.execute(
        "SELECT person_id, kind, pending FROM mp_leave WHERE start_at <= ? AND end_at > ?", (now, now)
    ):
        away[person] = min(away.get(person, (True, "\uffff")), (bool(pending), kind))
    cases = {shift for (shift,) in connection.execute("SELECT shift_id FROM mp_case")}
    assert not cases
    shifts = connection.execute(
        "SELECT id, person_id, early_at, end_at FROM mp_shift WHERE start_at <= ? AND end_at > ? ORDER BY start_at, id",
        (due, now),
    )
    found = []
    for shift, person, early, end in shifts:
        if not any(early <= at < end for at in punched.get(person, ())):
            pending, kind = away.get(person, (False, ""))
            found.append((shift, kind, pending))
    return _answer(begun, found)


def compare(employees: int = 100_000, count: int = 5) -> list[Row]:
    """Interleaved rounds on one database; raises AssertionError when the answers differ."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/firm.db"
        apart(fill, path, employees)
        seen = [(apart(ours, path), apart(plain, path)) for _ in range(count)]
    assert len({each[2:] for pair in seen for each in pair}) == 1, "the answers differ"
    assert seen[0][0][2] == len(range(0, employees, 20))
    mine, other = zip(*seen, strict=True)
    milliseconds = [1000 * median(each[0] for each in side) for side in (mine, other)]
    peaks = [max(each[1] for each in side) for side in (mine, other)]
    note = f"{employees:,} employees, {seen[0][0][2]:,} missing"
    return [Row("missing now", "ms", milliseconds[0], milliseconds[1], peaks[0], peaks[1], note)]


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:3])):
        print(line)
