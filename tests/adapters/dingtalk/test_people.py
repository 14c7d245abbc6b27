"""Attendance and directory: real rows from the documentation, strings where booleans belong, limits of each list."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from adapters.dingtalk.attendance import OPERATOR, leave_hours
from adapters.dingtalk.platform import DingTalk
from bot.errors import PlatformError
from bot.ports import Correction
from tests.adapters.dingtalk.fakes import Seen, Store, Vendor

DAY = date(2026, 1, 5)
NINE, SIX = datetime(2026, 1, 5, 1, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)
CHECK, BYDAY = (f"/topapi/attendance/{name}" for name in ("approve/check", "schedule/listbyday"))
FIX = Correction("u1", DAY, NINE, NINE, "11", "忘打卡", "case-1")


@pytest.fixture
def ding(settings: Any, store: Store) -> DingTalk:
    return DingTalk(settings, store)


def ok(result: object) -> dict[str, object]:
    return {"errcode": 0, "result": result}


def test_shifts_pair_on_and_off_and_skip_rest(ding: DingTalk, vendor: Vendor) -> None:
    rows = [
        {
            "id": 12,
            "userid": "u1",
            "check_type": "OffDuty",
            "plan_check_time": "2026-01-05 18:00:00",
            "is_rest": "N",
            "group_id": 7,
        },
        {
            "id": 11,
            "userid": "u1",
            "check_type": "Onduty",
            "plan_check_time": "2026-01-05 09:00:00",
            "is_rest": "N",
            "group_id": 7,
        },
        {"id": 13, "userid": "u2", "check_type": "OnDuty", "plan_check_time": "2026-01-05 09:00:00", "is_rest": "Y"},
    ]
    vendor.answers["/topapi/attendance/schedule/listbyusers"] = ok(rows)
    (shift,) = ding.attendance.shifts(["u1", "u2"], DAY)
    assert (shift.start, shift.end, shift.plan_ref, shift.group) == (NINE, SIX, "11", "7")
    body = vendor.calls("/topapi/attendance/schedule/listbyusers")[0].body
    assert (body["op_user_id"], body["from_date_time"]) == ("u1", 1767542400000)
    ding.attendance.shifts([f"u{n}" for n in range(51)], DAY)
    assert len(vendor.calls("/topapi/attendance/schedule/listbyusers")) == 3


def test_only_real_punches_count(ding: DingTalk, vendor: Vendor) -> None:
    at = int(NINE.timestamp() * 1000)
    rows = [
        {"userId": "u1", "userCheckTime": at, "checkType": "OnDuty", "timeResult": "Normal", "sourceType": "USER"},
        {"userId": "u1", "userCheckTime": at + 1, "invalidRecordType": "Other"},
        {
            "userId": "u1",
            "userCheckTime": at + 2,
            "baseCheckTime": at + 2,
            "timeResult": "NotSigned",
            "sourceType": "SYSTEM",
        },
        {"userId": "u1", "userCheckTime": int(SIX.timestamp() * 1000), "checkType": "OffDuty"},
    ]
    vendor.answers["/attendance/listRecord"] = {"errcode": 0, "recordresult": rows}
    (punch,) = ding.attendance.punches(["u1"], NINE, SIX)
    assert (punch.at, punch.kind, punch.source) == (NINE, "on", "USER")
    assert vendor.calls("/attendance/listRecord")[0].body["checkDateFrom"] == "2026-01-05 09:00:00"
    ding.attendance.punches(["u1"], datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC))
    assert len(vendor.calls("/attendance/listRecord")) == 4


def test_leaves_are_paged(ding: DingTalk, vendor: Vendor) -> None:
    row = {"userid": "u1", "start_time": 1767574800000, "end_time": 1767607200000, "leave_code": "annual"}
    vendor.answers["/topapi/attendance/getleavestatus"] = lambda seen: (
        200, ok({"has_more": seen.body["offset"] == 0, "leave_status": [row]}))  # fmt: skip
    found = ding.attendance.leaves(["u1"], NINE, SIX)
    assert len(found) == 2
    assert (found[0].start, found[0].end, found[0].kind) == (NINE, SIX, "annual")
    assert leave_hours(650, "percent_hour") == 6.5


def corrections(vendor: Vendor, accepts: object) -> None:
    """A vendor whose slot leaves Timeout only when approve/check names `accepts`."""
    done: list[object] = []

    def check(seen: Seen) -> tuple[int, Any]:
        done.append(seen.body["punch_id"])
        return 200, ok(True)

    slot = {"id": 11, "check_type": "OnDuty", "features": '{"punchId":99}'}
    vendor.answers[CHECK] = check
    vendor.answers[BYDAY] = lambda _: (200, ok([{**slot, "check_status": "Checked" if accepts in done else "Timeout"}]))
    missed = {"planId": 11, "checkType": "OnDuty", "timeResult": "NotSigned", "userCheckTime": 1, "baseCheckTime": 1}
    vendor.answers["/attendance/list"] = {"errcode": 0, "recordresult": [missed]}


@pytest.mark.parametrize(("accepts", "tried"), [(11, [11]), (99, [11, 99])])
def test_correction_tries_plan_then_punch_id(ding: DingTalk, vendor: Vendor, accepts: int, tried: list[int]) -> None:
    corrections(vendor, accepts)
    ding.attendance.correct(FIX)
    assert [seen.body["punch_id"] for seen in vendor.calls(CHECK)] == tried
    assert vendor.calls(CHECK)[0].body["punch_check_time"] == "2026-01-05 09:00"
    ding.attendance.correct(FIX)
    assert len(vendor.calls(CHECK)) == len(tried)


def test_correction_that_never_took_is_an_alarm(ding: DingTalk, vendor: Vendor) -> None:
    corrections(vendor, "nothing")
    with pytest.raises(PlatformError) as caught:
        ding.attendance.correct(FIX)
    assert (caught.value.code, caught.value.alarm) == ("correction.rejected", True)


BELOW = {
    1: [{"dept_id": 2, "name": "研发"}, {"dept_id": 1, "name": "甲公司"}],
    2: [{"dept_id": "3", "name": "平台组"}],
}
ROLES = ok({"hasMore": False, "list": [{"name": "职务", "groupId": 5, "roles": [{"id": 8, "name": "财务"}]}]})


def test_people_walks_departments_and_coerces_strings(ding: DingTalk, vendor: Vendor, store: Store) -> None:
    users: dict[str, dict[str, object]] = {
        "u1": {"userid": "u1", "name": "张三", "dept_id_list": "[3, 1]", "active": "true"},
        "u2": {"userid": "u2", "name": "王五", "admin": "true", "active": "false", "dept_id_list": [2],
               "leader_in_dept": [{"dept_id": 2, "leader": "true"}], "manager_userid": "u9"},
    }  # fmt: skip
    vendor.answers["/topapi/user/listid"] = lambda seen: (
        200, ok({"userid_list": ["u1", "u2"] if seen.body["dept_id"] == 2 else ["u1", "gone"]}))  # fmt: skip
    vendor.answers["/topapi/v2/department/listsub"] = lambda seen: (
        200, ok(BELOW.get(seen.body["dept_id"], [])))  # fmt: skip
    vendor.answers["/topapi/v2/department/get"] = ok({"dept_id": 1, "name": "甲公司"})
    vendor.answers["/topapi/role/list"] = ROLES
    vendor.answers["/topapi/role/simplelist"] = lambda seen: (
        200, ok({"hasMore": "true", "list": [{"userid": "u1"}]} if seen.body["offset"] == 0
                else {"hasMore": False, "list": [{"userid": "u2"}, {"userid": "elsewhere"}]}))  # fmt: skip
    vendor.answers["/topapi/v2/user/get"] = lambda seen: (
        200, ok(users[seen.body["userid"]]) if seen.body["userid"] in users else {"errcode": 33012})  # fmt: skip
    one, two = sorted(ding.people(), key=lambda person: person.user_id)
    assert (one.manager, one.departments, one.active) == ("", ("平台组", "甲公司"), True)
    assert (one.paths, one.tags) == ((("研发", "平台组"), ("甲公司",)), ("财务",))
    assert (two.departments, two.paths, two.tags) == (("研发",), (("研发",),), ("财务",))
    assert (two.manager, two.active) == ("u9", False)
    assert store.get(OPERATOR) == "u2"
    assert ding.quota()["calls"] == 0


def test_without_the_permission_for_roles_there_are_people_without_tags(ding: DingTalk, vendor: Vendor) -> None:
    vendor.answers["/topapi/user/listid"] = ok({"userid_list": ["u1"]})
    vendor.answers["/topapi/v2/department/listsub"] = ok([])
    vendor.answers["/topapi/v2/department/get"] = ok({"dept_id": 1, "name": "甲公司"})
    vendor.answers["/topapi/v2/user/get"] = ok({"userid": "u1", "name": "张三", "dept_id_list": [1], "active": True})
    vendor.answers["/topapi/role/list"] = {"errcode": 88, "sub_code": "60011", "sub_msg": "没有权限"}
    (one,) = ding.people()
    assert (one.tags, one.departments) == ((), ("甲公司",))
    last = ding.doctor()[-1]
    assert last.ok is None and "角色" in last.advice
    vendor.answers["/topapi/role/list"] = {"errcode": -1}
    with pytest.raises(PlatformError):
        ding.people()
    assert ding.doctor()[-1].ok is False
