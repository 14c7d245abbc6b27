"""打卡: expected shifts, real punches, leave, corrections.

Docs: 获取打卡记录数据 (90262), 获取员工打卡规则 (90263), 获取排班 (93380), 打卡日报 (93374), 为打卡人员补卡 (95803).
WeCom has no attendance push, everything here is polled. Results are UTC, days are Asia/Shanghai.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from adapters.wecom.client import Client, Json, inner, rows
from adapters.wecom.errors import USER_UNKNOWN
from adapters.wecom.leaves import Approvals, approved, slip
from adapters.wecom.render import cut_bytes
from adapters.wecom.rules import (
    FIXED,
    SHIFT,
    ZONE,
    Slot,
    exempt,
    fixed_slots,
    flexible,
    midnight,
    reported_slots,
    scheduled_slots,
)
from bot.errors import PlatformError
from bot.ports import Correction, Leave, Limits, Punch, Shift
from bot.ports.slips import Slip

log = logging.getLogger(__name__)
BATCH = 100
SPAN = timedelta(days=30)
REMARK_BYTES = 512
MISSED = "未打卡"
KINDS: dict[str, Literal["on", "off"]] = {"上班打卡": "on", "下班打卡": "off"}


class WeComAttendance:
    """See bot.ports.Attendance. A user id the attendance system does not know is left out and logged.

    Limits: 100 people a call, 60 to 600 calls a minute by interface, none a month; punches are never pushed.
    """

    limits = Limits(BATCH, BATCH, BATCH)

    def __init__(self, client: Client) -> None:
        self._client = client

    def shifts(self, user_ids: Sequence[str], day: date) -> list[Shift]:
        """Slots with start and end; `plan_ref` is "work_sec-off_work_sec". Free rules expect no particular time."""
        names = _names(user_ids)
        groups = {
            str(row.get("userid")).casefold(): inner(row, "group")
            for row in self._gather("checkin/getcheckinoption", {"datetime": midnight(day)}, user_ids, "info")
        }
        groups = {user: group for user, group in groups.items() if user in names and not exempt(group, user)}
        plans: dict[str, list[Slot]] = {}
        undecided: list[str] = []
        for user, group in groups.items():
            if group.get("grouptype") == FIXED:
                decided = fixed_slots(group, day)
                plans[user] = decided or []
                undecided += [names[user]] if decided is None else []
        plans |= self._scheduled([names[u] for u, g in groups.items() if g.get("grouptype") == SHIFT], day)
        for report in self._reports(undecided, day, day):
            plans[str(inner(report, "base_info").get("acctid")).casefold()] = reported_slots(report)
        return [
            _shift(names[user], day, slot, groups[user])
            for user, plan in plans.items() if user in groups for slot in plan
        ]  # fmt: skip

    def punches(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Punch]:
        """Real punches in [since, until), oldest first. `raw` is WeCom's row as canonical JSON."""
        names, found = _names(user_ids), {}
        for start, end in _windows(since, until):
            span = {"opencheckindatatype": 3, "starttime": int(start.timestamp()), "endtime": int(end.timestamp())}
            for row in self._gather("checkin/getcheckindata", span, user_ids, "checkindata"):
                punch = _punch(row, names)
                if punch and since <= punch.at < until:
                    found[punch.user_id, punch.at, punch.kind] = punch
        return sorted(found.values(), key=lambda punch: (punch.at, punch.user_id))

    def leaves(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Leave]:
        """Approved and, where the app may read approvals, pending leave that touches [since, until)."""
        names, approvals, found = _names(user_ids), Approvals(self._client), set[Leave]()
        for start, end in _windows(since, until):
            last = (end - timedelta(microseconds=1)).astimezone(ZONE).date()
            found |= set(approved(self._reports(user_ids, start.astimezone(ZONE).date(), last), approvals))
        found |= set(approvals.pending(since, until))
        return sorted(
            (
                Leave(names[leave.user_id.casefold()], leave.start, leave.end, leave.kind, leave.pending)
                for leave in found
                if leave.user_id.casefold() in names and leave.start < until and leave.end > since
            ),
            key=lambda leave: (leave.start, leave.user_id),
        )

    def correct(self, correction: Correction) -> None:
        """Writes the make-up punch. Permanent PlatformError with a readable hint when the person's rule forbids it."""
        start = midnight(correction.day)
        self._client.post("checkin/punch_correction", {
            "userid": correction.user_id,
            "schedule_date_time": start,
            "schedule_checkin_time": _planned(correction, start),
            "checkin_time": int(correction.at.timestamp()),
            "remark": cut_bytes(f"{correction.ref} {correction.reason}".strip(), REMARK_BYTES),
        })  # fmt: skip

    def corrected(self, correction: Correction) -> bool:
        """Whether WeCom now lists a real punch in the corrected minute."""
        minute = correction.at.replace(second=0, microsecond=0)
        return bool(self.punches([correction.user_id], minute, minute + timedelta(minutes=1)))

    def slip(self, number: str) -> Slip | None:
        """See bot.ports.slips and adapters.wecom.leaves."""
        return slip(self._client, number)

    def _scheduled(self, user_ids: Sequence[str], day: date) -> dict[str, list[Slot]]:
        span = {"starttime": midnight(day), "endtime": midnight(day)}
        plans: dict[str, list[Slot]] = {}
        for row in self._gather("checkin/getcheckinschedulist", span, user_ids, "schedule_list"):
            plans.setdefault(str(row.get("userid")).casefold(), []).extend(scheduled_slots(row, day))
        return plans

    def _reports(self, user_ids: Sequence[str], first: date, last: date) -> list[Json]:
        """Daily reports; both ends must be local midnights, other values are answered with nothing."""
        span = {"starttime": midnight(first), "endtime": midnight(last)}
        return list(self._gather("checkin/getcheckin_daydata", span, user_ids, "datas"))

    def _gather(self, path: str, span: Json, user_ids: Sequence[str], name: str) -> Iterator[Json]:
        def ask(part: Sequence[str]) -> list[Json]:
            return rows(self._client.post(path, {**span, "useridlist": list(part)}), name)

        for index in range(0, len(user_ids), BATCH):
            yield from _bisect(ask, user_ids[index : index + BATCH])


