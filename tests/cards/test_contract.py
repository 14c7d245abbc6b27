"""What holds for every card on every platform: the vendor's limits, no word lost silently, nothing left to tap."""

from __future__ import annotations

import importlib.util
import json
import re
import string
import unicodedata
from dataclasses import replace
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings, strategies as st

from bot.card import Button, Card, Fact
from bot.locale import LOCALES, speaking, t
from tests.cards.matrix import PAGE, opened, platforms, samples

CASES = [(platform, form) for platform, forms in sorted(platforms().items()) for form in forms]
each_form = pytest.mark.parametrize(("platform", "form"), CASES)
each_locale = pytest.mark.parametrize("locale", LOCALES)
MARKS = ("…",)
"""A cut is always visible."""


def limits(platform: str) -> ModuleType:
    """`tests/adapters/<platform>/limits.py`: what that vendor allows."""
    name = f"tests.adapters.{platform}.limits"
    assert importlib.util.find_spec(name), f"write {name}: problems, live, keys, links; see tests.adapters.wecom.limits"
    return importlib.import_module(name)


def bare(text: str) -> str:
    """Letters and digits only, every width alike: marks, line ends and escapes are the platform's business."""
    wide = "".join(unicodedata.normalize("NFKC", each) for each in text)
    return "".join(each for each in wide if each.isalnum())


def words(value: object) -> str:
    """Every text of the wire, in order."""
    if isinstance(value, dict):
        return "".join(map(words, value.values()))
    if isinstance(value, list | tuple):
        return "".join(map(words, value))
    return str(value)


def lost(card: Card, wire: Any) -> list[str]:
    """Texts of the card that cannot be found in the wire."""
    said = bare(words(opened(wire)))
    texts = [card.title, card.text, card.quote, card.footer, card.closed]
    texts += [text for fact in card.facts for text in (fact.label, fact.value)]
    texts += [] if card.closed else [button.label for button in card.buttons]
    return [text for text in texts if bare(text) not in said]


def rendered(platform: str, form: str, card: Card) -> Any:
    return platforms()[platform][form](card, PAGE)


@each_locale
@each_form
def test_a_sample_fits_and_loses_nothing(platform: str, form: str, locale: str) -> None:
    for name, card in samples(locale).items():
        wire = rendered(platform, form, card)
        assert list(limits(platform).problems(form, wire)) == [], name
        assert lost(card, wire) == [], name
        assert json.loads(json.dumps(wire, ensure_ascii=False)), name


@each_form
def test_a_closed_card_has_nothing_to_tap(platform: str, form: str) -> None:
    for name, card in samples().items():
        wire = rendered(platform, form, replace(card, closed=card.closed or "已处理", link=PAGE))
        assert limits(platform).live(form, wire) == [], name


@each_form
def test_keys_travel_in_a_safe_alphabet_and_come_back_whole(platform: str, form: str) -> None:
    for name, card in samples().items():
        if card.closed or not card.buttons:
            continue
        keys = limits(platform).keys(form, rendered(platform, form, card))
        assert all(re.fullmatch(r"[A-Za-z0-9._~-]+", key) for key in keys), name
        assert keys in ([], [button.key for button in card.buttons if not button.url]), name


@each_locale
@each_form
def test_a_question_can_be_answered(platform: str, form: str, locale: str) -> None:
    """By a button that comes back; else by a page and by an invitation to reply in words, in the reader's language."""
    for name, card in samples(locale).items():
        asked = [button.label for button in card.buttons if not button.url]
        with speaking(locale):
            wire, hint = rendered(platform, form, card), t("也可以直接回复：{labels}", labels=" / ".join(asked))
        if card.closed or not asked or limits(platform).keys(form, wire):
            continue
        assert any((card.link or PAGE) in unquote(url) for url in limits(platform).live(form, wire)), name
        assert hint in words(opened(wire)), name


ODD = {
    "nothing": "",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈😀 平安",
    "lines": "一\r\n二\n\n\n三\t四",
    "one long word": "a" * 700,
    "500 lines": "\n".join(f"第 {n} 行：说明" for n in range(500)),
    "control characters": "忘\x00了\x07打\x1b[31m卡\x7f\u2028呢\u202e反",
    "a lone surrogate": "坏\ud83d了",
    "private use": "\ue000\U000f0000字",
    "another script": "ᠮᠣᠩᠭᠣᠯ བོད་ཡིག العربية",
    "markup": '<a href="https://evil.example">领奖</a> [点我](https://evil.example) **粗** `rm` > 引 ]]> {"a":1}',
}


@each_form
@pytest.mark.parametrize("odd", ODD)
def test_odd_words_survive(platform: str, form: str, odd: str) -> None:
    text = ODD[odd]
    button = Button(text or "好", "missed_punch.forgot", "a1b2", "primary")
    card = Card(text, text, (Fact(text, text), Fact("班次", text)), text, (button,), text)
    for shown in (card, replace(card, closed=text or "已处理"), replace(card, buttons=()), Card("题", quote=text)):
        wire = rendered(platform, form, shown)
        sent = json.dumps(wire, ensure_ascii=False)
        sent.encode()  # no lone surrogate reaches the network
        assert list(limits(platform).problems(form, wire)) == []
        assert lost(shown, wire) == [] or any(mark in sent for mark in MARKS)
        assert limits(platform).links(form, wire) == [], "nobody's words become a link"


TEXT = st.text(max_size=300) | st.text(alphabet="打卡说明，。\n ", max_size=900)
KEYS = st.text(alphabet=string.ascii_letters + string.digits + "._-", min_size=1, max_size=40)
STYLES = st.sampled_from(["primary", "default", "danger"])
BUTTONS = st.builds(Button, TEXT, KEYS, KEYS, STYLES) | st.builds(
    Button,
    TEXT,
    style=STYLES,
    url=st.just("https://hr.example.com/p/") | st.just("https://hr.example.com/" + "x" * 400),
)
CARDS = st.builds(
    Card, TEXT, TEXT, st.lists(st.builds(Fact, TEXT, TEXT), max_size=12).map(tuple), TEXT,
    st.lists(BUTTONS, max_size=9, unique_by=lambda button: button.key + button.url).map(tuple), TEXT,
    st.just("") | TEXT, st.just("") | st.just(PAGE + "/one"),
)  # fmt: skip


@each_form
@settings(max_examples=40, deadline=None)
@given(card=CARDS)
@example(card=Card(""))
@example(card=Card("…", closed="\x00"))
def test_any_card_fits_and_what_is_lost_is_said(platform: str, form: str, card: Card) -> None:
    wire = rendered(platform, form, card)
    sent = json.dumps(wire, ensure_ascii=False)
    sent.encode()
    assert list(limits(platform).problems(form, wire)) == []
    assert lost(card, wire) == [] or any(mark in sent for mark in MARKS)
    if bare(card.closed):
        assert limits(platform).live(form, wire) == []
    assert wire == rendered(platform, form, card), "rendering is pure"
