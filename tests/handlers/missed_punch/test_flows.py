"""The story of a missed punch, told once per branch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.card import as_text
from bot.errors import PlatformError
from bot.event import PUNCHED
from bot.ports import Leave, Punch
from bot.tables import outbox
from handlers.missed_punch import tables as t
from tests.handlers.missed_punch.story import NINE, Story, at


def test_forgot_time_approve_written_and_every_copy_shows_it(story: Story) -> None:
    story.tick("9:16")
    assert story.titles("zhang") == ["早上好，还没看到你的打卡，一切还好吗？"]
    story.tap("zhang", "忘打卡")
    assert "几点到" in story.seen("zhang")[-1].text
    story.write("zhang", "9:02 到的，忘了打卡")
    card = story.seen("li")[-1]
    assert "9:02 到的" in as_text(card)
    story.tap("li", "同意")
    assert [each.at for each in story.firm.platform.corrections] == [at("9:02")]
    assert story.case()["outcome"] == "corrected"
    assert story.copies("li")[-1] == "李主管 已同意，已补卡"
    assert story.copies("zhang")[-1] == "已补卡"
    assert story.titles("zhang")[-1] == "补卡已完成"
    story.tick("11:30")
    assert len(story.firm.rows(t.case)) == 1
    assert story.titles("wang") == []


def test_quick_button_takes_the_shift_time(story: Story) -> None:
    story.tick("9:16")
    story.tap("zhang", "忘打卡")
    story.tap("zhang", "按班次 09:00")
    assert story.case()["claimed_at"] == NINE
    assert story.case()["state"] == "approval"


def test_refusal_needs_a_reason_and_the_reason_arrives(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.tap("li", "驳回")
    assert story.titles("li")[-1] == "请直接回复驳回原因"
    assert story.case()["state"] == "reason"
    story.write("li", "门禁显示 9:40 到")
    assert story.case()["outcome"] == "rejected"
    assert story.seen("zhang")[-1].quote == "门禁显示 9:40 到"
    assert story.firm.platform.corrections == []


def test_silence_climbs_by_its_own_delays(story: Story) -> None:
    for clock in ("9:10", "9:16", "9:20", "9:45", "9:50", "10:15", "10:40", "11:15", "12:00"):
        story.tick(clock)
    assert len(story.titles("zhang")) == 2
    assert story.titles("li") == ["张三未打卡未回复，你知道情况吗？"]
    assert story.titles("wang") == ["请关心一下张三"]
    assert "09:45 再次问候本人" in story.seen("wang")[0].text


@pytest.mark.parametrize("sign", ["words", "punch", "feed", "leave"])
def test_any_sign_of_life_stops_everything(story: Story, sign: str) -> None:
    story.tick("9:16")
    story.tick("10:15")
    story.firm.now = at("10:20")
    if sign == "words":
        story.write("zhang", "1")
    elif sign == "punch":
        story.do("zhang", PUNCHED, when=at("10:19"), kind="on")
    elif sign == "feed":
        story.firm.platform.punch_list = [Punch("zhang", at("10:19"), "on", "device")]
    else:
        story.firm.platform.leave_list = [Leave("zhang", NINE, NINE + timedelta(hours=9), "年假")]
    story.tick("11:16")
    story.tick("12:30")
    assert story.titles("wang") == []
    assert story.copies("li")[-1] == "已有平安信号"


def test_late_callback_is_dated_by_its_own_time_and_earns_an_apology(story: Story) -> None:
    story.tick("9:16")
    story.tick("10:15")
    story.firm.now = at("10:20")
    story.tap("zhang", "在路上", when=at("9:17"))
    assert story.titles("li")[-1] == "刚才打扰了，抱歉"
    assert "09:17" in story.seen("li")[-1].text
    assert story.titles("li").count("刚才打扰了，抱歉") == 1


def test_medical_words_stay_with_the_employee(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "在医院，急诊")
    assert story.titles("li") == ["张三：病假（待补）"]
    assert not [card for card in story.seen("li") + story.seen("wang") if "医院" in as_text(card)]
    story.tick("12:00")
    assert len(story.titles("li")) == 1


def test_help_goes_to_hr_at_once_and_not_to_the_manager(story: Story) -> None:
    story.tick("9:16")
    story.tap("zhang", "需要帮助")
    assert story.titles("wang") == ["张三 需要帮助"]
    assert story.titles("li") == []
    story.tap("wang", "联系上了")
    assert story.copies("wang")[-1] == "联系上了"


def test_manager_answers_wrongly_and_takes_it_back(story: Story) -> None:
    story.tick("9:16")
    story.tick("10:15")
    card = story.tap("li", "在外勤")
    assert card is not None
    story.do("li", card.buttons[0].action, card.buttons[0].ref)
    assert story.case()["state"] == "waiting"
    story.tap("li", "不清楚")
    story.tick("11:16")
    assert story.titles("wang") == ["请关心一下张三"]


def test_after_a_downtime_exactly_one_message(story: Story) -> None:
    story.tick("11:20")
    sent = [row for row in story.firm.rows(outbox) if row["kind"] == "send"]
    assert len(sent) == 1
    assert story.titles("wang") == ["请关心一下张三"]
    story.tap("wang", "现在问本人")
    assert len(story.titles("zhang")) == 1


def test_stale_feed_asks_the_administrator_only(story: Story) -> None:
    story.tick("8:50")
    story.firm.platform.fail = [PlatformError("50001") for _ in range(2)]
    story.tick("9:16")
    story.tick("9:18")
    assert story.titles("zhang") == []
    assert story.titles("wang") == ["考勤数据中断"]
    story.tick("9:30")
    assert len(story.titles("zhang")) == 1


def test_leave_holds_before_anybody_is_asked(story: Story) -> None:
    story.firm.platform.leave_list = [Leave("zhang", NINE, NINE + timedelta(hours=9), "事假", pending=True)]
    story.tick("9:16")
    story.tick("12:00")
    assert story.firm.rows(outbox) == []


def test_undo_brings_the_choice_back(story: Story) -> None:
    story.tick("9:16")
    card = story.tap("zhang", "请假")
    assert card is not None
    story.do("zhang", card.buttons[0].action, card.buttons[0].ref)
    story.tap("zhang", "外勤")
    assert story.case()["reason"] == "field"
