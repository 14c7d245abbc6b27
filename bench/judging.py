"""A large firm's nine o'clock: how long until everybody who is missing has been judged, and how soon a due rung goes.

    python -m bench.judging [employees] [rounds]

judged:  `handlers.missed_punch.ladder.scan` over a shift each, 1 % of them missing without a word and 2 % on leave,
         spread over all sites; everybody worked yesterday and punched at the device of their site. Guards weighed,
         cases opened, evidence written, first questions queued. From the end of grace to the last commit: the longest
         wait until the job looks is added.
rungs:   nobody answers, and each next rung (again to the person, to the manager, to HR) is due for all in the same
         second: how long after that moment the last of 99 % was committed, the longest wait until the job looks added.
idle:    what a look costs while nothing has become due, both jobs together.

One process, on SQLite and on PostgreSQL, each with its sync to disk. Beside `judged` stands the bare query for who is
missing, beside the rungs the promise, beside the idle look the time between two of them.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from bench.evidence import places
from bench.rounds import Row, apart, median, own_peak
from bot import clock, router
from bot.app import App
from bot.card import Can
from bot.context import Context
from bot.db import create_engine
from bot.evidence.keys import load_or_create
from bot.ports import Limits
from bot.tables import outbox, person
from handlers.missed_punch import jobs, rules, store, tables as t
from handlers.missed_punch.ladder import climb, scan

TODAY = date(2026, 6, 11)
START = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)
NOW = START + rules.GRACE + timedelta(seconds=1)
SITES, PART, HR = 200, 10_000, 3
KINDS = ("sqlite", "postgresql")
RUNGS = ("again to the person", "to the manager", "to HR")
Measured = tuple[float, float, tuple[float, ...], float, float, int]
"""(judged s, bare query s, rungs p99 s, idle ms, peak MB, people missing)."""


def fill(url: str, employees: int) -> None:
    """People, two days of shifts and punches, leave; who has a manager may be missing today or on leave."""
    engine = create_engine(url)
    with engine.begin() as db:
        for first in range(0, employees, PART):
            numbers = range(first, min(first + PART, employees))
            db.execute(sa.insert(person), [_person(number) for number in numbers])
            db.execute(sa.insert(t.shift), [row for number in numbers for row in _shifts(number)])
            db.execute(sa.insert(t.punch), [row for number in numbers for row in _punches(number)])
        away = [number for number in range(SITES, employees) if number % 50 == 1]
        times = {"start_at": START - timedelta(hours=2), "end_at": START + timedelta(hours=9)}
        db.execute(sa.insert(t.leave), [{"person_id": _id(each), "kind": "annual", **times} for each in away])
        db.execute(sa.insert(t.feed), {"platform": "wecom", "fetched_at": NOW})
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does after such a load
    engine.dispose()


def _id(number: int) -> str:
    return f"wecom:u{number:06d}"


def _person(number: int) -> Mapping[str, object]:
    boss = _id(number % SITES) if number >= SITES else None
    who = {"id": _id(number), "ref": f"p:{number:024x}", "name": f"员工{number}", "manager_id": boss}
    where = {"platform": "wecom", "user_id": f"u{number:06d}", "site": f"wecom/{number % SITES}"}
    return who | where | {"role": "hr" if number < HR else "employee"}


def _shifts(number: int) -> Iterator[Mapping[str, object]]:
    for ago in (1, 0):
        begin = START - timedelta(days=ago)
        who = {"person_id": _id(number), "platform": "wecom", "user_id": f"u{number:06d}"}
        times = {"early_at": begin - store.EARLY, "start_at": begin, "end_at": begin + timedelta(hours=9)}
        yield who | times | {"day": TODAY - timedelta(days=ago), "site": f"wecom/{number % SITES}"}


def _punches(number: int) -> Iterator[Mapping[str, object]]:
    ago = [1] if number >= SITES and (number % 101 == 0 or number % 50 == 1) else [1, 0]
    for each in ago:
        at = START - timedelta(days=each, seconds=number % 1800)
        row = {"person_id": _id(number), "at": at, "kind": "on", "source": f"device {number % SITES}"}
        yield row | {"fetched_at": at}


def _app(url: str, keys: Path) -> App:
    router.discover("handlers", "flow")
    platform = SimpleNamespace(name="wecom", can=Can(), attendance=SimpleNamespace(limits=Limits()))
    settings = SimpleNamespace(timezone="Asia/Shanghai", public_url="https://hr.example.com")
    platforms = cast(Mapping[str, Any], {"wecom": platform})
    nothing = cast(Any, None)
    found = load_or_create(keys, "bench.example/hr-log/1")
    return App(cast(Any, settings), create_engine(url), nothing, nothing, found, platforms)


def measure(url: str, keys: str) -> Measured:
    """One morning. AssertionError when anybody was forgotten, asked though on leave, or asked twice."""
    app = _app(url, Path(keys))
    clock.now = lambda: NOW  # the morning stands still while it is judged
    with app.engine.connect() as db:
        begun = time.perf_counter()
        alone = Context(db, now=NOW, keys=app.keys, settings=app.settings, zone="Asia/Shanghai")
        missing = sum(1 for row in scan._missing(alone) if not row["leave"])
        bare = time.perf_counter() - begun
    begun = time.perf_counter()
    scan.scan_fresh(app)
    judged = time.perf_counter() - begun + jobs.PROMPT["ended"][0]
    assert _count(app, t.case.c.rung == 0) == missing
    assert _count(app, outbox.c.kind == "send") == missing
    rungs = tuple(_rung(app, rung, missing) for rung in range(1, len(RUNGS) + 1))
    clock.now = lambda: NOW + timedelta(minutes=2)
    looks = 100
    begun = time.perf_counter()
    for _ in range(looks):
        scan.scan_fresh(app)
        climb.climb_fresh(app)
    return judged, bare, rungs, 1000 * (time.perf_counter() - begun) / looks, own_peak(), missing


def _rung(app: App, rung: int, due: int) -> float:
    with app.engine.begin() as db:
        moment: datetime = db.execute(sa.select(sa.func.max(t.case.c.next_at))).scalar_one()
        db.execute(sa.update(t.case).values(next_at=moment))
        db.execute(sa.update(t.feed).values(fetched_at=moment))
    clock.now = lambda: moment
    begun = time.perf_counter()
    climb.climb_fresh(app)
    spent = time.perf_counter() - begun
    assert _count(app, t.case.c.rung == rung) == due
    return jobs.PROMPT["rungs"][0] + 0.99 * spent


def _count(app: App, where: sa.ColumnElement[bool]) -> int:
    with app.engine.connect() as db:
        return int(db.execute(sa.select(sa.func.count()).where(where)).scalar_one())


def compare(employees: int = 100_000, count: int = 3) -> list[Row]:
    """Medians of mornings in fresh copies of one firm; AssertionError as in `measure`."""
    found: list[Row] = []
    with places() as new:
        for kind in KINDS:
            seen = []
            for _ in range(count):
                url, folder = new(kind)
                apart(fill, url, employees)
                seen.append(apart(measure, url, f"{folder}/keys"))
                shutil.rmtree(folder, ignore_errors=True)
            found += _rows(kind, employees, seen)
    return found


def _rows(kind: str, employees: int, seen: list[Measured]) -> list[Row]:
    judged, bare, idle = (median(cast(float, each[which]) for each in seen) for which in (0, 1, 3))
    peak, missing = max(each[4] for each in seen), seen[0][5]
    wait, often = jobs.PROMPT["ended"][0], min(each[0] for each in jobs.PROMPT.values())
    note = f"{employees:,} employees, {missing:,} missing; plain: the query alone; wish 5 s, {wait} s of it waiting"
    rows = [Row(f"missing, judged ({kind})", "s", judged, bare, peak, peak, note)]
    for number, name in enumerate(RUNGS):
        spent = median(each[2][number] for each in seen)
        note = f"{missing:,} due in one second; plain: the promise"
        rows.append(Row(f"due {name} ({kind})", "s p99", spent, 2.0, peak, peak, note))
    note = "plain: the time between two looks"
    return [*rows, Row(f"a look, nothing due ({kind})", "ms", idle, 1000 * often, peak, peak, note)]


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:3])):
        print(line)
