"""/_sandbox/shifts: a person's hours, as a rule or for one day."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked, roster
from adapters.sandbox.state import Json, Person, World


def add(routes: Blueprint, world: World) -> None:
    """GET ?user=&day= tells the slots; POST sets them.

    POST {"user", "day", "times": [["22:00", "06:00"]]} sets one day: [] rests, null goes back to the rule.
    POST {"user", "times", "days": [1, 2]} sets the rule: the same hours on these ISO weekdays.
    """

    @routes.get("/shifts")
    def planned() -> ResponseReturnValue:
        query = request.args.to_dict()
        return jsonify(_told(world, asked.person(world, query), query.get("day")))

    @routes.post("/shifts")
    def plan() -> ResponseReturnValue:
        body = asked.body()
        person = asked.person(world, body)
        with world.lock:
            _change(person, body)
        return jsonify(_told(world, person, body.get("day")))


def _change(person: Person, body: Json) -> None:
    if "times" not in body:
        abort(400, "times is required")
    if body.get("day") and body["times"] is None:
        person.days.pop(asked.day(body["day"]), None)
        return
    try:
        times = roster.parse(body["times"])
    except ValueError as wrong:
        abort(400, str(wrong))
    if body.get("day"):
        person.days[asked.day(body["day"])] = times
        return
    weekdays = body.get("days", person.shift["days"])
    if not isinstance(weekdays, list) or not all(each in range(1, 8) for each in weekdays):
        abort(400, "days is a list of ISO weekdays, 1 to 7")
    if not times:
        abort(400, "a rule needs hours; give no days to expect nobody")
    person.shift = {**person.shift, "start": times[0][0], "end": times[0][1], "days": weekdays, "times": list(times)}


def _told(world: World, person: Person, day: Any) -> Json:
    when = asked.day(day) if day else world.now().date()
    slots = [{"kind": each.kind, "at": each.at.isoformat()} for each in world.slots(person, when)]
    return {"ok": True, "user": person.id, "day": when.isoformat(), "slots": slots}
