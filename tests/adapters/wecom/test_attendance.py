"""Expected shifts, real punches, leave and corrections against a scripted attendance system."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.wecom.attendance import WeComAttendance
from adapters.wecom.rules import ZONE, fixed_slots, flexible, midnight, scheduled_slots, slots
from bot.errors import PlatformError
from bot.ports import Correction
from tests.adapters.wecom.fake import Answer, Call, Vendor

DAY = date(2026, 11, 25)  # a Wednesday
TIMES = [{"work_sec": 32_400, "off_work_sec": 64_800}]
SPECIAL = [{"work_sec": 36_000, "off_work_sec": 57_600}]


def local(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def stamp(hour: int, minute: int = 0, day: date = DAY) -> int:
    return int(local(hour, minute, day).timestamp())


def group(**more: Any) -> dict[str, Any]:
    days = [{"workdays": [1, 2, 3, 4, 5], "checkintime": TIMES}]
    return {"grouptype": 1, "groupname": "标准工时", "checkindate": days} | more


def script(wecom: Vendor, **answers: Any) -> None:
    def answer(call: Call) -> Answer:
        found = answers.get(call.path.split("/")[-1], {})
        result: Answer = found(call) if callable(found) else found
        return result

    wecom.script = answer


def test_fixed_rule(wecom: Vendor) -> None:
    script(
        wecom, getcheckinoption={"info": [{"userid": "zhangsan", "group": group()}, {"userid": "x", "group": group()}]}
    )
    (shift,) = WeComAttendance(wecom.client).shifts(["ZhangSan"], DAY)
    assert (shift.user_id, shift.day, shift.plan_ref, shift.group) == ("ZhangSan", DAY, "32400-64800", "标准工时")
    assert (shift.start, shift.end) == (datetime(2026, 11, 25, 1, tzinfo=UTC), datetime(2026, 11, 25, 10, tzinfo=UTC))
    assert wecom.calls[-1].json == {"datetime": midnight(DAY), "useridlist": ["ZhangSan"]}


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        (group(), date(2026, 11, 28), []),
        (group(spe_offdays=[{"timestamp": midnight(DAY)}]), DAY, []),
        (group(spe_offdays=[{"begtime": midnight(DAY) - 86_400, "endtime": midnight(DAY) + 60}]), DAY, []),
        (group(spe_workdays=[{"timestamp": stamp(0, 0, date(2026, 11, 28)), "checkintime": SPECIAL}]),
         date(2026, 11, 28), [(36_000, 57_600)]),
        (group(spe_workdays=[{"timestamp": stamp(0, 0, date(2026, 11, 28))}]), date(2026, 11, 28), [(32_400, 64_800)]),
        (group(sync_holidays=True), date(2025, 10, 1), []),
        (group(sync_holidays=True), date(2025, 9, 28), [(32_400, 64_800)]),
        (group(sync_holidays=True), date(2025, 9, 27), []),
        (group(sync_holidays=False), date(2025, 10, 1), [(32_400, 64_800)]),
        (group(checkindate=[{"workdays": [0], "checkintime": TIMES}]), date(2026, 11, 29), [(32_400, 64_800)]),
        (group(checkindate=[{"workdays": [7], "checkintime": TIMES}]), date(2026, 11, 29), [(32_400, 64_800)]),
        (group(checkindate=[]), DAY, []),
        (group(checkindate=[{"workdays": [3], "checkintime": TIMES, "biweekly":
                             {"enable_weekday_recurrence": True, "odd_workdays": [3], "even_workdays": [1]}}]),
         DAY, None),
    ],
)  # fmt: skip
def test_fixed_slots(rule: dict[str, Any], day: date, expected: list[tuple[int, int]] | None) -> None:
    assert fixed_slots(rule, day) == expected


def test_an_unpublished_calendar_is_left_to_the_daily_report_and_not_guessed() -> None:
    assert fixed_slots(group(sync_holidays=True), date(2090, 5, 1)) is None
    assert fixed_slots(group(sync_holidays=False), date(2090, 5, 1)) == [(32_400, 64_800)]


@pytest.mark.parametrize(
    ("rule", "latest"),
    [
        ({}, 32_400),
        ({"allow_flex": False, "flex_on_duty_time": 1_800_000}, 32_400),
        ({"allow_flex": True, "flex_on_duty_time": 1_800_000}, 34_200),
        ({"allow_flex": True, "flex_on_duty_time": 0, "max_allow_arrive_late": 3_600_000}, 36_000),
        ({"allow_flex": True, "flex_on_duty_time": -5}, 32_400),
        ({"allow_flex": True, "flex_on_duty_time": 10**12}, 54_000),
    ],
)
def test_flexible_hours_begin_with_the_core_time(rule: dict[str, Any], latest: int) -> None:
    assert flexible(group(checkindate=[{"workdays": [3], "checkintime": TIMES, **rule}]), 32_400) == latest


def test_night_shift_ends_on_the_next_day() -> None:
    assert slots([{"work_sec": 79_200, "off_work_sec": 21_600}]) == [(79_200, 108_000)]
    assert slots([{"work_sec": 79_200, "off_work_sec": 108_000}]) == [(79_200, 108_000)]
    assert slots([{"work_sec": 1, "off_work_sec": 2, "no_need_checkon": True, "no_need_checkoff": True}, {}]) == []


def test_shift_group_free_group_and_white_list(wecom: Vendor) -> None:
    plan = {
        "day": 25,
        "schedule_info": {"schedule_id": 9, "time_section": [{"work_sec": 79_200, "off_work_sec": 108_000}]},
    }
    info = [
        {"userid": "shift", "group": {"grouptype": 2}}, {"userid": "free", "group": {"grouptype": 3}},
        {"userid": "boss", "group": group(white_users=["Boss"])},
    ]  # fmt: skip
    schedule = {"userid": "shift", "yearmonth": 202611, "schedule": {"scheduleList": [plan]}}
    script(wecom, getcheckinoption={"info": info}, getcheckinschedulist={"schedule_list": [schedule]})
    (shift,) = WeComAttendance(wecom.client).shifts(["shift", "free", "boss"], DAY)
    assert (shift.user_id, shift.end) == ("shift", local(6, 0, date(2026, 11, 26)))
    assert wecom.calls[-1].json["useridlist"] == ["shift"]
    rest = {**schedule, "schedule": {"scheduleList": [{"day": 25, "schedule_info": {"schedule_id": 0}}]}}
    assert scheduled_slots(rest, DAY) == scheduled_slots({**schedule, "yearmonth": 202610}, DAY) == []


def test_alternating_weeks_are_decided_by_the_daily_report(wecom: Vendor) -> None:
    odd = {"enable_weekday_recurrence": True, "odd_workdays": [3], "even_workdays": []}
    rule = group(checkindate=[{"workdays": [3], "checkintime": TIMES, "biweekly": odd}])
    for day_type, expected in ((0, 1), (1, 0)):
        base = {"acctid": "a", "day_type": day_type, "rule_info": {"checkintime": TIMES}}
        script(
            wecom,
            getcheckinoption={"info": [{"userid": "a", "group": rule}]},
            getcheckin_daydata={"datas": [{"base_info": base}]},
        )
        assert len(WeComAttendance(wecom.client).shifts(["a"], DAY)) == expected


def test_only_real_punches_count(wecom: Vendor) -> None:
    rows = [
        {"userid": "a", "checkin_type": "下班打卡", "exception_type": "", "checkin_time": stamp(18, 1)},
        {"userid": "A", "checkin_type": "上班打卡", "exception_type": "时间异常", "checkin_time": stamp(9, 20)},
        {"userid": "a", "checkin_type": "上班打卡", "exception_type": "时间异常;未打卡", "checkin_time": stamp(9)},
        {"userid": "a", "checkin_type": "上班打卡", "exception_type": "未打卡", "checkin_time": 0},
        {"userid": "a", "checkin_type": "外出打卡", "exception_type": "地点异常", "checkin_time": stamp(14)},
        {"userid": "stranger", "checkin_type": "上班打卡", "checkin_time": stamp(9)},
        {"userid": "a", "checkin_type": "上班打卡", "checkin_time": stamp(20)},
    ]
    script(wecom, getcheckindata={"checkindata": rows})
    found = WeComAttendance(wecom.client).punches(["a"], local(8), local(20))
    assert [(punch.kind, punch.at) for punch in found] == [
        ("on", local(9, 20)),
        ("other", local(14)),
        ("off", local(18, 1)),
    ]
    assert "时间异常".encode() in found[0].raw


def test_batches_of_a_hundred_and_windows_of_thirty_days(wecom: Vendor) -> None:
    users = [f"u{number}" for number in range(250)]
    WeComAttendance(wecom.client).punches(users, local(0), local(0) + timedelta(days=45))
    bodies = [call.json for call in wecom.calls[1:]]
    assert [len(body["useridlist"]) for body in bodies] == [100, 100, 50] * 2
    assert all(0 < body["endtime"] - body["starttime"] <= 30 * 86_400 for body in bodies)


def test_one_unknown_user_does_not_hide_the_others(wecom: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    def answer(call: Call) -> Answer:
        users = call.json["useridlist"]
        if "ghost" in users:
            return {"errcode": 301021}
        return {"checkindata": [{"userid": u, "checkin_type": "上班打卡", "checkin_time": stamp(9)} for u in users]}

    script(wecom, getcheckindata=answer)
    found = WeComAttendance(wecom.client).punches(["a", "b", "ghost", "c", "d"], local(0), local(23))
    assert [punch.user_id for punch in found] == ["a", "b", "c", "d"]
    assert "user_id=ghost" in caplog.text


def test_other_failures_are_not_swallowed(wecom: Vendor) -> None:
    script(wecom, getcheckindata={"errcode": 301022})
    with pytest.raises(PlatformError, match="301022"):
        WeComAttendance(wecom.client).punches(["a"], local(0), local(1))


def correction(hour: int, minute: int, plan: str = "32400-64800") -> Correction:
    return Correction("a", DAY, local(9), local(hour, minute), plan, "忘了打卡" * 60, "case-1")


@pytest.mark.parametrize(
    ("hour", "plan", "planned"), [(9, "32400-64800", 32_400), (18, "32400-64800", 64_800), (18, "", 32_400)]
)
def test_correct(wecom: Vendor, hour: int, plan: str, planned: int) -> None:
    WeComAttendance(wecom.client).correct(correction(hour, 3, plan))
    body = wecom.calls[-1].json
    remark = body.pop("remark")
    assert body == {
        "userid": "a", "schedule_date_time": midnight(DAY),
        "schedule_checkin_time": planned, "checkin_time": stamp(hour, 3),
    }  # fmt: skip
    assert remark.startswith("case-1 忘了打卡")
    assert len(remark.encode()) <= 512


def test_a_refused_correction_is_permanent_and_says_why(wecom: Vendor) -> None:
    script(wecom, punch_correction={"errcode": 301102})
    with pytest.raises(PlatformError) as caught:
        WeComAttendance(wecom.client).correct(correction(9, 0))
    assert caught.value.permanent
    assert "补缺卡" in caught.value.hint


def test_corrected_reads_back_the_very_minute(wecom: Vendor) -> None:
    rows = [{"userid": "a", "checkin_type": "上班打卡", "exception_type": "", "checkin_time": stamp(9, 3)}]
    script(wecom, getcheckindata={"checkindata": rows})
    attendance = WeComAttendance(wecom.client)
    assert attendance.corrected(correction(9, 3))
    assert not attendance.corrected(correction(9, 4))
    rows[0]["exception_type"] = "未打卡"
    assert not attendance.corrected(correction(9, 3))
