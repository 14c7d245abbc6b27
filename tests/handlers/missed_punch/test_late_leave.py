"""Leave that becomes known after the shift is over: the missed day is explained, the next morning's rung stays away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.ports import Leave
from tests.handlers.missed_punch.feed import run_at
from tests.handlers.missed_punch.story import NINE, Story, at


@pytest.mark.parametrize("pending", [True, False])
@pytest.mark.parametrize("ends", [9, 24])
def test_leave_filed_in_the_evening_ends_the_ladder(story: Story, pending: bool, ends: int) -> None:
    for clock in ("9:16", "9:46", "10:16", "11:16", "13:16"):
        story.tick(clock)
    story.firm.platform.leave_list = [Leave("zhang", NINE, NINE + timedelta(hours=ends), "事假", pending)]
    for hour in (10, 12):
        run_at(story, NINE + timedelta(hours=hour))
    before = len(story.firm.platform.sent)
    run_at(story, NINE + timedelta(days=1, hours=1, minutes=31))
    assert story.case()["outcome"] == "leave"
    assert len(story.firm.platform.sent) == before


def test_leave_of_the_morning_alone_explains_no_afternoon(story: Story) -> None:
    for clock in ("9:16", "9:46", "10:16", "11:16", "13:16"):
        story.tick(clock)
    story.firm.platform.leave_list = [Leave("zhang", NINE, at("12:00"), "事假")]
    run_at(story, NINE + timedelta(hours=10))
    run_at(story, NINE + timedelta(days=1, hours=1, minutes=31))
    assert story.case()["outcome"] != "leave"
