"""Thousands are asked in chunks: a worker that dies in the middle of one leaves nothing lost and nothing twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from bot import clock, people, router
from bot.app import App
from bot.db import begin, create_engine
from bot.evidence.keys import load_or_create
from bot.ports import DirectoryPerson
from bot.store import RedisStore
from bot.tables import ask, outbox as outbox_table
from config.settings import load, sandbox_env
from handlers.performance import bulk, tables
from handlers.performance.agreeing import opening
from handlers.performance.preparing import setup, timeline
from handlers.performance.scoring import turns
from tests.handlers.performance.results_story import Month
from tests.world import FIRM

HEAD = False
CREW = [f"u{no}" for no in range(7)]


def _killed(name: str, url: str, keys: Path, socket: str, now: datetime) -> None:
    """A worker of its own that dies by SIGKILL in its second chunk of two people, after the questions were written."""
    clock.now = lambda: now
    client = redis.Redis(unix_socket_path=socket)
    settings = load(sandbox_env("http://127.0.0.1:1"))
    app = App(settings, create_engine(url), client, RedisStore(client), load_or_create(keys, "test.example/hr-log/1"))
    router.discover("handlers", "flow")
    put, count = bulk.put, 0

    def dying(*given: Any, **named: Any) -> int:
        nonlocal count
        count += 1
        found = put(*given, **named)
        if count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    opening.STEP, turns.STEP, bulk.put = 2, 2, dying
    {"goals": opening.open_waiting, "reviews": turns.turns}[name](app)


@pytest.mark.parametrize("name", ["goals", "reviews"])
def test_killed_in_the_middle_everybody_is_asked_once(
    month: Month, database_url: str, tmp_path: Path, redis_socket: Path, name: str
) -> None:
    with begin(month.firm.app.engine) as db:
        more = [DirectoryPerson(each, f"员工{each}", "li", ("研发",)) for each in CREW]
        people.sync(db, "fake", [*FIRM, *more], {"wang": "hr"})
    cycle = month.cycle()
    with month.ctx("wang") as ctx:
        setup.open_cycle(ctx, cycle)
    if name == "reviews":
        with begin(month.firm.app.engine) as db:
            db.execute(sa.update(tables.member).values(state="running"))
        timeline.advance(month.firm.app)
    worker = multiprocessing.get_context("spawn").Process(
        target=_killed, args=(name, database_url, tmp_path / "keys", str(redis_socket), month.firm.now)
    )
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL
    half = asked(month)
    assert sum(half.values()) == 2, "the first chunk, and nothing of the second"
    {"goals": opening.open_waiting, "reviews": turns.turns}[name](month.firm.app)
    assert asked(month) == dict.fromkeys([*(f"fake:{each}" for each in CREW), "fake:zhang"], 1)
    with month.firm.app.engine.connect() as db:
        assert db.execute(sa.select(sa.func.count()).select_from(outbox_table)).scalar() == 8


def asked(month: Month) -> dict[str, int]:
    """person -> questions."""
    found: dict[str, int] = {}
    for row in month.firm.rows(ask):
        found[str(row["person_id"])] = found.get(str(row["person_id"]), 0) + 1
    return found
