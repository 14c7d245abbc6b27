"""DingTalk stand-in: writing an approved make-up punch back (docs: make-up-the-card-after-approval)."""

from __future__ import annotations

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Json, Punch


class MakeUp:
    """Accepts the schedule id, or `features.punchId` of listbyday, as `punch_id`: the docs name both."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.old("POST", "/topapi/attendance/approve/check", self.make_up)
        desk.old("POST", "/topapi/attendance/approve/cancel", self.cancel)

    def make_up(self, body: Json) -> Json:
        """Flips a missed slot to approved; repeated with the same approve_id it changes nothing."""
        person = self.desk.person(body.get("userid", ""))
        if person is None:
            raise Fail(33012, "userid is invalid")
        for field in ("work_date", "punch_id", "punch_check_time", "user_check_time", "approve_id"):
            if not body.get(field):
                raise Fail(40035, f"{field} is required")
        day, at = self.desk.text_time(body["work_date"]), self.desk.text_time(body["user_check_time"])
        wanted = str(body["punch_id"])
        slot = next(
            (each for each in self.world.slots(person, day.date()) if wanted in (str(each.id), str(each.id % 10**10))),
            None,
        )
        if slot is None or self.desk.text_time(body["punch_check_time"]) != slot.at:
            raise Fail(40035, "punch_id does not belong to this day and time")
        with self.world.lock:
            if not any(each["approve_id"] == body["approve_id"] for each in person.corrections):
                person.punches.append(Punch(at, "correction", str(body["approve_id"])))
                person.corrections.append(
                    {"day": slot.day, "slot": slot.id, "at": at.isoformat(), "approve_id": str(body["approve_id"])}
                )
        return {"result": {"dingtalk_id": slot.id}}

    def cancel(self, body: Json) -> Json:
        person, number = self.desk.person(body.get("userid", "")), str(body.get("approve_id", ""))
        if person is None:
            raise Fail(33012, "userid is invalid")
        with self.world.lock:
            person.corrections = [each for each in person.corrections if each["approve_id"] != number]
            person.punches = [each for each in person.punches if each.remark != number or each.source != "correction"]
        return {"result": {}}
