"""DingTalk stand-in: attendance on the legacy host (docs: attendance plan, results, records, leave status)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import roster
from adapters.sandbox.roster import Slot
from adapters.sandbox.state import Json, Leave, Person, Punch

GROUP, CLASS = 8001, 9001
KINDS = {"on": "OnDuty", "off": "OffDuty"}
DAY = timedelta(days=1)


class Attendance:
    """Plans, results and raw punches computed from the world's shifts."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.old("POST", "/topapi/attendance/schedule/listbyusers", self.plans)
        desk.old("POST", "/topapi/attendance/schedule/listbyday", self.day)
        desk.old("POST", "/attendance/listRecord", self.records)
        desk.old("POST", "/attendance/list", self.results)
        desk.old("POST", "/topapi/attendance/getleavestatus", self.leaves)

    def _people(self, users: object, most: int) -> list[Person]:
        """Unknown people are left out without a word, as documented for the attendance lists."""
        names = [name for name in users.split(",") if name] if isinstance(users, str) else users
        if not isinstance(names, list) or not 1 <= len(names) <= most:
            raise Fail(40035, f"1 to {most} users")
        return [person for name in names if (person := self.desk.person(name))]

    def _span(self, start: datetime, end: datetime, days: int) -> None:
        if end < start:
            raise Fail(40035, "the end is before the start")
        if end - start > timedelta(days=days):
            raise Fail(41041, f"time span is over {days} days")

    def _slots(self, person: Person, start: datetime, end: datetime) -> list[Slot]:
        days = roster.days(start.date(), end.date())
        return [slot for day in days for slot in self.world.slots(person, day)]

    def _stale(self, person: Person) -> bool:
        return self.world.fault("attendance_stale", f"/attendance {person.id}")

    def _punched(self, person: Person) -> list[Punch]:
        today = self.world.now().date()
        return (
            [punch for punch in person.punches if punch.at.astimezone(self.world.zone).date() < today]
            if self._stale(person)
            else list(person.punches)
        )

    def plans(self, body: Json) -> Json:
        self._operator(body)
        start, end = self.desk.millis(body.get("from_date_time")), self.desk.millis(body.get("to_date_time"))
        self._span(start, end, 7)
        people = self._people(body.get("userids"), 50)
        return {"result": [row for person in people for row in self._planned(person, start, end)]}

    def _planned(self, person: Person, start: datetime, end: datetime) -> Iterator[Json]:
        for day in roster.days(start.date(), end.date()):
            row = {"userid": person.id, "work_date": _text(self.world.midnight(day)), "group_id": GROUP}
            for slot in self.world.slots(person, day):
                yield {
                    **row,
                    "id": slot.id,
                    "check_type": KINDS[slot.kind],
                    "plan_check_time": _text(slot.at),
                    "shift_id": CLASS,
                    "shift_version": 1,
                    "is_rest": "N",
                }
            if person.days.get(day) == ():  # a day of rest by schedule has a row of its own, shift 0
                yield {**row, "id": day.toordinal(), "check_type": "OnDuty", "shift_id": 0, "is_rest": "Y"}

    def day(self, body: Json) -> Json:
        """check_status: Init, Checked, or Timeout when the slot was missed."""
        self._operator(body)
        at = self.desk.millis(body.get("date_time"))
        rows = []
        for person in self._people(str(body.get("user_id", "")), 1):
            for slot in self._slots(person, at, at):
                punch = self.world.punch_for(person, slot)
                status = "Checked" if punch else "Timeout" if slot.miss_at <= self.world.now() else "Init"
                rows.append(
                    {
                        "id": slot.id,
                        "check_type": KINDS[slot.kind],
                        "check_status": status,
                        "check_date_time": _text(slot.at),
                        "real_plan_time": _text(slot.at),
                        "check_begin_time": _text(slot.opens),
                        "check_end_time": _text(slot.closes),
                        "is_rest": "N",
                        "work_date": _text(self.world.midnight(slot.day)),
                        "class_id": CLASS,
                        "class_name": "标准班",
                        "group_id": GROUP,
                        "features": f'{{"punchId":{slot.id % 10**10}}}',
                        **self._approved(person, slot),
                    }
                )
        return {"result": rows}

    def _approved(self, person: Person, slot: Slot) -> Json:
        row = next((each for each in person.corrections if each["slot"] == slot.id), None)
        return {"approve_id": row["approve_id"], "approve_tag_name": "补卡"} if row else {}

    def _operator(self, body: Json) -> None:
        if not body.get("op_user_id"):
            raise Fail(40035, "op_user_id is required")

    def records(self, body: Json) -> Json:
        """Real punches only; exact times."""
        start, end = self.desk.text_time(body.get("checkDateFrom")), self.desk.text_time(body.get("checkDateTo"))
        self._span(start, end, 7)
        rows = [
            self._record(person, punch)
            for person in self._people(body.get("userIds"), 50)
            for punch in self._punched(person)
            if start <= punch.at <= end
        ]
        return {"recordresult": rows}

    def _record(self, person: Person, punch: Punch) -> Json:
        local = punch.at.astimezone(self.world.zone)
        slot = next(
            (each for each in self._slots(person, local - DAY, local) if each.opens <= local < each.closes), None
        )
        row: Json = {
            "id": int(local.timestamp() * 1000),
            "userId": person.id,
            "corpId": self.desk.settings.dingtalk_corp_id,
            "userCheckTime": _millis(local),
            "isLegal": "Y",
            "groupId": GROUP,
            "classId": CLASS,
            "locationResult": "Normal",
            "sourceType": "APPROVE" if punch.source == "correction" else "USER",
            "gmtCreate": _millis(local),
            "workDate": _millis(self.world.midnight(slot.day if slot else local.date())),
            "checkType": KINDS[slot.kind] if slot else "OnDuty",
            "timeResult": _result(slot, local),
        }
        return {
            **row,
            **(
                {"planId": slot.id, "planCheckTime": _millis(slot.at), "baseCheckTime": _millis(slot.at)}
                if slot
                else {}
            ),
        }

    def results(self, body: Json) -> Json:
        """One row per slot. A missed one has userCheckTime == baseCheckTime and sourceType SYSTEM: no punch."""
        start, end = self.desk.text_time(body.get("workDateFrom")), self.desk.text_time(body.get("workDateTo"))
        self._span(start, end, 6)
        offset, limit = int(body.get("offset", 0)), int(body.get("limit", 0))
        if not 1 <= limit <= 50 or offset < 0:
            raise Fail(40035, "limit is 1 to 50")
        rows = []
        for person in self._people(body.get("userIdList"), 50):
            punches = self._punched(person)
            for slot in self._slots(person, start, end):
                taken = self.world.punch_for(person, slot)
                if taken in punches or slot.miss_at <= self.world.now():
                    rows.append(self._slot_row(person, slot, taken if taken in punches else None))
        return {"recordresult": rows[offset : offset + limit], "hasMore": len(rows) > offset + limit}

    def _slot_row(self, person: Person, slot: Slot, punch: Punch | None) -> Json:
        at = punch.at.astimezone(self.world.zone) if punch else slot.at
        source = "SYSTEM" if punch is None else "APPROVE" if punch.source == "correction" else "USER"
        return {
            "id": slot.id * 10,
            "userId": person.id,
            "workDate": _millis(self.world.midnight(slot.day)),
            "checkType": KINDS[slot.kind],
            "timeResult": _result(slot, at) if punch else "NotSigned",
            "locationResult": "Normal" if punch else "NotSigned",
            "baseCheckTime": _millis(slot.at),
            "userCheckTime": _millis(at),
            "sourceType": source,
            "groupId": GROUP,
            "planId": slot.id,
            "corpId": self.desk.settings.dingtalk_corp_id,
        }

    def leaves(self, body: Json) -> Json:
        """Approved leave only; duration in hundredths."""
        start, end = self.desk.millis(body.get("start_time")), self.desk.millis(body.get("end_time"))
        self._span(start, end, 180)
        offset, size = int(body.get("offset", 0)), int(body.get("size", 0))
        if not 1 <= size <= 20:
            raise Fail(40035, "size is 1 to 20")
        rows = [
            _leave(person, leave)
            for person in self._people(body.get("userid_list"), 100)
            for leave in person.leaves
            if not leave.pending and leave.start < end and start < leave.end
        ]
        return {"result": {"has_more": len(rows) > offset + size, "leave_status": rows[offset : offset + size]}}


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _result(slot: Slot | None, at: datetime) -> str:
    if slot is None:
        return "Normal"
    late = slot.kind == "on" and at > slot.at
    return "Late" if late else "Early" if slot.kind == "off" and at < slot.at else "Normal"


def _leave(person: Person, leave: Leave) -> Json:
    hours = (leave.end - leave.start).total_seconds() / 3600
    return {
        "userid": person.id,
        "start_time": _millis(leave.start),
        "end_time": _millis(leave.end),
        "duration_unit": "percent_hour",
        "duration_percent": int(hours * 100),
        "leave_code": leave.kind,
    }
