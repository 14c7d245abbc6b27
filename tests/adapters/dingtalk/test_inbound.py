"""The three doors: shapes of the documentation, refusals, and whatever hypothesis can think of."""

# ruff: noqa: E501 - tables of payloads and vectors read better unwrapped
from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from adapters.dingtalk import crypto
from adapters.dingtalk.events import LEFT, counts, to_events
from adapters.dingtalk.inbound import PREFIX, Inbound
from bot.card import Card
from bot.errors import BadRequest
from bot.event import PUNCHED, READ, SLIP, TEXT, UNKNOWN, Event
from bot.ports import WireReply, WireRequest

BOX = crypto.Callback("tok123", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", ["dingapp", "dingcorp"])
DOORS = Inbound(BOX, "s3cret", "", lambda: None).doors()


def ask(door: str, body: bytes, answer: Card | None = None, **change: str) -> tuple[WireReply, list[Event]]:
    """`body` sealed and signed for `door`; `change` overrides a header or argument."""
    stamp = str(int(time.time() * 1000))
    args: dict[str, str] = {}
    head = {"timestamp": stamp, "sign": crypto.robot_signature("s3cret", stamp),
            "x-ddpaas-signature-timestamp": stamp, "x-ddpaas-signature": crypto.timestamp_signature("s3cret", stamp)}  # fmt: skip
    if door == "events":
        sealed = BOX.encrypt(body)
        args = {"msg_signature": BOX.signature(stamp, "n", sealed), "timeStamp": stamp, "nonce": "n"}
        body = json.dumps({"encrypt": sealed}).encode()
    args |= {name: value for name, value in change.items() if name in args}
    head |= {name: value for name, value in change.items() if name in head}
    found: list[Event] = []

    def dispatch(event: Event) -> Card | None:
        found.append(event)
        return answer

    return DOORS["POST", f"{PREFIX}/{door}"](WireRequest("POST", args, head, body), dispatch), found


def robot(**more: Any) -> dict[str, Any]:
    return {"msgtype": "text", "msgId": "m1", "createAt": 1690362101894, "conversationType": "1", "senderStaffId": "u1",
            "senderId": "$:LWCP", "text": {"content": " 你好"}, **more}  # fmt: skip


def test_check_url_is_only_answered() -> None:
    reply, found = ask("events", b'{"EventType":"check_url"}')
    sent = json.loads(reply.body)
    assert not found
    assert BOX.open(sent["msg_signature"], sent["timeStamp"], sent["nonce"], sent["encrypt"])[0] == b"success"


@pytest.mark.parametrize(
    ("door", "name"), [("events", "msg_signature"), ("robot", "sign"), ("cards", "x-ddpaas-signature")]
)
def test_bad_signature_long_body_and_malformed(door: str, name: str) -> None:
    for body, change, status in (
        (b"{}", {name: "x"}, 401),
        (b"[1]", {}, 400),
        (b"\xff{", {}, 400),
        (b"[" * 9999, {}, 400),
    ):
        with pytest.raises(BadRequest) as caught:
            ask(door, body, **change)
        assert caught.value.status == status
    with pytest.raises(BadRequest) as caught:
        ask(door, b" " * 270_000)
    assert caught.value.status == 413


def test_robot_text_is_verbatim_and_needs_a_staff_id() -> None:
    reply, (event,) = ask("robot", json.dumps(robot()).encode())
    assert json.loads(reply.body) == {"msgtype": "empty"}
    assert (event.id, event.actor, event.action, event.data["text"]) == ("m1", "u1", TEXT, " 你好")
    assert event.at.timestamp() == 1690362101.894
    assert to_events("robot", robot(senderStaffId=""), {})[0].action == UNKNOWN
    assert to_events("robot", robot(conversationType="2"), {})[0].data["text"] == "你好"


def test_over_quota_and_what_has_no_text_are_unknown() -> None:
    over = robot(errCode=20001, text=None)
    assert to_events("robot", over, {})[0].data["code"] == "20001"
    assert to_events("robot", robot(text="no"), {})[0].action == UNKNOWN
    assert to_events("robot", robot(msgtype="picture", content={"codes": "x"}), {})[0].action == UNKNOWN


@pytest.mark.parametrize("content", [
    {"content": '{"cardPrivateData":{"actionIds":["1"],"params":{"action":"a.b~r1","note":"忘了"}}}'},
    {"value": '{"cardPrivateData":{"actionIds":["1"]},"params":{"action":"a.b~r1","note":"忘了"}}'},
    {"content": '{"cardPrivateData":{"actionIds":["a.b~r1"],"params":{"form":{"note":{"index":0,"value":"忘了"}}}}}'},
])  # fmt: skip
def test_card_click_in_every_documented_shape(content: dict[str, str]) -> None:
    click = {"outTrackId": "hz-1", "userId": "u1", **content}
    reply, (event,) = ask("cards", json.dumps(click).encode(), Card("好", closed="已选"))
    assert (event.actor, event.action, event.ref, event.data["message_id"]) == ("u1", "a.b", "r1", "hz-1")
    assert event.data["note"] == "忘了"
    assert event.id == "hz-1~u1~a.b~r1"
    sent = json.loads(reply.body)
    assert sent["cardUpdateOptions"] == {"updateCardDataByKey": True}
    assert sent["cardData"]["cardParamMap"]["tips"] == "已选"


def test_card_cannot_name_its_message_or_clicker() -> None:
    content = json.dumps({"cardPrivateData": {"params": {"action": "a", "message_id": "other", "userId": "boss"}}})
    (event,) = to_events("card", {"outTrackId": "t", "userId": "u1", "content": content}, {"time": "1690362101894"})
    assert event.actor == "u1"
    assert event.data["message_id"] == "t"
    assert event.at.timestamp() == 1690362101.894
    with pytest.raises(BadRequest):
        to_events("card", {"outTrackId": "t"}, {})


def test_vector_5_legacy_value_uses_action_ids() -> None:
    value = '{"cardPrivateData":{"actionIds":["1"]},"params":{"like":"true"}}'
    (event,) = to_events("card", {"outTrackId": "t", "userId": "u1", "value": value}, {})
    assert (event.action, event.data["like"]) == ("1", "true")


@pytest.mark.parametrize("name", ["DataList", "dataList"])
def test_punches_one_event_per_row_made_by_the_person(name: str) -> None:
    rows = [{"userId": "u1", "checkTime": 1666227600000, "bizId": "b1", "checkByUser": True},
            {"userId": "u2", "checkTime": 1666227600000, "bizId": "b2", "checkByUser": False}]  # fmt: skip
    body = {"EventType": "attendance_check_record", name: rows}
    _, (event,) = ask("events", json.dumps(body).encode())
    assert (event.id, event.actor, event.action, event.at.timestamp()) == ("b1", "u1", PUNCHED, 1666227600)


def test_read_is_the_same_over_both_doors() -> None:
    http = {
        "EventType": "robot_msg_read",
        "eventId": "e",
        "UserId": "u",
        "OperatTime": "1654641965416",
        "ProcessQueryKey": "q",
    }
    stream = {"userId": "u", "operatTime": "1654641965416", "processQueryKey": "q"}
    (one,) = to_events("event", http, {}, b"x")
    (two,) = to_events("event", stream, {"eventType": "robot_msg_read", "eventId": "e"}, b"x")
    assert one == two
    assert (one.action, one.data["message_id"], one.at.timestamp()) == (READ, "q", 1654641965.416)


def test_leaving_other_events_and_the_meter() -> None:
    gone = to_events("event", {"userId": ["u1", "u2"]}, {"eventType": "user_leave_org", "eventId": "e"})
    assert [(event.actor, event.action) for event in gone] == [("u1", LEFT), ("u2", LEFT)]
    (other,) = to_events("event", {"EventType": "check_in", "staffId": "u"}, {})
    assert (other.action, other.data["type"], other.actor) == (UNKNOWN, "check_in", "u")
    assert not counts("event", {"EventType": "user_add_org"}, {})
    assert counts("robot", {}, {})


@pytest.mark.parametrize(
    ("kind", "said", "actor", "whose", "state"),
    [
        ("bpms_instance_change", {"type": "start"}, "u", "u", "pending"),
        ("bpms_instance_change", {"type": "finish", "result": "agree"}, "", "u", "approved"),
        ("bpms_instance_change", {"type": "finish", "result": "refuse"}, "", "u", "rejected"),
        ("bpms_instance_change", {"type": "terminate"}, "u", "u", "withdrawn"),
        ("bpms_instance_change", {"type": "delete"}, "", "u", "withdrawn"),
        ("bpms_task_change", {"type": "start"}, "", "", "unknown"),
        ("bpms_task_change", {"type": "finish", "result": "agree"}, "u", "", "unknown"),
        ("attendance_approve_status_change", {"status": "agree"}, "", "", "unknown"),
    ],
)
def test_a_native_approval_says_who_acted_and_for_whom_a_task_waits_did_nothing(
    kind: str, said: dict[str, str], actor: str, whose: str, state: str
) -> None:
    payload = {"processInstanceId": "p", "staffId": "u", "bizCategoryId": "attendance.supply", **said}
    (event,) = to_events("event", payload, {"eventType": kind, "eventId": "e"})
    assert (event.action, event.actor, event.data["user_id"], event.data["state"]) == (SLIP, actor, whose, state)
    assert event.data["about"] == "correction" and event.data["number"] == "p"
    (bare,) = to_events("event", {"staffId": "u"}, {"eventType": kind, "eventId": "e"})
    assert (bare.action, bare.actor) == (UNKNOWN, "")


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=8)  # fmt: skip
KEYS = st.sampled_from(["msgId", "msgtype", "text", "createAt", "senderStaffId", "outTrackId", "userId", "content", "value", "EventType",
                        "eventId", "dataList", "errCode", "UserId", "operatTime", "processQueryKey", "bizId", "timeStamp"])  # fmt: skip
