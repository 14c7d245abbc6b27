"""Every length limit of the card page, and that nothing is lost on the way before the last one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from adapters.wecom import render
from bot.card import Button, Card, Fact

BUTTONS = (
    Button("说明原因", "missed_punch.explain", "a1", "primary"),
    Button("我没忘", "missed_punch.deny", "a1", "danger"),
)
CARD = Card(
    "今天 9:00 没有打卡记录",
    "如果已经到岗，点一下说明即可。",
    (Fact("班次", "09:00–18:00"),),
    "",
    BUTTONS,
    "有疑问找王芳",
)


def test_button_card() -> None:
    assert render.message(CARD, "t-1") == {
        "msgtype": "template_card",
        "template_card": {
            "card_type": "button_interaction",
            "main_title": {"title": "今天 9:00 没有打卡记录"},
            "sub_title_text": "如果已经到岗，点一下说明即可。\n有疑问找王芳",
            "horizontal_content_list": [{"keyname": "班次", "value": "09:00–18:00"}],
            "card_action": {"type": 0},
            "task_id": "t-1",
            "button_list": [
                {"type": 0, "text": "说明原因", "style": 1, "key": "missed_punch.explain~a1"},
                {"type": 0, "text": "我没忘", "style": 4, "key": "missed_punch.deny~a1"},
            ],
        },
    }


def test_link_button() -> None:
    buttons = (Button("收到", "notice.received", "r1", "primary"), Button("打开", url="https://hr.example/x"))
    wire = render.message(Card("签收", buttons=buttons), "t")
    assert wire["template_card"]["button_list"][1:] == [
        {"type": 1, "text": "打开", "style": 2, "url": "https://hr.example/x"}
    ]


def test_without_buttons_it_is_text_and_nobody_can_smuggle_a_link() -> None:
    wire = render.message(Card("收到", '<a href="https://evil.example">点我</a>'), "t")
    assert wire["msgtype"] == "text"
    assert "<" not in wire["text"]["content"]


def test_a_decided_card_is_sent_as_text_and_updated_in_place() -> None:
    closed = Card("缺卡说明", "已记录", (Fact("结果", "已补卡"),), buttons=BUTTONS, closed="已由主管同意")
    assert render.message(closed, "t")["msgtype"] == "text"
    wire = render.replacement(closed, "t")
    assert wire["replace_text"] == "已由主管同意"
    assert [button["key"] for button in wire["button_list"]] == ["closed~"]
    assert wire["horizontal_content_list"] == [{"keyname": "结果", "value": "已补卡"}]


def test_an_open_card_is_updated_with_its_buttons() -> None:
    wire = render.replacement(CARD, "t")
    assert len(wire["button_list"]) == 2
    assert "replace_text" not in wire
    assert render.replacement(Card("只读"), "t")["replace_text"] == render.DONE


def test_what_does_not_fit_moves_into_the_text() -> None:
    facts = (Fact("很长很长的标签", "短"), Fact("原因", "长" * 31), *(Fact(f"第{i}", str(i)) for i in range(6)))
    buttons = (Button("这个按钮的文字超过十个字", "a", "1"), *(Button(f"选项{i}", "b", str(i)) for i in range(7)))
    card = render.message(Card("标" * 40, "正文", facts, "", buttons), "t")["template_card"]
    everything = card["sub_title_text"] + card.get("quote_area", {}).get("quote_text", "")
    everything = everything.replace("……", "")
    for words in ("标" * 40, "正文", "很长很长的标签：短", "长" * 31, "第5：5", "这个按钮的文字超过十个字", "选项6"):
        assert words in everything


def test_long_text_continues_in_the_quote() -> None:
    card = render.message(Card("题", "甲" * 159 + "乙" * 100, (), "原话", BUTTONS), "t")["template_card"]
    assert card["sub_title_text"] == "甲" * 159 + "…"
    assert card["quote_area"]["quote_text"] == "…" + "乙" * 100 + "\n原话"


def test_byte_limits_never_split_a_character() -> None:
    content = render.message(Card("题", "汉" * 3000), "t")["text"]["content"]
    assert len(content.encode()) <= render.TEXT_BYTES
    assert content.endswith("汉…")


def test_a_key_over_a_kilobyte_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="1024"):
        render.message(Card("题", buttons=(Button("好", "a", "x" * 1024),)), "t")


def test_task_id_keeps_keys_apart() -> None:
    assert render.task_id("perf-2026Q3@zhang_1") == "perf-2026Q3@zhang_1"
    keys = ["a.b", "a:b", "a-b", "", "中", "文", "k" * 128, "k" * 129, "k" * 130]
    made = [render.task_id(key) for key in keys]
    assert len(set(made)) == len(keys)
    assert all(re.fullmatch(r"[0-9A-Za-z_@-]{1,128}", task) for task in made)


words = st.text(max_size=400)
cards = st.builds(
    Card,
    title=words,
    text=words,
    facts=st.lists(st.builds(Fact, words, words), max_size=8).map(tuple),
    quote=words,
    buttons=st.lists(
        st.builds(
            Button, words, st.just("a.b"), st.uuids().map(str), st.sampled_from(["primary", "default", "danger"])
        ),
        max_size=8,
    ).map(tuple),
    footer=words,
    closed=st.one_of(st.just(""), words),
)


def within_limits(card: dict[str, Any]) -> None:
    assert 1 <= len(card["main_title"]["title"]) <= 36
    assert len(card.get("sub_title_text", "")) <= 160
    assert len(card.get("horizontal_content_list", [])) <= 6
    assert all(0 < len(f["keyname"]) <= 5 and len(f["value"]) <= 30 for f in card.get("horizontal_content_list", []))
    assert 1 <= len(card["button_list"]) <= 6
    assert all(0 < len(b["text"]) <= 10 for b in card["button_list"])
    assert re.fullmatch(r"[0-9A-Za-z_@-]{1,128}", card["task_id"])


@given(cards, words)
def test_limits_hold_for_every_card(card: Card, key: str) -> None:
    task = render.task_id(key)
    wire = render.message(card, task)
    json.dumps(wire, ensure_ascii=False).encode()  # no lone surrogate survives
    if wire["msgtype"] == "text":
        assert len(wire["text"]["content"].encode()) <= 2048
    else:
        within_limits(wire["template_card"])
    within_limits(render.replacement(card, task))


def test_a_card_with_one_page_to_open_is_a_textcard_within_its_limits() -> None:
    link = Button("查看详情页面", url="https://hr.example.cn/p/1")
    sent = render.message(Card("标题" * 100, "正文" * 400, quote="<a href=x>", buttons=(link,)), "t1")
    assert sent["msgtype"] == "textcard"
    body = sent["textcard"]
    assert len(body["title"].encode()) <= 128
    assert len(body["description"].encode()) <= 512
    assert len(body["btntxt"]) <= 4
    assert body["url"] == "https://hr.example.cn/p/1"


def test_nobodys_words_become_a_link_in_a_textcard() -> None:
    sent = render.message(Card("标题", quote="<a href=x>点我</a>", buttons=(Button("看", url="https://x.cn"),)), "t1")
    assert "<a" not in sent["textcard"]["description"]
