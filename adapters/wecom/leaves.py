"""Leave, trips and outings: approved ones from the daily report, pending ones from the approval app.

Docs: 获取打卡日报数据 (93374), 批量获取审批单号 (91816), 获取审批申请详情 (91983). Days are Asia/Shanghai.

Followed, not written: no interface approves a slip, oa/applyevent (91853) cannot submit the built-in 补卡 and 调班 and
files any other form in the person's own name, and the vacation balance (oa/vacation/setoneuserquota, 94214) would be
changed twice once the person files the slip. So a leave agreed to here is told to HR and the person instead.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from adapters.wecom.client import Client, Json, inner, rows
from adapters.wecom.errors import NO_APPROVAL
from adapters.wecom.rules import ZONE
from bot import clock
from bot.errors import PlatformError
from bot.ports import Leave
from bot.ports.slips import Slip, State

log = logging.getLogger(__name__)
KINDS = {1: "请假", 3: "出差", 4: "外出", 100: "外勤"}
"""sp_items.type of the daily report; 2 is a punch correction and covers nothing."""
RECORDS = {"1": "请假", "3": "出差", "4": "外出"}
"""record_type of the approval list."""
PENDING, APPROVED = 1, 2
WINDOW = timedelta(days=30)


STATES: dict[int, State] = {1: "pending", 2: "approved", 3: "rejected", 4: "withdrawn", 6: "withdrawn", 7: "withdrawn"}
"""sp_status (docs: 91983)."""


def slip(client: Client, number: str) -> Slip | None:
    """One slip as it stands now; None without permission or when WeCom does not know it as one of ours to follow."""
    info = Approvals(client).info(number)
    user, state = str(inner(info, "applyer").get("userid") or ""), STATES.get(_number(info.get("sp_status")))
    if not user or state is None:
        return None
    about = "correction" if "补卡" in str(info.get("sp_name") or "") else ""
    return Slip(user, state, about, () if about else tuple(covered(info)))


def approved(reports: list[Json], approvals: Approvals) -> list[Leave]:
    """One Leave per slip that touches a report's day. Without permission to read the slip the whole day counts:
    better to stay silent once than to accuse somebody who is on leave."""
    found: list[Leave] = []
    for report in reports:
        base = inner(report, "base_info")
        user, stamp = str(base.get("acctid") or ""), base.get("date")
        items = [row for row in rows(report, "sp_items") if row.get("type") in KINDS and _counts(row)]
        if not user or not isinstance(stamp, int) or not items:
            continue
        exact: list[Leave] = []
        numbers = [str(row["sp_number"]) for row in rows(report, "holiday_infos") if row.get("sp_number")]
        for number in numbers:
            exact += [leave for leave in approvals.read(number) if leave.user_id.casefold() == user.casefold()]
        day = datetime.fromtimestamp(stamp, ZONE).date()
        kind = str(items[0].get("name") or KINDS[items[0]["type"]])
        found += [leave for leave in exact if not leave.pending] or [Leave(user, _start(day), _start(day, 1), kind)]
    return found


class Approvals:
    """Reads the approval app for one question. `permitted` turns False once WeCom says 301055 or 301056."""

    def __init__(self, client: Client) -> None:
        self._client, self.permitted = client, True
        self._read: dict[str, list[Leave]] = {}

    def pending(self, since: datetime, until: datetime) -> list[Leave]:
        """Slips filed since 30 days before `since` (also afterwards, until now) and not decided yet.

        Nothing that begins after `until`. Empty without permission.
        """
        found: list[Leave] = []
        start, now = since - WINDOW, clock.now()
        while start < now and self.permitted:
            end = min(start + WINDOW, now)
            for record in RECORDS:
                for number in self._numbers(start, end, record):
                    found += [leave for leave in self.read(number) if leave.pending and leave.start < until]
            start = end
        return found

    def read(self, number: str) -> list[Leave]:
        """What one slip covers; empty when it was rejected, withdrawn or may not be read."""
        if number not in self._read:
            self._read[number] = list(covered(self.info(number)))
        return self._read[number]

    def info(self, number: str) -> Json:
        """The slip as WeCom has it; empty when it may not be read."""
        return inner(self._ask("oa/getapprovaldetail", {"sp_no": number}), "info") if self.permitted else {}

    def _numbers(self, start: datetime, end: datetime, record: str) -> Iterator[str]:
        cursor = ""
        while True:
            answer = self._ask("oa/getapprovalinfo", {
                "starttime": str(int(start.timestamp())), "endtime": str(int(end.timestamp())),
                "new_cursor": cursor, "size": 100,
                "filters": [{"key": "record_type", "value": record}, {"key": "sp_status", "value": str(PENDING)}],
            })  # fmt: skip
            listed = answer.get("sp_no_list")
            yield from (str(number) for number in (listed if isinstance(listed, list) else []))
            following = str(answer.get("new_next_cursor") or "")
            if not following or following == cursor:
                return
            cursor = following

    def _ask(self, path: str, payload: Json) -> Json:
        try:
            return self._client.post(path, payload)
        except PlatformError as problem:
            if problem.code not in NO_APPROVAL:
                raise
            self.permitted = False
            log.warning("wecom.approval_not_permitted code=%s", problem.code)
            return {}


def covered(info: Json) -> Iterator[Leave]:
    """The date ranges of one approval slip (controls Vacation, Attendance, DateRange)."""
    user, status = str(inner(info, "applyer").get("userid") or ""), info.get("sp_status")
    if not user or status not in (PENDING, APPROVED):
        return
    kind = str(info.get("sp_name") or "请假")
    for control in rows(inner(info, "apply_data"), "contents"):
        value = inner(control, "value")
        for span in (
            inner(inner(inner(value, "vacation"), "attendance"), "date_range"),
            inner(inner(value, "attendance"), "date_range"),
            inner(value, "date_range"),
        ):
            begin, end = _number(span.get("new_begin")), _number(span.get("new_end"))
            if begin and end:
                # By half-days both ends name the beginning of a half (00:00 or 12:00), the last one is included.
                end += 43_200 if span.get("type") == "halfday" else 0
                yield Leave(user, _utc(begin), _utc(max(begin, end)), kind, status == PENDING)


def _counts(row: Json) -> bool:
    return bool(_number(row.get("duration")) or _number(row.get("count")))


def _number(value: object) -> int:
    """Times are numbers in some answers and numeric strings in others."""
    try:
        return int(str(value))
    except ValueError:
        return 0


def _utc(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _start(day: date, later: int = 0) -> datetime:
    day += timedelta(days=later)
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
