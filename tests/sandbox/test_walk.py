"""The real adapters walked through the sandbox: signing in, files, hours, punches, leave, corrections."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests

from bot.ports import Correction, SignIn
from tests.sandbox.walk import BOT, MONDAY, Walk, at, failure, later

# Signing in


@pytest.mark.parametrize(("name", "user", "field"), [("wecom", "li", "code"), ("dingtalk", "wu", "authCode")])
def test_whoever_opens_the_link_is_signed_in_once(walk: Walk, name: str, user: str, field: str) -> None:
    platform = getattr(walk, name)
    assert isinstance(platform, SignIn)
    args = walk.back(platform.sign_in_url(f"{BOT}/in/back", "s1S2"), f"{name}:{user}")
    assert set(args) == {field, "state"} and args["state"] == "s1S2"
    assert platform.signed_in(args) == user
    again = failure(lambda: platform.signed_in(args))
    assert again.permanent and not again.alarm
    late = walk.back(platform.sign_in_url(f"{BOT}/in/back", "s3"), f"{name}:{user}")
    later(walk, 301)
    assert failure(lambda: platform.signed_in(late)).permanent
    assert failure(lambda: platform.signed_in({field: "invented", "state": "s1S2"})).permanent
    assert args[field] not in str(walk.ask("wire", "GET"))


def test_wecom_says_why_a_code_is_refused(walk: Walk) -> None:
    def fresh() -> dict[str, str]:
        return walk.back(walk.wecom.sign_in_url(f"{BOT}/in/back", "x"), "wecom:gong")

    used = fresh()
    assert walk.wecom.signed_in(used) == "gong"
    late = fresh()
    later(walk, 301)
    found = [failure(lambda args=args: walk.wecom.signed_in(args)).code for args in (used, late, {"code": "no"})]
    assert found == ["42022", "42003", "40029"]


def test_dingtalk_keeps_the_clients_code_and_the_browsers_apart(walk: Walk) -> None:
    inside = walk.ask("code", user="zhou")["code"]
    assert failure(lambda: walk.dingtalk.signed_in({"authCode": inside})).permanent
    assert walk.dingtalk.signed_in({"code": inside}) == "zhou"
    assert failure(lambda: walk.dingtalk.signed_in({"code": inside})).code == "42008"
    browser = walk.back(walk.dingtalk.sign_in_url(f"{BOT}/in/back", "x"), "dingtalk:zhou")
    assert failure(lambda: walk.dingtalk.signed_in({"code": browser["authCode"]})).code == "40078"


# Files


def test_wecom_file_is_uploaded_sent_opened_and_expires(walk: Walk) -> None:
    content = b"%PDF-1.7 " + bytes(range(256)) * 8
    media = walk.wecom.upload("file", "员工手册 2026.pdf", content)
    body = {"touser": "zhangsan", "agentid": 1000002, "msgtype": "file", "file": {"media_id": media}}
    walk.wecom._client.post("message/send", body)
    shown = walk.bubbles("zhangsan")[0]
    assert (shown["kind"], shown["card"]["name"], shown["card"]["size"]) == ("file", "员工手册 2026.pdf", len(content))
    got = requests.get(walk.running.url + shown["card"]["url"], timeout=10)
    assert got.content == content and got.headers["Content-Disposition"].startswith("attachment")
    assert failure(lambda: walk.wecom._client.post("message/send", {**body, "file": {"media_id": "x"}})).code == "40007"
    image = {**body, "msgtype": "image", "image": {"media_id": media}}
    image.pop("file")
    assert failure(lambda: walk.wecom._client.post("message/send", image)).code == "40007", "a file is no picture"
    later(walk, 3 * 86400 + 1)
    assert failure(lambda: walk.wecom._client.post("message/send", body)).code == "40007"
    assert requests.get(walk.running.url + shown["card"]["url"], timeout=10).content == content


@pytest.mark.parametrize(
    ("kind", "name", "content", "code"),
    [
        ("file", "a.txt", b"12345", 40006),
        ("image", "a.jpg", bytes((10 << 20) + 1), 45001),
        ("image", "a.exe", b"123456", 40005),
        ("paper", "a.txt", b"123456", 40004),
    ],
)
def test_wecom_refuses_what_is_no_medium(walk: Walk, kind: str, name: str, content: bytes, code: int) -> None:
    found = failure(lambda: walk.wecom._client.upload("media/upload", {"type": kind}, name, content))
    assert found.code == str(code)


def test_dingtalk_file(walk: Walk) -> None:
    def upload(name: str, content: bytes, kind: str = "file") -> Any:
        return requests.post(
            walk.running.url + "/media/upload",
            params={"access_token": walk.dingtalk.client.token()},
            data={"type": kind},
            files={"media": (name, content)},
            timeout=20,
        ).json()

    media = upload("考勤表.xlsx", b"PK\x03\x04")["media_id"]
    param = {"mediaId": media, "fileName": "一月考勤.xlsx", "fileType": "xlsx"}
    keys, failed = walk.dingtalk._outbound.batch_send(["zhou"], "sampleFile", param)
    shown = walk.bubbles("zhou")[0]
    assert keys and not failed and (shown["kind"], shown["card"]["name"]) == ("file", "一月考勤.xlsx")
    assert requests.get(walk.running.url + shown["card"]["url"], timeout=10).content == b"PK\x03\x04"
    codes = [upload("a.exe", b"x"), upload("a.pdf", b""), upload("a.pdf", b"x", "paper")]
    assert [each["errcode"] for each in codes] == [40005, 40006, 40004]
    unknown = failure(lambda: walk.dingtalk._outbound.batch_send(["zhou"], "sampleFile", {**param, "mediaId": "x"}))
    assert unknown.permanent


# Hours, punches, leave, corrections

HOURS = [
    ([["22:00", "06:00"]], [("2026-01-05 22:00", "2026-01-06 06:00")]),
    ([], []),
    (
        [["09:00", "12:00"], ["13:30", "18:00"]],
        [("2026-01-05 09:00", "2026-01-05 12:00"), ("2026-01-05 13:30", "2026-01-05 18:00")],
    ),
    (None, [("2026-01-05 09:00", "2026-01-05 18:00")]),
]


def hours(walk: Walk, name: str, user: str, day: date) -> list[tuple[datetime, datetime]]:
    found = getattr(walk, name).attendance.shifts([user], day)
    return [(shift.start, shift.end) for shift in found]


@pytest.mark.parametrize(("name", "user"), [("wecom", "zhangsan"), ("dingtalk", "zhou")])
@pytest.mark.parametrize(("times", "expected"), HOURS)
def test_one_day_differs(
    walk: Walk, name: str, user: str, times: list[list[str]] | None, expected: list[tuple[str, str]]
) -> None:
    walk.ask("clock", at="2026-01-05T08:00")
    walk.ask("shifts", user=user, day=MONDAY.isoformat(), times=times)
    assert hours(walk, name, user, MONDAY) == [(at(start), at(end)) for start, end in expected]
    tuesday = MONDAY + timedelta(days=1)
    assert hours(walk, name, user, tuesday) == [(at("2026-01-06 09:00"), at("2026-01-06 18:00"))]
    assert hours(walk, name, user, MONDAY - timedelta(days=1)) == []


@pytest.mark.parametrize(("name", "user"), [("wecom", "zhangsan"), ("dingtalk", "zhou")])
def test_a_rule_with_two_shifts_on_some_weekdays(walk: Walk, name: str, user: str) -> None:
    walk.ask("clock", at="2026-01-05T08:00")
    walk.ask("shifts", user=user, times=[["07:00", "11:00"], ["16:00", "20:00"]], days=[1])
    assert [start for start, _ in hours(walk, name, user, MONDAY)] == [at("2026-01-05 07:00"), at("2026-01-05 16:00")]
    assert hours(walk, name, user, MONDAY + timedelta(days=1)) == []


def test_nonsense_hours_are_named(walk: Walk) -> None:
    for wrong in ([["25:00", "06:00"]], [["09:00", "12:00"], ["11:00", "18:00"]], "x", [["09:00"]]):
        asked = {"user": "zhou", "day": "2026-01-05", "times": wrong}
        assert requests.post(f"{walk.running.url}/_sandbox/shifts", json=asked, timeout=10).status_code == 400


@pytest.mark.parametrize(("name", "user"), [("wecom", "zhangsan"), ("dingtalk", "zhou")])
def test_a_missed_night_shift_is_corrected(walk: Walk, name: str, user: str) -> None:
    """The punch is missed at 22:00, shows after the shift's middle, and the correction is seen afterwards."""
    attendance = getattr(walk, name).attendance
    walk.ask("clock", at="2026-01-05T12:00")
    walk.ask("shifts", user=user, day=MONDAY.isoformat(), times=[["22:00", "06:00"]])
    walk.ask("clock", at="2026-01-06T06:10")
    walk.ask("punch", user=user, at="2026-01-06T06:02")
    seen = attendance.punches([user], at("2026-01-05 20:00"), at("2026-01-06 12:00"))
    assert [(punch.at, punch.kind) for punch in seen] == [(at("2026-01-06 06:02"), "off")]
    shift = attendance.shifts([user], MONDAY)[0]
    fix = Correction(user, MONDAY, shift.start, shift.start, shift.plan_ref, "忘了", "case-1")
    assert attendance.corrected(fix) is False
    attendance.correct(fix)
    assert attendance.corrected(fix) is True
    seen = attendance.punches([user], at("2026-01-05 20:00"), at("2026-01-06 12:00"))
    assert [punch.kind for punch in sorted(seen, key=lambda punch: punch.at)] == ["on", "off"]


