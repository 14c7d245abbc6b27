"""What asking an attendance system about a large firm costs us, the vendor's own time left out.

    python -m bench.polling [employees] [rounds]

plan:    the first look of the day: everybody's shifts and leave, and yesterday's late uploads.
arrival: the look before the end of grace, when everybody is in question: everybody's punches, 1 % have none, those are
         looked up once more.
again:   a minute later: only who is missing is asked about.

A stand-in answers from memory and counts the calls an adapter would make with batches of the default limits. Seconds
are those of `missed_punch.attendance.fetching.poll`; beside them the time until the next look. SQLite and PostgreSQL.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from bench.evidence import places
from bench.rounds import Row, apart, median, own_peak
from bot import clock, people, router
from bot.app import App
from bot.card import Can
from bot.db import begin, create_engine
from bot.evidence.keys import load_or_create
from bot.ports import DirectoryPerson, Leave, Limits, Punch, Shift
from handlers.missed_punch import jobs, rules, store, tables as t
from handlers.missed_punch.attendance import fetching, polling

START = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)
SITES, PART = 200, 10_000
KINDS = ("sqlite", "postgresql")
LOOKS = ("plan", "arrival", "again")
Measured = tuple[tuple[float, ...], tuple[int, ...], float]
"""(seconds of each look, calls of each look, peak MB)."""


class Memory:
    """An attendance system: one shift each, 2 % on leave, and of the others all but 1 % punched today."""

    limits = Limits()

    def __init__(self) -> None:
        self.calls = 0

    def shifts(self, users: Sequence[str], day: date) -> list[Shift]:
        self.calls += ceil(len(users) / self.limits.shifts)
        begin = START + timedelta(days=(day - START.date()).days)
        return [Shift(user, day, begin, begin + timedelta(hours=9)) for user in users]

    def punches(self, users: Sequence[str], since: datetime, until: datetime) -> list[Punch]:
        self.calls += ceil(len(users) / self.limits.punches)
        found = []
        for user in users:
            number = int(user[1:])
            for ago in (1, 0):
                at = START - timedelta(days=ago, seconds=number % 1800)
                if since <= at <= until and (ago or number % 101):
                    found.append(Punch(user, at, "on", f"device {number % SITES}", f"{user}{at}".encode()))
        return found

    def leaves(self, users: Sequence[str], since: datetime, until: datetime) -> list[Leave]:
        self.calls += ceil(len(users) / self.limits.leaves)
        away = timedelta(hours=9)
        return [Leave(user, START, START + away, "annual", False) for user in users if int(user[1:]) % 50 == 1]


def measure(url: str, keys: str, employees: int) -> Measured:
    """One morning of a firm whose directory and yesterday's plan are known. AssertionError for a wrong result."""
    router.discover("handlers", "flow")
    memory = Memory()
    platform = SimpleNamespace(name="wecom", can=Can(), attendance=memory)
    settings = SimpleNamespace(timezone="Asia/Shanghai", public_url="https://hr.example.com")
    engine, nothing = create_engine(url), cast(Any, None)
    found = load_or_create(Path(keys), "bench.example/hr-log/1")
    app = App(cast(Any, settings), engine, nothing, nothing, found, cast(Mapping[str, Any], {"wecom": platform}))
    staff = (DirectoryPerson(f"u{no:06d}", f"员工{no}", "", (f"{no % SITES}",)) for no in range(employees))
    with begin(engine) as db:
        people.sync(db, "wecom", staff, {})
    _yesterday(app, employees)
    seconds, calls = [], []
    grace = START + rules.GRACE
    for moment in (START - timedelta(hours=2), grace - polling.LEAD / 2, grace + polling.LEAD / 2):
        seconds.append(_look(app, moment))
        calls.append(memory.calls)
        memory.calls = 0
    late = sum(1 for no in range(employees) if no % 101 == 0 and no % 50 != 1)
    assert calls[2] < calls[1], calls
    assert _count(app, t.shift) == 2 * employees
    # Whoever is on leave now is not asked about today.
    assert _count(app, t.punch) == 2 * employees - late - sum(1 for no in range(employees) if no % 50 == 1)
    return tuple(seconds), tuple(calls), own_peak()


def _yesterday(app: App, employees: int) -> None:
    """The shifts of the day before; PostgreSQL has seen them, as autovacuum does after such a load."""
    begin_at = START - timedelta(days=1)
    times = {"early_at": begin_at - store.EARLY, "start_at": begin_at, "end_at": begin_at + timedelta(hours=9)}
    with begin(app.engine) as db:
        for first in range(0, employees, PART):
            users = [f"u{no:06d}" for no in range(first, min(first + PART, employees))]
            day = {"platform": "wecom", "day": begin_at.date(), **times}
            db.execute(sa.insert(t.shift), [{"person_id": f"wecom:{each}", "user_id": each, **day} for each in users])
    if app.engine.dialect.name == "postgresql":
        with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM ANALYZE")


def _look(app: App, moment: datetime) -> float:
    clock.now = lambda: moment
    begun = time.perf_counter()
    fetching.poll(app)
    return time.perf_counter() - begun


def _count(app: App, table: sa.Table) -> int:
    with app.engine.connect() as db:
        return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def compare(employees: int = 100_000, count: int = 3) -> list[Row]:
    """Medians of mornings, each in a database of its own."""
    found: list[Row] = []
    with places() as new:
        for kind in KINDS:
            seen: list[Measured] = []
            for _ in range(count):
                url, folder = new(kind)
                seen.append(apart(measure, url, f"{folder}/keys", employees))
            peak = max(each[2] for each in seen)
            for number, name in enumerate(LOOKS):
                spent = median(each[0][number] for each in seen)
                note = f"{employees:,} employees, {seen[0][1][number]:,} calls; plain: until the next look"
                found.append(Row(f"poll, {name} ({kind})", "s", spent, jobs.JOBS["poll"][0], peak, peak, note))
    return found


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:3])):
        print(line)
