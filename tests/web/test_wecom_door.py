"""WeCom's callback URL over HTTP, with the real adapter and a real database behind it."""

from __future__ import annotations

import io

import pytest

from bot.tables import ask, failed, inbox, outbox
from tests.web import envelopes
from tests.web.conftest import ACTION, Web
from tests.web.envelopes import xml

PATH = "/callbacks/wecom"
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><Encrypt>&c;</Encrypt></xml>"""


def said(words: str, user: str = "zhang-san", message_id: str = "7001") -> bytes:
    return xml(FromUserName=user, MsgType="text", Content=words, MsgId=message_id)


def clicked(key: str, user: str = "zhang-san", **more: str) -> bytes:
    return xml(FromUserName=user, MsgType="event", Event="template_card_event", EventKey=key, **more)


def nothing_written(web: Web) -> bool:
    return not (web.rows(inbox) or web.rows(outbox) or web.rows(failed)) and web.nudges == 0


def test_the_url_is_verified_with_the_decrypted_echo(web: Web) -> None:
    sealed = envelopes.seal(web.settings.wecom_encoding_aes_key, web.settings.wecom_corp_id, b"8871234567890")
    reply = web.http.get(PATH, query_string=web.wecom_url(sealed, echostr=sealed))
    assert (reply.status_code, reply.data) == (200, b"8871234567890")
    reply = web.http.get(PATH, query_string=web.wecom_url(sealed, echostr=sealed, msg_signature="0" * 40))
    assert (reply.status_code, reply.data) == (401, b"refused")
    assert web.http.get(PATH).status_code == 400
    assert nothing_written(web)


@pytest.mark.parametrize("signature", ["0" * 40, "é", "x" * 5000])
def test_a_wrong_signature_writes_nothing(web: Web, signature: str) -> None:
    assert web.wecom(said("你好"), msg_signature=signature).status_code == 401
    assert nothing_written(web)


def test_what_is_signed_but_not_ours_or_damaged_is_refused(web: Web) -> None:
    assert web.wecom(said("你好"), corp="wwsomebodyelse").status_code == 401
    for padding in (b"\0", b"\x21", b"\x03\x02\x03"):
        assert web.wecom(said("你好"), padding=padding).status_code == 400
    for message in (b"", b"not xml", b"<xml>", BOMB):
        assert web.wecom(message).status_code == 400
    assert nothing_written(web)


def test_bodies_that_cannot_be_a_push_are_refused_unread(web: Web) -> None:
    query = {"msg_signature": "0", "timestamp": "1", "nonce": "n"}
    for body, status in ((BOMB, 400), (b"", 400), (b"\xff", 400), (b"<xml/>", 400), (b"x" * (256 * 1024 + 1), 413)):
        assert web.http.post(PATH, query_string=query, data=body).status_code == status
    assert nothing_written(web)


def test_a_long_body_of_undeclared_length_is_refused_too(web: Web) -> None:
    class Endless:
        """A chunked upload, as the server hands it over: no Content-Length."""

        def read(self, size: int = -1) -> bytes:
            return b"x" * min(size if size > 0 else 65536, 65536)

    chunked = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    reply = web.http.open(path=PATH, method="POST", environ_overrides=chunked)
    assert reply.status_code == 413
    assert nothing_written(web)


def test_a_sender_that_goes_away_in_the_middle_is_refused(web: Web) -> None:
    broken = {"wsgi.input": io.BytesIO(b"<xml>"), "CONTENT_LENGTH": "500"}
    assert web.http.open(path=PATH, method="POST", environ_overrides=broken).status_code == 400
    assert nothing_written(web)


def test_words_are_answered_once_however_often_they_come(web: Web) -> None:
    message = said("今天天气不错")
    for _ in range(3):
        reply = web.wecom(message)
        assert (reply.status_code, reply.data) == (200, b"")
    assert [row["event_id"] for row in web.rows(inbox)] == ["msg-7001"]
    assert len(web.rows(outbox)) == 1
    assert web.nudges == 3  # a repeat wakes the worker again: the first nudge may have been lost


def test_unknown_events_and_strangers_are_kept_harmlessly(web: Web) -> None:
    assert web.wecom(xml(FromUserName="zhang-san", MsgType="event", Event="brand_new_2031")).status_code == 200
    assert web.wecom(xml()).status_code == 200
    assert web.wecom(said("我是谁", user="nobody-here", message_id="7002")).status_code == 200
    ref = web.ask("wecom", "zhang-san")
    assert web.wecom(clicked(f"{ACTION}~{ref}", user="nobody-here")).status_code == 200
    assert len(web.rows(inbox)) == 4
    assert [row["kind"] for row in web.rows(outbox)] == ["send"]  # the question itself and no answer to anybody
    assert [row["state"] for row in web.rows(ask)] == ["open"]
    assert web.rows(failed) == []


def test_a_click_counts_only_on_ones_own_card(web: Web) -> None:
    ref = web.ask("wecom", "zhang-san")
    assert web.wecom(clicked(f"{ACTION}~{ref}", user="li-lei", ResponseCode="code-1")).status_code == 200
    assert [row["state"] for row in web.rows(ask)] == ["open"]
    told = [row for row in web.rows(outbox) if row["user_id"] == "li-lei"]
    assert len(told) == 1 and "不属于您" in told[0]["body"]
    assert web.wecom(clicked(f"{ACTION}~{ref}", ResponseCode="code-2")).status_code == 200
    assert [(row["state"], row["answer"]) for row in web.rows(ask)] == [("answered", "yes")]


@pytest.mark.parametrize("key", [f"{ACTION}~forged", f"{ACTION}~", "no.such.action~0123", f"{ACTION}~{'r' * 900}"])
def test_a_forged_ref_gets_a_polite_answer(web: Web, key: str) -> None:
    assert web.wecom(clicked(key)).status_code == 200
    assert web.rows(failed) == []
    assert [row["user_id"] for row in web.rows(outbox)] == ["zhang-san"]


def test_a_user_id_in_another_case_is_the_same_person(web: Web) -> None:
    ref = web.ask("wecom", "zhang-san")
    assert web.wecom(clicked(f"{ACTION}~{ref}", user="Zhang-San")).status_code == 200
    assert web.rows(ask)[0]["state"] == "answered"
