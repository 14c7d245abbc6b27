"""Attendance of DingTalk, the legacy host. Plans and real punches, never placeholder rows. Docs: attendance APIs.

Several calls want an `op_user_id`. An administrator found by the last directory walk is used; before the first
walk, the person concerned: everybody may see their own plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Literal

from adapters.dingtalk import slips
from adapters.dingtalk.client import CALLS_LIMIT, Client
from adapters.dingtalk.wire import flag, items, mapping, moment, text
from bot.errors import PlatformError
from bot.ports import Correction, Leave, Limits, Punch, SharedStore, Shift
from bot.ports.slips import Slip

OPERATOR = "dingtalk:op_user"
_PLAN, _PUNCH, _LEAVE, _PAGE = 50, 50, 100, 20
_WEEK = timedelta(days=7)


class DingTalkAttendance:
    """`zone`: the firm's time zone; days begin and DingTalk's text times are read in it. Raises PlatformError.

    Limits (docs: billing-model): every call counts, 5,000 a month in the standard edition; punches are pushed as
    `attendance_check_record` events where the firm subscribed to them.
    """

    limits = Limits(_PLAN, _PUNCH, _LEAVE, CALLS_LIMIT, pushes=True)

    def __init__(self, client: Client, store: SharedStore, zone: tzinfo, public_url: str) -> None:
        self._client, self._store, self._zone, self._url = client, store, zone, public_url

    def shifts(self, user_ids: Sequence[str], day: date) -> list[Shift]:
        """Planned slots of `day`: each OnDuty with its OffDuty; rest days have none; `plan_ref` is the OnDuty id."""
        low, high = (_ms(datetime.combine(day + timedelta(days=n), time(), self._zone)) for n in (0, 1))
        rows: dict[str, list[Mapping[str, Any]]] = {}
        for users in _chunks(user_ids, _PLAN):
            body = {
                "op_user_id": self._operator(users[0]),
                "userids": ",".join(users),
                "from_date_time": low,
                "to_date_time": high - 1,
            }
            for row in map(
                mapping, items(self._client.oapi("/topapi/attendance/schedule/listbyusers", body).get("result"))
            ):
                if not flag(row.get("is_rest")) and text(row.get("shift_id")) != "0":
                    rows.setdefault(text(row.get("userid")), []).append(row)
        return [shift for user, found in rows.items() for shift in self._pair(user, found, day)]

    def punches(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Punch]:
        """Real punches in [since, until); invalid attempts and the vendor's NotSigned placeholders are left out."""
        found = []
        for users in _chunks(user_ids, _PUNCH):
            for begin, end in _weeks(since, until):
                body = {
                    "userIds": users,
                    "checkDateFrom": self._local(begin),
                    "checkDateTo": self._local(end),
                    "isI18n": False,
                }
                rows = items(self._client.oapi("/attendance/listRecord", body).get("recordresult"))
                found += [punch for row in rows if (punch := self._punch(mapping(row))) and since <= punch.at < until]
        # Weeks touch and DingTalk includes both ends: the same punch may come twice.
        return list(dict.fromkeys(found))

    def leaves(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Leave]:
        """Approved leave overlapping [since, until). Not in this API: pending leave, trips (getleavestatus)."""
        found = []
        for users in _chunks(user_ids, _LEAVE):
            offset = 0
            while True:
                body = {
                    "userid_list": ",".join(users),
                    "start_time": _ms(since),
                    "end_time": _ms(until),
                    "offset": offset,
                    "size": _PAGE,
                }
                result = mapping(self._client.oapi("/topapi/attendance/getleavestatus", body).get("result"))
                rows = [mapping(row) for row in items(result.get("leave_status"))]
                found += [leave for row in rows if (leave := self._leave(row))]
                offset += _PAGE
                if not rows or not flag(result.get("has_more")):
                    break
        return found

    def correct(self, correction: Correction) -> None:
        """Writes an approved make-up punch and looks whether it took. Idempotent by `correction.ref`.

        The docs are of two minds about punch_id (plan id or the shift's punchId): the plan first, then the other.
        PlatformError `correction.rejected` (permanent) when neither took.
        """
        if self.corrected(correction):
            return
        if correction.plan_ref:
            self._approve(correction, correction.plan_ref)
            if self.corrected(correction):
                return
        punch_id = text(mapping((self._slot(correction) or {}).get("features")).get("punchId"))
        if punch_id and punch_id != correction.plan_ref:
            self._approve(correction, punch_id)
            if self.corrected(correction):
                return
        raise PlatformError("correction.rejected", "补卡没有写入钉钉考勤，请在考勤后台处理", permanent=True, alarm=True)

    def corrected(self, correction: Correction) -> bool:
        """Whether the slot is not missed now: Checked or approved by us (listbyday), else signed (attendance/list)."""
        slot = self._slot(correction) or {}
        if text(slot.get("check_status")).lower() == "checked" or text(slot.get("approve_id")) == correction.ref:
            return True
        day = f"{correction.day.isoformat()} 00:00:00"
        body = {"workDateFrom": day, "workDateTo": day, "userIdList": [correction.user_id], "offset": 0, "limit": 50}
        for row in map(mapping, items(self._client.oapi("/attendance/list", body).get("recordresult"))):
            plan, kind = text(row.get("planId")), row.get("checkType")
            if self._is_slot(plan, kind, row.get("baseCheckTime"), correction):
                return text(row.get("timeResult")) not in {"", "NotSigned", "Absenteeism"}
        return False

    def slip(self, number: str) -> Slip | None:
        """See bot.ports.slips and adapters.dingtalk.slips."""
        return slips.slip(self._client, self._zone, number)

    def _approve(self, correction: Correction, punch_id: str) -> None:
        body = {
            "userid": correction.user_id,
            "work_date": correction.day.isoformat(),
            "punch_id": int(punch_id) if punch_id.isdigit() else punch_id,
            "punch_check_time": self._local(correction.slot_start)[:16],
            "user_check_time": self._local(correction.at)[:16],
            "approve_id": correction.ref,
            "jump_url": self._url,
            "tag_name": "补卡",
        }
        self._client.oapi("/topapi/attendance/approve/check", body)

    def _slot(self, correction: Correction) -> Mapping[str, Any] | None:
        midnight = _ms(datetime.combine(correction.day, time(), self._zone))
        body = {"op_user_id": self._operator(correction.user_id), "user_id": correction.user_id, "date_time": midnight}
        for row in map(mapping, items(self._client.oapi("/topapi/attendance/schedule/listbyday", body).get("result"))):
            planned = row.get("check_date_time") or row.get("real_plan_time")
            if self._is_slot(text(row.get("id")), row.get("check_type"), planned, correction):
                return row
        return None

    def _is_slot(self, id: str, kind: object, planned: object, correction: Correction) -> bool:
        if correction.plan_ref and id:
            return id == correction.plan_ref
        return _kind(kind) == "on" and moment(planned, self._zone) == correction.slot_start

    def _pair(self, user: str, rows: list[Mapping[str, Any]], day: date) -> Iterator[Shift]:
        timed = [(at, row) for row in rows if (at := moment(row.get("plan_check_time"), self._zone))]
        timed.sort(key=lambda pair: pair[0])
        opened: tuple[datetime, Mapping[str, Any]] | None = None
        for at, row in timed:
            # Docs write both "Onduty" and "OnDuty".
            if text(row.get("check_type")).lower() == "onduty":
                opened = (at, row)
            elif opened:
                start, row = opened
                latest = _core(row, start)
                core = latest if latest and start < latest < at else None
                yield Shift(user, day, start, at, text(row.get("id")), text(row.get("group_id")), core)
                opened = None

    def _punch(self, row: Mapping[str, Any]) -> Punch | None:
        at = moment(row.get("userCheckTime"), self._zone)
        if not at or row.get("invalidRecordType") or text(row.get("timeResult")) == "NotSigned":
            return None
        raw = json.dumps(row, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return Punch(text(row.get("userId")), at, _kind(row.get("checkType")), text(row.get("sourceType")), raw)

    def _leave(self, row: Mapping[str, Any]) -> Leave | None:
        start, end = moment(row.get("start_time"), self._zone), moment(row.get("end_time"), self._zone)
        return (
            Leave(text(row.get("userid")), start, end, text(row.get("leave_code")) or "leave")
            if start and end
            else None
        )

    def _operator(self, person: str) -> str:
        return self._store.get(OPERATOR) or person

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


def leave_hours(percent: int, unit: str) -> float | None:
    """`duration_percent` of getleavestatus in hours: 650 percent_hour is 6.5; None for days, whose length varies."""
    return percent / 100 if unit == "percent_hour" else None


def _kind(value: object) -> Literal["on", "off", "other"]:
    kinds: dict[str, Literal["on", "off"]] = {"onduty": "on", "offduty": "off"}
    return kinds.get(text(value).lower(), "other")


def _core(row: Mapping[str, Any], start: datetime) -> datetime | None:
    """The latest arrival of a flexible shift: `flexMinutes` in the plan's `features` is [early, late].

    Docs show `features` with schedule/listbyday; UNVERIFIED whether schedule/listbyusers sends it too.
    """
    features = row.get("features")
    try:
        known = mapping(json.loads(features) if isinstance(features, str) else features)
    except ValueError:
        return None
    minutes = items(known.get("flexMinutes"))
    late = minutes[1] if len(minutes) > 1 else 0
    return start + timedelta(minutes=min(late, 360)) if isinstance(late, int) and late > 0 else None


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _chunks(values: Sequence[str], size: int) -> Iterator[list[str]]:
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def _weeks(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(since + _WEEK - timedelta(seconds=1), until)
        yield since, end
        since = end if end > since else until
