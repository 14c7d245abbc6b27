"""The manager's rung: who is away is skipped; a circle of managers and nobody at all end at HR, which comes earlier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot import people
from bot.db import begin
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson, Leave, Shift
from tests.handlers.missed_punch.story import DAY, NINE, Story

QUESTION = "未打卡"


def staff(story: Story, everybody: Sequence[DirectoryPerson]) -> None:
    hr = DirectoryPerson("wang", "王HR", "", ("人事",))
    with begin(story.firm.app.engine) as connection:
        people.sync(connection, "fake", [*everybody, hr], {"wang": "hr"})


def away(story: Story, who: str) -> None:
    """On leave all day, as the platform says about everybody with a shift."""
    story.firm.platform.shift_list.append(Shift(who, DAY, NINE, NINE + timedelta(hours=9), who))
    story.firm.platform.leave_list.append(Leave(who, NINE, NINE + timedelta(hours=9), "年假"))


def asked(story: Story, *clocks: str) -> list[str]:
    for clock in clocks:
        story.tick(clock)
    return [who for who in ("li", "boss", "wang") if any(QUESTION in card.title for card in story.seen(who))]


ZHANG, LI = DirectoryPerson("zhang", "张三", "li", ("研发",)), DirectoryPerson("li", "李主管", "boss", ("研发",))
BOSS = DirectoryPerson("boss", "总经理", "", ("总办",))


def test_a_manager_on_leave_is_skipped_and_theirs_is_asked(story: Story) -> None:
    staff(story, [ZHANG, LI, BOSS])
    away(story, "li")
    assert asked(story, "9:16", "9:46", "10:16") == ["boss"]


def test_a_manager_who_is_missing_too_is_not_asked(story: Story) -> None:
    staff(story, [ZHANG, LI, BOSS])
    story.firm.platform.shift_list.append(Shift("li", DAY, NINE, NINE + timedelta(hours=9), "x"))
    assert asked(story, "9:16", "9:46", "10:16") == ["boss"]


@pytest.mark.parametrize("circle", [True, False])
def test_with_nobody_above_hr_is_asked_at_the_managers_hour(story: Story, circle: bool) -> None:
    boss = "li" if circle else ""
    staff(
        story, [DirectoryPerson("zhang", "张三", boss, ("研发",)), DirectoryPerson("li", "李主管", "zhang", ("门店",))]
    )
    if circle:
        away(story, "li")
    for clock in ("9:16", "9:46", "10:16"):
        story.tick(clock)
    assert story.titles("li") == [] and len(story.titles("wang")) == 1
    skipped = [row for row in story.firm.rows(ev_event) if row["type"] == "checkin.rung_skipped"]
    assert len(skipped) == 1


def test_who_is_their_own_manager_is_not_asked_about_themself(story: Story) -> None:
    staff(story, [DirectoryPerson("zhang", "张三", "zhang", ("研发",))])
    for clock in ("9:16", "9:46", "10:16"):
        story.tick(clock)
    assert len(story.titles("zhang")) == 2 and len(story.titles("wang")) == 1
