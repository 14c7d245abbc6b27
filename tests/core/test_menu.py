"""What can be asked at any time, in the language the person chose; everybody reads their own."""

from __future__ import annotations

import pytest

from bot import router
from bot.card import Card
from bot.context import Context
from bot.event import TEXT, Event
from bot.locale import t
from tests.world import Firm


@pytest.fixture(autouse=True)
def only_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router.routes, "hooks", [])
    monkeypatch.setattr(router.routes, "words", [])


def said(firm: Firm, who: str, text: str) -> list[str]:
    firm.platform.sent.clear()
    firm.dispatch(firm.event(who, TEXT, text=text))
    firm.courier.drain()
    return [f"{card.title}: {card.text}" for _to, card, _key in firm.platform.sent]


def test_the_language_is_chosen_in_chat_and_stays(firm: Firm) -> None:
    assert said(firm, "zhang", "English") == ["Language: All right, I will speak English with you."]
    assert said(firm, "zhang", "my tasks") == ["My tasks: Nothing is waiting for you."]
    assert said(firm, "li", "我的待办") == ["我的待办: 现在没有需要您处理的事项。"]
    assert said(firm, "zhang", "中文") == ["语言: 好的，以后用中文和您说。"]
    assert said(firm, "zhang", "我的待办") == ["我的待办: 现在没有需要您处理的事项。"]


@pytest.mark.parametrize("words", ["帮助", "help", "天气怎么样"])
def test_help_and_words_nobody_understands_get_the_same_directions(firm: Firm, words: str) -> None:
    (answer,) = said(firm, "zhang", words)
    assert answer.startswith("我在: ")
    assert "我的待办" in answer


def test_a_card_speaks_the_language_of_its_reader_not_of_the_one_who_acts(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(event: Event, ctx: Context) -> Card | None:
        assert ctx.actor
        boss = ctx.people.manager_of(ctx.actor)
        assert boss
        ctx.say(boss, lambda: Card(t("我的待办")), "case")
        ctx.ask(boss, "probe", "case", lambda ref: Card(t("我的记录")))
        ctx.say(ctx.actor, Card(t("语言")), "case")
        return None

    said(firm, "li", "English")
    firm.platform.sent.clear()
    monkeypatch.setitem(router.routes.flows, "probe.tell", tell)
    firm.dispatch(firm.event("zhang", "probe.tell"))
    firm.courier.drain()
    assert {(to, card.title) for to, card, _key in firm.platform.sent} == {
        ("li", "My tasks"), ("li", "My records"), ("zhang", "语言"),
    }  # fmt: skip
