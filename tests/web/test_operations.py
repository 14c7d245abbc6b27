"""What surrounds the doors: headers, health, metrics, faults behind the doors, and what the log may not hold."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from bot import router
from bot.context import Context
from bot.event import Event
from bot.tables import ask, failed, inbox, outbox
from tests.web import envelopes
from tests.web.conftest import ACTION, STAFF, Web
from tests.web.envelopes import xml

SECRET_WORDS = "我今天要去医院做检查"
HARDENED = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def told(message_id: str = "7001", words: str = SECRET_WORDS) -> bytes:
    return xml(FromUserName="zhang-san", MsgType="text", Content=words, MsgId=message_id)


def robot(words: str = SECRET_WORDS) -> dict[str, object]:
    return {"msgtype": "text", "msgId": "m-1", "senderStaffId": "zhang-san", "text": {"content": words}}


def lost(web: Web) -> None:
    """Neither the event nor its failure can be written any more."""
    with web.app.engine.begin() as connection:
        failed.drop(connection)
        inbox.drop(connection)


def numbers(web: Web) -> dict[str, float]:
    """Every sample of /metrics as `name{values}`, label values in alphabetical order."""
    found = {}
    for family in text_string_to_metric_families(web.http.get("/metrics").text):
        for sample in family.samples:
            found[f"{sample.name}{{{','.join(sorted(sample.labels.values()))}}}"] = sample.value
    return found


def test_security_headers_are_on_every_answer(web: Web) -> None:
    answers = [
        web.http.get("/healthz"), web.http.get("/readyz"), web.http.get("/metrics"), web.http.get("/nothing-here"),
        web.http.put("/callbacks/wecom"), web.http.get("/callbacks/wecom"), web.wecom(told()), web.robot(robot()),
        web.wecom(told(), msg_signature="0"), web.http.post("/callbacks/wecom", data=b" " * 300_000),
    ]  # fmt: skip
    lost(web)
    answers += [web.wecom(told("7002")), web.http.get("/metrics")]
    assert {answer.status_code for answer in answers} == {200, 400, 401, 404, 405, 413, 503}
    for answer in answers:
        for name, value in HARDENED.items():
            assert answer.headers.getlist(name) == [value]
        assert "Set-Cookie" not in answer.headers


def test_health_and_readiness(web: Web) -> None:
    assert (web.http.get("/healthz").status_code, web.http.get("/healthz").text) == (200, "ok")
    assert (web.http.get("/readyz").status_code, web.http.get("/readyz").text) == (200, "ready")


def test_without_redis_it_is_not_ready_but_loses_nothing(lonely: Web) -> None:
    assert lonely.http.get("/healthz").status_code == 200
    reply = lonely.http.get("/readyz")
    assert (reply.status_code, reply.text) == (503, "not ready: redis")
    assert lonely.wecom(told()).status_code == 200
    assert lonely.robot(robot()).status_code == 200
    assert lonely.cards({"outTrackId": "t", "userId": "zhang-san", "content": "{}"}).status_code == 200
    assert lonely.events({"EventType": "attendance_check_record", "EventId": "e-1", "dataList": []}).status_code == 200
    assert len(lonely.rows(inbox)) == 3  # an attendance push without rows holds no fact
    assert lonely.rows(failed) == []
    assert numbers(lonely)["huizhi_outbox{queued}"] == len(lonely.rows(outbox))


def test_without_a_database_it_is_not_ready(lonely: Web) -> None:
    lonely.app.engine.dispose()
    lonely.app.engine = sa.create_engine("sqlite:////nowhere/at/all.db")
    reply = lonely.http.get("/readyz")
    assert (reply.status_code, reply.text) == (503, "not ready: database, redis")
    assert lonely.http.get("/metrics").status_code == 503
    assert lonely.wecom(told()).status_code == 503


def test_metrics_count_doors_rows_and_the_month(web: Web) -> None:
    web.wecom(told())
    web.wecom(told(), msg_signature="0")
    web.robot(robot())
    found = numbers(web)
    assert found["huizhi_callbacks_total{/callbacks/wecom,200}"] == 1
    assert found["huizhi_callbacks_total{/callbacks/wecom,401}"] == 1
    assert found["huizhi_callbacks_total{/callbacks/dingtalk/robot,200}"] == 1
    assert found["huizhi_outbox{queued}"] == 2
    assert found["huizhi_failed_events{}"] == 0
    assert found["huizhi_evidence_pending{}"] >= 0
    assert found["huizhi_platform_quota_used{dingtalk,pushes}"] == 1
    text = web.http.get("/metrics").text
    assert not any(each.user_id in text or each.name in text for each in STAFF)


def test_a_flow_that_breaks_is_kept_and_acknowledged(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: Event, ctx: Context) -> None:
        raise ZeroDivisionError(event.data)

    monkeypatch.setitem(router.routes.flows, ACTION, broken)
    key = f"{ACTION}~{web.ask('dingtalk', 'zhang-san')}"
    reply = web.cards({"outTrackId": "t", "userId": "zhang-san", "content": {"params": {"action": key}}})
    assert reply.status_code == 200 and "已记下" in json.dumps(reply.get_json(), ensure_ascii=False)
    assert [(row["platform"], row["error"]) for row in web.rows(failed)] == [("dingtalk", "ZeroDivisionError")]
    assert [row["state"] for row in web.rows(ask)] == ["open"]
    assert numbers(web)["huizhi_failed_events{}"] == 1


def test_when_not_even_the_failure_can_be_written_the_vendor_is_asked_to_repeat(web: Web) -> None:
    lost(web)
    for reply in (web.wecom(told()), web.robot(robot()), web.events({"EventType": "new", "EventId": "e"})):
        assert reply.status_code == 503
        assert reply.text.startswith("try again (") and "SQL" not in reply.text
    assert web.rows(outbox) == [] and web.nudges == 0


def test_no_log_line_holds_words_or_ids_of_people(
    web: Web, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)

    def broken(event: Event, ctx: Context) -> None:
        raise ValueError(f"{event.actor} said {SECRET_WORDS}")

    monkeypatch.setitem(router.routes.flows, ACTION, broken)
    sealed = envelopes.seal(web.settings.wecom_encoding_aes_key, web.settings.wecom_corp_id, b"echo")
    web.http.get("/callbacks/wecom", query_string=web.wecom_url(sealed, echostr=sealed))
    for _ in range(2):
        web.wecom(told())
        web.robot(robot())
    web.wecom(told(), msg_signature="0")
    web.wecom(told(), padding=b"\0")
    web.robot(json.dumps(robot(), ensure_ascii=False).encode()[:-1])
    web.wecom(xml(FromUserName="zhang-san", MsgType="event", Event="template_card_event", EventKey=f"{ACTION}~x"))
    web.events({"EventType": "brand_new", "userId": "li-lei", "text": SECRET_WORDS})
    lost(web)
    web.wecom(told("7003"))
    web.robot(robot() | {"msgId": "m-9"})
    captured = capsys.readouterr()
    lines = captured.out + captured.err + caplog.text
    for event in ("callback.refused", "callback.lost", "event.failed", "event.duplicate", "event.unanswered"):
        assert event in lines
    own = web.settings
    secrets = (own.wecom_secret, own.wecom_token, own.wecom_encoding_aes_key, own.dingtalk_client_secret)
    for word in (SECRET_WORDS, "医院", *(each.user_id for each in STAFF), *(each.name for each in STAFF), *secrets):
        assert word not in lines
