"""Token life, bounded retries, and what every failure becomes."""

from __future__ import annotations

import hashlib

import pytest

from adapters.wecom import errors
from adapters.wecom.client import Client
from bot.errors import PlatformError
from tests.adapters.wecom.fake import Answer, Call, Store, Vendor

KEY = f"wecom:token:ww1:1000002:{hashlib.sha256(b's3cret').hexdigest()[:12]}"


def failure(client: Client) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        client.post("message/send", {})
    return caught.value


def test_one_token_for_many_calls(wecom: Vendor) -> None:
    wecom.client.get("agent/get", {"agentid": "1"})
    wecom.client.post("message/send", {"text": "你好"})
    assert wecom.paths() == ["gettoken", "agent/get", "message/send"]
    assert wecom.calls[0].query == {"corpid": "ww1", "corpsecret": "s3cret"}
    assert wecom.calls[1].query == {"agentid": "1", "access_token": "token-1"}
    assert wecom.store.ttls[KEY] == 6900
    assert wecom.store.locks == [f"{KEY}:refresh"]


def test_body_is_raw_utf8(wecom: Vendor) -> None:
    wecom.client.post("message/send", {"text": "你好"})
    assert wecom.calls[-1].body == '{"text":"你好"}'.encode()


@pytest.mark.parametrize("code", sorted(errors.TOKEN_DEAD))
def test_a_dead_token_is_replaced_once_and_the_call_replayed(wecom: Vendor, code: int) -> None:
    wecom.script = lambda call: {"errcode": code} if call.query["access_token"] == "token-1" else {"msgid": "m"}
    assert wecom.client.post("message/send", {})["msgid"] == "m"
    assert wecom.paths() == ["gettoken", "message/send", "gettoken", "message/send"]
    assert wecom.store.values[KEY] == "token-2"


@pytest.mark.parametrize("code", sorted(errors.TOKEN_DEAD))
def test_a_token_that_stays_dead_is_not_fought_for(wecom: Vendor, code: int) -> None:
    wecom.script = lambda call: {"errcode": code}
    problem = failure(wecom.client)
    assert (problem.code, problem.permanent) == (str(code), False)
    assert wecom.tokens == 2
    assert len(wecom.calls) == 4


def test_a_token_renewed_by_another_process_is_used(wecom: Vendor) -> None:
    def script(call: Call) -> Answer:
        if call.query["access_token"] == "token-1":
            wecom.store.values[KEY] = "token-from-neighbour"
            return {"errcode": 42001}
        return {"used": call.query["access_token"]}

    wecom.script = script
    assert wecom.client.post("message/send", {})["used"] == "token-from-neighbour"
    assert wecom.tokens == 1


def test_a_wrong_secret_is_asked_once_and_then_left_alone(wecom: Vendor) -> None:
    wecom.token_answer = {"errcode": 40001, "errmsg": "invalid credential"}
    for _ in range(3):
        problem = failure(wecom.client)
        assert (problem.code, problem.alarm) == ("40001", True)
    assert wecom.paths() == ["gettoken"]


def test_a_corrected_secret_is_tried_at_once(wecom: Vendor) -> None:
    wecom.token_answer = {"errcode": 40001}
    failure(wecom.client)
    wecom.token_answer = None
    repaired = Client(wecom.client.base, "ww1", 1000002, "corrected", wecom.store)
    assert repaired.post("message/send", {})["errcode"] == 0
    repaired._session.close()


def test_40001_on_a_call_is_not_replayed(wecom: Vendor) -> None:
    wecom.script = lambda call: {"errcode": 40001}
    assert failure(wecom.client).alarm
    assert wecom.paths() == ["gettoken", "message/send"]
    assert KEY not in wecom.store.values


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, b"<html>"), "garbled"),
        ((200, b"[]"), "garbled"),
        ((200, b'{"errcode":"x"}'), "garbled"),
        ((200, b""), "garbled"),
        ((200, b"\xff\xfe"), "garbled"),
        ((502, b""), "http_502"),
        ((500, b'{"errcode":0}'), "http_500"),
        ((404, b""), "http_404"),
        ((301, b""), "http_301"),
    ],
)
def test_odd_answers_can_be_retried(wecom: Vendor, answer: Answer, code: str) -> None:
    wecom.script = lambda call: answer
    problem = failure(wecom.client)
    assert (problem.code, problem.permanent) == (code, False)
    assert problem.retry_after > 0


def test_no_connection_says_nothing_secret() -> None:
    store = Store()
    store.values[KEY] = "token-1"
    client = Client("http://127.0.0.1:1", "ww1", 1000002, "s3cret", store)
    problem = failure(client)
    assert (problem.code, problem.permanent) == ("network", False)
    assert "token-1" not in str(problem)
    assert problem.__cause__ is None
    assert problem.__suppress_context__
    client._session.close()


def test_gettoken_without_a_token_is_garbled(wecom: Vendor) -> None:
    wecom.token_answer = {"expires_in": 7200}
    assert failure(wecom.client).code == "garbled"


@pytest.mark.parametrize("code", sorted(errors.known()))
def test_every_known_code_asks_for_exactly_one_thing(code: int) -> None:
    problem = errors.error(code)
    assert problem.code == str(code)
    assert problem.hint
    assert not (problem.permanent and problem.alarm)
    assert problem.retry_after > 0


@pytest.mark.parametrize(
    ("code", "permanent", "alarm", "retry"),
    [
        (-1, False, False, 5), (45009, False, False, 60), (45033, False, False, 10), (301022, False, False, 30),
        (40003, True, False, None), (60111, True, False, None), (81013, True, False, None), (60140, True, False, None),
        (60020, False, True, 600), (48002, False, True, 600), (301055, False, True, 600), (40001, False, True, 600),
        (301102, True, False, None), (40029, True, False, None), (42052, True, False, None),
        (40058, True, True, None), (42038, True, True, None), (999999, True, True, None),
    ],
)  # fmt: skip
def test_error_table(code: int, permanent: bool, alarm: bool, retry: float | None) -> None:
    problem = errors.error(code)
    assert (problem.permanent, problem.alarm) == (permanent, alarm)
    assert retry is None or problem.retry_after == retry


def test_the_untrusted_ip_is_named_and_other_text_is_not_passed_on() -> None:
    text = "not allow to access from your ip, hint: [1234_5_abc], from ip: 203.0.113.7, more info at zhangsan"
    problem = errors.error(60020, text)
    assert "203.0.113.7" in problem.hint
    assert "1234_5_abc" in problem.hint
    assert "zhangsan" not in str(problem)
