"""Cards within DingTalk's limits: every value a string of at most 1 KB, nothing lost silently."""

# ruff: noqa: E501 - tables of payloads and vectors read better unwrapped
from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dingtalk import render
from bot.card import Button, Card, Fact

WORDS = st.text(max_size=700)
BUTTONS = st.builds(Button, st.text(max_size=30), st.just("missed_punch.forgot"), st.just("a1b2c3"), st.sampled_from(["primary", "danger"]),
                    st.just("") | st.just("https://hr.example.com/" + "x" * 200))  # fmt: skip
CARDS = st.builds(Card, WORDS, WORDS, st.lists(st.builds(Fact, st.text(max_size=9), WORDS), max_size=8).map(tuple), WORDS,
                  st.lists(BUTTONS, max_size=6).map(tuple), WORDS, st.just("") | WORDS)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(card=CARDS)
def test_every_value_fits_and_json_is_json(card: Card) -> None:
    for template in ("", "own.schema"):
        values = render.params(card, template)
        assert all(len(value.encode("utf-8", "replace")) <= 1024 for value in values.values())
        json.loads(values.get("sys_full_json_obj") or values["buttons"])
    json.loads(render.own_params(card)["facts"])
    render.plain_message(card)


def test_public_template_names_the_key_twice() -> None:
    card = Card(
        "标题",
        "正文",
        (Fact("日期", "今天"),),
        "引",
        (Button("忘了", "m.f", "r", "danger"), Button("看", url="https://x")),
        "脚注",
    )
    values = render.public_params(card)
    assert json.loads(values["sys_full_json_obj"])["msgButtons"] == [
        {"text": "忘了", "color": "red", "id": "m.f~r", "request": True, "params": {"action": "m.f~r"}},
        {"text": "看", "color": "gray", "url": "https://x", "iosUrl": "https://x"},
    ]
    assert values["markdown"] == "正文\n\n**日期**：今天\n\n> 引"
    assert values["tips"] == "脚注"


def test_closed_card_has_no_buttons() -> None:
    card = Card("标题", buttons=(Button("忘了", "m.f"),), closed="已处理")
    assert json.loads(render.public_params(card)["sys_full_json_obj"]) == {"msgButtons": []}
    assert render.public_params(card)["tips"] == "已处理"
    assert render.own_params(card)["closed"] == "已处理"


def test_peoples_words_cannot_become_links_and_cuts_are_said() -> None:
    shown = render.markdown(Card("t", "[领奖](http://evil) <font>"))
    assert "[" not in shown
    assert "<" not in shown
    assert render.own_params(Card("t", "长" * 900))["text"].endswith("已截断）")


def test_buttons_without_room_become_an_invitation_to_reply() -> None:
    many = tuple(Button(f"选项{n}", url="https://hr.example.com/" + "x" * 300) for n in range(6))
    values = render.public_params(Card("t", buttons=many))
    assert "也可以直接回复：选项" in values["markdown"]


def test_plain_messages_open_pages() -> None:
    one, two = Button("看", url="https://a"), Button("填", url="https://b")
    assert render.plain_message(Card("t", buttons=(one,)))[0] == "sampleActionCard"
    key, values = render.plain_message(Card("t", buttons=(one, two)))
    assert (key, values["actionURL2"]) == ("sampleActionCard2", "https://b")


def test_own_template_declares_exactly_what_is_rendered() -> None:
    file = json.loads(Path(render.__file__).with_name("card_template.json").read_text("utf-8"))
    declared = {variable["name"] for variable in json.loads(file["editorData"])["variables"]}
    assert (file["type"], file["mode"]) == ("im", "card")
    assert declared == set(render.own_params(Card("t"))) == set(json.loads(file["widgetInfo"])["mockData"])
