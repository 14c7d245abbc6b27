"""A whole firm is judged in parts: nothing lost, nothing doubled, whatever happens between two of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st

from bot import jobs, people, router
from bot.context import Context
from bot.db import begin
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson, Shift
from bot.tables import ask, outbox
from handlers.missed_punch import rules, tables as t
from handlers.missed_punch.attendance import questions
from handlers.missed_punch.attendance.fetching import poll
from handlers.missed_punch.ladder import climb, scan, steps
from tests.handlers.missed_punch.story import DAY, NINE
from tests.world import Firm

CROWD = 24
END = NINE + rules.GRACE
DIE = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from bot import clock, router
from bot.app import App
from bot.db import create_engine
from bot.evidence.keys import load_or_create
from handlers.missed_punch.ladder import climb, scan
from tests.world import FakePlatform

url, keys, now, module, parts = sys.argv[1:]
router.discover("handlers", "flow")
clock.now = lambda: datetime.fromisoformat(now)
settings = SimpleNamespace(timezone="Asia/Shanghai", public_url="https://hr.example.com")
app = App(settings, create_engine(url), None, None, load_or_create(Path(keys), "test.example/hr-log/1"),
          {"fake": FakePlatform()})
scan.PART = climb.PART = 5
room, name = (scan, "_judge_part") if module == "scan" else (climb, "_part")
real, left = getattr(room, name), [int(parts)]

def part(*given):
    real(*given)
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)  # done, and not yet committed
    left[0] -= 1

setattr(room, name, part)
{"scan": scan.scan, "climb": climb.climb}[module](app)
"""


def gather(firm: Firm, count: int, site: str = "") -> None:
    """So many people whose grace has just ended; each at a site and with a manager of their own unless `site`."""
    router.discover("handlers", "flow")
    bosses = [DirectoryPerson(f"m{n}", f"主管{n:03}", "", (site or f"站点{n}",)) for n in range(1 if site else count)]
    staff = [
        DirectoryPerson(f"u{n}", f"员工{n:03}", "m0" if site else f"m{n}", (site or f"站点{n}",)) for n in range(count)
    ]
    with begin(firm.app.engine) as connection:
        people.sync(connection, "fake", [*staff, *bosses, DirectoryPerson("wang", "王HR")], {"wang": "hr"})
    firm.platform.shift_list = [Shift(f"u{n}", DAY, NINE, NINE + timedelta(hours=9)) for n in range(count)]
    firm.now = END - timedelta(seconds=20)
    poll(firm.app)
    firm.now = END + timedelta(seconds=1)


def asked(firm: Firm) -> Counter[str]:
    """Person -> questions to them on their way."""
    return Counter(str(row["person_id"]) for row in firm.rows(outbox) if row["kind"] == "send")


def everybody(count: int = CROWD) -> Counter[str]:
    return Counter(f"fake:u{n}" for n in range(count))


def killed(firm: Firm, url: str, keys: Path, module: str, parts: int) -> None:
    """A process of its own does `parts` parts and dies at the end of the next one."""
    given = [url, str(keys), firm.now.isoformat(), module, str(parts)]
    done = subprocess.run([sys.executable, "-c", DIE, *given], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def test_a_process_killed_between_parts_loses_nobody_and_asks_nobody_twice(
    firm: Firm, database_url: str, tmp_path: Path
) -> None:
    gather(firm, CROWD)
    killed(firm, database_url, tmp_path / "keys", "scan", 2)
    assert len(firm.rows(t.case)) == len(firm.rows(ask)) == 10 and sum(asked(firm).values()) == 10
    killed(firm, database_url, tmp_path / "keys", "scan", 1)
    assert len(firm.rows(t.case)) == 15
    scan.scan(firm.app)
    scan.scan(firm.app)
    assert asked(firm) == everybody() and len(firm.rows(t.case)) == CROWD
    events = Counter((row["object_id"], row["type"]) for row in firm.rows(ev_event))
    assert set(events.values()) == {1} and len(events) == 2 * CROWD

    firm.now = max(row["next_at"] for row in firm.rows(t.case))  # type: ignore[type-var, assignment]
    poll(firm.app)
    killed(firm, database_url, tmp_path / "keys", "climb", 2)
    assert sum(asked(firm).values()) == CROWD + 10
    climb.climb(firm.app)
    climb.climb(firm.app)
    assert asked(firm) == everybody() + everybody()
    assert {row["rung"] for row in firm.rows(t.case)} == {1}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    early=st.lists(st.integers(0, 11), max_size=6),
    meanwhile=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 11)), max_size=8),
    size=st.integers(1, 12),
)
def test_who_punches_between_two_parts_is_not_asked(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, early: list[int], meanwhile: list[tuple[int, int]], size: int
) -> None:
    _empty(firm)
    gather(firm, 12)
    came = {f"fake:u{each}" for each in early}
    _punch(firm, came)
    real, number, asked_before = scan._judge_part, iter(range(99)), set[str]()

    def part(ctx: Context, ids: Sequence[int], picture: scan.Picture) -> None:
        mine = next(number)
        real(ctx, ids, picture)
        asked_before.update(ctx.db.execute(sa.select(t.case.c.person_id)).scalars())
        arrived = {f"fake:u{who}" for when, who in meanwhile if when == mine} - asked_before
        came.update(arrived)
        _insert(ctx.db, arrived)

    with monkeypatch.context() as patch:
        patch.setattr(scan, "PART", size)
        patch.setattr(scan, "_judge_part", part)
        scan.scan(firm.app)
    assert asked(firm) == Counter({each: 1 for each in everybody(12) if each not in came})