KINDS = st.sampled_from(["attendance_check_record", "robot_msg_read", "user_leave_org", "text", "x" * 300, "check_url"])


@hypothesis_settings(max_examples=120, deadline=None)
@given(
    door=st.sampled_from(["events", "robot", "cards"]),
    body=st.binary(max_size=60) | st.dictionaries(KEYS, JSON | KINDS, max_size=9),
)
def test_doors_raise_nothing_but_bad_request(door: str, body: bytes | dict[str, Any]) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        reply, found = ask(door, raw)
    except BadRequest:
        return
    assert reply.status == 200
    for event in found:
        assert event.id
        assert len(event.id) <= 180
        for value in (*event.data.values(), event.actor, event.id):
            assert "\0" not in value.encode().decode()


@hypothesis_settings(max_examples=60, deadline=None)
@given(door=st.sampled_from(["events", "robot", "cards"]), body=st.binary(max_size=80), sign=st.text(max_size=10))
def test_unsigned_bodies_never_reach_dispatch(door: str, body: bytes, sign: str) -> None:
    def never(event: Event) -> Card | None:
        raise AssertionError(event)

    head = {"timestamp": "1", "sign": sign, "x-ddpaas-signature-timestamp": sign, "x-ddpaas-signature": sign}
    args = {"signature": sign, "timestamp": sign, "nonce": sign}
    for sent in (body, json.dumps({"encrypt": sign}).encode()):
        with pytest.raises(BadRequest):
            DOORS["POST", f"{PREFIX}/{door}"](WireRequest("POST", args, head, sent), never)
