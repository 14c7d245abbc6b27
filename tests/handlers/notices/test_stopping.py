"""Stopping in chat, in the words people use in a hurry; what only follows up on a notice stops as well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import asks, router
from bot.card import Card
from handlers.notices.sending import climbing
from tests.handlers.notices import office
from tests.handlers.notices.chat import Chat
from tests.world import Firm

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def follow_up(firm: Firm) -> int:
    """How many messages go out when the plan has its turn a day later."""
    before = len(office.attempts(firm))
    firm.pass_time(hours=25)
    climbing.climb(firm.app)
    return len(office.attempts(firm)) - before


@lite
@pytest.mark.parametrize("words", ["全部停止", "紧急停止！", "急停", "Emergency stop"])
def test_the_emergency_stop_also_ends_what_is_followed_up(firm: Firm, words: str) -> None:
    office.compose(firm, ["fake:zhang"], deadline=firm.now + timedelta(days=9))
    office.send(firm)
    assert office.get(firm).state == "sent"
    router.discover("handlers", "flow")  # whatever the other rooms take free text for
    answer = Chat(firm).say("wang", words)
    assert "已停止 1 份" in answer, answer
    assert office.get(firm).state == "stopped"
    assert follow_up(firm) == 0


@lite
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("急停", "已停止 1 份"),
        ("emergency stop", "已停止 1 份"),
        ("谁还没签《考勤制度》？", "张三"),
        ("停止《考勤制度》", "已停止"),
    ],
)
def test_an_order_is_no_answer_to_an_open_check_in(firm: Firm, words: str, answer: str) -> None:
    router.discover("handlers", "flow")
    office.compose(firm, ["fake:zhang"], deadline=firm.now + timedelta(days=9))
    office.send(firm)
    with firm.app.context() as ctx:
        wang = office.who(firm, "wang")
        ref = ctx.ask(wang, "missed_punch.reason", "case:1", lambda ref: Card("请写明原因", ""))
    said = Chat(firm).say("wang", words)
    assert answer in said, said
    with firm.app.engine.connect() as db:
        found = asks.get(db, ref)
    assert found and found.state == "open"


@lite
def test_who_needs_help_is_heard_before_any_reason_is_taken(firm: Firm) -> None:
    router.discover("handlers", "flow")
    assert "已经马上通知 HR" in Chat(firm).say("zhang", "It is an emergency, I need help")


@lite
def test_a_notice_with_nothing_to_follow_up_is_left_as_it_is(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], importance="inform", answers="[]")
    office.send(firm)
    assert "已停止 0" in Chat(firm).say("wang", "紧急停止")
    assert office.get(firm).state == "sent"


@lite
def test_one_that_all_have_is_stopped_by_its_title(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    assert "已停止" in Chat(firm).say("wang", "停止《考勤制度》")
    assert follow_up(firm) == 0
