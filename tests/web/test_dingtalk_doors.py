"""DingTalk's three callback URLs over HTTP, with the real adapter and a real database behind them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.tables import ask, failed, inbox, outbox
from tests.web import envelopes
from tests.web.conftest import ACTION, Web

DOORS = ("events", "robot", "cards")


def said(words: str, user: str = "zhang-san", **more: Any) -> dict[str, Any]:
    return {"msgtype": "text", "msgId": "m-1", "conversationType": "1", "senderStaffId": user, "senderId": "$:LWCP",
            "text": {"content": words}} | more  # fmt: skip


def clicked(key: str, user: str = "zhang-san", track: str = "t-1") -> dict[str, Any]:
    content = {"cardPrivateData": {"actionIds": [key], "params": {"action": key}}}
    return {"type": "actionCallback", "outTrackId": track, "userId": user, "content": json.dumps(content)}


def nothing_written(web: Web) -> bool:
    return not (web.rows(inbox) or web.rows(outbox) or web.rows(failed)) and web.nudges == 0


def success(web: Web, reply: Any) -> bool:
    """DingTalk counts a push as received only for the encrypted and signed word `success`."""
    sent, own = reply.get_json(), web.settings
    assert sent["msg_signature"] == envelopes.sha1(
        own.dingtalk_token, sent["timeStamp"], sent["nonce"], sent["encrypt"]
    )
    return envelopes.unseal(own.dingtalk_aes_key, own.dingtalk_client_id, sent["encrypt"]) == b"success"


def test_check_url_is_answered_with_the_encrypted_success(web: Web) -> None:
    reply = web.events({"EventType": "check_url"})
    assert reply.status_code == 200 and success(web, reply)
    assert web.rows(inbox) == []


def test_wrong_signatures_write_nothing(web: Web) -> None:
    assert web.events({"EventType": "x"}, msg_signature="0" * 40).status_code == 401
    assert web.events({"EventType": "x"}, owner="dingsomebodyelse").status_code == 401
    assert web.robot(said("你好"), sign="AAAA").status_code == 401
    assert web.robot(said("你好"), sign="é").status_code == 401
    assert web.cards(clicked(f"{ACTION}~x"), 0, **{"x-ddpaas-signature": "AAAA"}).status_code == 401
    for door in DOORS:
        assert web.http.post(f"/callbacks/dingtalk/{door}", json={"encrypt": "AAAA"}).status_code == 401
    assert nothing_written(web)


def test_a_signature_older_than_an_hour_is_refused(web: Web) -> None:
    for hours, status in ((1.1, 401), (-1.1, 401), (0.9, 200)):
        assert web.robot(said("你好"), hours_ago=hours).status_code == status
        assert web.cards(clicked("x~y"), hours_ago=hours).status_code == status
    assert len(web.rows(inbox)) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 20_000, b"NaN", b'{"a":NaN}', b"1" * 9000])
def test_signed_but_malformed_is_refused(web: Web, body: bytes) -> None:
    assert [web.events(body).status_code, web.robot(body).status_code, web.cards(body).status_code] == [400] * 3
    assert nothing_written(web)


def test_broken_envelopes_and_long_bodies_are_refused(web: Web) -> None:
    for padding in (b"\0", b"\x21", b"\x03\x02\x03"):
        assert web.events({"EventType": "x"}, padding=padding).status_code == 400
    for door in DOORS:
        assert web.http.post(f"/callbacks/dingtalk/{door}", data=b" " * (256 * 1024 + 1)).status_code == 413
    assert web.robot({"msgtype": "text"}).status_code == 400
    assert web.cards({"userId": "zhang-san"}).status_code == 400
    assert nothing_written(web)


def test_unknown_events_and_strangers_are_kept_harmlessly(web: Web) -> None:
    for payload in ({"EventType": "brand_new_2031", "EventId": "e-1"}, {}, {"EventType": ["odd"], "userId": {"a": 1}}):
        reply = web.events(payload)
        assert reply.status_code == 200 and success(web, reply)
    assert web.robot(said("我是谁", user="nobody-here")).get_json() == {"msgtype": "empty"}
    ref = web.ask("dingtalk", "zhang-san")
    assert web.cards(clicked(f"{ACTION}~{ref}", user="nobody-here")).get_json() == {}
    assert len(web.rows(inbox)) == 5
    assert [row["user_id"] for row in web.rows(outbox)] == ["zhang-san"]  # the question itself
    assert [row["state"] for row in web.rows(ask)] == ["open"]
    assert web.rows(failed) == []


def test_a_robot_message_over_quota_or_without_words_is_kept(web: Web) -> None:
    over = said("", errCode=20001)
    del over["text"]
    assert web.robot(over).get_json() == {"msgtype": "empty"}
    assert web.robot(said("", msgId="m-2", text=None)).status_code == 200
    assert web.robot(said("a\x00b\ud800", msgId="m-3")).status_code == 200
    assert len(web.rows(inbox)) == 3
    assert web.rows(failed) == []


def test_words_are_answered_once_however_often_they_come(web: Web) -> None:
    for _ in range(3):
        assert web.robot(said("今天天气不错")).get_json() == {"msgtype": "empty"}
    assert [row["event_id"] for row in web.rows(inbox)] == ["m-1"]
    assert len(web.rows(outbox)) == 1


def test_a_click_is_answered_with_the_card_that_replaces_it(web: Web) -> None:
    ref = web.ask("dingtalk", "zhang-san")
    reply = web.cards(clicked(f"{ACTION}~{ref}"))
    body = reply.get_json()
    assert reply.status_code == 200 and reply.content_type.startswith("application/json")
    assert set(body) == {"cardData", "cardUpdateOptions"}
    assert body["cardUpdateOptions"] == {"updateCardDataByKey": True}
    params = body["cardData"]["cardParamMap"]
    assert params and all(isinstance(value, str) for value in params.values())  # docs: every value is a string
    assert "已回答" in json.dumps(params, ensure_ascii=False)
    assert web.cards(clicked(f"{ACTION}~{ref}")).get_json() == {}
    assert len(web.rows(inbox)) == 1


def test_a_click_counts_only_on_ones_own_card(web: Web) -> None:
    ref = web.ask("dingtalk", "zhang-san")
    assert web.cards(clicked(f"{ACTION}~{ref}", user="li-lei")).get_json() == {}
    assert [row["state"] for row in web.rows(ask)] == ["open"]
    told = [row for row in web.rows(outbox) if row["user_id"] == "li-lei"]
    assert len(told) == 1 and "不属于您" in told[0]["body"]


@pytest.mark.parametrize("key", [f"{ACTION}~forged", f"{ACTION}~", "no.such.action~0123", f"{ACTION}~{'r' * 900}"])
def test_a_forged_ref_gets_a_polite_answer(web: Web, key: str) -> None:
    assert web.cards(clicked(key)).get_json() == {}
    assert web.rows(failed) == []
    assert [row["user_id"] for row in web.rows(outbox)] == ["zhang-san"]
