"""我的待办 by words and by menu."""

from __future__ import annotations

import pytest

from bot import router
from bot.card import Card
from bot.event import TEXT, Event
from tests.core.test_once import ask_zhang, card
from tests.world import Firm


@pytest.fixture(autouse=True)
def _only_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router.routes, "words", [])
    monkeypatch.setattr(router.routes, "hooks", [])


def ask_for_list(firm: Firm, how: str) -> list[Card]:
    before = len(firm.platform.sent)
    event = firm.event("zhang", "menu.todo") if how == "menu" else firm.event("zhang", TEXT, text=how)
    firm.dispatch(event)
    firm.courier.drain()
    return [sent for _, sent, _ in firm.platform.sent[before:]]


@pytest.mark.parametrize("how", ["我的待办", " 待办。", "Todo", "menu"])
def test_what_is_open_comes_again_with_its_live_buttons(firm: Firm, how: str) -> None:
    ref = ask_zhang(firm)
    firm.courier.drain()
    again, summary = ask_for_list(firm, how)
    assert again == card(ref)
    assert "有 1 件事" in summary.text


def test_what_is_done_is_not_listed_and_every_copy_shows_the_outcome(firm: Firm) -> None:
    ask_zhang(firm)
    firm.courier.drain()
    ask_for_list(firm, "我的待办")
    with firm.app.context() as ctx:
        ctx.close("case1", lambda _person, _ask: Card("问题", closed="已回答"))
    firm.courier.drain()
    assert [updated.closed for _, updated, _ in firm.platform.updated] == ["已回答", "已回答"]
    assert [each.text for each in ask_for_list(firm, "我的待办")] == ["现在没有需要您处理的事项。"]


def test_the_list_is_not_taken_for_somebody_elses_words(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(event: Event, ctx: object) -> Card | None:
        raise AssertionError("the list must not reach a handler")

    monkeypatch.setattr(router.routes, "words", [greedy])
    assert [each.title for each in ask_for_list(firm, "我的待办")] == ["我的待办"]
