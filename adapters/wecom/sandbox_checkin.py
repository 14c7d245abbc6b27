"""WeCom stand-in: attendance (docs 90262, 93374, 93380, 90263, 95803) and approvals (docs 91956, 91983)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from adapters.sandbox.state import Json, Leave, Person, Punch, Slot
from adapters.wecom.sandbox_desk import Desk, Fail

GROUP, GROUP_ID = "标准工时", 1


class Checkin:
    """Reads of the world in the shape of 打卡; one write, punch_correction."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.route("POST", "checkin/getcheckindata", self.data)
        desk.route("POST", "checkin/getcheckin_daydata", self.day_data)
        desk.route("POST", "checkin/getcheckinoption", self.option)
        desk.route("POST", "checkin/getcheckinschedulist", self.schedule)
        desk.route("POST", "checkin/punch_correction", self.correct)
        desk.route("POST", "oa/getapprovalinfo", self.approvals)
        desk.route("POST", "oa/getapprovaldetail", self.approval)

    def _people(self, body: Json) -> list[Person]:
        users = body.get("useridlist")
        if not isinstance(users, list) or not 1 <= len(users) <= 100:
            raise Fail(301023, "useridlist must have 1 to 100 members")
        people = [self.desk.person(str(user)) for user in users]
        if None in people:
            raise Fail(301021, "invalid userid")
        return [person for person in people if person is not None]

    def _span(self, body: Json, days: int) -> tuple[datetime, datetime]:
        start, end = self.desk.moment(body.get("starttime")), self.desk.moment(body.get("endtime"))
        if not timedelta(0) <= end - start <= timedelta(days=days):
            raise Fail(301024, f"time span is over {days} days or negative")
        return start, end

    def _punched(self, person: Person) -> list[Punch]:
        """All punches; the fault leaves out today's, as a lagging attendance system does."""
        if self.world.fault("attendance_stale", f"/cgi-bin/checkin {person.id}"):
            return [punch for punch in person.punches if punch.at.date() < self.world.now().date()]
        return list(person.punches)

    def data(self, body: Json) -> Json:
        """Punches, and a 未打卡 row per missed slot whose time is the standard one: never a proof of a punch."""
        people, (start, end) = self._people(body), self._span(body, 30)
        if body.get("opencheckindatatype") not in (1, 2, 3):
            raise Fail(40058, "opencheckindatatype is 1, 2 or 3")
        rows: list[Json] = []
        for person in people if body["opencheckindatatype"] != 2 else []:
            punches = self._punched(person)
            rows += [self._punch_row(person, punch) for punch in punches if start <= punch.at <= end]
            for slot in self._slots(person, start, end):
                if slot.miss_at <= self.world.now() and not any(
                    slot.opens <= punch.at < slot.closes for punch in punches
                ):
                    rows.append(_row(person, slot.kind, slot.at, slot, "未打卡"))
        return {
            "checkindata": sorted(
                (row for row in rows if start.timestamp() <= row["checkin_time"] <= end.timestamp()),
                key=lambda row: row["checkin_time"],
            )
        }

    def _punch_row(self, person: Person, punch: Punch) -> Json:
        local = punch.at.astimezone(self.world.zone)
        near = [
            slot for slot in self._slots(person, local - timedelta(days=1), local) if slot.opens <= local < slot.closes
        ]
        if not near:
            return _row(person, "on", local, None, "")
        slot = near[0]
        wrong = local > slot.at if slot.kind == "on" else local < slot.at
        return {**_row(person, slot.kind, local, slot, "时间异常" if wrong else ""), "notes": punch.remark}

    def _slots(self, person: Person, start: datetime, end: datetime) -> list[Slot]:
        return [slot for day in _days(start, end) for slot in self.world.slots(person, day)]

    def day_data(self, body: Json) -> Json:
        """Both times must be local midnights, else nothing comes back. `exception` 3 counts missing punches."""
        people, (start, end) = self._people(body), self._span(body, 31)
        if any(moment != self.world.midnight(moment.date()) for moment in (start, end)):
            return {"datas": []}
        return {"datas": [self._day(person, day) for person in people for day in _days(start, end)]}

    def _day(self, person: Person, day: date) -> Json:
        slots, midnight = self.world.slots(person, day), self.world.midnight(day)
        taken = [punch for slot in slots if (punch := self.world.punch_for(person, slot))]
        missed = [slot for slot in slots if slot.miss_at <= self.world.now() and not self.world.punch_for(person, slot)]
        leaves = [
            leave
            for leave in person.leaves
            if not leave.pending and leave.start < midnight + timedelta(days=1) and midnight < leave.end
        ]
        corrections = [each for each in person.corrections if each["day"] == day]
        seconds = [int((punch.at - midnight).total_seconds()) for punch in taken]
        items = [
            {
                "type": 1,
                "vacation_id": 1,
                "count": 1,
                "duration": int((leave.end - leave.start).total_seconds()),
                "time_type": 1,
                "name": leave.kind,
            }
            for leave in leaves
        ]
        items += [
            {"type": 2, "vacation_id": 0, "count": len(corrections), "duration": 0, "time_type": 0, "name": "补卡"}
        ] * bool(corrections)
        return {
            "base_info": {
                "date": int(midnight.timestamp()),
                "record_type": 1,
                "name": person.name,
                "name_ex": "",
                "departs_name": person.department,
                "acctid": person.id,
                "day_type": 0 if slots else 1,
                "rule_info": {
                    "groupid": GROUP_ID,
                    "groupname": GROUP,
                    "scheduleid": 0,
                    "schedulename": "",
                    "checkintime": _times(person) if slots else [],
                },
            },
            "summary_info": {
                "checkin_count": len(taken),
                "regular_work_sec": max(seconds, default=0) - min(seconds, default=0),
                "standard_work_sec": 32400 if slots else 0,
                "earliest_time": min(seconds, default=0),
                "lastest_time": max(seconds, default=0),
            },
            "holiday_infos": [_slip(leave) for leave in leaves],
            "exception_infos": [{"exception": 3, "count": len(missed), "duration": 0}] if missed and not leaves else [],
            "ot_info": {"ot_status": 0, "ot_duration": 0, "exception_duration": []},
            "sp_items": items,
        }

    def option(self, body: Json) -> Json:
        people = self._people(body)
        self.desk.moment(body.get("datetime"))
        return {"info": [{"userid": person.id, "group": self._group(person)} for person in people]}

    def _group(self, person: Person) -> Json:
        days = {
            "workdays": [day % 7 for day in person.shift["days"]],
            "checkintime": _times(person),
            "flex_time": 0,
            "noneed_offwork": False,
            "limit_aheadtime": 0,
            "allow_flex": False,
            "flex_on_duty_time": 0,
            "flex_off_duty_time": 0,
        }
        return {
            "grouptype": 1,
            "groupid": GROUP_ID,
            "groupname": GROUP,
            "checkindate": [days],
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
            "schedulelist": [],
        }

    def schedule(self, body: Json) -> Json:
        """Only groups on shifts (grouptype 2) have schedules; the sandbox's groups are fixed, so the list is empty."""
        self._people(body)
        self._span(body, 31)
        return {"schedule_list": []}

    def correct(self, body: Json) -> Json:
        person, now = self.desk.person(str(body.get("userid", ""))), self.world.now()
        if person is None:
            raise Fail(40003, "invalid userid")
        if unknown := sorted(
            set(body) - {"userid", "schedule_date_time", "schedule_checkin_time", "checkin_time", "remark", "?"}
        ):
            raise Fail(301083, f"unknown field {unknown[0]}")
        midnight, at = self.desk.moment(body.get("schedule_date_time")), self.desk.moment(body.get("checkin_time"))
        if midnight != self.world.midnight(midnight.date()):
            raise Fail(301082, "schedule_date_time is not a midnight")
        if at > now or len(str(body.get("remark", "")).encode()) > 512:
            raise Fail(301083, "checkin_time is in the future, or remark over 512 bytes")
        slots = self.world.slots(person, midnight.date())
        wanted = body.get("schedule_checkin_time")
        slot = next(
            (each for each in slots if wanted is None or each.at == midnight + timedelta(seconds=int(wanted))), None
        )
        if slot is None:
            raise Fail(301080, "no such slot")
        if not slot.opens <= at < slot.closes:
            raise Fail(301081, "checkin_time is outside the slot")
        with self.world.lock:
            person.punches.append(Punch(at, "correction", str(body.get("remark", ""))))
            person.corrections.append({"day": midnight.date(), "slot": slot.id, "at": at.isoformat()})
        return {}

    def approvals(self, body: Json) -> Json:
        """Leave slips that were filed inside the span; time stamps are strings here."""
        if not isinstance(body.get("starttime"), str) or not isinstance(body.get("endtime"), str):
            raise Fail(301025, "starttime and endtime are strings")
        self._span(body, 31)
        wanted = {each["key"]: each["value"] for each in body.get("filters", [])}
        rows = []
        for person in self.desk.people() if wanted.get("record_type", "1") == "1" else []:
            for leave in person.leaves:
                if (
                    wanted.get("sp_status", _status(leave)) == _status(leave)
                    and wanted.get("creator", person.id) == person.id
                ):
                    rows.append(leave.id)
        start, size = int(body.get("new_cursor") or 0), min(int(body.get("size", 100)), 100)
        return {
            "sp_no_list": rows[start : start + size],
            "new_next_cursor": str(start + size) if len(rows) > start + size else "",
        }

    def approval(self, body: Json) -> Json:
        for person in self.desk.people():
            for leave in person.leaves:
                if leave.id == str(body.get("sp_no", "")):
                    return {"info": _detail(person, leave)}
        raise Fail(301025, "sp_no does not exist")


