"""[提醒他们] in chat: the same words by the ways for many, whoever is to be left alone left alone, on record once."""

from __future__ import annotations

import json

from bot.evidence.tables import ev_event
from handlers.notices import tables as tb
from handlers.notices.sending import reminding, sending
from tests.handlers.notices import office
from tests.handlers.notices.chat import Chat
from tests.world import Firm

PEOPLE = ["fake:zhang", "fake:li", "fake:stranger"]


def asked(firm: Firm, **values: object) -> Chat:
    """A notice that went to three people five hours ago; the author is asked whom it still waits for."""
    office.compose(firm, PEOPLE, **values)
    office.send(firm)
    firm.pass_time(hours=5)
    chat = Chat(firm)
    chat.say("wang", "谁还没看《考勤制度》？")
    return chat


def work(firm: Firm) -> int:
    done = reminding.asked(firm.app)
    firm.courier.drain()
    return done


def test_the_same_words_go_in_one_call_and_are_on_record_once(firm: Firm) -> None:
    chat = asked(firm, importance="read", answers="[]")
    before = len(firm.platform.handed)
    chat.tap("wang", "提醒他们")
    assert "已提醒 3 人" in chat.last("wang") and len(firm.platform.handed) == before
    assert work(firm) == 1 and work(firm) == 0
    [(route, to, _, _)] = firm.platform.handed[before:]
    assert route == "shared" and sorted(to) == ["li", "stranger", "zhang"]
    by_hand = [each["channel"] for each in office.attempts(firm) if each["step"] >= sending.BY_HAND]
    assert by_hand == ["fake.shared"] * 3
    [event] = [each for each in firm.rows(ev_event) if each["type"] == "notice.reminded"]
    assert event["actor"] == office.who(firm, "wang").ref
    assert json.loads(bytes(event["envelope"]))["source"]["count"] == "3"  # type: ignore[call-overload]


def test_an_answer_on_the_card_still_gets_a_card_of_its_own(firm: Firm) -> None:
    chat = asked(firm)
    chat.tap("wang", "提醒他们")
    before = len(firm.platform.handed)
    work(firm)
    assert len(firm.platform.handed) == before
    by_hand = [each["channel"] for each in office.attempts(firm) if each["step"] >= sending.BY_HAND]
    assert by_hand == ["fake.card"] * 3


def test_who_answered_meanwhile_or_was_just_reminded_is_left_alone(firm: Firm) -> None:
    chat = asked(firm)
    chat.tap("wang", "提醒他们")
    firm.dispatch(firm.event("li", "notices.received", office.ID))  # before the worker came to it
    work(firm)
    assert {each["person_id"] for each in office.attempts(firm) if each["step"] >= sending.BY_HAND} == {
        "fake:zhang",
        "fake:stranger",
    }
    firm.pass_time(minutes=10)
    chat.tap("wang", "提醒他们")
    assert "已提醒 0 人" in chat.last("wang")
    work(firm)
    assert len([each for each in office.attempts(firm) if each["step"] >= sending.BY_HAND]) == 2


def test_two_taps_are_one_reminder(firm: Firm) -> None:
    chat = asked(firm)
    chat.tap("wang", "提醒他们")
    chat.tap("wang", "提醒他们")
    work(firm)
    assert len([each for each in office.attempts(firm) if each["step"] >= sending.BY_HAND]) == 3
    assert len(office.events(firm, "notice.reminded")) == 1


def test_a_notice_stopped_in_between_reminds_nobody_and_says_so(firm: Firm) -> None:
    chat = asked(firm)
    chat.tap("wang", "提醒他们")
    with firm.app.context() as ctx:
        ctx.db.execute(tb.notice.update().values(state="closed"))
    work(firm)
    assert "没有提醒" in chat.last("wang")
    assert office.events(firm, "notice.reminded") == [] and office.get(firm).remind_by == ""
