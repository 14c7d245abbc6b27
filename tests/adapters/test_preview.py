"""What a preview shows is what the body on the wire says, on each platform and route."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from adapters import dingtalk, wecom
from adapters.dingtalk import crowds_board, crowds_work, preview as ding, render as ding_render
from adapters.wecom import preview as wx, render as wx_render
from bot.card import Button, Card, Fact
from bot.ports.preview import Previewing, Shape, loses
from config.settings import load, sandbox_env
from tests.adapters.dingtalk.fakes import Store

PAGE = "https://hr.example.cn/todo"
LINK = "https://hr.example.cn/notices/nt-1"
ANSWERS = (Button("收到", "notices.received", "nt-1", "primary"), Button("收到但有异议", "notices.objected", "nt-1"))
NOTICE = Card("通知｜考勤制度", "明天起走东门。", (Fact("截止", "06-18 18:00"),), buttons=ANSWERS, link=LINK)
LONG = Card("通知｜考勤制度", "第一条。" * 900 + "完。", buttons=ANSWERS, link=LINK)


def test_wecom_shows_the_card_and_what_goes_out_without_a_callback_address() -> None:
    usual, instead = wx.shapes(NOTICE, PAGE)
    assert (usual.form, usual.buttons, usual.opens) == (
        "template_card",
        ("收到", "收到但有异议", "查看详情"),
        ("查看详情",),
    )
    assert usual.facts == (Fact("截止", "06-18 18:00"),) and not usual.cut and not usual.why
    assert (instead.form, instead.why) == ("textcard", wx.NO_CALLBACK)
    assert len(instead.buttons) == 1 and "收到" in instead.body  # said in words, not lost


def test_wecom_marks_what_does_not_fit() -> None:
    assert wx.shapes(LONG, PAGE)[0].cut
    runs_over = Card("标题", "一二三四五六七八九十" * 25, buttons=ANSWERS)
    assert not wx.shapes(runs_over, PAGE)[0].cut  # it goes on in the quote area
    plain = wx.shapes(Card("标题", "明天放假。"), PAGE)
    assert [(each.form, each.title, each.body) for each in plain] == [("text", "标题", "明天放假。")]


@pytest.mark.parametrize("template", ["", "own.schema"])
def test_dingtalk_shows_the_card_and_the_message_without_a_template(template: str) -> None:
    usual, instead = ding.shapes(NOTICE, "", template, PAGE)
    assert (
        usual.form == "card" and usual.buttons == ("收到", "收到但有异议", "查看详情") and usual.opens == ("查看详情",)
    )
    assert not usual.cut and (instead.form, instead.why) == ("sampleActionCard", ding.NO_TEMPLATE)
    assert ding.shapes(LONG, "card", template, PAGE)[0].cut  # 1 KB of a card's variable
    assert not ding.shapes(LONG, "robot", template, PAGE)[0].cut


@pytest.mark.parametrize(
    ("route", "form"), [("robot", "sampleActionCard"), ("work", "action_card"), ("board", "blackboard")]
)
def test_dingtalk_by_route(route: str, form: str) -> None:
    [shape] = ding.shapes(NOTICE, route, "", PAGE)
    assert shape.form == form and "走东门" in shape.body and not shape.cut
    assert all(each in shape.opens for each in shape.buttons)  # none of these can call back
    assert ding.shapes(LONG, "work", "", PAGE)[0].cut  # 2048 bytes


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=300)
CARDS = st.builds(
    Card,
    TEXT,
    TEXT,
    st.lists(st.builds(Fact, TEXT, TEXT), max_size=3).map(tuple),
    TEXT,
    st.lists(st.sampled_from((*ANSWERS, Button("看看", url=LINK))), max_size=6).map(tuple),
    TEXT,
    link=st.sampled_from(("", LINK)),
)


@settings(deadline=None)
@given(CARDS)
def test_nothing_is_shown_that_is_not_on_the_wire(card: Card) -> None:
    wires: list[tuple[Shape, Any]] = [(each, None) for each in wx.shapes(card, PAGE)]
    wires[0] = (wires[0][0], wx_render.message(card, "preview"))
    wires += [(ding.shapes(card, "board", "", PAGE)[0], crowds_board.written(card, PAGE))]
    for shape, wire in wires:
        if wire is not None:
            told = "".join(_texts(wire))
            assert all(each in told for each in (shape.title, *shape.buttons))
            assert all(line in told for line in shape.body.split("\n"))
    for shape, wire in (
        (ding.shapes(card, "", "own", PAGE)[0], ding_render.own_params(card)),
        (ding.shapes(card, "work", "", PAGE)[0], crowds_work.message(card, PAGE)),
    ):  # markdown: the same without its marks
        told = "".join(_texts(wire)).replace("**", "")
        assert shape.title.replace("**", "") in told
        assert all(line.lstrip("> ").strip() in told for line in shape.body.split("\n"))


def test_markdown_is_shown_as_it_reads() -> None:
    [work] = ding.shapes(NOTICE, "work", "", PAGE)
    assert "#" not in work.body and "**" not in work.body and "截止：06-18 18:00" in work.body
    assert not work.body.startswith(work.title)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if value[:1] in "[{" and value:
            try:
                yield from _texts(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def test_what_reaches_its_end_is_not_cut() -> None:
    assert not loses(Card("a", "b <c> [d]"), "a b ＜c＞ ［d］") and loses(Card("a", "b 末尾的话"), "a b …")


def test_both_platforms_say_it_without_being_asked_over_the_network() -> None:
    own = load(sandbox_env("http://127.0.0.1:9"))
    for platform, routes in (
        (wecom.build(own, Store()), ("", "shared")),
        (dingtalk.build(own, Store()), ("", "work")),
    ):
        assert isinstance(platform, Previewing)
        assert all(platform.preview(NOTICE, route)[0].title == "通知｜考勤制度" for route in routes)
