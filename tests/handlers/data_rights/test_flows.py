"""Access, correction and erasure by chat: who may ask, who may decide, what is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import db, people
from bot.card import Can, as_text, reduce
from bot.evidence import audit
from bot.evidence.erase import place_hold, release_hold, restricted
from bot.evidence.retention import expire
from bot.tables import outbox
from handlers.data_rights.cards import SAMPLES
from handlers.data_rights.rules import MOST, Asked, understand
from tests.handlers.data_rights.story import Story
from tests.world import FIRM


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("我的数据", Asked("mine")),
        ("My data", Asked("mine")),
        ("更正：姓名应为 张三丰", Asked("correct", "姓名应为 张三丰")),
        ("更正:", Asked("correct", "")),
        ("correct: my name\nis wrong", Asked("correct", "my name\nis wrong")),
        ("删除我的数据。", Asked("erase")),
        ("请删除我的个人信息", Asked("erase")),
        ("delete my data", Asked("erase")),
        ("我的数据不对", None),
        ("更正", None),
        ("我的待办", None),
    ],
)
def test_words(text: str, asked: Asked | None) -> None:
    assert understand(text) == asked


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_card_fits(name: str) -> None:
    card = SAMPLES[name]
    assert card.closed or reduce(card, Can()) == card
    assert all(len(fact.label) <= 5 for fact in card.facts) and all(button.ref for button in card.buttons)


def test_what_we_keep_and_who_looked(story: Story) -> None:
    assert "还没有关于您的记录" in story.say("zhang", "我的数据")
    story.say("zhang", "更正：姓名应为 张三丰")
    with story.firm.app.context(actor=story.person("wang")) as ctx:
        audit.viewed(ctx, story.person("zhang"), "case:mp-1")
    told = story.say("zhang", "我的数据")
    assert "查阅、更正请求 1 条" in told and "王HR 查看" in told
    assert "王HR" not in story.say("li", "我的数据")


def test_a_correction_is_received_decided_and_told(story: Story) -> None:
    assert "要更正什么" in story.say("zhang", "更正：")
    assert "太长" in story.say("zhang", "更正：" + "长" * (MOST + 1))
    assert "已收到您的更正请求" in story.say("zhang", "更正：姓名应为 张三丰")
    assert story.part("data.correction_requested", "words") == "姓名应为 张三丰"
    assert "张三丰" in story.last("wang")
    story.tap("wang", "已更正", as_="zhang")
    story.tap("wang", "已更正", as_="stranger")
    assert story.types("data.") == ["data.correction_requested"]
    story.tap("wang", "已更正")
    assert "已更正" in story.last("zhang")
    story.tap("wang", "已更正")
    story.tap("wang", "不能更正")
    assert "已经处理过" in story.last("wang")
    assert story.types("data.") == ["data.correction_requested", "data.corrected"]


def test_a_refusal_carries_its_reason(story: Story) -> None:
    story.say("zhang", "更正：入职日期应为 2020-01-01")
    story.tap("wang", "不能更正")
    assert "原因" in story.last("wang")
    story.tap("wang", "返回")
    story.tap("wang", "不能更正")
    assert "请直接回复" in story.say("wang", "。")
    story.say("wang", "劳动合同记载为 2021-01-01")
    assert "劳动合同记载为 2021-01-01" in story.last("zhang")
    assert story.types("data.")[-1] == "data.request_refused"
    assert story.part("data.request_refused", "reason") == "劳动合同记载为 2021-01-01"


def test_erasure_needs_somebody_else_of_hr(story: Story) -> None:
    story.say("zhang", "删除我的数据")
    assert "已经在处理" in story.say("zhang", "删除我的数据")
    assert "依法保留" in story.last("wang")
    for other in ("zhang", "li", "stranger"):
        story.tap("wang", "同意删除", as_=other)
    assert story.types("erasure.") == []
    # The only HR person asks for themself: nobody can decide, and that is said.
    assert "没有可以处理" in story.say("wang", "删除我的数据")


def test_while_employed_the_roster_stays_and_the_rest_goes(story: Story) -> None:
    story.say("zhang", "更正：姓名应为 张三丰")
    story.say("zhang", "删除我的数据")
    story.tap("wang", "同意删除")
    assert "职工名册" in story.last("zhang")
    assert story.types("erasure.") == ["erasure.requested", "erasure.postponed"]
    assert story.part("data.correction_requested", "words") is None
    with story.firm.app.engine.connect() as conn:
        assert restricted(conn, story.person("zhang").ref)
    story.tap("wang", "同意删除")
    assert len(story.types("erasure.")) == 2
    # Having left, what was asked for happens by itself when the last period is over; nobody asks again.
    ref = story.person("zhang").ref
    with db.begin(story.firm.app.engine) as conn:
        people.sync(conn, "fake", [each for each in FIRM if each.user_id != "zhang"], {"wang": "hr"})
    story.firm.pass_time(days=730)
    assert expire(story.firm.app) == 1
    assert story.types("erasure.")[-1] == "erasure.done"
    with story.firm.app.engine.connect() as conn:
        assert not restricted(conn, ref)
    assert all("张三" not in str(row["body"]) for row in story.firm.rows(outbox))


def test_a_hold_is_told(story: Story) -> None:
    person = story.person("zhang")
    with db.begin(story.firm.app.engine) as conn:
        hold = place_hold(
            conn, story.firm.app.keys, subject=person.ref, reason="劳动仲裁 2026-118", by="p:hr", now=story.firm.now
        )
    story.say("zhang", "删除我的数据")
    assert "原因：劳动仲裁 2026-118" in story.last("wang")
    story.tap("wang", "同意删除")
    assert "争议保全" in story.last("zhang") and "原因：劳动仲裁 2026-118" in story.last("zhang")
    assert story.part("data.erasure_requested", "words") == "删除我的数据"
    with db.begin(story.firm.app.engine) as conn:
        assert release_hold(conn, story.firm.app.keys, hold_id=hold, by="p:hr", now=story.firm.now + timedelta(days=1))


def test_an_erasure_can_be_refused_and_asked_again(story: Story) -> None:
    story.say("zhang", "删除我的数据")
    story.tap("wang", "不同意")
    card = story.say("wang", "劳动合同仍在履行")
    assert "没有同意" in card
    assert "投诉" in as_text(story.seen("zhang")[-1])
    assert "已收到您的删除请求" in story.say("zhang", "删除我的数据")
    assert story.types("erasure.") == []
