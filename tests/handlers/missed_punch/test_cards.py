"""What is said, and what must never be said."""

from __future__ import annotations

import pytest

from bot.card import Can, Card, as_text, reduce
from handlers.missed_punch import cards
from handlers.missed_punch.cards import approval as cards_approval, manager as cards_manager
from handlers.missed_punch.cards.gallery import samples

CARDS = samples()
NEVER = ("旷工", "处罚", "扣款", "罚款", "违纪", "违反", "绩效", "解除", "开除", "警告", "后果", "为什么没来")


@pytest.mark.parametrize("name", sorted(CARDS))
def test_no_card_accuses_or_threatens(name: str) -> None:
    text = as_text(CARDS[name])
    assert not [word for word in NEVER if word in text]


@pytest.mark.parametrize("name", sorted(CARDS))
def test_every_card_fits_every_platform(name: str) -> None:
    card = CARDS[name]
    assert card.title
    assert len(card.buttons) <= 6
    assert all(len(fact.label) <= 5 for fact in card.facts)
    assert all(button.ref for button in card.buttons)
    assert reduce(card, Can()) == card or card.closed or card.link


def test_first_words_are_the_humane_ones() -> None:
    card = CARDS["checkin"]
    assert card.title == "早上好，还没看到你的打卡，一切还好吗？"
    assert [button.label for button in card.buttons] == ["忘打卡", "在路上", "请假", "外勤", "设备故障", "需要帮助"]


def test_second_words_differ() -> None:
    first, second = CARDS["checkin"], CARDS["checkin_again"]
    assert first.title != second.title
    assert first.text != second.text
    assert "看到请回个 1" in second.text


def test_manager_is_asked_and_not_told() -> None:
    card = CARDS["manager_known"]
    assert card.title == "张三未打卡未回复，你知道情况吗？"
    assert [button.label for button in card.buttons] == ["在外勤", "已口头请假", "联系上了", "不清楚"]


def test_after_a_downtime_nothing_is_claimed_about_an_answer() -> None:
    assert "未回复" not in as_text(CARDS["manager_known_downtime"])
    assert "还没有问过本人" in CARDS["manager_known_downtime"].text


@pytest.mark.parametrize("words", ["忘打卡，早上去医院拿药", "发烧了，9:02 才到", "got sick, in at 9:02"])
def test_private_words_never_reach_the_approval_card(words: str) -> None:
    card = cards_approval.correction("r", "张三", "09:00–18:00", "09:02", words, cards_approval.Situation(1, 3))
    assert words not in as_text(card)
    assert cards_manager.WITHHELD in card.quote


def test_the_approval_card_carries_the_facts() -> None:
    text = as_text(cards_approval.samples()["approval_correction"])
    for fact in ("09:00–18:00", "09:02", "第 2 次，每月 3 次", "忘打卡了，9:02 到的", "[同意]", "[驳回]"):
        assert fact in text


def test_the_reason_reaches_the_employee_word_for_word() -> None:
    assert cards.rejected("李", "门禁记录显示 9:40").quote == "门禁记录显示 9:40"


def test_sick_leave_shows_no_cause() -> None:
    card: Card = CARDS["whereabouts"]
    assert card.title == "张三：病假（待补）"
    assert "医院" not in as_text(card)
