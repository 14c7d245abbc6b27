"""The callback door: what passes, what is refused with which status, and what an event becomes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from adapters.wecom.crypto import Crypto
from adapters.wecom.inbound import LIMIT, PATH, doors, to_event
from bot.card import Card
from bot.errors import BadRequest
from bot.event import TEXT, UNKNOWN, Event
from bot.ports import WireReply, WireRequest
from tests.adapters.wecom.vectors import VECTORS, Vector

BOX = Crypto("token", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ", "corp")


class Hall:
    """Collects what was dispatched."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> Card | None:
        self.events.append(event)
        return Card("ignored by WeCom")


def args(vector: Vector, **more: str) -> dict[str, str]:
    return {"msg_signature": vector.signature, "timestamp": vector.timestamp, "nonce": vector.nonce, **more}


def box(vector: Vector) -> Crypto:
    return Crypto(vector.token, vector.aes_key, vector.receive_id)


def envelope(sealed: str) -> bytes:
    return f"<xml><ToUserName><![CDATA[corp]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


def push(body: bytes, crypto: Crypto = BOX, query: dict[str, str] | None = None) -> tuple[WireReply, Hall]:
    hall = Hall()
    return doors(crypto)["POST", PATH](WireRequest("POST", query or {}, {}, body), hall), hall


def signed(message: bytes) -> tuple[WireReply, Hall]:
    sealed = BOX.seal(message)
    return push(envelope(sealed), BOX, {"msg_signature": BOX.sign("1", "n", sealed), "timestamp": "1", "nonce": "n"})


def event_xml(**fields: str) -> bytes:
    base = {"FromUserName": "zhangsan", "CreateTime": "1790000000", "MsgType": "event"} | fields
    return ("<xml>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in base.items()) + "</xml>").encode()


@pytest.mark.parametrize("name", ["V2", "V3", "V5", "V6a", "V6b", "V6c"])
@pytest.mark.parametrize("spaced", [False, True])
def test_url_verification_answers_the_plain_text(name: str, spaced: bool) -> None:
    vector, hall = VECTORS[name], Hall()
    echo = vector.sealed.replace("+", " ") if spaced else vector.sealed
    reply = doors(box(vector))["GET", PATH](WireRequest("GET", args(vector, echostr=echo), {}, b""), hall)
    assert (reply.status, reply.body, hall.events) == (200, vector.plain, [])


def test_url_verification_refuses_a_foreign_signature() -> None:
    vector = VECTORS["V2"]
    query = args(vector, echostr=VECTORS["V6a"].sealed)
    with pytest.raises(BadRequest) as caught:
        doors(box(vector))["GET", PATH](WireRequest("GET", query, {}, b""), Hall())
    assert caught.value.status == 401


@pytest.mark.parametrize("name", ["V1", "V4", "V4b", "V5b"])
def test_published_text_messages(name: str) -> None:
    vector = VECTORS[name]
    reply, hall = push(envelope(vector.sealed), box(vector), args(vector))
    (event,) = hall.events
    assert (reply.status, reply.body) == (200, b"")
    assert (event.platform, event.action, event.raw) == ("wecom", TEXT, vector.plain)
    assert event.data["text"] in {"hello", "x123", "test"}
    assert event.id.startswith("msg-")


def test_card_click() -> None:
    vector = VECTORS["S1"]
    _, hall = push(envelope(vector.sealed), box(vector), args(vector))
    (event,) = hall.events
    assert (event.action, event.ref, event.actor) == ("confirm", "", "zhangsan")
    assert event.at == datetime.fromtimestamp(1790000000, UTC)
    assert dict(event.data) == {
        "response_code": "RC-确认-1",
        "task_id": "perf-2026Q3@zhangsan",
        "card_type": "button_interaction",
        "selected.grade": "A",
    }


@pytest.mark.parametrize(
    ("fields", "action", "ref"),
    [
        ({"Event": "template_card_event", "EventKey": "missed_punch.forgot~a1"}, "missed_punch.forgot", "a1"),
        ({"Event": "template_card_menu_event", "EventKey": "mute~x"}, "mute", "x"),
        ({"Event": "template_card_event", "EventKey": ""}, UNKNOWN, ""),
        ({"Event": "click", "EventKey": "leave"}, "menu.leave", ""),
        ({"Event": "click"}, UNKNOWN, ""),
        ({"Event": "enter_agent"}, "presence.entered", ""),
        ({"Event": "subscribe"}, UNKNOWN, ""),
        ({"Event": "change_contact", "ChangeType": "create_user", "UserID": "x"}, UNKNOWN, ""),
        ({"MsgType": "image", "MsgId": "7"}, UNKNOWN, ""),
        ({"MsgType": "text", "Content": " 忘了 ", "MsgId": "8"}, TEXT, ""),
    ],
)
def test_meaning(fields: dict[str, str], action: str, ref: str) -> None:
    event = to_event(event_xml(**fields))
    assert (event.action, event.ref, event.actor) == (action, ref, "zhangsan")


def test_the_person_who_left_is_the_actor() -> None:
    fields = {"FromUserName": "sys", "Event": "change_contact", "ChangeType": "delete_user", "UserID": "lisi"}
    event = to_event(event_xml(**fields))
    assert (event.action, event.actor, event.data["user_id"]) == ("directory.left", "lisi", "lisi")


def test_redelivery_has_the_same_id_and_another_click_has_not() -> None:
    click = {"Event": "template_card_event", "EventKey": "ok~1", "TaskId": "t", "ResponseCode": "r1"}
    first = to_event(event_xml(**click))
    assert first.id == to_event(event_xml(**click)).id == to_event(event_xml(**click, FromUserName="ZhangSan")).id
    for other in (
        {"ResponseCode": "r2"}, {"EventKey": "ok~2"}, {"TaskId": "u"},
        {"CreateTime": "1790000001"}, {"FromUserName": "b"},
    ):  # fmt: skip
        assert to_event(event_xml(**(click | other))).id != first.id


def test_unusable_time_is_the_arrival() -> None:
    for stamp in ("", "soon", "9" * 30):
        assert to_event(event_xml(CreateTime=stamp)).at.tzinfo is UTC


def test_dispatch_failure_reaches_the_web_layer() -> None:
    def broken(event: Event) -> Card | None:
        raise RuntimeError("commit failed")

    vector = VECTORS["V1"]
    with pytest.raises(RuntimeError, match="commit failed"):
        doors(box(vector))["POST", PATH](WireRequest("POST", args(vector), {}, envelope(vector.sealed)), broken)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><xml><Encrypt>&a;</Encrypt></xml>'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (LIMIT + 1), 413),
        (b"", 400),
        (b"not xml", 400),
        (b"<xml/>", 400),
        (b"<xml><Encrypt></Encrypt></xml>", 400),
        (b'<?xml version="1.0" encoding="klingon"?><xml/>', 400),
        (b"<xml>" * 20_000, 400),
        (BOMB, 400),
        (OUTSIDE, 400),
        (b"<xml><Encrypt>QUJD</Encrypt></xml>", 401),
    ],
)
def test_refusals(body: bytes, status: int) -> None:
    hall = Hall()
    query = {"msg_signature": "0" * 40, "timestamp": "1", "nonce": "n"}
    with pytest.raises(BadRequest) as caught:
        doors(BOX)["POST", PATH](WireRequest("POST", query, {}, body), hall)
    assert (caught.value.status, hall.events) == (status, [])


