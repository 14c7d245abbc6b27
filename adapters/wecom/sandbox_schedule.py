"""WeCom stand-in: attendance rules and schedules (docs: 获取员工打卡规则 90263, 获取打卡人员排班信息 93380)."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from adapters.sandbox import roster
from adapters.sandbox.state import Json, Person
from adapters.wecom import sandbox_rows
from adapters.wecom.sandbox_desk import Desk


def group_of(person: Person) -> tuple[int, int, str]:
    """(grouptype, groupid, groupname): whoever has single days of their own works by schedule, the rest by rule."""
    return (2, sandbox_rows.GROUP_ID + 1, "排班制") if person.days else (1, sandbox_rows.GROUP_ID, sandbox_rows.GROUP)


class Schedule:
    """Rules of everybody, schedules of those on shifts."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("POST", "checkin/getcheckinoption", self.option)
        desk.route("POST", "checkin/getcheckinschedulist", self.schedule)

    def option(self, body: Json) -> Json:
        people = self.desk.checked_people(body)
        self.desk.moment(body.get("datetime"))
        return {"info": [{"userid": person.id, "group": _group(person)} for person in people]}

    def schedule(self, body: Json) -> Json:
        """One row per person and month, at most 31 days; people whose group works by rule are left out."""
        people, (start, end) = self.desk.checked_people(body), self.desk.span(body, 31)
        months = groupby(roster.days(start.date(), end.date()), lambda day: int(f"{day:%Y%m}"))
        spans = [(month, list(days)) for month, days in months]
        return {"schedule_list": [_row(each, *span) for each in people if each.days for span in spans]}


def _row(person: Person, month: int, days: list[date]) -> Json:
    _, number, name = group_of(person)
    rows = [{"day": day.day, "schedule_info": _shift(person, day)} for day in days]
    return {
        "userid": person.id,
        "yearmonth": month,
        "groupid": number,
        "groupname": name,
        "schedule": {"scheduleList": rows},
    }


def _shift(person: Person, day: date) -> Json:
    """schedule_id 0 is a day of rest."""
    times = roster.planned(person, day)
    sections = [{"id": each.pop("time_id"), **each} for each in sandbox_rows.times(times)]
    return {
        "schedule_id": 1 + sum(sandbox_rows.seconds(each) for pair in times for each in pair) % 10**6 if times else 0,
        "schedule_name": " ".join(f"{start}-{end}" for start, end in times) or "休息",
        "time_section": sections,
    }


def _group(person: Person) -> Json:
    kind, number, name = group_of(person)
    days = {
        "workdays": [day % 7 for day in person.shift["days"]],
        "checkintime": sandbox_rows.times(roster.usual(person)),
        "flex_time": 0,
        "noneed_offwork": False,
        "limit_aheadtime": 0,
        "allow_flex": False,
        "flex_on_duty_time": 0,
        "flex_off_duty_time": 0,
    }
    return {
        "grouptype": kind,
        "groupid": number,
        "groupname": name,
        "checkindate": [days] if kind == 1 else [],
        "spe_workdays": [],
        "spe_offdays": [],
        "sync_holidays": False,
        "need_photo": False,
        "wifimac_infos": [],
        "loc_infos": [],
        "option_out_range": 0,
        "allow_checkin_offworkday": True,
        "allow_apply_offworkday": True,
        "allow_apply_bk_cnt": -1,
        "allow_apply_bk_day_limit": -1,
        "range": {"party_id": [], "userid": [person.id], "tagid": []},
        "white_users": [],
        "schedulelist": _known(person) if kind == 2 else [],
    }


def _known(person: Person) -> list[Json]:
    shifts = {day: _shift(person, day) for day in person.days}
    unique = {shift["schedule_id"]: shift for shift in shifts.values() if shift["schedule_id"]}
    return list(unique.values())
