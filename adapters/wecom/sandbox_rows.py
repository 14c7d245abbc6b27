"""WeCom stand-in: the rows attendance answers are made of (docs 90262, 90263, 93374)."""

from __future__ import annotations

from datetime import datetime

from adapters.sandbox import roster
from adapters.sandbox.roster import Slot
from adapters.sandbox.state import Json, Leave, Person

GROUP, GROUP_ID = "标准工时", 1


def seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def times(shifts: roster.Times) -> list[Json]:
    """`checkintime` of a rule or a day; `time_id` counts the shifts of a day."""
    return [_section(place, *roster.seconds(*each)) for place, each in enumerate(shifts, 1)]


def _section(place: int, start: int, end: int) -> Json:
    return {
        "time_id": place,
        "work_sec": start,
        "off_work_sec": end,
        "remind_work_sec": start - 600,
        "remind_off_work_sec": end,
        "allow_rest": False,
        "rest_begin_time": 0,
        "rest_end_time": 0,
        "no_need_checkon": False,
        "no_need_checkoff": False,
    }


def row(person: Person, kind: str, at: datetime, slot: Slot | None, exception: str) -> Json:
    return {
        "userid": person.id,
        "groupname": GROUP,
        "groupid": GROUP_ID,
        "checkin_type": "上班打卡" if kind == "on" else "下班打卡",
        "exception_type": exception,
        "checkin_time": int(at.timestamp()),
        "location_title": "",
        "location_detail": "",
        "wifiname": "",
        "notes": "",
        "wifimac": "",
        "mediaids": [],
        "deviceid": "",
        "schedule_id": 0,
        "timeline_id": slot.line if slot else 0,
        **({"sch_checkin_time": int(slot.at.timestamp())} if slot else {}),
    }


def slip(leave: Leave) -> Json:
    text = f"{leave.start:%m/%d %H:%M} ~ {leave.end:%m/%d %H:%M}"
    return {
        "sp_number": leave.id,
        "sp_title": {"data": [{"lang": "zh_CN", "text": leave.kind}]},
        "sp_description": {"data": [{"lang": "zh_CN", "text": text}]},
    }
