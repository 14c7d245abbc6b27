"""An answer nobody understood, a refusal without its reason, a punch from the future, and the way to the page."""

from __future__ import annotations

import sqlalchemy as sa

from bot.db import begin
from bot.event import PUNCHED, Event
from bot.ports import Punch
from bot.tables import approval, person
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import late, sources
from tests.handlers.missed_punch.story import Story, at

WORDS = "嗯……那个，就是那样吧"
NOT_UNDERSTOOD = "张三 回复了，系统没有看懂"


def test_what_stays_unclear_for_ten_working_minutes_goes_to_hr_word_for_word(story: Story) -> None:
    story.tick("9:16")
    story.firm.now = at("9:20")
    story.write("zhang", WORDS)
    story.firm.now = at("9:24")
    story.write("zhang", "怎么说呢")
    story.tick("9:29")
    assert story.titles("wang") == [] and story.titles("li") == []
    story.tick("9:31")
    (card,) = story.seen("wang")
    assert card.title == NOT_UNDERSTOOD
    assert card.quote == f"{WORDS}\n怎么说呢"
    assert story.titles("li") == []
    story.tap("wang", "我来跟进")
    assert story.copies("wang")[-1] == "正在跟进"
    story.tick("9:50")
    assert len(story.titles("wang")) == 1


def test_a_clear_answer_in_time_is_all_that_was_needed(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", WORDS)
    story.tap("zhang", "在路上")
    story.tick("9:40")
    assert NOT_UNDERSTOOD not in story.titles("wang")


def test_a_clear_answer_afterwards_takes_it_back_from_hr(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", WORDS)
    story.tick("9:40")
    story.tap("zhang", "在路上")
    assert story.copies("wang")[-1] == "已有平安信号"


def test_a_boss_in_hr_does_not_read_private_words(story: Story) -> None:
    with begin(story.firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.id == "fake:zhang").values(manager_id="fake:wang"))
    story.tick("9:16")
    story.write("zhang", WORDS)
    with begin(story.firm.app.engine) as db:
        db.execute(sa.update(t.case).values(words="抑郁症那个"))
    story.tick("9:40")
    (card,) = [each for each in story.seen("wang") if each.title == NOT_UNDERSTOOD]
    assert "抑郁" not in card.quote


def test_a_refusal_without_its_reason_goes_to_hr_as_a_step_of_the_chain(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡了，9:02 到的")
    story.tap("li", "驳回")
    story.tick("10:20")
    assert story.titles("wang") == ["张三 申请补卡"]
    (row,) = story.firm.rows(approval)
    assert row["state"] == "open"
    story.tap("wang", "同意")
    (row,) = story.firm.rows(approval)
    assert (row["state"], row["decided_by"]) == ("approved", "fake:wang")
    assert story.case()["outcome"] == "corrected"


def test_a_punch_that_has_not_happened_yet_proves_nothing_and_is_told(story: Story) -> None:
    story.tick("9:16")
    story.firm.dispatch(_punch(story, "11:16"))
    story.tick("9:46")
    assert story.titles("zhang")[-1] == "还是有点惦记你"
    assert story.firm.rows(t.punch) == []
    (kept,) = story.firm.rows(t.record)
    assert kept["punch_id"] is None and kept["at"] == at("11:16")
    assert [row["kind"] for row in story.firm.rows(t.finding)] == ["future"]
    story.firm.dispatch(_punch(story, "9:45"))
    assert story.case()["outcome"] == "punched"


def _punch(story: Story, clock: str) -> Event:
    now = story.firm.now
    story.firm.now = at(clock)
    event = story.firm.event("zhang", PUNCHED, source="ATM")
    story.firm.now = now
    return event


def test_a_late_punch_ends_the_request_as_well(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡了，9:02 到的")
    with begin(story.firm.app.engine) as db:
        case_id = db.execute(sa.select(t.case.c.id)).scalar_one()
    story.firm.platform.punch_list = [Punch("zhang", at("9:02"), "on", "device")]
    with story.firm.app.context() as ctx:
        row = sources.Record("fake:zhang", at("9:02"), "on", "device")
        late.settle(ctx, sources.add(ctx.db, [row], ctx.now).punches)
    (row_now,) = story.firm.rows(approval)
    assert row_now["state"] == "elsewhere" and row_now["matter"] == case_id
    assert story.case()["outcome"] == "punched"


def test_managers_and_hr_are_led_to_the_case_and_nobody_else(story: Story) -> None:
    for clock in ("9:16", "9:46", "10:16", "11:16"):
        story.tick(clock)
    case_id = str(story.case()["id"])
    for who in ("li", "wang"):
        (card,) = story.seen(who)
        assert card.link.startswith(story.firm.app.settings.public_url) and case_id in card.link
    assert [card.link for card in story.seen("zhang")] == ["", ""]
