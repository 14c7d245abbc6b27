"""Leave from the daily report and from approval slips, with and without the permission to read them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from adapters.wecom.attendance import WeComAttendance
from adapters.wecom.leaves import covered
from adapters.wecom.rules import midnight
from bot.ports import Leave
from tests.adapters.wecom.fake import Vendor
from tests.adapters.wecom.test_attendance import DAY, local, script, stamp


@pytest.fixture(autouse=True)
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.clock.now", lambda: local(22).astimezone(UTC))


def slip(user: str, status: int, start: int, end: int, kind: str = "hour") -> dict[str, Any]:
    span = {"type": kind, "new_begin": start, "new_end": end}
    content = {"control": "Vacation", "value": {"vacation": {"attendance": {"date_range": span}}}}
    return {"sp_name": "请假", "sp_status": status, "applyer": {"userid": user}, "apply_data": {"contents": [content]}}


def report(user: str, **more: Any) -> dict[str, Any]:
    item = {"type": 1, "duration": 10_800, "count": 1, "name": "年假"}
    return {"base_info": {"acctid": user, "date": midnight(DAY)}, "sp_items": [item], "holiday_infos": []} | more


def test_approved_and_pending_leave(wecom: Vendor) -> None:
    slips = {
        "ok": slip("a", 2, stamp(9), stamp(12)),
        "wait": slip("b", 1, stamp(13), stamp(18)),
        "no": slip("b", 3, 1, 2),
    }
    script(
        wecom,
        getcheckin_daydata={"datas": [report("a", holiday_infos=[{"sp_number": "ok"}]), report("c", sp_items=[])]},
        getapprovalinfo=lambda call: {"sp_no_list": ["wait", "no"] if call.json["filters"][0]["value"] == "1" else []},
        getapprovaldetail=lambda call: {"info": slips[call.json["sp_no"]]},
    )
    found = WeComAttendance(wecom.client).leaves(["a", "b", "c"], local(0), local(23))
    assert found == [Leave("a", local(9), local(12), "请假"), Leave("b", local(13), local(18), "请假", pending=True)]
    times = [call.json for call in wecom.calls if call.path == "oa/getapprovalinfo"]
    assert all(
        isinstance(body["starttime"], str) and int(body["endtime"]) - int(body["starttime"]) <= 30 * 86_400
        for body in times
    )


@pytest.mark.parametrize("code", [301055, 301056])
def test_without_approval_permission_the_whole_day_is_covered(
    wecom: Vendor, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    daily = {"datas": [report("a", holiday_infos=[{"sp_number": "ok"}])]}
    script(wecom, getcheckin_daydata=daily, getapprovalinfo={"errcode": code}, getapprovaldetail={"errcode": code})
    found = WeComAttendance(wecom.client).leaves(["a"], local(0), local(23))
    assert found == [Leave("a", local(0), local(0) + timedelta(days=1), "年假")]
    assert caplog.text.count("wecom.approval_not_permitted") == 1


def test_a_correction_slip_is_not_leave_and_half_days_include_their_last_half(wecom: Vendor) -> None:
    script(wecom, getcheckin_daydata={"datas": [report("a", sp_items=[{"type": 2, "count": 1, "duration": 60}])]})
    assert WeComAttendance(wecom.client).leaves(["a"], local(0), local(23)) == []
    (half,) = covered(slip("a", 2, stamp(0), stamp(12), "halfday"))
    assert half.end == local(0) + timedelta(days=1)


def test_pages_of_approvals(wecom: Vendor) -> None:
    pages = {"": {"sp_no_list": ["1"], "new_next_cursor": "p2"}, "p2": {"sp_no_list": ["2"], "new_next_cursor": ""}}
    script(
        wecom,
        getapprovalinfo=lambda call: pages[call.json["new_cursor"]],
        getapprovaldetail=lambda call: {"info": slip("a", 1, stamp(int(call.json["sp_no"])), stamp(5))},
    )
    assert len(WeComAttendance(wecom.client).leaves(["a"], local(0), local(23))) == 2
