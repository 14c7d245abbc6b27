"""A replayed month also shows the alerts of missed days and the weekend's message, as they were and would be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.ports import Leave, Punch
from handlers.missed_punch import replay
from handlers.missed_punch.ladder import reach, runs
from handlers.missed_punch.replay.absences import Past, Shift, said
from tests.handlers.missed_punch.story import NINE, Story
from tests.handlers.missed_punch.test_replay import SHIPPED
from tests.handlers.missed_punch.test_runs import FIRST, go, long_story, runs_of

__all__ = ["long_story"]
EXTRA = ("alert2", "alert3", "weekend")


def told(story: Story, draft: str | None = None) -> list[tuple[str, str, str, str, str]]:
    found = replay.run(story.firm.app, "2026-06", draft).lines
    return [(line.rung, line.who, line.then, line.in_force, line.change) for line in found if line.rung in EXTRA]


def test_what_was_said_is_what_the_rules_say(long_story: Story) -> None:
    story = long_story
    go(story, 0, *FIRST)
    go(story, 1, "9:16", "9:46", "10:31")
    go(story, 2, "10:05")
    go(story, 4, "9:16")
    story.firm.now = datetime(2026, 7, 2, 1, tzinfo=UTC)
    assert told(story) == [
        ("alert2", "manager+hr+hr_head", "06-12 09:16", "06-12 09:15", "same"),
        ("weekend", "employee", "06-13 10:05", "06-13 10:00", "-5"),
        ("alert3", "hr_head+hr", "06-15 09:16", "06-15 09:15", "same"),
    ]
    assert runs_of(story)[0] == "absence.run"


def test_a_draft_with_another_rest_day(long_story: Story) -> None:
    story = long_story
    for ahead, clocks in ((0, FIRST), (1, FIRST), (2, ("10:01",)), (4, ("9:16",))):
        go(story, ahead, *clocks)
    story.firm.now = datetime(2026, 7, 2, 1, tzinfo=UTC)
    later = SHIPPED.replace("rest_day = 1", "rest_day = 2")
    lines = [line for line in replay.run(story.firm.app, "2026-06", later).lines if line.rung == "weekend"]
    assert [(line.day, line.in_force, line.draft, line.change) for line in lines] == [
        ("2026-06-13", "06-13 10:00", "", "dropped"),
        ("2026-06-14", "", "06-14 10:00", "added"),
    ]


def test_the_cards_of_alerts_are_counted(long_story: Story) -> None:
    story = long_story
    go(story, 0, "9:16")
    go(story, 1, "9:16")
    story.firm.now = datetime(2026, 6, 12, 3, tzinfo=UTC)
    found = replay.run(story.firm.app, "2026-06")
    others = [line.channels.split("+") for line in found.lines if line.rung not in EXTRA and line.in_force]
    cards = sum(each in ("card", "again") for channels in others for each in channels)
    assert found.cost["in_force"].messages["card"] == cards + 3  # manager, HR, HR head
    asked = [line for line in found.lines if line.rung not in EXTRA and line.then]
    assert found.cost["then"].messages["card"] == len(asked) + 3


@pytest.mark.parametrize("what", ["leave", "word", "punch"])
def test_whatever_ends_a_run_ends_it_here(long_story: Story, what: str) -> None:
    story, friday = long_story, NINE + timedelta(days=1)
    go(story, 0, *FIRST)
    if what == "leave":
        story.firm.platform.leave_list = [Leave("zhang", friday, friday + timedelta(hours=9), "事假")]
    if what == "punch":
        story.firm.platform.punch_list = [Punch("zhang", friday, "on", "device")]
    go(story, 1, "9:16")
    if what == "word":
        story.firm.now += timedelta(minutes=1)
        story.write("zhang", "没事，请假了忘说")
    go(story, 4, "9:16")
    story.firm.now = datetime(2026, 7, 2, 1, tzinfo=UTC)
    then = [line for line in told(story) if line[2]]
    assert [line[4] for line in then] == ["same"] * len(then)
    assert len(then) == (1 if what == "word" else 0)


def test_a_run_that_began_in_the_month_before() -> None:
    days = [date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)]
    past = Past(ZONE, {day: [_shift(day, "m")] for day in days}, frozenset(), (), lambda _day: "work")
    found = list(said(past, reach.versions(), (date(2026, 7, 1), date(2026, 8, 1)), NEVER))
    assert [(each.what, each.day, each.counted) for each in found] == [("alert3", days[2], tuple(days))]


ZONE, NEVER = "Asia/Shanghai", datetime(2027, 1, 1, tzinfo=UTC)
MONDAY = date(2026, 6, 1)


@given(st.lists(st.sampled_from("mpl"), min_size=1, max_size=15))
def test_each_alert_comes_once_a_run_and_never_after_a_sign(pattern: list[str]) -> None:
    """Missed, present or on leave on working days: as `runs.run` counts them, whatever the calendar does in between."""
    days = [day for ahead in range(30) if (day := MONDAY + timedelta(days=ahead)).weekday() < 5][: len(pattern)]
    shifts = {day: [_shift(day, letter)] for day, letter in zip(days, pattern, strict=True)}
    past = Past(ZONE, shifts, frozenset(), (), lambda day: "weekend" if day.weekday() > 4 else "work")
    found = [each for each in said(past, reach.versions(), (MONDAY, date(2026, 7, 1)), NEVER) if each.what != "weekend"]
    assert [(each.day, each.what) for each in found] == list(_expected(days, pattern))
    assert len({(each.counted[0], each.what) for each in found}) == len(found)


def _shift(day: date, letter: str) -> Shift:
    start = datetime.combine(day, time(1), UTC)
    asked = start + timedelta(minutes=15) if letter == "m" else None
    return Shift(day, start, asked, (start,) if letter == "p" else (), letter == "l")


def _expected(days: Sequence[date], pattern: Sequence[str]) -> list[tuple[date, str]]:
    count, found = 0, []
    for day, letter in zip(days, pattern, strict=True):
        count = 0 if letter == "p" else count + (letter == "m")
        if letter == "m" and count in (runs.ALERT, runs.REPORT):
            found.append((day, "alert2" if count == runs.ALERT else "alert3"))
    return found
