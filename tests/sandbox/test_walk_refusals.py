"""The real adapters walked through the sandbox: messages taken back, tokens, limits, and each refusal once."""

from __future__ import annotations

import pytest

from adapters.wecom import errors as wecom_errors
from adapters.wecom.errors import TOKEN_DEAD
from bot.card import Button, Card, Fact
from tests.sandbox.walk import MONDAY, Walk, at, failure, later

CARD = Card("补卡提醒", "今天少了一次打卡", (Fact("班次", "09:00"),), buttons=(Button("忘打卡", "a.b", "r1"),))


@pytest.mark.parametrize(("name", "user", "late"), [("wecom", "zhangsan", "42052"), ("dingtalk", "zhou", "processQueryKey.expireTime")])  # fmt: skip  # noqa: E501
def test_recall_within_a_day(walk: Walk, name: str, user: str, late: str) -> None:
    platform = getattr(walk, name)
    first, second = platform.send(user, CARD, "k1"), platform.send(user, CARD, "k2")
    platform.recall(first)
    assert [bubble["state"] for bubble in walk.bubbles(user)] == ["recalled", "live"]
    later(walk, 86401)
    assert failure(lambda: platform.recall(second)).code == late
    assert walk.bubbles(user)[1]["state"] == "live"


@pytest.mark.parametrize(
    ("name", "user", "tokens", "sends"),
    [
        ("wecom", "zhangsan", "/cgi-bin/gettoken", "/cgi-bin/message/send"),
        ("dingtalk", "zhou", "/v1.0/oauth2/accessToken", "/v1.0/card/instances/createAndDeliver"),
    ],
)
def test_an_expired_token_is_renewed_once_and_the_message_arrives_once(
    walk: Walk, name: str, user: str, tokens: str, sends: str
) -> None:
    platform = getattr(walk, name)
    platform.send(user, CARD, "before")
    before = walk.calls(sends)
    walk.ask("faults", kind="expired_token", match=sends)
    platform.send(user, CARD, "after")
    assert walk.calls(tokens) == 2 and walk.calls(sends) - before == 2
    assert len(walk.bubbles(user)) == 2
    walk.ask("faults", kind="expired_token", times=2, match=sends)
    assert not failure(lambda: platform.send(user, CARD, "third")).permanent
    later(walk, 7201)
    platform.send(user, CARD, "fourth")
    assert len(walk.bubbles(user)) == 3


@pytest.mark.parametrize(("name", "user", "code"), [("wecom", "li", "45009"), ("dingtalk", "sun", "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")])  # fmt: skip  # noqa: E501
def test_rate_limit_is_waited_out(walk: Walk, name: str, user: str, code: str) -> None:
    walk.ask("faults", kind="rate_limit")
    limited = failure(lambda: getattr(walk, name).send(user, CARD, "k"))
    assert (limited.code, limited.permanent, limited.alarm) == (code, False, False) and limited.retry_after > 0
    getattr(walk, name).send(user, CARD, "k")
    assert len(walk.bubbles(user)) == 1


@pytest.mark.parametrize(
    ("kind", "code", "word"),
    [("no_permission", "48002", "权限"), ("ip_untrusted", "60020", "203.0.113.9"), ("no_callback", "43012", "回调")],
)
def test_wecom_permission_taken_away_from_attendance(walk: Walk, kind: str, code: str, word: str) -> None:
    since, until = at("2026-01-05"), at("2026-01-06")
    calls = [
        ("getcheckinoption", lambda: walk.wecom.attendance.shifts(["li"], MONDAY)),
        ("getcheckindata", lambda: walk.wecom.attendance.punches(["li"], since, until)),
        ("getcheckin_daydata", lambda: walk.wecom.attendance.leaves(["li"], since, until)),
    ]
    for path, call in calls:
        walk.ask("faults", kind=kind, match=path)
        refused = failure(call)
        assert refused.code == code and refused.alarm and not refused.permanent and word in refused.hint
    walk.ask("shifts", user="li", day=MONDAY.isoformat(), times=[["08:00", "12:00"]])
    walk.ask("faults", kind=kind, match="getcheckinschedulist")
    assert failure(lambda: walk.wecom.attendance.shifts(["li"], MONDAY)).code == code