@pytest.mark.parametrize("missing", ["msg_signature", "timestamp", "nonce"])
def test_missing_argument(missing: str) -> None:
    vector = VECTORS["V1"]
    query = args(vector)
    del query[missing]
    with pytest.raises(BadRequest) as caught:
        push(envelope(vector.sealed), box(vector), query)
    assert caught.value.status == 400


@pytest.mark.parametrize("inner", [b"", b"{}", b"\xff\xfe", BOMB])
def test_signed_but_malformed_inside(inner: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        signed(inner)
    assert caught.value.status == 400


words = st.text(max_size=40)


@given(
    st.dictionaries(st.sampled_from(["msg_signature", "timestamp", "nonce", "echostr"]), words), st.binary(max_size=300)
)
def test_fuzz_raw_bodies_never_dispatch(query: dict[str, str], body: bytes) -> None:
    hall = Hall()
    for method in ("POST", "GET"):
        with pytest.raises(BadRequest):
            doors(BOX)[method, PATH](WireRequest(method, query, {}, body), hall)
    assert hall.events == []


@given(words, words, words, st.text(alphabet="ABCDabcd0123+/= \n", max_size=200))
def test_fuzz_envelopes_never_dispatch(signature: str, timestamp: str, nonce: str, sealed: str) -> None:
    hall, query = Hall(), {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
    body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    with pytest.raises(BadRequest):
        doors(BOX)["POST", PATH](WireRequest("POST", query, {}, body), hall)
    assert hall.events == []


tags = st.sampled_from(
    ["FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "Content", "MsgId", "ChangeType", "SelectedItems"]
)
letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="<>&\ufffe\uffff")
kinds = st.sampled_from(["text", "event", "click", "template_card_event", "change_contact", "delete_user"])
values = st.one_of(kinds, st.text(letters))


@given(st.dictionaries(tags, values))
def test_fuzz_signed_messages_always_become_one_event(fields: dict[str, str]) -> None:
    xml = "<xml>" + "".join(f"<{tag}>{value}</{tag}>" for tag, value in fields.items()) + "</xml>"
    reply, hall = signed(xml.encode())
    assert (reply.status, reply.body, len(hall.events)) == (200, b"", 1)
    assert len(hall.events[0].id) <= 68


@given(st.binary(max_size=200))
def test_fuzz_signed_bytes_become_an_event_or_a_refusal(inner: bytes) -> None:
    try:
        reply, hall = signed(inner)
    except BadRequest as problem:
        refused = problem
    else:
        assert (reply.status, len(hall.events)) == (200, 1)
        return
    assert refused.status == 400
