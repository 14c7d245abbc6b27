"""SMS against a real HTTP gateway on loopback, and its delivery reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.sms.channel import Sms, build
from bot.delivery.channels import REPORT
from bot.errors import BadRequest, PlatformError
from bot.event import Event
from bot.ports import WireRequest
from config.settings import SettingsError, load, sandbox_env
from tests.adapters.sms.gateway import Gateway, running
from tests.adapters.wecom.fake import Store

TEMPLATE = '{"to": "{to}", "text": "{text}", "out": ["{key}", 7]}'


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as found:
        yield found


def test_the_body_is_the_template_and_no_text_becomes_structure(gateway: Gateway) -> None:
    sent = Sms(gateway.url, "secret", TEMPLATE).send("13800000000", 'a"}, {to} {key}', "k1")
    assert sent.message_id == "g-1"
    token, body = gateway.seen[0]
    assert token == "Bearer secret"
    assert body == {"to": "13800000000", "text": 'a"}, {to} {key}', "out": ["k1", 7]}


def test_without_a_number_of_its_own_our_key_stands_for_the_message(gateway: Gateway) -> None:
    gateway.answers = [(202, "accepted")]
    assert Sms(gateway.url, "", TEMPLATE).send("1", "x", "k9").message_id == "k9"


@pytest.mark.parametrize(
    ("status", "permanent", "alarm"),
    [(400, True, False), (404, True, False), (401, False, True), (403, False, True), (429, False, False)]
    + [(500, False, False), (302, True, False)],
)
def test_refusals(gateway: Gateway, status: int, permanent: bool, alarm: bool) -> None:
    gateway.answers = [(status, "no")]
    with pytest.raises(PlatformError) as found:
        Sms(gateway.url, "secret", TEMPLATE).send("13800000000", "x", "k")
    assert (found.value.permanent, found.value.alarm) == (permanent, alarm)
    assert "secret" not in str(found.value) and "13800000000" not in str(found.value)


def test_nobody_there() -> None:
    with pytest.raises(PlatformError, match="network") as found:
        Sms("http://127.0.0.1:9/send", "", TEMPLATE).send("1", "x", "k")
    assert not found.value.permanent


def report(body: object, token: str = "rep") -> tuple[list[Event], Sms]:
    heard: list[Event] = []

    def dispatch(event: Event) -> None:
        heard.append(event)

    sms = Sms("http://127.0.0.1:9", "", TEMPLATE, "rep")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    sms.report(WireRequest("POST", {}, {"authorization": f"Bearer {token}"}, raw), dispatch)
    return heard, sms


def test_a_report_is_an_event_dated_by_the_gateway() -> None:
    body = [
        {"id": "g-1", "state": "DELIVRD", "at": "2026-06-11T09:47:00+08:00"},
        {"message_id": "g-2", "status": "UNDELIV"},
        {"id": "g-3", "state": "BUSY", "at": "yesterday"},
    ]
    heard, sms = report(body)
    assert [(each.action, each.data["message_id"], each.data["state"]) for each in heard] == [
        (REPORT, "g-1", "delivered"),
        (REPORT, "g-2", "failed"),
        (REPORT, "g-3", "busy"),
    ]
    assert heard[0].at == datetime(2026, 6, 11, 1, 47, tzinfo=UTC)
    assert len({each.id for each in heard}) == 3
    assert report(body)[0][0].id == heard[0].id
    assert list(sms.doors()) == [("POST", "/channels/sms/report")]


def test_the_shapes_of_two_large_gateways() -> None:
    aliyun = [{"phone_number": "13900000001", "report_time": "2026-06-11 09:47:00", "success": False,
               "err_code": "UNDELIV", "biz_id": "932702304080415357^0"}]  # fmt: skip
    (event,), _ = report(aliyun)
    assert (event.data["message_id"], event.data["state"], event.data["code"]) == (
        "932702304080415357^0", "failed", "UNDELIV",
    )  # fmt: skip
    tencent = [
        {"user_receive_time": "2026-06-11 09:47:00", "report_status": "SUCCESS", "errmsg": "DELIVRD", "sid": "s1"}
    ]
    heard: list[Event] = []

    def dispatch(event: Event) -> None:
        heard.append(event)

    sms = Sms("http://127.0.0.1:9", "", TEMPLATE, "rep", ZoneInfo("Asia/Shanghai"))
    reply = sms.report(WireRequest("POST", {"token": "rep"}, {}, json.dumps(tencent).encode()), dispatch)
    assert json.loads(reply.body)["code"] == json.loads(reply.body)["result"] == 0
    assert (heard[0].data["message_id"], heard[0].data["state"]) == ("s1", "delivered")
    assert heard[0].at == datetime(2026, 6, 11, 1, 47, tzinfo=UTC), "the firm's zone where none is named"


@pytest.mark.parametrize(
    ("word", "state"),
    [("DELIVRD", "delivered"), ("EXPIRED", "failed"), ("REJECTD", "failed"), ("UNKNOWN", "unknown"), (0, "delivered")],
)
def test_words_of_cmpp(word: object, state: str) -> None:
    assert report([{"id": "g-1", "state": word}])[0][0].data["state"] == state


@pytest.mark.parametrize(("body", "token", "status"), [({}, "wrong", 403), (b"x", "rep", 400), ([1], "rep", 400)])
def test_a_strangers_report_is_refused(body: object, token: str, status: int) -> None:
    with pytest.raises(BadRequest) as found:
        report(body, token)
    assert found.value.status == status


def test_reports_are_refused_while_no_token_is_set() -> None:
    with pytest.raises(BadRequest):
        Sms("http://127.0.0.1:9", "", TEMPLATE).report(WireRequest("POST", {}, {}, b"{}"), lambda event: None)


def test_settings() -> None:
    env = sandbox_env("http://127.0.0.1:1")
    assert build(load(env), Store()) is None
    assert build(load(env | {"HUIZHI_SMS_URL": "https://sms.example.cn"}), Store()) is not None
    with pytest.raises(SettingsError, match="HUIZHI_SMS_TEMPLATE"):
        load(env | {"HUIZHI_SMS_TEMPLATE": "[]"})