def test_without_approval_permission_the_day_of_leave_still_counts(walk: Walk) -> None:
    walk.ask("clock", at="2026-01-05T20:00")
    walk.ask("leave", user="li", start="2026-01-05T09:00", end="2026-01-05T12:00")
    walk.ask("faults", kind="no_permission", times=9, match="/cgi-bin/oa/")
    found = walk.wecom.attendance.leaves(["li"], at("2026-01-05"), at("2026-01-06"))
    assert [(leave.start, leave.end) for leave in found] == [(at("2026-01-05"), at("2026-01-06"))]


def test_an_unknown_member_does_not_spoil_the_others(walk: Walk) -> None:
    found = walk.wecom.attendance.shifts(["zhangsan", "nobody", "li"], MONDAY)
    assert sorted(shift.user_id for shift in found) == ["li", "zhangsan"]


def test_every_known_wecom_code_once(walk: Walk) -> None:
    """Whatever WeCom refuses with, the adapter names the code and never repeats the call by itself."""
    found = {}
    for code in sorted(set(wecom_errors.known())):
        times = 2 if code in TOKEN_DEAD else 1
        walk.ask("faults", kind="refuse", code=str(code), times=times, match="/cgi-bin/agent/get")
        found[code] = failure(lambda: walk.wecom._client.get("agent/get", {"agentid": "1000002"}))
    assert {code: error.code for code, error in found.items()} == {code: str(code) for code in found}
    assert len(found) > 60 and all(error.hint for error in found.values())
    assert walk.ask("faults", "GET") == []
    walk.wecom._client.get("agent/get", {"agentid": "1000002"})


DENIED = "Forbidden.AccessDenied."
NEW = (
    "InvalidAuthentication", DENIED + "AccessTokenPermissionDenied", DENIED + "IpNotInWhiteList",
    DENIED + "QpsLimitForApi", DENIED + "ApiCountLimitForOrg", "Throttling.Api", "send.too.fast", "too.many.people",
    "system.error", "serviceBusy", "staffId.notExisted", "param.userIdNotExist", "param.contentUnsafe",
    "contain.notAllowed.text", "param.cardAlreadyExist", "processQueryKey.expireTime", "chatbotId.notAllow.sendOTO",
    "invalidParameter.robotCode.empty",
)  # fmt: skip
OLD = (
    "40014", "42001", "40096", "60011", "50002", "50004", "43007", "60020", "90018", "90002", "90020", "410100", "-1",
    "33012", "60121", "60111", "40003", "40104", "40035", "41041", "400002", "40078", "42008", "143103", "143106",
)  # fmt: skip


@pytest.mark.parametrize(("codes", "path"), [(NEW, "/v1.0/card/instances"), (OLD, "/topapi/v2/user/get")])
def test_every_listed_dingtalk_code_once(walk: Walk, codes: tuple[str, ...], path: str) -> None:
    client, found = walk.dingtalk.client, {}
    for code in codes:
        times = 2 if code in ("InvalidAuthentication", "40014", "42001") else 1
        walk.ask("faults", kind="refuse", code=code, times=times, match=path)
        found[code] = failure(
            (lambda: client.api("PUT", path, {"outTrackId": "x"}))
            if path.startswith("/v1.0")
            else (lambda: client.oapi(path, {"userid": "zhou"}))
        )
    assert {code: error.code for code, error in found.items()} == {code: code for code in codes}
    assert walk.ask("faults", "GET") == []


@pytest.mark.parametrize("kind", ["no_permission", "ip_untrusted"])
def test_dingtalk_permission_taken_away(walk: Walk, kind: str) -> None:
    for call in (
        lambda: walk.dingtalk.attendance.shifts(["zhou"], MONDAY),
        lambda: walk.dingtalk.attendance.punches(["zhou"], at("2026-01-05"), at("2026-01-06")),
        lambda: walk.dingtalk.send("zhou", CARD, "k"),
    ):
        walk.ask("faults", kind=kind)
        assert failure(call).alarm
        assert walk.ask("faults", "GET") == []


def test_the_directory_has_the_staffs_representative(walk: Walk) -> None:
    people = {person.user_id: person for person in walk.wecom.people()}
    assert people["gong"].name == "龚工会" and people["gong"].departments == ("工会",)
    assert walk.wecom.attendance.shifts(["gong"], MONDAY) == []
    assert failure(lambda: walk.wecom.send("nobody", CARD, "k")).code == "81013"
