"""Days that count and days that do not, and what two and three of them lead to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from bot import people
from bot.card import as_text
from bot.db import begin
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson, Leave, Punch, Shift
from bot.tables import outbox
from handlers.missed_punch import tables as t
from handlers.missed_punch.ladder.runs import Day, Run, alert, rest_days, run, skip
from tests.handlers.missed_punch.story import DAY, NINE, Story
from tests.world import FIRM

D0 = DAY  # Thursday
WORK = (0, 1, 4, 5)  # Thursday, Friday, Monday, Tuesday; then the holiday of Friday 19 June


def days(pattern: str) -> list[Day]:
    """One letter a day: m missed, p present, w weekend, h holiday (planned), l leave, u unknown, x held, f future."""
    found = []
    for ahead, letter in enumerate(pattern):
        day = D0 + timedelta(days=ahead)
        calendar = {"w": "weekend", "h": "holiday", "u": "unknown"}.get(letter, "work")
        found.append(
            Day(
                day,
                calendar,  # type: ignore[arg-type]
                planned=letter != "w",
                seen=letter == "p",
                leave=letter == "l",
                over=letter != "f",
                held=letter == "x",
            )
        )
    return found


@pytest.mark.parametrize(
    ("pattern", "count", "skipped"),
    [
        ("mm", 2, ""),
        ("mmwwm", 3, "weekend weekend"),
        ("mmhm", 3, "holiday"),
        ("mlm", 2, "leave"),
        ("mum", 2, "unknown"),
        ("mxm", 2, "held"),
        ("mpm", 1, ""),
        ("lwwm", 1, ""),
        ("mf", 1, ""),
        ("ww", 0, ""),
        ("", 0, ""),
    ],
)
def test_runs(pattern: str, count: int, skipped: str) -> None:
    found = run(days(pattern))
    assert len(found.counted) == count
    assert " ".join(why for _, why in found.skipped) == skipped
    assert alert(found) == (0 if count < 2 else min(count, 3))


@given(st.text("mpwhluxf", max_size=30))
def test_never_a_day_off_and_never_one_too_few(pattern: str) -> None:
    known = days(pattern)
    found = run(known)
    tail = pattern[pattern.rfind("p") + 1 :]
    assert len(found.counted) == tail.count("m")
    by_day = {each.day: each for each in known}
    assert all(skip(by_day[day]) is None and by_day[day].over for day in found.counted)
    assert all(skip(by_day[day]) == why for day, why in found.skipped)
    assert list(found.counted) == sorted(set(found.counted))


@given(st.text("mpwhlux", max_size=20), st.text("whlux", max_size=10))
def test_days_off_in_between_change_nothing(before: str, between: str) -> None:
    assert len(run(days(f"{before}m{between}m")).counted) == len(run(days(f"{before}mm")).counted)


def test_rest_days_in_a_row() -> None:
    assert [rest_days(days(each)) for each in ("mm", "mw", "mww", "w")] == [0, 1, 2, 1]
    assert run(()) == Run((), ())


@pytest.fixture
def long_story(story: Story) -> Story:
    """The firm with an HR head and shifts from Thursday to Tuesday."""
    with begin(story.firm.app.engine) as connection:
        everybody = [*FIRM, DirectoryPerson("chen", "陈总监", "", ("人事",))]
        people.sync(connection, "fake", everybody, {"wang": "hr", "chen": "hr_head"})
    story.firm.platform.shift_list = [_shift(ahead) for ahead in WORK]
    return story


def _shift(ahead: int) -> Shift:
    start = NINE + timedelta(days=ahead)
    return Shift("zhang", D0 + timedelta(days=ahead), start, start + timedelta(hours=9), f"plan-{ahead}")


def go(story: Story, ahead: int, *clocks: str) -> None:
    for clock in clocks:
        hour, minute = clock.split(":")
        story.tick(f"{int(hour) + 24 * ahead}:{minute}")


def runs_of(story: Story) -> list[str]:
    return [str(row["type"]) for row in story.firm.rows(ev_event) if str(row["type"]).startswith("absence.")]


def titles(story: Story, who: str, word: str) -> list[str]:
    return [each for each in story.titles(who) if word in each]


FIRST = ("9:16", "9:46", "10:16", "11:16")


def test_days_zero_to_four(long_story: Story) -> None:
    story = long_story
    go(story, 0, *FIRST, "17:01")
    assert titles(story, "chen", "仍无消息")  # no contact ever agreed: the rung is skipped, the next comes earlier
    go(story, 1, "9:16", "9:46", "10:31", "11:16")
    for who in ("wang", "li", "chen"):
        assert titles(story, who, "连续 2 个工作日") == ["张三 已连续 2 个工作日没有消息"]
    assert len(story.titles("li")) == 2  # nobody is asked the same thing on the second day again
    before = len(story.firm.platform.sent)
    go(story, 2, "9:16", "10:05", "15:00")
    sent = story.firm.platform.sent[before:]
    assert [(to, card.title) for to, card, _ in sent] == [("zhang", "周末好，只想知道你平安")]
    go(story, 3, "9:30", "10:05", "10:30", "14:00")
    assert len(story.firm.platform.sent) == before + 1
    go(story, 4, "9:16", "9:30")
    card = story.seen("chen")[-1]
    assert card.title == "风险报告：张三"
    assert "06-11、06-12、06-15" in as_text(card) and "06-13（周末）" in as_text(card)
    assert "2026-06-18 18:00" in story.seen("chen")[-2].text
    assert runs_of(story) == ["absence.run", "absence.run", "absence.letter_drafted"]
    _approved(story)


def _approved(story: Story) -> None:
    before = [row for row in story.firm.rows(outbox) if row["user_id"] == "zhang"]
    story.tap("chen", "批准草稿")
    assert story.copies("chen")[-1] == "可发送，尚未发出"
    assert [row for row in story.firm.rows(outbox) if row["user_id"] == "zhang"] == before
    assert runs_of(story)[-1] == "absence.letter_approved"


def test_a_word_on_the_weekend_ends_everything(long_story: Story) -> None:
    story = long_story
    go(story, 0, *FIRST)
    go(story, 1, "9:16")
    go(story, 2, "10:01")
    story.tap("zhang", "我平安")
    assert {row["state"] for row in story.firm.rows(t.case)} == {"alive"}
    before = len(story.titles("chen"))
    go(story, 4, "9:16")
    assert len(story.titles("chen")) == before
    assert "absence.letter_drafted" not in runs_of(story)


def test_leave_is_skipped_and_a_punch_starts_anew(long_story: Story) -> None:
    story = long_story
    friday = NINE + timedelta(days=1)
    go(story, 0, *FIRST)
    story.firm.platform.leave_list = [Leave("zhang", friday, friday + timedelta(hours=9), "事假")]
    go(story, 1, "9:16")
    story.firm.platform.leave_list = []
    go(story, 4, "9:16")
    assert runs_of(story) == []
    story.firm.platform.punch_list = [Punch("zhang", NINE + timedelta(days=5), "on", "device")]
    go(story, 5, "9:20", "10:31")
    assert runs_of(story) == []


def test_the_next_mornings_punch_ends_the_first_days_ladder(long_story: Story) -> None:
    story = long_story
    go(story, 0, *FIRST)
    story.firm.platform.punch_list = [Punch("zhang", NINE + timedelta(days=1, minutes=-5), "on", "device")]
    go(story, 1, "9:16", "10:31")
    assert titles(story, "chen", "仍无消息") == []
    assert {row["state"] for row in story.firm.rows(t.case)} == {"alive"}


def test_a_whole_week_of_silence_alerts_once_each(long_story: Story) -> None:
    story = long_story
    for ahead in WORK:
        go(story, ahead, *FIRST)
    assert runs_of(story) == ["absence.run", "absence.run", "absence.letter_drafted"]