def test_wecom_daily_report_counts_the_missing_punch_and_the_leave(walk: Walk) -> None:
    walk.ask("clock", at="2026-01-05T20:00")
    walk.ask("punch", user="zhangsan", at="2026-01-05T08:58")
    walk.ask("leave", user="li", start="2026-01-05T09:00", end="2026-01-05T18:00", kind="年假")
    walk.ask("leave", user="zhangsan", start="2026-01-06T09:00", end="2026-01-06T12:00", pending=True)
    reports = {
        row["base_info"]["acctid"]: row for row in walk.wecom.attendance._reports(["zhangsan", "li"], MONDAY, MONDAY)
    }  # type: ignore[attr-defined]  # noqa: E501
    assert reports["zhangsan"]["exception_infos"] == [], "the evening's miss shows at 01:30"
    assert reports["li"]["sp_items"][0]["name"] == "年假" and reports["li"]["exception_infos"] == []
    assert reports["zhangsan"]["summary_info"]["standard_work_sec"] == 9 * 3600
    walk.ask("clock", at="2026-01-06T01:31")
    row = walk.wecom.attendance._reports(["zhangsan"], MONDAY, MONDAY)[0]  # type: ignore[attr-defined]
    assert row["exception_infos"] == [{"exception": 3, "count": 1, "duration": 0}]
    found = walk.wecom.attendance.leaves(["zhangsan", "li"], at("2026-01-05"), at("2026-01-07"))
    assert [(leave.user_id, leave.start, leave.pending) for leave in found] == [
        ("li", at("2026-01-05 09:00"), False),
        ("zhangsan", at("2026-01-06 09:00"), True),
    ]


def test_dingtalk_leave(walk: Walk) -> None:
    walk.ask("clock", at="2026-01-05T08:00")
    walk.ask("leave", user="zhou", start="2026-01-05T09:00", end="2026-01-05T12:00")
    found = walk.dingtalk.attendance.leaves(["zhou", "sun"], at("2026-01-05"), at("2026-01-06"))
    assert [(leave.user_id, leave.end) for leave in found] == [("zhou", at("2026-01-05 12:00"))]


def test_a_correction_the_rule_forbids_says_so(walk: Walk) -> None:
    walk.ask("clock", at="2026-01-05T14:00")
    fix = Correction("zhangsan", MONDAY, at("2026-01-05 09:00"), at("2026-01-05 09:00"), "32400-64800", "忘了", "c1")
    walk.ask("faults", kind="refuse", code="301102", match="punch_correction")
    refused = failure(lambda: walk.wecom.attendance.correct(fix))
    assert refused.permanent and "补缺卡" in refused.hint
    future = Correction("zhangsan", MONDAY, fix.slot_start, at("2026-01-05 15:00"), fix.plan_ref, "", "c2")
    assert failure(lambda: walk.wecom.attendance.correct(future)).code == "301083"
