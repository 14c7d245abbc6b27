"""In the last month somebody asks what is needed; a need becomes the manager's task, and both stay on file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from bot.progress import inbox as progress_inbox
from bot.progress.rows import Pushed
from handlers.performance import tables
from handlers.performance.measuring import nudging
from handlers.performance.rules.progress import ASK_AGAIN, Course, nudge_due
from tests.handlers.performance.goals_story import PROJECTS, Story, story  # noqa: F401

D = Decimal


def behind(story: Story) -> None:  # noqa: F811
    """60 % with 19 days to go, and the question asked."""
    story.agreed(story.opened(), replace(PROJECTS, target=D(5), source="webhook", source_key="k"))
    story.firm.dispatch(progress_inbox.to_event(Pushed("k", D(3), D(5), story.firm.now)))
    nudging.nudge(story.firm.app)
    story.firm.courier.drain()


def test_a_need_becomes_a_task_and_the_answer_goes_back(story: Story) -> None:  # noqa: F811
    behind(story)
    card = story.seen("zhang")[-1]
    assert card.title == "60 %，还剩 19 天，需要什么？"
    assert [each.label for each in card.buttons] == ["不需要", "要人手", "要预算", "要调目标", "约谈"]
    story.tap("zhang", card, "要人手")
    task = story.seen("li")[-1]
    assert task.title == "张三 需要人手" and [each.label for each in task.buttons] == ["提供：人手", "说明原因"]
    story.tap("li", task, "提供：人手")
    assert "李主管 答应提供人手" in story.last("zhang")
    [row] = story.firm.rows(tables.nudge)
    assert (row["need"], row["task_state"], row["task_by"]) == ("people", "offered", "fake:li")
    assert [kind for kind, _ in story.events("support.")] == ["support.asked", "support.offered"]
    story.tap("li", task, "提供：人手")
    assert len(story.events("support.")) == 2


def test_a_reason_is_passed_on_word_for_word(story: Story) -> None:  # noqa: F811
    behind(story)
    story.tap("zhang", story.seen("zhang")[-1], "要预算")
    story.tap("li", story.seen("li")[-1], "说明原因")
    story.say("li", "本季度预算已用完，七月起可以")
    assert "「本季度预算已用完，七月起可以」" in story.last("zhang")
    assert story.part("support.refused", "words") == "本季度预算已用完，七月起可以"
    assert "已说明原因" in [each.closed for each in story.copies("li")]


def test_words_long_after_are_no_reason(story: Story) -> None:  # noqa: F811
    behind(story)
    story.tap("zhang", story.seen("zhang")[-1], "约谈")
    story.tap("li", story.seen("li")[-1], "说明原因")
    story.firm.pass_time(hours=2)
    story.say("li", "今天中午吃什么")
    assert story.firm.rows(tables.nudge)[0]["task_state"] == "open"


def test_no_need_asks_nobody(story: Story) -> None:  # noqa: F811
    behind(story)
    before = len(story.seen("li"))
    story.tap("zhang", story.seen("zhang")[-1], "不需要")
    assert len(story.seen("li")) == before
    assert [kind for kind, _ in story.events("support.")] == ["support.declined"]


def test_the_evening_and_the_next_days_are_quiet(story: Story) -> None:  # noqa: F811
    story.agreed(story.opened())
    story.firm.pass_time(hours=12)
    nudging.nudge(story.firm.app)
    assert story.firm.rows(tables.nudge) == []
    story.firm.pass_time(hours=12)
    for _ in range(3):
        nudging.nudge(story.firm.app)
        story.firm.pass_time(days=3)
    story.firm.courier.drain()
    assert len(story.firm.rows(tables.nudge)) == 1
    assert story.seen("zhang")[-1].title == "还剩 18 天，需要什么？"


START, DUE = date(2026, 4, 1), date(2026, 6, 30)
DAYS = st.dates(date(2026, 3, 1), date(2026, 8, 1))


@given(DAYS, st.decimals(min_value=0, max_value=150, places=1) | st.none(), DAYS | st.none(), st.booleans())
def test_when_a_question_is_due(today: date, reached: Decimal | None, last: date | None, waiting: bool) -> None:
    course = Course(START, DUE, reached, last, waiting)
    due = nudge_due(course, today)
    if due:
        assert START < today < DUE and not waiting and (last is None or today - last >= ASK_AGAIN)
        assert reached is None or reached < 100
    assert not nudge_due(replace(course, waiting=True), today)
    assert not nudge_due(replace(course, last_asked=today), today)


@pytest.mark.parametrize(
    ("reached", "left", "due"), [("60", 30, True), ("80", 30, False), ("60", 40, False), ("100", 1, False)]
)
def test_the_example(reached: str, left: int, due: bool) -> None:
    assert nudge_due(Course(START, DUE, D(reached)), DUE - timedelta(days=left)) is due
