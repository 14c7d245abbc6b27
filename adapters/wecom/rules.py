"""When a punch is expected, read from WeCom's attendance rules. No I/O.

Docs: 获取员工打卡规则 (90263), 获取打卡人员排班信息 (93380).

Seconds count from local midnight and may exceed 86400 for a night shift. Days are Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.wecom.client import Json, inner, rows
from bot.statutory import published

ZONE = ZoneInfo("Asia/Shanghai")
FIXED, SHIFT, FREE = 1, 2, 3
MOST_FLEX = 6 * 3600
Slot = tuple[int, int]
"""(work_sec, off_work_sec)."""


def midnight(day: date) -> int:
    """Unix seconds of 00:00 in Asia/Shanghai."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def fixed_slots(group: Json, day: date) -> list[Slot] | None:
    """Slots of a fixed rule; empty on a day off; None when only the daily report knows.

    That is so for alternating weeks (大小周), and for a rule that follows a statutory calendar which is not published
    in our data yet. Special days win over the statutory calendar, which wins over the weekdays.
    """
    if any(_special(row, day) for row in rows(group, "spe_offdays")):
        return []
    normal = rows(group, "checkindate")
    usual = slots(rows(normal[0], "checkintime")) if normal else []
    for row in rows(group, "spe_workdays"):
        if _special(row, day):
            return slots(rows(row, "checkintime")) or usual
    today = [row for row in normal if _weekday(row.get("workdays"), day)]
    if group.get("sync_holidays"):
        known = published(day)
        if known is None:
            return None
        if known.off and (known.name or not today):
            return []
        if not known.off and day.weekday() >= 5:
            return (slots(rows(today[0], "checkintime")) if today else []) or usual  # 调休 working weekend
    for row in normal:
        alternating = inner(row, "biweekly")
        if alternating.get("enable_weekday_recurrence"):
            odd, even = (_weekday(alternating.get(key), day) for key in ("odd_workdays", "even_workdays"))
            if odd and even:
                return slots(rows(row, "checkintime"))
            if odd or even:
                return None
    return [slot for row in today for slot in slots(rows(row, "checkintime"))]


def scheduled_slots(schedule: Json, day: date) -> list[Slot]:
    """Slots of one `schedule_list` row for `day`; schedule_id 0 means rest."""
    if str(schedule.get("yearmonth")) != f"{day:%Y%m}":
        return []
    for row in rows(inner(schedule, "schedule"), "scheduleList"):
        shift = inner(row, "schedule_info")
        if row.get("day") == day.day and shift.get("schedule_id"):
            return slots(rows(shift, "time_section"))
    return []


def reported_slots(report: Json) -> list[Slot]:
    """Slots of a daily report's own view of the day (day_type 0 works, 1 rests)."""
    base = inner(report, "base_info")
    if base.get("day_type") != 0:
        return []
    return slots(rows(inner(base, "rule_info"), "checkintime"))


def slots(times: Iterable[Json]) -> list[Slot]:
    """Complete sections only; one that needs neither punch expects nothing."""
    found = []
    for row in times:
        start, end = row.get("work_sec"), row.get("off_work_sec")
        if row.get("no_need_checkon") and row.get("no_need_checkoff"):
            continue
        if isinstance(start, int) and isinstance(end, int) and start != end:
            found.append((start, end if end > start else end + 86_400))
    return found


def flexible(group: Json, start: int) -> int:
    """Seconds from midnight of the latest arrival for a slot that begins at `start`: the core time of flexible hours.

    Docs name `allow_flex` with `flex_on_duty_time` and `max_allow_arrive_late`, in milliseconds like `limit_aheadtime`;
    UNVERIFIED for the last two. Of several values the largest counts: whoever may still come is not missing yet.
    """
    rules = [*rows(group, "checkindate"), *rows(group, "schedulelist"), *_late(group)]
    allowed = [
        row.get(name)
        for row in rules
        if row.get("allow_flex")
        for name in ("flex_on_duty_time", "max_allow_arrive_late", "flex_time")
    ]
    late = max((value for value in allowed if isinstance(value, int) and not isinstance(value, bool)), default=0)
    return start + min(max(late, 0) // 1000, MOST_FLEX)


def _late(group: Json) -> list[Json]:
    return [group] if group.get("allow_flex") else []


def exempt(group: Json, user: str) -> bool:
    """On the rule's white list: this person never has to punch."""
    names = group.get("white_users")
    listed = [row.get("userid") if isinstance(row, dict) else row for row in names] if isinstance(names, list) else []
    return user.casefold() in {str(name).casefold() for name in listed}


def _special(row: Json, day: date) -> bool:
    start, end = row.get("begtime"), row.get("endtime")
    if isinstance(start, int) and isinstance(end, int) and 0 < start <= end:
        return _day(start) <= day <= _day(end)
    stamp = row.get("timestamp")
    return isinstance(stamp, int) and stamp > 0 and _day(stamp) == day


def _day(stamp: int) -> date:
    return datetime.fromtimestamp(stamp, ZONE).date()


def _weekday(listed: Any, day: date) -> bool:
    """Sunday is 0; older rules write 7."""
    if not isinstance(listed, list):
        return False
    number = day.isoweekday()
    return number in listed or (number == 7 and 0 in listed)