def _bisect(ask: Callable[[Sequence[str]], list[Json]], users: Sequence[str]) -> Iterator[Json]:
    """One unknown user spoils a whole request (301021): halve it until only that user is left out."""
    try:
        found = ask(users)
    except PlatformError as problem:
        if problem.code != USER_UNKNOWN:
            raise
        if len(users) == 1:
            log.warning("wecom.checkin_user_unknown user_id=%s", users[0])
            return
        half = len(users) // 2
        yield from _bisect(ask, users[:half])
        yield from _bisect(ask, users[half:])
        return
    yield from found


def _punch(row: Json, names: dict[str, str]) -> Punch | None:
    user, stamp = names.get(str(row.get("userid")).casefold()), row.get("checkin_time")
    if user is None or not isinstance(stamp, int) or stamp <= 0 or MISSED in str(row.get("exception_type") or ""):
        return None
    raw = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    at = datetime.fromtimestamp(stamp, UTC)
    kind: Literal["on", "off", "other"] = KINDS.get(str(row.get("checkin_type")), "other")
    return Punch(user, at, kind, "wecom", raw)


def _planned(correction: Correction, start: int) -> int:
    """Seconds from midnight of the slot's end that the punch belongs to: the nearer one of going in and going out."""
    choices = [int(part) for part in correction.plan_ref.split("-") if part.isdecimal()]
    moment = int(correction.at.timestamp()) - start
    return min(choices or [int(correction.slot_start.timestamp()) - start], key=lambda sec: abs(sec - moment))


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(since + SPAN, until)
        yield since, end
        since = end


def _names(user_ids: Sequence[str]) -> dict[str, str]:
    return {user.casefold(): user for user in user_ids}  # WeCom echoes ids in lower case in places


def _shift(user: str, day: date, slot: Slot, group: Json) -> Shift:
    start, end = slot
    core = flexible(group, start)
    latest = _at(day, core) if start < core < end else None
    return Shift(user, day, _at(day, start), _at(day, end), f"{start}-{end}", _group(group), latest)


def _at(day: date, seconds: int) -> datetime:
    return datetime.fromtimestamp(midnight(day) + seconds, UTC)


def _group(group: Json) -> str:
    return str(group.get("groupname") or group.get("groupid") or "")