def _status(leave: Leave) -> str:
    return "1" if leave.pending else "2"


def _days(start: datetime, end: datetime) -> list[date]:
    return [start.date() + timedelta(days=number) for number in range((end.date() - start.date()).days + 1)]


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _times(person: Person) -> list[Json]:
    start, end = _seconds(person.shift["start"]), _seconds(person.shift["end"])
    end += 86400 if end <= start else 0
    return [
        {
            "time_id": 1,
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
    ]


def _row(person: Person, kind: str, at: datetime, slot: Slot | None, exception: str) -> Json:
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
        "timeline_id": 1,
        **({"sch_checkin_time": int(slot.at.timestamp())} if slot else {}),
    }


def _slip(leave: Leave) -> Json:
    text = f"{leave.start:%m/%d %H:%M} ~ {leave.end:%m/%d %H:%M}"
    return {
        "sp_number": leave.id,
        "sp_title": {"data": [{"lang": "zh_CN", "text": leave.kind}]},
        "sp_description": {"data": [{"lang": "zh_CN", "text": text}]},
    }


def _detail(person: Person, leave: Leave) -> Json:
    start, end = int(leave.start.timestamp()), int(leave.end.timestamp())
    value = {
        "vacation": {
            "selector": {
                "type": "single",
                "options": [{"key": "1", "value": [{"text": leave.kind, "lang": "zh_CN"}]}],
                "exp_type": 0,
            },
            "attendance": {
                "date_range": {"type": "hour", "new_begin": start, "new_end": end, "new_duration": end - start},
                "type": 1,
            },
        }
    }
    control = {
        "control": "Vacation",
        "id": "vacation-1",
        "title": [{"text": "请假类型", "lang": "zh_CN"}],
        "value": value,
    }
    return {
        "sp_no": leave.id,
        "sp_name": "请假",
        "sp_status": int(_status(leave)),
        "template_id": "sandbox-leave",
        "apply_time": start - 86400,
        "applyer": {"userid": person.id, "partyid": "1"},
        "sp_record": [],
        "notifyer": [],
        "apply_data": {"contents": [control]},
        "comments": [],
    }
