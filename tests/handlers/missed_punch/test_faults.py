"""Faults of ours never become questions to them; and through the real database a sign of life ends every ladder."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from bot import people, router
from bot.db import begin
from bot.errors import PlatformError
from bot.event import PUNCHED, TEXT
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson, Leave, Punch, Shift
from bot.tables import failed
from handlers.missed_punch import rules, tables as t
from handlers.missed_punch.ladder import rungs as ladder
from tests.handlers.missed_punch.story import DAY, NINE, Story, at
from tests.world import Firm

FAULTS = 10_000
KINDS = ("outage", "leave", "pending", "holiday", "calendar", "site", "device")
SOON = timedelta(minutes=15)
GRACE = rules.GRACE


@dataclass(frozen=True)
class Fault:
    """Lasts from `since` to `until`; whoever is `present` punched in time, but nobody can see it meanwhile."""

    kind: str
    since: datetime
    until: datetime
    present: bool

    def facts(self, now: datetime) -> tuple[rules.Facts, bool]:
        """(what the guards see at `now`, is the person's usual device silent?)."""
        on = self.since <= now < self.until
        hidden = on and self.kind in ("outage", "site", "device")
        feed = min(now, self.since) if on and self.kind == "outage" else now
        day = {"holiday": "holiday", "calendar": "unknown"}.get(self.kind, "work") if on else "work"
        facts = rules.Facts(
            now=now,
            start=NINE,
            end=NINE + timedelta(hours=9),
            feed_at=feed,
            day=day,  # type: ignore[arg-type]
            punched=self.present and not hidden,
            leave="年假" if on and self.kind in ("leave", "pending") else "",
            leave_pending=self.kind == "pending",
            expected=20,
            missing=12 if on and self.kind == "site" else 3 if on and self.kind == "device" else 1,
        )
        last = self.since if on else now
        down = self.kind == "device" and rules.device_down(facts.missing, last, now, NINE)
        return facts, down


def asked_at(fault: Fault) -> datetime | None:
    """Scan every five minutes until well after the fault; the first moment somebody would be asked."""
    now = NINE + GRACE
    while now < fault.until + 2 * SOON:
        facts, down = fault.facts(now)
        if rules.guards(facts).asks and not down:
            return now
        now += timedelta(minutes=5)
    return None


def test_ten_thousand_faults_accuse_nobody_and_hide_no_absence() -> None:
    chance = random.Random(42)
    seen: dict[tuple[str, bool], int] = defaultdict(int)
    for number in range(FAULTS):
        kind = KINDS[number % len(KINDS)]
        since = NINE - timedelta(minutes=chance.randrange(11, 60))
        until = NINE + GRACE + timedelta(minutes=chance.randrange(1, 180))
        fault = Fault(kind, since, until, present=chance.random() < 0.5)
        found = asked_at(fault)
        if fault.present:
            assert found is None, fault
        else:
            assert found is not None and until <= found <= until + SOON, fault
        seen[kind, fault.present] += 1
    assert min(seen.values()) > 500 and len(seen) == 2 * len(KINDS)


CROWD = 75
SIGNS = ("punch", "words", "tap", "leave", "none")
CLOCKS = ("9:16", "9:46", "10:01", "10:16", "11:16", "12:40", "17:01")


@pytest.fixture
def crowd(firm: Firm) -> Story:
    """Many people, each alone at a site of their own with a manager of their own."""
    router.discover("handlers", "flow")
    with begin(firm.app.engine) as connection:
        staff = [DirectoryPerson(f"u{n}", f"员工{n:03}", f"m{n}", (f"站点{n}",)) for n in range(CROWD)]
        bosses = [DirectoryPerson(f"m{n}", f"主管{n:03}", "", (f"站点{n}",)) for n in range(CROWD)]
        people.sync(connection, "fake", [*staff, *bosses, DirectoryPerson("wang", "王HR")], {"wang": "hr"})
    story = Story(firm)
    firm.platform.shift_list = [Shift(f"u{n}", DAY, NINE, NINE + timedelta(hours=9)) for n in range(CROWD)]
    return story


def sign(story: Story, user: str, kind: str, chance: random.Random) -> None:
    platform, now = story.firm.platform, story.firm.now
    if kind == "punch" and chance.random() < 0.5:
        story.do(user, PUNCHED, kind="on")
    elif kind == "punch":
        platform.punch_list.append(Punch(user, now, "on", "device"))
    elif kind == "leave":
        platform.leave_list.append(Leave(user, NINE, NINE + timedelta(hours=9), "事假", chance.random() < 0.5))
    elif kind == "words" or not story.seen(user):
        story.do(user, TEXT, text="1")
    else:
        story.tap(user, "请假")


def test_through_the_database_nobody_who_gave_a_sign_is_asked_about_again(crowd: Story) -> None:
    chance = random.Random(7)
    plan = {f"u{n}": (SIGNS[n % len(SIGNS)], chance.randrange(1, len(CLOCKS))) for n in range(CROWD)}
    given: dict[str, datetime] = {}
    for number, clock in enumerate(CLOCKS):
        crowd.firm.now = at(clock) - timedelta(seconds=30)
        for user, (kind, when) in plan.items():
            if when == number and kind != "none":
                sign(crowd, user, kind, chance)
                given[user] = crowd.firm.now
        if chance.random() < 0.3:
            crowd.firm.platform.fail = [PlatformError("50001")]  # the worker or the wire dies in between
        crowd.tick(clock)
    crowd.firm.platform.fail = []
    crowd.tick("17:05")
    assert crowd.firm.rows(failed) == []
    _check(crowd, plan, given)


def _check(crowd: Story, plan: dict[str, tuple[str, int]], given: dict[str, datetime]) -> None:
    cases = {str(row["person_id"]): row for row in crowd.firm.rows(t.case)}
    rungs: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in crowd.firm.rows(ev_event):
        if row["type"] in ("checkin.missed_punch_asked", "checkin.escalated"):
            rungs[str(row["object_id"])].append((str(row["type"]), int(str(row["seen_ms"]))))
    climbed = 0
    for user, (kind, _) in plan.items():
        case = cases.get(f"fake:{user}")
        found = rungs[str(case["id"])] if case else []
        if kind == "none":
            assert case and case["rung"] == ladder.HR_HEAD, user  # nobody has a contact: at 17:00 the next rung comes
            assert len(found) in (4, 5), user
        else:
            assert all(moment <= given[user].timestamp() * 1000 for _, moment in found), user
            climbed += len(found) > 0
    assert climbed > CROWD // 3
