"""WeCom stand-in: punches, daily report, corrections (docs 90262, 93374, 95803)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from adapters.sandbox import roster
from adapters.sandbox.roster import Slot
from adapters.sandbox.state import Json, Leave, Person, Punch
from adapters.wecom import sandbox_rows
from adapters.wecom.sandbox_desk import Desk, Fail
from adapters.wecom.sandbox_schedule import group_of


class Checkin:
    """Reads of the world in the shape of 打卡; one write, punch_correction."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.route("POST", "checkin/getcheckindata", self.data)
        desk.route("POST", "checkin/getcheckin_daydata", self.day_data)
        desk.route("POST", "checkin/punch_correction", self.correct)

    def _punched(self, person: Person) -> list[Punch]:
        """All punches; the fault leaves out today's, as a lagging attendance system does."""
        if self.world.fault("attendance_stale", f"/cgi-bin/checkin {person.id}"):
            return [punch for punch in person.punches if punch.at.date() < self.world.now().date()]
        return list(person.punches)

    def data(self, body: Json) -> Json:
        """Punches, and a 未打卡 row per missed slot whose time is the standard one: never a proof of a punch."""
        people, (start, end) = self.desk.checked_people(body), self.desk.span(body, 30)
        if body.get("opencheckindatatype") not in (1, 2, 3):
            raise Fail(40058, "opencheckindatatype is 1, 2 or 3")
        rows: list[Json] = []
        for person in people if body["opencheckindatatype"] != 2 else []:
            punches = self._punched(person)
            rows += [self._punch_row(person, punch) for punch in punches if start <= punch.at <= end]
            for slot in self._slots(person, start - timedelta(days=1), end):
                if slot.miss_at <= self.world.now() and not any(
                    slot.opens <= punch.at < slot.closes for punch in punches
                ):
                    rows.append(sandbox_rows.row(person, slot.kind, slot.at, slot, "未打卡"))
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
            return sandbox_rows.row(person, "on", local, None, "")
        slot = near[0]
        wrong = local > slot.at if slot.kind == "on" else local < slot.at
        return {**sandbox_rows.row(person, slot.kind, local, slot, "时间异常" if wrong else ""), "notes": punch.remark}

    def _slots(self, person: Person, start: datetime, end: datetime) -> list[Slot]:
        return [slot for day in roster.days(start.date(), end.date()) for slot in self.world.slots(person, day)]

    def day_data(self, body: Json) -> Json:
        """Both times must be local midnights, else nothing comes back. `exception` 3 counts missing punches."""
        people, (start, end) = self.desk.checked_people(body), self.desk.span(body, 31)
        if any(moment != self.world.midnight(moment.date()) for moment in (start, end)):
            return {"datas": []}
        return {"datas": [self._day(person, day) for person in people for day in roster.days(start.date(), end.date())]}

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
        shifts, (kind, group, name) = roster.planned(person, day), group_of(person)
        seconds = [int((punch.at - midnight).total_seconds()) for punch in taken]
        return {
            "base_info": {
                "date": int(midnight.timestamp()),
                "record_type": 3 if kind == 2 else 1,
                "name": person.name,
                "name_ex": "",
                "departs_name": person.department,
                "acctid": person.id,
                "day_type": 0 if slots else 1,
                "rule_info": {
                    "groupid": group,
                    "groupname": name,
                    "scheduleid": 0,
                    "schedulename": "",
                    "checkintime": sandbox_rows.times(shifts),
                },
            },
            "summary_info": {
                "checkin_count": len(taken),
                "regular_work_sec": max(seconds, default=0) - min(seconds, default=0),
                "standard_work_sec": sum(end - start for start, end in (roster.seconds(*each) for each in shifts)),
                "earliest_time": min(seconds, default=0),
                "lastest_time": max(seconds, default=0),
            },
            "holiday_infos": [sandbox_rows.slip(leave) for leave in leaves],
            "exception_infos": [{"exception": 3, "count": len(missed), "duration": 0}] if missed and not leaves else [],
            "ot_info": {"ot_status": 0, "ot_duration": 0, "exception_duration": []},
            "sp_items": _items(leaves, len(corrections)),
        }

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


def _items(leaves: list[Leave], corrections: int) -> list[Json]:
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
        {"type": 2, "vacation_id": 0, "count": corrections, "duration": 0, "time_type": 0, "name": "补卡"}
    ] * bool(corrections)
    return items
