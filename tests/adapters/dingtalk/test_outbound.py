"""What is said to DingTalk and how its refusals are understood, over a real socket."""

# ruff: noqa: E501 - tables of payloads and vectors read better unwrapped
from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.dingtalk import build, errors, render
from adapters.dingtalk.outbound import track_id
from adapters.dingtalk.platform import DingTalk
from bot.card import Button, Card
from bot.errors import PlatformError
from bot.ports import Sent
from tests.adapters.dingtalk.fakes import Seen, Store, Vendor

CREATE, BATCH = "/v1.0/card/instances/createAndDeliver", "/v1.0/robot/oToMessages/batchSend"
CARD = Card("补卡提醒", "请说明", buttons=(Button("忘了", "m.forgot", "r1", "primary"),))


@pytest.fixture
def ding(settings: Any, store: Store) -> DingTalk:
    found = build(settings, store)
    assert isinstance(found, DingTalk)
    return found


def delivered(seen: Seen) -> tuple[int, Any]:
    row = {"spaceType": "IM_ROBOT", "success": True, "carrierId": "q1"}
    return 200, {"success": True, "result": {"outTrackId": seen.body["outTrackId"], "deliverResults": [row]}}


def test_send_says_everything_and_counts_once(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers[CREATE] = delivered
    sent = ding.send("u1", CARD, "k1")
    (seen,) = vendor.calls(CREATE)
    assert sent.message_id == seen.body["outTrackId"] == track_id("u1", "k1")
    assert len(sent.message_id) <= 64
    assert sent.raw["carrierId"] == "q1"
    assert seen.headers["x-acs-dingtalk-access-token"] == "t1"
    assert (seen.body["callbackType"], seen.body["openSpaceId"]) == ("STREAM", "dtv1.card//IM_ROBOT.u1")
    assert seen.body["cardTemplateId"] == render.PUBLIC_TEMPLATE
    assert ding.quota() == {"calls": 1, "calls_limit": 5000, "pushes": 0, "pushes_limit": 3000}


def test_http_mode_registers_its_route_once(settings: Any, store: Store, vendor: Vendor) -> None:
    settings.dingtalk_mode, settings.dingtalk_card_template_id = "http", "own.schema"
    register = "/v1.0/card/callbacks/register"
    vendor.answers |= {CREATE: delivered, register: {"success": True}}
    ding = DingTalk(settings, store)
    ding.send("u1", CARD, "k1")
    ding.send("u1", CARD, "k2")
    (seen,) = vendor.calls(register)
    assert seen.body["callbackUrl"] == "https://hr.example.com/callbacks/dingtalk/cards"
    order = vendor.calls(CREATE)[0].body
    assert (order["callbackType"], order["callbackRouteKey"]) == ("HTTP", "huizhi")
    assert set(order["cardData"]["cardParamMap"]) == {"title", "text", "facts", "buttons", "footer", "closed"}


@pytest.mark.parametrize(("result", "permanent"), [
    ({"deliverResults": [{"success": False, "errorMsg": "param.userIdNotExist"}]}, True),
    ({"deliverResults": [{"success": False, "errorMsg": "something else"}]}, False),
        ({"deliverResults": [{"success": False, "errorMsg": "userId not exist"}]}, True),
    ({"deliverResults": [{"success": True}, {"success": False}]}, False),
    ({"deliverResults": []}, False),
])  # fmt: skip
def test_success_at_the_top_is_not_delivery(ding: DingTalk, vendor: Vendor, result: Any, permanent: bool) -> None:
    vendor.answers[CREATE] = {"success": True, "result": result}
    with pytest.raises(PlatformError) as caught:
        ding.send("u1", CARD, "k1")
    assert caught.value.permanent is permanent


def test_existing_card_counts_as_sent_and_missing_template_becomes_a_message(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers[CREATE] = lambda _: (400, {"code": "param.cardAlreadyExist"})
    assert ding.send("u1", CARD, "k1").message_id == track_id("u1", "k1")
    vendor.answers[CREATE] = lambda _: (400, {"code": "param.templateNotExist"})
    vendor.answers[BATCH] = {"processQueryKey": "q9", "invalidStaffIdList": [], "flowControlledStaffIdList": []}
    sent = ding.send("u1", CARD, "k1")
    assert sent.message_id == "md-q9"
    message = vendor.calls(BATCH)[0].body
    assert message["msgKey"] == "sampleActionCard"
    assert "hr.example.com%2Ftodo%3Fp%3Ddingtalk" in json.loads(message["msgParam"])["singleURL"]
    assert "也可以直接回复：忘了" in json.loads(message["msgParam"])["text"]
    assert ding.update("u1", CARD, sent).message_id == "md-q9"


def test_own_template_then_the_public_one_then_an_action_card(settings: Any, store: Store, vendor: Vendor) -> None:
    settings.dingtalk_card_template_id, missing = "own.schema", ["own.schema"]

    def create(seen: Seen) -> tuple[int, Any]:
        return (
            (400, {"code": "param.templateUnpublished"}) if seen.body["cardTemplateId"] in missing else delivered(seen)
        )

    vendor.answers |= {CREATE: create, "/v1.0/card/instances": {"success": True}}
    vendor.answers[BATCH] = {"processQueryKey": "q9"}
    ding = DingTalk(settings, store)
    public = ding.send("u1", CARD, "k1")
    assert [seen.body["cardTemplateId"] for seen in vendor.calls(CREATE)] == ["own.schema", render.PUBLIC_TEMPLATE]
    assert public.message_id == track_id("u1", "k1", render.PUBLIC_TEMPLATE) != track_id("u1", "k1", "own.schema")
    ding.update("u1", CARD, Sent(public.message_id))  # later only the id is known
    assert "markdown" in vendor.calls("/v1.0/card/instances")[0].body["cardData"]["cardParamMap"]
    missing.append(render.PUBLIC_TEMPLATE)
    assert ding.send("u1", CARD, "k2").message_id == "md-q9"
    assert len(vendor.calls(CREATE)) == 3, "a template known to be missing is not tried for each message"
    store.values.clear()
    missing.clear()
    own = ding.send("u1", CARD, "k3")
    ding.update("u1", CARD, Sent(own.message_id))
    assert "buttons" in vendor.calls("/v1.0/card/instances")[1].body["cardData"]["cardParamMap"]


def test_batch_of_21_is_two_calls_and_names_who_was_missed(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers[BATCH] = {"processQueryKey": "q", "invalidStaffIdList": ["u1"], "flowControlledStaffIdList": ["u2"]}
    queries, failed = ding._outbound.batch_send([f"u{n}" for n in range(21)], "sampleText", {"content": "x"})
    assert (len(queries), len(vendor.calls(BATCH))) == (2, 2)
    assert failed["u1"].permanent
    assert not failed["u2"].permanent


def test_update_recall_and_read_status(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers |= {
        "/v1.0/card/instances": {"success": True},
        "/v1.0/robot/otoMessages/batchRecall": {"successResult": ["q1"]},
    }
    rows = [{"userId": "u1", "readStatus": "read"}, {"userId": "u2", "readStatus": "UNREAD"}, {"userId": "u3"}]
    vendor.answers["/v1.0/robot/oToMessages/readStatus"] = {"sendStatus": "SUCESS", "messageReadInfoList": rows}
    sent = Sent("hz-1", raw={"carrierId": "q1"})
    ding.update("u1", CARD, sent)
    assert vendor.calls("/v1.0/card/instances")[0].body["cardUpdateOptions"] == {"updateCardDataByKey": True}
    assert ding.read_status(sent) == {"u1": True, "u2": False, "u3": False}
    ding.recall(sent)
    assert vendor.calls("/v1.0/robot/otoMessages/batchRecall")[0].body["processQueryKeys"] == ["q1"]
    ding.recall(Sent("hz-2"))
    assert vendor.calls("/v1.0/card/instances")[1].body["cardData"]["cardParamMap"]["title"] == "此消息已撤回"


def test_expired_token_is_replaced_and_the_call_replayed_once(ding: DingTalk, vendor: Vendor) -> None:
    path = "/topapi/v2/user/getuserinfo"
    wrapped = {"errcode": 88, "sub_code": "40014", "sub_msg": "x"}
    vendor.answers[path] = lambda seen: (
        200,
        {"errcode": 0, "result": {"userid": "u1"}} if "t2" in seen.path else wrapped,
    )
    assert ding.identify("code") == "u1"
    assert (vendor.tokens, len(vendor.calls(path)), ding.quota()["calls"]) == (2, 2, 0)
    vendor.answers[path] = wrapped
    with pytest.raises(PlatformError) as caught:
        ding.identify("code")
    assert caught.value.code == "40014"
    assert len(vendor.calls(path)) == 4


@pytest.mark.parametrize(
    "ban", [{"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "x"}, b"<html></html>"]
)
def test_ip_ban_rests_all_calls(ding: DingTalk, vendor: Vendor, ban: Any) -> None:
    vendor.answers["/topapi/v2/user/getuserinfo"] = lambda _: (200, ban)
    for _ in range(2):
        with pytest.raises(PlatformError) as caught:
            ding.identify("c")
        assert (caught.value.code, caught.value.retry_after) == ("ip_banned", 300)
    assert len(vendor.calls("/topapi/v2/user/getuserinfo")) == 1


def test_network_errors_never_quote_the_url(ding: DingTalk, vendor: Vendor) -> None:
    assert ding.client.token() == "t1"
    vendor.close()
    with pytest.raises(PlatformError) as caught:
        ding.identify("c")
    assert "t1" not in str(caught.value)
    assert not caught.value.permanent


@pytest.mark.parametrize(("code", "permanent", "alarm", "least"), [
    ("40014", False, True, 1), ("InvalidAuthentication", False, True, 1), ("40096", True, True, 0), ("60011", True, True, 0),
    ("Forbidden.AccessDenied.AccessTokenPermissionDenied", True, True, 0), ("50002", True, True, 0), ("60020", False, True, 60),
    ("Forbidden.AccessDenied.IpNotInWhiteList", False, True, 60), ("90018", False, False, 1), ("Throttling.Api", False, False, 1),
    ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", False, False, 1), ("QpmLimitForApi", False, False, 60),
    ("143103", False, False, 60), ("90020", False, True, 1), ("Forbidden.AccessDenied.ApiCountLimitForOrg", False, True, 3600),
    ("-1", False, False, 1), ("system.busy", False, False, 1), ("410100", False, False, 600), ("33012", True, False, 0),
    ("param.userIdNotExist", True, False, 0), ("40035", True, True, 0), ("22", True, True, 0), ("invalidParameter.msgKey.invalid", True, True, 0),
    ("param.contentUnsafe", True, True, 0), ("40078", True, False, 0), ("processQueryKey.expireTime", False, False, 60),
])  # fmt: skip
def test_error_table(code: str, permanent: bool, alarm: bool, least: float) -> None:
    error = errors.to_error(code)
    assert (error.permanent, error.alarm) == (permanent, alarm)
    assert error.retry_after >= least


def test_missing_scope_is_named_and_success_is_recognised() -> None:
    message = "应用尚未开通所需的权限：[Card.Instance.Write]"
    assert "Card.Instance.Write" in errors.to_error("60011", message).hint
    assert errors.code_of(200, {"errcode": "0"}) == errors.code_of(204, {}) == ""
    assert errors.code_of(200, {"errcode": 88, "sub_code": "60011"}) == "60011"
    assert errors.code_of(403, {}) == "403"


def test_doctor_reports_without_writing(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers["/topapi/role/list"] = {"errcode": 0, "result": {"hasMore": False, "list": []}}
    assert [finding.ok for finding in ding.doctor()] == [True, True, None, None, True]
    vendor.answers["/v1.0/oauth2/accessToken"] = lambda _: (400, {"code": "invalidClientIdOrSecret"})
    ding._store = Store()
    ding.client._store = ding._store
    assert ding.doctor()[0].ok is False
