"""Real flows, real jobs, real database: whatever comes in whatever order, after a sign of life nobody is asked again.

Every person is one interleaving: a sign of life at a moment of its own between the jobs, processes that die inside any
statement, a platform that fails, rungs that come when they come. `INTERLEAVINGS=100000` plays that many of them.
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa

from bot import clock, people, router
from bot.app import App
from bot.card import Card
from bot.db import begin
from bot.delivery.deliver import Courier
from bot.errors import PlatformError
from bot.event import PUNCHED, TEXT, Event
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson, Leave, Punch, Sent, Shift
from bot.tables import ask, failed, outbox
from handlers.missed_punch import tables as t
from handlers.missed_punch.jobs import JOBS, PROMPT
from handlers.missed_punch.ladder import steps
from tests.handlers.missed_punch.story import DAY, NINE, at
from tests.world import FakePlatform, Firm

CROWD = 60
RUNS = int(os.environ.get("INTERLEAVINGS", CROWD))
SIGNS = ("pushed", "fetched", "words", "tap", "leave", "manager", "none")
BY_FEED = ("fetched", "leave")
"""Known only once a poll has come through."""
WORDS = ("1", "堵车，大概9点40到", "I forgot, came at 8:55", "下午请假", "在医院急诊", "???")
LABELS = ("忘打卡", "在路上", "请假", "外勤", "设备故障", "需要帮助")
ASKING = ("checkin.missed_punch_asked", "checkin.escalated")
ORDER = ("poll", "scan", "ended", "rungs", "climb", "courier")


class Died(BaseException):
    """kill -9 inside a statement, as far as the database can tell."""


@dataclass
class Platform(FakePlatform):
    """Keeps what everybody has seen by person, so that a crowd costs no more than its people; and since when."""

    seen: dict[str, list[Card]] = field(default_factory=lambda: defaultdict(list))
    since: dict[str, datetime] = field(default_factory=dict)
    now: Callable[[], datetime] = clock.now

    def send(self, to: str, card: Card, key: str) -> Sent:
        self._maybe_fail()
        if key not in self.since:
            self.since[key] = self.now()
            self.seen[to].append(card)
        return Sent(f"m-{key}", f"code-{key}")


@dataclass
class Play:
    """One crowd on one morning. `known`: person -> the moment from which nobody may be asked about them any more."""

    firm: Firm
    platform: Platform
    chance: random.Random
    known: dict[str, datetime] = field(default_factory=dict)
    unseen: dict[str, str] = field(default_factory=dict)
    deaths: int = 0
    left: int = -1

    def statement(self, *_given: object) -> None:
        """Before every statement."""
        if self.left > 0:
            self.left -= 1
        elif self.left == 0:
            self.left = -1
            self.deaths += 1
            raise Died

    def risky(self, task: Any, *given: object) -> bool:
        """Do it, or die in it; False when it died."""
        self.left = self.chance.randrange(60) if self.chance.random() < 0.25 else -1
        try:
            task(*given)
        except Died:
            return False
        finally:
            self.left = -1
        return True

    def event(self, event: Event) -> None:
        """The platform repeats what nobody acknowledged."""
        while not self.risky(self.firm.dispatch, event):
            continue

    def job(self, name: str) -> None:
        """One of the processes does its work, or dies in it and does it next time."""
        if name == "courier":
            if self.chance.random() < 0.2:
                self.platform.fail = [PlatformError("50001")]
            if not self.risky(self.firm.courier.drain):
                # With the process goes what it had sent and not yet written down.
                self.firm.courier = Courier(self.firm.app, self.firm.dispatch)
            self.platform.fail = []
            return
        if self.risky(self.task(name), self.firm.app) and name == "poll":
            self.learnt()

    def learnt(self) -> None:
        """A poll came through: punches are known; leave is, where it was asked for again."""
        with self.firm.app.engine.connect() as db:
            away = set(db.execute(sa.select(t.leave.c.person_id)).scalars())
        for user, kind in list(self.unseen.items()):
            if kind == "fetched" or f"fake:{user}" in away:
                self.known[user] = self.firm.now
                del self.unseen[user]

    @staticmethod
    def task(name: str) -> Callable[[App], None]:
        """The job of this name."""
        return JOBS[name][1] if name in JOBS else PROMPT[name][1]

    def sign(self, number: int, kind: str) -> None:
        """Whatever this person, or somebody for them, does."""
        user, boss, now = f"u{number}", f"m{number}", self.firm.now
        if kind in ("words", "tap", "manager") and not self.platform.seen[user]:
            kind = "pushed"  # nobody has been asked anything yet
        if kind == "fetched":
            self.platform.punch_list.append(Punch(user, now, "on", "device"))
        elif kind == "leave":
            self.platform.leave_list.append(
                Leave(user, NINE, NINE + timedelta(hours=9), "事假", self.chance.random() < 0.5)
            )
        if kind in BY_FEED:
            self.unseen[user] = kind
            return
        found = self._button(boss, ("联系上了", "在外勤")) if kind == "manager" else None
        found = self._button(user, LABELS) if kind == "tap" else found
        if kind == "pushed":
            self.event(self.firm.event(user, PUNCHED, kind="on"))
        elif found:
            self.event(self.firm.event(boss if kind == "manager" else user, found.action, found.ref))
        else:
            self.event(self.firm.event(user, TEXT, text=self.chance.choice(WORDS)))
        self.known[user] = now

    def _button(self, who: str, labels: tuple[str, ...]) -> Any:
        cards = [button for card in self.platform.seen[who] for button in card.buttons if button.label in labels]
        return self.chance.choice(cards) if cards else None


def crowd(firm: Firm, platform: Platform, count: int, first: int) -> None:
    """So many people, each alone at a site with a manager of their own."""
    span = range(first, first + count)
    staff = [DirectoryPerson(f"u{n}", f"员工{n:06}", f"m{n}", (f"站点{n}",)) for n in span]
    bosses = [DirectoryPerson(f"m{n}", f"主管{n:06}", "", (f"站点{n}",)) for n in span]
    hr = [DirectoryPerson("wang", "王HR"), DirectoryPerson("chen", "陈总监")]
    with begin(firm.app.engine) as connection:
        for table in (t.case, t.shift, t.punch, t.record, t.leave, t.fetch, t.feed, t.notice, outbox, ask):
            connection.execute(sa.delete(table))
        people.sync(connection, "fake", [*staff, *bosses, *hr], {"wang": "hr", "chen": "hr_head"})
    platform.shift_list = [Shift(f"u{n}", DAY, NINE, NINE + timedelta(hours=9)) for n in span]
    platform.punch_list, platform.leave_list = [], []
    platform.seen.clear()
    platform.since.clear()


def morning(play: Play, count: int, first: int) -> dict[str, str]:
    """Signs and jobs in any order, from before the shift until its end. Person -> kind of sign."""
    chance, plan = play.chance, dict[str, str]()
    minutes = {31, *(chance.randrange(0, 545) for _ in range(11))}
    clocks = [at("8:45") + timedelta(minutes=each) for each in sorted(minutes)]
    due: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    for number in range(first, first + count):
        kind = SIGNS[chance.randrange(len(SIGNS))]
        plan[f"u{number}"] = kind
        if kind != "none":
            due[chance.randrange(len(clocks)), chance.randrange(len(ORDER) + 1)].append((number, kind))
    for step, moment in enumerate(clocks):
        play.firm.now = moment
        for place, name in enumerate((*ORDER, "")):
            for number, kind in due[step, place]:
                play.sign(number, kind)
            if name:
                play.job(name)
    play.firm.now = at("17:55")  # the last look of the day, undisturbed
    for name in (*ORDER, "courier"):
        if name == "poll":
            play.known |= dict.fromkeys(play.unseen, play.firm.now)
            play.unseen.clear()
        play.firm.courier.drain() if name == "courier" else play.task(name)(play.firm.app)
    return plan


def check(play: Play, plan: dict[str, str]) -> tuple[int, int]:
    """(people with a rung before their sign, rungs of those who were silent). AssertionError for one rung too many."""
    with play.firm.app.engine.connect() as db:
        cases = {row.id: row for row in db.execute(sa.select(t.case))}
        asked: dict[str, list[datetime]] = defaultdict(list)
        where = (ev_event.c.type.in_(ASKING), ev_event.c.object_id.in_(list(cases)))
        for row in db.execute(sa.select(ev_event.c.object_id, ev_event.c.seen_ms, ev_event.c.envelope).where(*where)):
            if "rung" not in json.loads(row.envelope)["source"]:
                continue  # words nobody understood are read by HR: an answer to them, no step of the ladder
            asked[cases[row.object_id].person_id].append(datetime.fromtimestamp(row.seen_ms / 1000, NINE.tzinfo))
        mine = sa.select(outbox.c.id, outbox.c.matter).join(ask, ask.c.ref == outbox.c.ask_ref)
        kinds = (steps.CHECKIN, steps.KNOWN)
        for row in db.execute(mine.where(outbox.c.kind == "send", ask.c.kind.in_(kinds))):
            if row.id in play.platform.since:  # the platform knows best when it was shown
                asked[cases[row.matter].person_id].append(play.platform.since[row.id])
    climbed = silent = 0
    for user, kind in plan.items():
        found = asked.get(f"fake:{user}", [])
        if kind == "none":
            assert found, user
            silent += len(found)
        else:
            late = [moment for moment in found if moment > play.known[user]]
            assert not late, (user, kind, play.known[user], late)
            climbed += bool(found)
    return climbed, silent


@pytest.mark.parametrize("seed", [1])
def test_after_a_sign_of_life_zero_later_rungs_whatever_comes_in_between(firm: Firm, seed: int) -> None:
    router.discover("handlers", "flow")
    platform = Platform(now=lambda: firm.now)
    firm.app.platforms, firm.platform = {"fake": cast(Any, platform)}, platform
    play = Play(firm, platform, random.Random(seed))
    sa.event.listen(firm.app.engine, "before_cursor_execute", play.statement)
    climbed = silent = 0
    for first in range(0, RUNS, CROWD):
        count = min(CROWD, RUNS - first)
        firm.now = at("8:30")
        play.known.clear()
        play.unseen.clear()
        crowd(firm, platform, count, first)
        plan = morning(play, count, first)
        found = check(play, plan)
        climbed, silent = climbed + found[0], silent + found[1]
    assert firm.rows(failed) == []
    assert play.deaths > 3 and climbed > RUNS // 8 and silent > RUNS // 8
