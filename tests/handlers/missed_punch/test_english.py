"""An employee who reads English: the whole conversation is English, while manager and HR go on reading Chinese."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.card import Card, as_text
from bot.db import begin
from bot.locale import speaking
from bot.tables import person
from handlers.missed_punch.cards.gallery import samples
from tests.handlers.missed_punch.story import Story, at

CHINESE = re.compile(r"[\u3400-\u9fff]")
PEOPLE = ("张三", "李主管", "王HR", "一号店", "李", "王")
SAID = ("嗯那个", "堵在高架上了，大概9点40到", "忘打卡了，9:02 到的", "门禁记录显示 9:40 到岗", "门禁显示 9:40 到",
        "没有补卡权限", "车坏在高速上了")  # fmt: skip
"""Names and people's own words stay as they are in every language."""


def chinese_in(card: Card) -> str:
    """The Chinese of a card that nobody said and that is nobody's name."""
    text = as_text(card) + card.footer
    for own in sorted((*SAID, *PEOPLE), key=len, reverse=True):
        text = text.replace(own, "")
    return "".join(CHINESE.findall(text))


def heard_by(story: Story, who: str) -> list[Card]:
    """Everything a person was shown, receipts and changed cards included."""
    shown = [*story.firm.platform.sent, *story.firm.platform.updated]
    return [card for to, card, _ in shown if to == who]


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_card_has_english_and_keeps_its_buttons(name: str) -> None:
    chinese = samples()[name]
    with speaking("en"):
        english = samples()[name]
    assert chinese_in(english) == ""
    assert [button.key for button in english.buttons] == [button.key for button in chinese.buttons]
    assert len(english.facts) == len(chinese.facts) and bool(english.closed) == bool(chinese.closed)


def english(story: Story) -> Story:
    story.write("zhang", "English")
    assert story.titles("zhang") == ["Language"]
    return story


def test_the_whole_conversation_is_english_and_the_others_read_chinese(story: Story) -> None:
    english(story).tick("9:16")
    first = story.seen("zhang")[-1]
    assert first.title == "Good morning, no punch yet. All OK?"
    assert [button.label for button in first.buttons] == [
        "Forgot", "On my way", "Leave", "Field work", "Device", "Need help"
    ]  # fmt: skip
    story.tap("zhang", "Forgot")
    assert story.seen("zhang")[-1].buttons[0].label == "At 09:00"
    story.write("zhang", "sorry, I forgot, came at 8:55")
    asked = story.seen("li")[-1]
    assert asked.title == "张三 申请补卡" and "sorry, I forgot, came at 8:55" in as_text(asked)
    story.tap("li", "同意")
    assert story.titles("zhang")[-1] == "Correction done"
    assert story.case()["claimed_at"] == at("8:55")
    assert story.copies("zhang")[-1] == "Corrected"
    assert story.copies("li")[-1] == "李主管 已同意，已补卡"
    assert [chinese_in(card) for card in heard_by(story, "zhang")] == [""] * len(heard_by(story, "zhang"))
    assert all(chinese_in(card) for card in heard_by(story, "li"))


def test_an_english_refusal_keeps_the_reason_as_it_was_said(story: Story) -> None:
    english(story).tick("9:16")
    story.write("zhang", "forgot, in at 9:02")
    story.tap("li", "驳回")
    story.write("li", "门禁显示 9:40 到")
    last = story.seen("zhang")[-1]
    assert (last.title, last.quote) == ("Correction not approved", "门禁显示 9:40 到")
    assert "".join(chinese_in(card) for card in heard_by(story, "zhang")) == ""


def test_what_was_understood_is_echoed_with_its_time_and_can_be_taken_back(story: Story) -> None:
    english(story).tick("9:16")
    story.write("zhang", "stuck in traffic, be there 9:30-9:45")
    echo = story.seen("zhang")[-1]
    assert (echo.title, echo.quote) == ("Noted: On my way, 09:30–09:45", "stuck in traffic, be there 9:30-9:45")
    assert story.seen("li")[-1].text == "本人说预计 09:30–09:45 到。"
    story.tap("zhang", "Not that")
    story.tap("zhang", "Leave")
    assert story.case()["reason"] == "leave"
    assert "".join(chinese_in(card) for card in heard_by(story, "zhang")) == ""


