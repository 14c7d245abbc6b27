"""A large firm's nine o'clock: how long until everybody who is missing has been judged, and how soon a due rung goes.

    python -m bench.judging [employees]

judged:  `handlers.missed_punch.scan` over one shift each, 1 % of them missing without a word, spread over all sites:
         guards weighed, cases opened, evidence written, first questions in the outbox. From the job's start to commit.
rungs:   half an hour later nobody has answered, and every second rung is due in the same second: how long after that
         moment the last of 99 % was decided and committed (p99), the interval of the job added.

Both run in one process on SQLite; the floor beside `judged` is the bare query for who is missing.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from bench.rounds import Row, apart, own_peak
from bot import clock, router
from bot.app import App
from bot.card import Can
from bot.context import Context
from bot.evidence.keys import load_or_create
from bot.ports import Limits
from handlers.missed_punch import climb, jobs, rules, scan, store
from handlers.missed_punch import tables as t

START = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)
NOW = START + rules.GRACE + timedelta(seconds=1)
SITES = 200
Measured = tuple[float, float, float, float, int]
"""(judged s, bare query s, rungs p99 s, peak MB, people missing)."""


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def fill(path: str, employees: int) -> None:
    """People, today's shifts and punches; every hundredth person did not come."""
    from bot import schema

    schema.upgrade(f"sqlite:///{path}")
    people, shifts, punches = [], [], []
    times = [_text(at) for at in (START - store.EARLY, START, START + timedelta(hours=9))]
    for number in range(employees):
        user, site = f"u{number:06d}", f"wecom/{number % SITES}"
        boss = f"wecom:u{number % SITES:06d}" if number >= SITES else None
        people.append((f"wecom:{user}", f"p:{number:024x}", f"员工{number}", "wecom", user, boss, site))
        shifts.append((f"wecom:{user}", "wecom", user, "2026-06-11", *times, "", site))
        if number % 101 or number < SITES:
            punches.append((f"wecom:{user}", _text(START - timedelta(seconds=number % 1800)), "on", "m", times[1], ""))
    connection = sqlite3.connect(path)
    for table, columns, rows in (
        ("person", "id, ref, name, platform, user_id, manager_id, site", people),
        ("mp_shift", "person_id, platform, user_id, day, early_at, start_at, end_at, plan_ref, site", shifts),
        ("mp_punch", "person_id, at, kind, source, fetched_at, raw_sha256", punches),
    ):
        marks = ", ".join("?" * len(columns.split(", ")))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    connection.execute("INSERT INTO mp_feed (platform, fetched_at) VALUES ('wecom', ?)", (_text(NOW),))
    connection.commit()
    connection.close()


def _app(path: str) -> App:
    from bot.db import create_engine

    router.discover("handlers", "flow")
    attendance = SimpleNamespace(limits=Limits())
    platform = SimpleNamespace(name="wecom", can=Can(), attendance=attendance)
    settings = SimpleNamespace(timezone="Asia/Shanghai", public_url="https://hr.example.com")
    keys = load_or_create(_keys(path), "bench.example/hr-log/1")
    platforms = cast(Mapping[str, Any], {"wecom": platform})
    nothing = cast(Any, None)
    return App(cast(Any, settings), create_engine(f"sqlite:///{path}"), nothing, nothing, keys, platforms)


def _keys(path: str) -> Any:
    from pathlib import Path

    return Path(path).parent / "keys"


def measure(path: str) -> Measured:
    """One morning."""
    app = _app(path)
    clock.now = lambda: NOW  # type: ignore[assignment]  # the morning stands still while it is judged
    with app.engine.connect() as connection:
        begun = time.perf_counter()
        alone = Context(connection, now=NOW, keys=app.keys, settings=app.settings, zone="Asia/Shanghai")
        missing = len(scan._missing(alone))
        bare = time.perf_counter() - begun
    begun = time.perf_counter()
    scan.scan(app)
    judged = time.perf_counter() - begun
    later = NOW + timedelta(minutes=30)
    with app.engine.begin() as connection:
        opened = connection.execute(sa.select(sa.func.count()).select_from(t.case)).scalar_one()
        connection.execute(sa.update(t.feed).values(fetched_at=later))
    assert opened == missing, (opened, missing)
    return judged, bare, _rungs(app, later, opened), own_peak(), missing


def _rungs(app: App, later: datetime, due: int) -> float:
    clock.now = lambda: later  # type: ignore[assignment]
    begun = time.perf_counter()
    climb.climb(app)
    spent = time.perf_counter() - begun
    with app.engine.connect() as connection:
        climbed = connection.execute(sa.select(sa.func.count()).where(t.case.c.rung > 0)).scalar_one()
    assert climbed == due, (climbed, due)
    return float(jobs.JOBS["climb"][0]) + 0.99 * spent


def compare(employees: int = 100_000) -> list[Row]:
    """Raises AssertionError when anybody who is missing was not judged or not climbed."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/firm.db"
        apart(fill, path, employees)
        judged, bare, rungs, peak, missing = apart(measure, path)
    note = f"{employees:,} employees, {missing:,} missing; plus at most {jobs.JOBS['scan'][0]} s until the job runs"
    return [
        Row("missing judged and asked", "s", judged, bare, peak, peak, note),
        Row("a due rung, p99 (plain: the wish)", "s", rungs, 2.0, peak, peak, f"{missing:,} due in one second"),
    ]


if __name__ == "__main__":
    for line in compare(*(int(word) for word in sys.argv[1:2])):
        print(line)
