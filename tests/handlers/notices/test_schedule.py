"""At its time, inside its window, by day; what missed it is asked about and never fired."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bot.errors import Refused
from handlers.notices import tables as tb
from handlers.notices.composing import approving, drafts, schedule
from handlers.notices.composing.schedule_rules import Window, decide, moment
from tests.handlers.notices.chat import Chat
from tests.handlers.notices.office import get, who
from tests.world import Firm

NIGHT = (time(21), time(8))
NOON = datetime(2026, 6, 11, 4, 0, tzinfo=UTC)


def put(firm: Firm, **values: Any) -> str:
    said = {"audience": {"into": {"people": ["fake:zhang", "fake:li"]}}} | values
    with firm.app.context(who(firm, "wang")) as ctx:
        return drafts.create(ctx, drafts.Draft({"zh": ("考勤制度", "正文")}, **said))


def submit(firm: Firm, notice_id: str) -> str:
    with firm.app.context(who(firm, "wang")) as ctx:
        return approving.submit(ctx, notice_id)[0]


def test_it_begins_at_its_time_and_the_list_is_frozen_then(firm: Firm) -> None:
    notice_id = put(firm, send_at=firm.now + timedelta(hours=1))
    assert submit(firm, notice_id) == "scheduled"
    assert schedule.due(firm.app) == 0
    assert get(firm, notice_id).frozen_at is None
    firm.pass_time(hours=1, minutes=1)
    assert schedule.due(firm.app) == 1
    assert (get(firm, notice_id).state, get(firm, notice_id).people) == ("sending", 2)
    assert schedule.due(firm.app) == 0


def test_a_server_that_was_down_asks_and_sends_nothing(firm: Firm) -> None:
    chat = Chat(firm)
    notice_id = put(firm, send_at=firm.now + timedelta(hours=1), send_until=firm.now + timedelta(hours=2))
    submit(firm, notice_id)
    firm.pass_time(hours=14)  # 23:16 in Shanghai
    assert schedule.due(firm.app) == 1
    firm.courier.drain()
    assert get(firm, notice_id).state == "waiting"
    assert firm.rows(tb.recipient) == []
    assert "没有自动发送" in chat.last("wang")
    chat.tap("wang", "换时间")
    assert "改到" in chat.last("wang")
    assert "免打扰" in chat.say("wang", "改到 06-11 23:30")
    assert "06-12 09:30" in chat.say("wang", "改到 06-12 09:30")
    assert get(firm, notice_id).state == "scheduled"
    firm.pass_time(hours=10, minutes=15)
    assert schedule.due(firm.app) == 1
    assert get(firm, notice_id).state == "sending"


def test_the_author_may_also_send_it_now_or_drop_it(firm: Firm) -> None:
    chat = Chat(firm)
    for label, state in (("现在发送", "sending"), ("不发了", "draft")):
        notice_id = put(firm, send_at=firm.now + timedelta(minutes=10))
        submit(firm, notice_id)
        firm.pass_time(hours=2)
        schedule.due(firm.app)
        firm.courier.drain()
        chat.tap("wang", label)
        assert get(firm, notice_id).state == state
        chat.tap("wang", label)
        assert get(firm, notice_id).state == state


def test_everything_wrong_is_said_at_once(firm: Firm) -> None:
    notice_id = put(
        firm, audience={}, importance="confirm", send_at=firm.now - timedelta(hours=1), quiet="late", joiners="deadline"
    )
    with firm.app.engine.connect() as db:
        found = drafts.problems(db, notice_id, firm.now)
    assert len(found) == 5
    with pytest.raises(Refused, match="没有选择对象"):
        submit(firm, notice_id)
    assert get(firm, notice_id).state == "draft"


hours = st.integers(-72, 72).map(lambda h: timedelta(hours=h / 2))


@given(st.none() | hours, st.none() | hours, hours, st.booleans())
def test_nothing_that_is_not_urgent_begins_by_night(
    at: timedelta | None, until: timedelta | None, now: timedelta, urgent: bool
) -> None:
    window = Window(
        NOON + at if at is not None else None,
        NOON + until if until is not None else None,
        urgent,
        "Asia/Shanghai",
        NIGHT,
    )
    if decide(window, NOON + now) == "send":
        local = (NOON + now + timedelta(hours=8)).time()
        assert urgent or time(8) <= local < time(21)
        assert window.send_at is None or window.send_at <= NOON + now


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("改到 06-12 09:30", datetime(2026, 6, 12, 1, 30, tzinfo=UTC)),
        ("move to 2026-07-01 09:30", datetime(2026, 7, 1, 1, 30, tzinfo=UTC)),
        ("改到 1月5日 10：00", datetime(2027, 1, 5, 2, 0, tzinfo=UTC)),
        ("改到 13-40 09:30", None),
        ("改到明天", None),
    ],
)
def test_a_moment_said_in_words(text: str, expected: datetime | None) -> None:
    assert moment(text, NOON, "Asia/Shanghai") == expected