def _empty(firm: Firm) -> None:
    with begin(firm.app.engine) as db:
        for table in (t.case, t.shift, t.punch, t.record, t.feed, t.fetch, t.notice, ask, outbox):
            db.execute(sa.delete(table))


def _punch(firm: Firm, who: set[str]) -> None:
    with begin(firm.app.engine) as db:
        _insert(db, who)


def _insert(db: sa.Connection, who: set[str]) -> None:
    row: dict[str, Any] = {"at": NINE, "kind": "on", "source": "door", "fetched_at": NINE}
    have = set(db.execute(sa.select(t.punch.c.person_id)).scalars())
    for each in who - have:
        db.execute(sa.insert(t.punch), row | {"person_id": each})


def test_a_storm_is_seen_over_the_whole_site_however_small_the_parts(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather(firm, 10, "门店/一店")
    _punch(firm, {f"fake:u{n}" for n in range(4)})
    monkeypatch.setattr(scan, "PART", 1)
    scan.scan(firm.app)
    scan.scan(firm.app)
    assert firm.rows(t.case) == []
    assert asked(firm) == Counter({"fake:m0": 1})
    assert [(row["kind"], row["person_id"]) for row in firm.rows(ask)] == [(steps.STORM, "fake:m0")]


def test_one_bad_case_holds_up_nobody_else(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    gather(firm, CROWD)
    real = steps.advance

    def advance(ctx: Context, case: Any, person: Any, *known: Any) -> None:
        if person.user_id == "u3":
            raise RuntimeError("no")
        real(ctx, case, person, *known)

    with monkeypatch.context() as patch:
        patch.setattr(steps, "advance", advance)
        with pytest.raises(RuntimeError):
            scan.scan(firm.app)
        others = Counter({each: 1 for each in everybody() if each != "fake:u3"})
        assert asked(firm) == others
        firm.now = max(row["next_at"] for row in firm.rows(t.case))  # type: ignore[type-var, assignment]
        poll(firm.app)
        climb.climb(firm.app)
        assert asked(firm) == others + others
    scan.scan(firm.app)
    assert len(firm.rows(t.case)) == CROWD and asked(firm)["fake:u3"] == 1


def test_nobody_is_looked_for_before_a_grace_ends_or_long_after(firm: Firm) -> None:
    gather(firm, 3)
    for moment, due in ((END - timedelta(seconds=1), False), (END, True), (END + climb.FRESH, False)):
        with firm.app.engine.connect() as db:
            assert questions.ended(db, moment, climb.FRESH) is due
    firm.now = END - timedelta(seconds=1)
    scan.scan_fresh(firm.app)
    assert firm.rows(t.case) == []
    _punch(firm, {"fake:u1"})
    with begin(firm.app.engine) as db:
        row = {"person_id": "fake:u2", "start_at": NINE, "end_at": END + timedelta(hours=9), "kind": "事假"}
        db.execute(sa.insert(t.leave), row)
    firm.now = END
    scan.scan_fresh(firm.app)
    assert asked(firm) == Counter({"fake:u0": 1})
    with firm.app.engine.connect() as db:
        assert not questions.ended(db, END, climb.FRESH)


def test_flexible_hours_end_their_grace_after_the_core_time_has_begun(firm: Firm) -> None:
    gather(firm, 1)
    core = timedelta(hours=1)
    with begin(firm.app.engine) as db:
        db.execute(sa.update(t.shift).values(core_at=NINE + core))
    with firm.app.engine.connect() as db:
        assert not questions.ended(db, END, climb.FRESH)
        assert questions.ended(db, END + core, climb.FRESH)


def test_what_could_not_be_done_at_once_waits_for_the_slower_look(firm: Firm) -> None:
    gather(firm, 2)
    scan.scan(firm.app)
    firm.now = max(row["next_at"] for row in firm.rows(t.case))  # type: ignore[type-var, assignment]
    climb.climb_fresh(firm.app)  # the feed is too old to ask anybody anything
    assert sum(asked(firm).values()) == 2
    firm.now += climb.FRESH
    poll(firm.app)
    climb.climb_fresh(firm.app)
    assert sum(asked(firm).values()) == 2
    climb.climb(firm.app)
    assert sum(asked(firm).values()) == 4


def test_a_worker_judges_while_its_queue_is_busy(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    gather(firm, 2)
    waiting = Flag()

    class Busy:
        """A queue whose one job takes as long as it takes until somebody was asked."""

        def __init__(self, *_queues: object, **_settings: object) -> None:
            pass

        def work(self, **_settings: object) -> None:
            for _ in range(1000):
                if len(firm.platform.sent) == 2:
                    return
                waiting.wait(0.01)

    monkeypatch.setattr(jobs, "SimpleWorker", Busy)
    jobs.work(firm.app)
    assert sorted(to for to, _card, _key in firm.platform.sent) == ["u0", "u1"]


def test_a_person_costs_few_statements(firm: Firm) -> None:
    def statements(count: int) -> int:
        found: list[str] = []
        _empty(firm)
        gather(firm, count)

        def heard(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            found.append(statement)

        sa.event.listen(firm.app.engine, "before_cursor_execute", heard)
        scan.scan(firm.app)
        sa.event.remove(firm.app.engine, "before_cursor_execute", heard)
        assert len(firm.rows(t.case)) == count
        return len(found)

    few, many = statements(10), statements(60)
    assert (many - few) / 50 < 20
