"""The ladder as data: profiles, times of day 0, what fits after a downtime, and that a sign of life ends it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, strategies as st

from handlers.missed_punch.ladder import reach, rungs as ladder
from handlers.missed_punch.ladder.rungs import EMERGENCY, EMPLOYEE, EMPLOYEE_AGAIN, HR, HR_HEAD, MANAGER, Step
from tests.handlers.missed_punch.story import at

ZONE = "Asia/Shanghai"
BASE = at("9:15")
VERSION = reach.versions()[-1]
OFFICE = ladder.profile_for(VERSION, "wecom/研发")
NEXT_DAY = timedelta(days=1)


def weekday(day: date) -> bool:
    return day.weekday() < 5


DUE = ladder.dues(OFFICE, BASE, ZONE, weekday)


def local(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(ZONE)).strftime("%d %H:%M")


def test_day_zero_of_the_story() -> None:
    assert [local(each) for each in DUE] == ["11 09:15", "11 09:45", "11 10:15", "11 11:15", "11 17:00", "12 10:30"]


def test_the_checklist_waits_for_a_working_day() -> None:
    friday = ladder.dues(OFFICE, BASE + NEXT_DAY, ZONE, weekday)
    assert local(friday[HR_HEAD]) == "15 10:30"


def test_a_late_shift_is_not_asked_about_in_the_past() -> None:
    evening = ladder.dues(OFFICE, at("18:15"), ZONE, weekday)
    assert [local(each) for each in evening[HR:]] == ["11 20:15", "11 22:15", "12 10:30"]


@pytest.mark.parametrize(
    ("site", "own", "name"),
    [
        ("wecom/研发", "", "office"),
        ("wecom/二号车间", "", "shop_floor"),
        ("dingtalk/变电站夜间值守", "", "lone_worker"),
        ("wecom/研发", "lone_worker", "lone_worker"),
        ("wecom/研发", "nobody knows this one", "office"),
    ],
)
def test_whose_profile(site: str, own: str, name: str) -> None:
    assert ladder.profile_for(VERSION, site, own).name == name


def test_the_office_ladder_climbs_as_promised() -> None:
    assert [(each - BASE) // timedelta(minutes=1) for each in DUE[:EMERGENCY]] == [0, 30, 60, 120]


def test_every_profile_speaks_differently_the_second_time() -> None:
    for profile in VERSION.profiles:
        assert "card" in profile.rungs[EMPLOYEE].channels
        assert "again" in profile.rungs[EMPLOYEE_AGAIN].channels


MINIMAL = """
[[version]]
number = 1
since = 2026-01-01
default = "a"
quiet = ["22:00", "07:00"]
gentle = {{ rest_day = 2, at = "10:00" }}
[version.profile.a]
rung = [
  {{ who = "employee", channels = ["card"], after = 0 }},
  {{ who = "employee", channels = ["again"], after = {second} }},
  {{ who = "{third}", channels = ["{channel}"], after = 60 }},
  {{ who = "hr", channels = ["card"], after = 120{extra} }},
  {{ who = "emergency", channels = ["card"], at = "17:00" }},
  {{ who = "hr_head", channels = ["card"], at = "10:30", workdays = 1 }},
]
"""
GOOD = {"second": "30", "third": "manager", "channel": "card", "extra": ""}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"second": "90"}, "before the one below"),
        ({"third": "hr"}, "rungs must be"),
        ({"channel": "pigeon"}, "pigeon"),
        ({"extra": ', at = "9:00"'}, "either after or at"),
    ],
)
def test_a_wrong_table_is_refused_and_says_where(changes: dict[str, str], words: str) -> None:
    assert ladder.parse(MINIMAL.format(**GOOD))[0].number == 1
    with pytest.raises(ValueError, match=words):
        ladder.parse(MINIMAL.format(**GOOD | changes))
    with pytest.raises(ValueError, match="share a number"):
        ladder.parse(MINIMAL.format(**GOOD) * 2)


def test_the_version_of_the_day() -> None:
    two = ladder.parse(
        MINIMAL.format(**GOOD)
        + MINIMAL.format(**GOOD).replace("number = 1", "number = 2").replace("since = 2026-01", "since = 2026-06")
    )
    assert [ladder.in_force(two, date(2026, month, 15)).number for month in (1, 5, 6, 12)] == [1, 1, 2, 2]
    assert ladder.in_force(two, date(2025, 1, 1)).number == 1


@pytest.mark.parametrize(
    ("clock", "done", "asked", "rung"),
    [
        ("9:15", -1, False, EMPLOYEE),
        ("9:44", EMPLOYEE, True, None),
        ("9:45", EMPLOYEE, True, EMPLOYEE_AGAIN),
        ("9:50", -1, False, EMPLOYEE_AGAIN),
        ("10:20", -1, False, EMPLOYEE_AGAIN),  # kindness first: the employee, in the manager's place
        ("10:20", EMPLOYEE, True, MANAGER),
        ("11:20", -1, False, HR),
        ("18:00", -1, False, HR),  # never beyond HR before HR was asked
        ("17:00", HR, True, EMERGENCY),
        ("23:00", HR_HEAD, True, None),
    ],
)
def test_the_rung_that_fits_now(clock: str, done: int, asked: bool, rung: int | None) -> None:
    step = ladder.step(DUE, at(clock), done, asked)
    assert (step.rung if step else None) == rung


def test_after_a_downtime_the_manager_still_gets_his_usual_distance() -> None:
    step = ladder.step(DUE, at("10:20"), -1, asked=False)
    assert step == Step(EMPLOYEE_AGAIN, timedelta(minutes=35))
    moved = ladder.dues(OFFICE, BASE + step.shift, ZONE, weekday)
    assert local(ladder.following(moved, step.rung, at("10:20")) or BASE) == "11 10:50"


@given(st.integers(0, 3000), st.integers(-1, 5), st.booleans())
def test_no_rung_is_early_repeated_or_hurried(minutes: int, done: int, asked: bool) -> None:
    now = BASE + timedelta(minutes=minutes)
    assume(asked or done not in (EMPLOYEE, EMPLOYEE_AGAIN, MANAGER))
    step = ladder.step(DUE, now, done, asked)
    if step is None:
        return
    assert step.rung > done and DUE[step.rung] <= now
    assert done >= HR or step.rung <= HR
    after = ladder.following(ladder.dues(OFFICE, BASE + step.shift, ZONE, weekday), step.rung, now)
    assert after is None or after >= now + timedelta(minutes=5)


@given(st.integers(0, 2 * 365 * 24 * 60), st.sampled_from([ZONE, "Europe/Berlin", "UTC"]))
def test_rungs_never_go_back_in_time(minutes: int, zone: str) -> None:
    for profile in VERSION.profiles:
        base = BASE + timedelta(minutes=minutes)
        due = ladder.dues(profile, base, zone, weekday)
        assert list(due) == sorted(due) and due[0] == base


@given(st.integers(0, 47), st.integers(0, 47), st.integers(0, 47))
def test_quiet_hours(now: int, start: int, end: int) -> None:
    moment = at("00:00") + timedelta(minutes=30 * now)
    quiet = (_half(start), _half(end))
    until = ladder.quiet_until(moment, ZONE, quiet)
    inside = (now - start) % 48 < (end - start) % 48
    assert (until is not None) == inside
    if until:
        assert moment < until <= moment + timedelta(days=1)
        assert ladder.quiet_until(until, ZONE, quiet) is None


def _half(number: int) -> time:
    return time(number // 2, 30 * (number % 2))


SIGNS = ("punch", "reply", "click", "leave")
RUNS = 100_000


@dataclass
class Model:
    """One case as the flows and the jobs treat it: rungs are queued, then sent while the question is still open."""

    now: datetime = BASE - timedelta(minutes=5)
    rung: int = -1
    next_at: datetime | None = BASE
    base: datetime = BASE
    asked: bool = False
    life_at: datetime | None = None
    queued: list[int] = field(default_factory=list)
    done: list[tuple[int, datetime]] = field(default_factory=list)
    sent: list[tuple[int, datetime]] = field(default_factory=list)

    def climb(self, crash: bool) -> None:
        if self.life_at or self.next_at is None or self.now < self.next_at:
            return
        due = DUE if self.base == BASE else ladder.dues(OFFICE, self.base, ZONE, weekday)
        step = ladder.step(due, self.now, self.rung, self.asked)
        if crash:  # rolled back: the next run sees the case as it was
            return
        if step is None:
            self.next_at = ladder.following(due, self.rung, self.now)
            return
        if step.shift:
            self.base += step.shift
            due = ladder.dues(OFFICE, self.base, ZONE, weekday)
        self.rung, self.next_at = step.rung, ladder.following(due, step.rung, self.now)
        self.asked = self.asked or step.rung < MANAGER
        self.done.append((step.rung, self.now))
        self.queued.append(step.rung)

    def drain(self, crash: bool) -> None:
        while self.queued and not crash:
            rung = self.queued.pop(0)
            if self.life_at is None:
                self.sent.append((rung, self.now))


def test_after_a_sign_of_life_no_rung_in_a_hundred_thousand_interleavings() -> None:
    chance = random.Random(20260611)
    reached = dict.fromkeys(range(6), 0)
    for _ in range(RUNS):
        model = Model()
        life = chance.randrange(1, 14) if chance.random() < 0.8 else 99
        for number in range(12):
            model.now += timedelta(minutes=chance.choice((1, 5, 20, 31, 61, 300, 1500)))
            if number == life:
                model.life_at, model.next_at = model.now, None
            crash = chance.random() < 0.2
            (model.climb if chance.random() < 0.6 else model.drain)(crash)
        rungs = [rung for rung, _ in model.done]
        assert rungs == sorted(set(rungs))
        if model.life_at:
            assert all(moment < model.life_at for _, moment in (*model.done, *model.sent))
        for rung, _ in model.sent:
            reached[rung] += 1
        assert EMERGENCY not in rungs or HR in rungs
    assert min(reached.values()) > 100, reached