def test_a_tap_is_echoed_and_can_be_taken_back_as_well(story: Story) -> None:
    english(story).tick("9:16")
    card = story.tap("zhang", "Field work")
    assert card and card.title == "Noted: Field work"
    back = story.do("zhang", card.buttons[0].action, card.buttons[0].ref)
    assert back and back.title == "All right, choose again"
    assert story.titles("zhang")[-1] == "Good morning, no punch yet. All OK?"


@pytest.mark.parametrize("typed", [True, False])
def test_a_correction_that_was_understood_wrongly_can_be_taken_back_while_it_waits(story: Story, typed: bool) -> None:
    english(story).tick("9:16")
    if typed:
        story.write("zhang", "forgot, 9:02")
        echo = story.seen("zhang")[-1]
    else:
        story.tap("zhang", "Forgot")
        tapped = story.tap("zhang", "At 09:00")
        assert tapped
        echo = tapped
    assert echo.title == "Correction sent" and [each.label for each in echo.buttons] == ["Not that"]
    back = story.do("zhang", echo.buttons[0].action, echo.buttons[0].ref)
    assert back and back.title == "All right, choose again"
    assert story.case()["state"] == "alive" and story.case()["claimed_at"] is None
    assert story.copies("li")[-1] == "已撤回"
    late = story.tap("li", "同意")
    assert late and late.title == "已经处理过了"
    assert story.firm.platform.corrections == []
    story.write("zhang", "forgot, in at 8:50")
    story.tap("li", "同意")
    assert story.case()["outcome"] == "corrected" and story.case()["claimed_at"] == at("8:50")


def test_an_english_hr_reads_the_steps_in_english_and_the_employee_chinese(story: Story) -> None:
    story.write("wang", "English")
    for clock in ("9:16", "9:46", "10:15"):
        story.tick(clock)
    story.tap("li", "不清楚")
    story.tick("11:16")
    card = story.seen("wang")[-1]
    assert card.title == "Please check on 张三"
    assert "09:16 asked the person" in card.text and "李主管 answered: Not sure" in card.text
    assert chinese_in(card) == ""
    story.write("zhang", "在路上")
    assert [card.title for card in story.seen("zhang")][-1] == "已记下：在路上"
    assert story.copies("wang")[-1] == "Sign of life"


@pytest.mark.parametrize("words", ["need help", "救命", "I can't go on", "我被困在电梯里了"])
def test_distress_pages_hr_at_once_while_an_approval_waits_and_without_any_case(story: Story, words: str) -> None:
    story.write("zhang", words)
    assert story.titles("wang") == ["张三 需要帮助"], "nobody had asked anything"
    story.tap("wang", "我来跟进")
    assert story.copies("wang")[-1] == "正在跟进"
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.firm.now += timedelta(minutes=1)
    story.write("zhang", words)
    assert story.titles("wang").count("张三 需要帮助") == 2
    assert story.case()["state"] == "approval"
    assert [card for card in heard_by(story, "li") if words in as_text(card)] == []


def test_the_words_of_an_english_button_are_the_button_whatever_the_capitals(story: Story) -> None:
    story.write("li", "English")
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    assert story.titles("li")[-1] == "张三 asks for a correction"
    story.write("li", "approve")
    assert story.case()["outcome"] == "corrected"


def test_an_unknown_language_in_the_directory_reads_chinese(story: Story) -> None:
    with begin(story.firm.app.engine) as connection:
        connection.execute(sa.update(person).where(person.c.user_id == "zhang").values(locale="fr"))
    story.tick("9:16")
    assert story.titles("zhang") == ["早上好，还没看到你的打卡，一切还好吗？"]
