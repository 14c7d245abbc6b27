"""Cards within DingTalk's limits: every value a string of at most 1 KB, nothing lost silently."""

# ruff: noqa: E501 - tables of payloads and vectors read better unwrapped
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings, strategies as st

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
    many = tuple(Button(f"选项{n}", url="https://hr.example.com/" + "x" * 100) for n in range(6))
    values = render.public_params(Card("t", buttons=many))
    assert "选项5：https" in values["markdown"]
    asked = tuple(Button("这个按钮的名字特别特别长" * 5, "missed_punch.forgot", "x" * 32) for _ in range(6))
    assert "也可以直接回复：这个按钮" in render.public_params(Card("t", buttons=asked))["markdown"]


def test_plain_messages_open_pages() -> None:
    one, two = Button("看", url="https://a"), Button("填", url="https://b")
    assert render.plain_message(Card("t", buttons=(one,)))[0] == "sampleActionCard"
    key, values = render.plain_message(Card("t", buttons=(one, two)))
    assert (key, values["actionURL2"]) == ("sampleActionCard2", render.in_app("https://b"))
    assert render.in_app("https://b/?a=1&b=2") == (
        "dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fb%2F%3Fa%3D1%26b%3D2&pc_slide=true"
    )


def test_a_question_without_a_template_links_the_personal_page_and_invites_words() -> None:
    asked = Card("t", "请说明", buttons=(Button("忘了", "m.f", "r"), Button("在路上", "m.o", "r")))
    key, values = render.plain_message(asked, "https://hr.example.com/todo")
    assert (key, values["singleTitle"]) == ("sampleActionCard", "打开处理")
    assert values["singleURL"] == render.in_app("https://hr.example.com/todo")
    assert "也可以直接回复：忘了 / 在路上" in values["text"]
    assert render.plain_message(replace(asked, link="https://own"), "https://x")[1]["singleURL"].count("own") == 1
    assert render.plain_message(asked)[0] == "sampleMarkdown"
    assert render.plain_message(replace(asked, closed="已答"), "https://x")[0] == "sampleMarkdown"


def test_a_message_stays_within_the_vendors_bytes() -> None:
    for text in ("长" * 9000, "\n" * 20_000, '"' * 20_000):
        values = render.plain_message(Card("题" * 300, text, quote="引" * 3000))[1]
        assert len(json.dumps(values, ensure_ascii=False).encode()) <= render.MESSAGE_BYTES + 200
        assert values["text"].endswith(render.CUT)


def test_facts_and_the_footer_of_a_closed_card_are_never_dropped() -> None:
    facts = (*(Fact(f"第{n}", "值" * 60) for n in range(8)), Fact("第九", "末"))
    values = render.own_params(Card("t", facts=facts))
    assert all(f"第{n}" in values["facts"] + values["text"] for n in range(8)) and "第九：末" in values["text"]
    assert "可以联系 HR" in render.public_params(Card("t", closed="未通过", footer="可以联系 HR"))["markdown"]


def test_own_template_declares_exactly_what_is_rendered() -> None:
    file = json.loads(Path(render.__file__).with_name("card_template.json").read_text("utf-8"))
    declared = {variable["name"] for variable in json.loads(file["editorData"])["variables"]}
    assert (file["type"], file["mode"]) == ("im", "card")
    assert declared == set(render.own_params(Card("t"))) == set(json.loads(file["widgetInfo"])["mockData"])
