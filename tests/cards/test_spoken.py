"""What the invitation promises: the words of a button do what the button does, and never by guessing."""

from __future__ import annotations

import pytest

from bot import spoken
from bot.card import Button, Card
from bot.errors import Refused
from bot.event import Event
from bot.people import People
from tests.world import Firm


def ask(firm: Firm, user: str, title: str, *labels: str) -> str:
    with firm.app.context() as ctx:
        person = People(ctx.db).find("fake", user)
        assert person
        return ctx.ask(person, "matter.approval", f"m-{title}", lambda ref: Card(
            title, buttons=tuple(Button(label, f"matter.{number}", ref) for number, label in enumerate(labels))
        ))  # fmt: skip


def say(firm: Firm, user: str, text: str) -> Event:
    event = firm.event(user, "chat.text", text=text)
    with firm.app.context() as ctx:
        ctx.actor = People(ctx.db).find("fake", user)
        return spoken.as_tap(event, ctx)


def test_the_words_of_the_one_open_card_are_its_button_and_other_words_are_words(firm: Firm) -> None:
    ref = ask(firm, "li", "张三 申请补卡", "驳回", "同意")
    for text in ("同意", " 同意。", "「同意」", "[同意]", "同意 张三", "“同意”！"):
        tapped = say(firm, "li", text)
        assert (tapped.action, tapped.ref, tapped.actor) == ("matter.1", ref, "li"), text
        assert tapped.data["text"] == text
    for text in ("不同意", "同意吗", "同意 李四", "好", "", "。"):
        assert say(firm, "li", text).action == "chat.text", text


def test_two_cards_with_the_same_words_are_told_apart_by_name_or_not_at_all(firm: Firm) -> None:
    first = ask(firm, "li", "张三 申请补卡", "同意")
    second = ask(firm, "li", "李四 申请补卡", "同意")
    with pytest.raises(Refused, match="2 件事"):
        say(firm, "li", "同意")
    assert say(firm, "li", "同意 李四").ref == second
    assert say(firm, "stranger", "同意").action == "chat.text", "nobody taps somebody else's card"
    for ref in (first, second):
        with firm.app.context() as ctx:
            ctx.actor = People(ctx.db).find("fake", "li")
            ctx.answer(ref, "yes")
    assert say(firm, "li", "同意").action == "chat.text", "a settled question is not answered again"
