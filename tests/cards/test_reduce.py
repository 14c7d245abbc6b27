"""The one rule for what a platform cannot show."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.card import DETAILS, OPEN, Button, Can, Card, Fact, as_text, reduce
from bot.wire import dump_card, load_card
from tests.cards.test_contract import CARDS, bare

YES, NO = Button("同意", "m.yes", "r", "primary"), Button("驳回", "m.no", "r", "danger")
READ = Button("看材料", url="https://hr.example.com/p/1")
PAGE, OWN = "https://hr.example.com/todo", "https://hr.example.com/case/1"
TO_PAGE, TO_OWN = Button(OPEN, url=PAGE, style="primary"), Button(OPEN, url=OWN, style="primary")
OPENS = Can(callbacks=False)
CANS = st.builds(Can, st.integers(0, 9), st.integers(0, 9), st.booleans(), st.booleans())


@pytest.mark.parametrize(
    ("card", "can", "page", "buttons", "text"),
    [
        # Everything can be shown: nothing changes.
        (Card("t", "说", buttons=(YES, NO)), Can(), PAGE, [YES, NO], "说"),
        # Too many: the rest can be said, or opened by its address.
        (Card("t", "说", buttons=(YES, NO, READ)), Can(buttons=1), "", [YES],
         "说\n也可以直接回复：驳回\n看材料：https://hr.example.com/p/1"),
        # Taps do not come back: words, and the page of the card before the page of the person.
        (Card("t", buttons=(YES, NO)), OPENS, PAGE, [TO_PAGE], "也可以直接回复：同意 / 驳回"),
        (Card("t", buttons=(YES,), link=OWN), OPENS, PAGE, [TO_OWN], "也可以直接回复：同意"),
        (Card("t", buttons=(YES,)), OPENS, "", [], "也可以直接回复：同意"),
        # Pages open everywhere.
        (Card("t", buttons=(READ,)), OPENS, PAGE, [READ], ""),
        (Card("t", buttons=(YES, READ)), OPENS, PAGE, [TO_PAGE, READ], "也可以直接回复：同意"),
        (Card("t", link=OWN), Can(), PAGE, [Button(DETAILS, url=OWN)], ""),
        (Card("t", buttons=(Button("看", url=OWN),), link=OWN), Can(), PAGE, [Button("看", url=OWN)], ""),
        (Card("t", link=OWN), Can(buttons=0), PAGE, [], f"{DETAILS}：{OWN}"),
        # Decided: nothing is left to tap, to say or to open.
        (Card("t", "说", buttons=(YES, READ), closed="已同意", link=OWN), OPENS, PAGE, [], "说"),
    ],
)  # fmt: skip
def test_the_rule(card: Card, can: Can, page: str, buttons: list[Button], text: str) -> None:
    small = reduce(card, can, page)
    assert (list(small.buttons), small.text, small.link) == (buttons, text, "")


def test_facts_without_room_are_lines() -> None:
    small = reduce(Card("t", "说", (Fact("班次", "早"), Fact("地点", "一号店"))), Can(facts=1))
    assert (small.facts, small.text) == ((Fact("班次", "早"),), "说\n地点：一号店")


@given(CARDS, CANS)
def test_nothing_is_lost_and_once_is_enough(card: Card, can: Can) -> None:
    small = reduce(card, can, PAGE)
    assert len(small.buttons) <= can.buttons and len(small.facts) <= can.facts
    assert can.callbacks or all(button.url for button in small.buttons)
    assert reduce(small, can, PAGE) == small
    said = bare(as_text(small))
    texts = [card.title, card.text, card.quote, card.footer, card.closed, *(fact.value for fact in card.facts)]
    texts += [] if card.closed else [button.label for button in card.buttons]
    assert [text for text in texts if bare(text) not in said] == []


@given(CARDS)
def test_a_card_comes_back_whole_from_our_own_tables(card: Card) -> None:
    assert load_card(dump_card(card)) == card


def test_a_row_written_before_cards_had_a_link_still_reads() -> None:
    old = dump_card(Card("t")).replace('"link": "", ', "")
    assert "link" not in old
    assert load_card(old) == Card("t")
