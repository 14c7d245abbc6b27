"""Native approvals over HTTP: the sandbox pushes, the real adapters understand, and read the slip itself."""

from __future__ import annotations

import json
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from adapters.dingtalk.events import to_events
from adapters.wecom.crypto import Crypto
from adapters.wecom.inbound import doors
from bot.event import SLIP, Event
from bot.ports import Leave, WireRequest
from bot.ports.slips import Slips
from tests.sandbox.conftest import KEY, Bot, Client
from tests.sandbox.walk import MONDAY, Walk, at, failure

SPAN = {"start": "2026-01-05T09:00:00+08:00", "end": "2026-01-05T18:00:00+08:00"}
PEOPLE = {"wecom": "zhangsan", "dingtalk": "zhou"}


@pytest.mark.parametrize("name", sorted(PEOPLE))
@pytest.mark.parametrize("decision", ["approved", "rejected", "withdrawn"])
def test_a_slip_is_read_as_it_stands(walk: Walk, name: str, decision: str) -> None:
    attendance, user = getattr(walk, name).attendance, PEOPLE[name]
    assert isinstance(attendance, Slips)
    number = walk.ask("slip", user=user, **SPAN)["id"]
    filed = attendance.slip(number)
    assert filed is not None and (filed.user_id, filed.state, filed.about) == (user, "pending", "")
    assert [(each.start, each.end, each.pending) for each in filed.leaves] == [
        (at("2026-01-05 09:00"), at("2026-01-05 18:00"), True)
    ]
    walk.ask("slip/decide", user=user, id=number, decision=decision)
    after = attendance.slip(number)
    assert after is not None and after.state == decision
    assert len(after.leaves) == (decision == "approved")
    known: list[Leave] = attendance.leaves([user], at("2026-01-05 00:00"), at("2026-01-06 00:00"))
    assert [each.pending for each in known] == ([False] if decision == "approved" else [])


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_make_up_punch_is_no_leave(walk: Walk, name: str) -> None:
    number = walk.ask("slip", user=PEOPLE[name], kind="补卡", **SPAN)["id"]
    found = getattr(walk, name).attendance.slip(number)
    assert (found.about, found.leaves) == ("correction", ())


def test_a_slip_that_is_not_there_or_may_not_be_read(walk: Walk) -> None:
    number = walk.ask("slip", user="zhangsan", **SPAN)["id"]
    assert failure(lambda: walk.wecom.attendance.slip("0000")).permanent  # type: ignore[attr-defined]
    assert failure(lambda: walk.dingtalk.attendance.slip("0000")).permanent  # type: ignore[attr-defined]
    walk.ask("faults", kind="no_permission", match="/cgi-bin/oa/")
    assert walk.wecom.attendance.slip(number) is None  # type: ignore[attr-defined]


def wecom_event(got: dict[str, Any]) -> Event:
    heard: list[Event] = []
    door = doors(Crypto("tok123", KEY, "wwcorp"))["POST", "/callbacks/wecom"]
    door(WireRequest("POST", got["args"], MappingProxyType({}), got["body"]), lambda event: heard.append(event))
    return heard[0]


def test_wecom_pushes_who_filed_and_what_became_of_it(client: Client, bot: Bot) -> None:
    number = client.sandbox("slip", user="zhangsan", **SPAN)["id"]
    client.sandbox("slip/decide", user="zhangsan", id=number, decision="approved")
    filed, decided = [wecom_event(got) for got in bot.got]
    assert (filed.action, filed.actor, filed.data["state"]) == (SLIP, "zhangsan", "pending")
    assert (decided.action, decided.actor, decided.data["state"]) == (SLIP, "", "approved")
    assert filed.data["number"] == decided.data["number"] == number
    assert decided.data["user_id"] == "zhangsan" and filed.id != decided.id


def test_dingtalk_pushes_the_task_and_the_instance(client: Client, bot: Bot) -> None:
    number = client.sandbox("slip", user="zhou", **SPAN)["id"]
    client.sandbox("slip/decide", user="zhou", id=number, decision="rejected")
    shown = [row["request"] for row in client.sandbox("wire", "GET") if row["direction"] == "callback"]
    heard = [event for row in shown for event in to_events("event", row, {}, json.dumps(row).encode())]
    assert [(each.action, each.actor, each.data["state"]) for each in heard] == [
        (SLIP, "zhou", "pending"), (SLIP, "sun", "unknown"), (SLIP, "", "rejected"),
    ]  # fmt: skip
    assert {each.data["number"] for each in heard} == {number}


def test_nonsense_is_refused(walk: Walk) -> None:
    number = walk.ask("slip", user="zhou", **SPAN)["id"]
    with pytest.raises(AssertionError, match="decision"):
        walk.ask("slip/decide", user="zhou", id=number, decision="perhaps")
    assert date(2026, 1, 5) == MONDAY


def test_dingtalk_knows_first_and_last_days(walk: Walk) -> None:
    walk.ask("tenure", user="zhou", hired="2026-01-05", last="2026-02-27")
    zhou, sun = walk.dingtalk.tenures(["zhou", "sun"])
    assert (zhou.user_id, zhou.joined_on, zhou.leaving_on) == ("zhou", MONDAY, date(2026, 2, 27))
    assert (sun.joined_on, sun.leaving_on) == (None, None)
