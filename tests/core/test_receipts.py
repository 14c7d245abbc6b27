"""Whoever acts gets the promise of what was recorded, at once and always; the daily line reaches its readers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot import anchors, receipts, router
from bot.card import Button, Card
from bot.context import Context
from bot.errors import Refused
from bot.event import TEXT, Event
from bot.evidence import notes
from bot.evidence.log import promise_text
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_anchor, ev_event
from config.settings import load, sandbox_env
from tests.world import Firm

ACT = "probe.act"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router.routes, "hooks", [])
    monkeypatch.setattr(router.routes, "words", [])


def flow(monkeypatch: pytest.MonkeyPatch, does: router.Flow) -> None:
    monkeypatch.setitem(router.routes.flows, ACT, does)


def act(firm: Firm, who: str = "zhang") -> None:
    firm.dispatch(firm.event(who, ACT))
    firm.courier.drain()


def check_promise(firm: Firm, text: str) -> bytes:
    """The leaf of the promise in a receipt, once its signature and meaning were checked from the text alone."""
    found = re.search(r"huizhi-promise/1\n(.+)\n(.+)\n(\d+)\n\n(\u2014 .+)", text)
    assert found, text
    note = f"huizhi-promise/1\n{found[1]}\n{found[2]}\n{found[3]}\n\n{found[4]}\n"
    assert notes.open_note(note, [firm.app.keys.promise_vkey])
    leaf = notes.unb64(found[2])
    assert note.startswith(promise_text(firm.app.keys.origin, leaf, int(found[3])))
    return leaf


def test_who_acts_gets_the_signed_promise_of_that_very_event(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    def does(event: Event, ctx: Context) -> Card | None:
        ctx.record("checkin.replied", "case1", subject=ctx.actor, parts={"words": "忘了"})
        return None

    flow(monkeypatch, does)
    act(firm)
    ((to, card, _key),) = firm.platform.receipts
    (event,) = firm.rows(ev_event)
    assert to == "zhang"
    assert check_promise(firm, card.text) == event["leaf_hash"]
    assert str(event["event_id"]) in card.text
    assert "2026-06-11 09:16:00" in card.text  # the person's own wall clock


def test_a_plain_reply_carries_the_receipt_and_a_reply_with_buttons_does_not(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = [
        Card("收到", "已记下", footer="谢谢"),
        Card("确认", "是这样吗", buttons=(Button("是", "probe.yes", "r"),)),
    ]

    def does(event: Event, ctx: Context) -> Card | None:
        ctx.record("checkin.replied", "case1", subject=ctx.actor)
        assert ctx.actor
        ctx.say(ctx.actor, replies[len(firm.platform.sent)], "case1")
        return None

    flow(monkeypatch, does)
    act(firm)
    assert firm.platform.receipts == []
    ((_to, reply, _key),) = firm.platform.sent
    assert reply.footer.startswith("谢谢\n【存证回执】")
    check_promise(firm, reply.footer)
    act(firm)
    assert [each[1] for each in firm.platform.sent[1:]] == [replies[1]]
    assert len(firm.platform.receipts) == 1


def test_what_was_rolled_back_is_not_promised(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    def does(event: Event, ctx: Context) -> Card | None:
        ctx.record("checkin.replied", "case1", subject=ctx.actor)
        raise Refused("现在不行，请明天再试。")

    flow(monkeypatch, does)
    act(firm)
    assert firm.rows(ev_event) == []
    assert firm.platform.receipts == []
    ((_to, refusal, _key),) = firm.platform.sent
    assert "存证" not in refusal.footer


def test_the_system_and_strangers_get_none_and_a_repeat_gets_no_second(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def does(event: Event, ctx: Context) -> Card | None:
        ctx.record("system.health", "system")
        return None

    flow(monkeypatch, does)
    act(firm, "")  # an event without a person, such as a job's
    act(firm, "nobody-we-know")
    assert firm.platform.receipts == []
    same = firm.event("zhang", ACT)
    firm.dispatch(same)
    firm.dispatch(same)
    firm.courier.drain()
    assert len(firm.platform.receipts) == 1


@pytest.mark.parametrize("words", ["我的记录", "my records。"])
def test_my_records_lists_them_with_their_place_in_the_log(
    firm: Firm, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    def does(event: Event, ctx: Context) -> Card | None:
        ctx.record("checkin.replied", "case1", subject=ctx.actor)
        return None

    flow(monkeypatch, does)
    act(firm)
    sequence(firm.app.engine, firm.app.keys, firm.now)
    act(firm)
    firm.dispatch(firm.event("zhang", TEXT, text=words))
    firm.dispatch(firm.event("li", TEXT, text=words))
    firm.courier.drain()
    mine, others = (card for _to, card, _key in firm.platform.sent)
    assert "日志第 0 位" in mine.text
    assert "已承诺，待编入" in mine.text
    assert mine.link.startswith(firm.app.settings.public_url)
    assert mine.link.endswith("next=%2Fme")
    assert f"{firm.app.keys.origin} 1 " in mine.footer
    assert others.text == "现在没有关于您的记录。"


def test_the_checkpoint_line_is_posted_once_a_day_after_six(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = {"HUIZHI_CHECKPOINT_TO": "fake:wang,fake:li,fake:gone"}
    firm.app.settings = load(sandbox_env("http://127.0.0.1:1") | readers)
    flow(monkeypatch, lambda event, ctx: ctx.record("checkin.replied", "case1", subject=ctx.actor) and None)
    act(firm)
    sequence(firm.app.engine, firm.app.keys, firm.now)
    assert anchors.post(firm.app) == 0  # 09:16
    firm.now = datetime(2026, 6, 11, 10, 0, tzinfo=UTC)  # 18:00 in Shanghai
    assert [anchors.post(firm.app), anchors.post(firm.app)] == [2, 0]
    firm.courier.drain()
    posted = {to: card.text for to, card, _key in firm.platform.sent}
    assert set(posted) == {"wang", "li"}
    line = posted["wang"].split("\n", 1)[0]
    with firm.app.engine.connect() as connection:
        note = connection.execute(sa.text("SELECT note FROM ev_checkpoint")).scalar_one()
    assert line == receipts.checkpoint_line(note)
    assert {row["kind"] for row in firm.rows(ev_anchor)} == {"chat"}
    assert "anchor.posted" in [row["type"] for row in firm.rows(ev_event)]
    firm.now += timedelta(days=1)
    assert anchors.post(firm.app) == 2
