"""The control plane: /_sandbox/* moves the little world. JSON in, JSON out; not a vendor's interface."""

from __future__ import annotations

import math
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked, calls, ceilings, faces, handset, hours, signin, slips, tenure
from adapters.sandbox.state import FAULTS, Fault, Leave, Punch, World
from adapters.sandbox.vendor import Vendor
from bot import clock


def blueprint(world: World, vendors: Mapping[str, Vendor]) -> Blueprint:
    """Routes under /_sandbox."""
    routes = Blueprint("control", __name__, url_prefix="/_sandbox")
    _world_routes(routes, world)
    _time_routes(routes, world, vendors)
    _clock_routes(routes, world)
    _phone_routes(routes, world, vendors)
    _signal_routes(routes, world, vendors)
    hours.add(routes, world)
    slips.add(routes, world, vendors)
    tenure.add(routes, world)
    handset.add(routes, world, vendors)
    ceilings.add(routes, world)
    calls.add(routes, world)
    return routes


def _world_routes(routes: Blueprint, world: World) -> None:
    @routes.post("/reset")
    def reset() -> ResponseReturnValue:
        world.reset()
        return jsonify(ok=True)

    @routes.get("/people")
    def people() -> ResponseReturnValue:
        return jsonify([faces.facts(person, world.now().date()) for person in world.people])

    @routes.post("/people")
    def replace() -> ResponseReturnValue:
        rows: Any = request.get_json(force=True, silent=True)
        try:
            world.replace_people(rows if isinstance(rows, list) else rows["people"])
        except (KeyError, TypeError) as missing:
            abort(400, f"id, name and platform (wecom|dingtalk) are required: {missing}")
        return jsonify(ok=True, people=len(world.people))

    @routes.get("/wire")
    def wire() -> ResponseReturnValue:
        after = int(request.args.get("after", 0))
        with world.lock:
            return jsonify([entry for entry in world.wire if entry["n"] > after])

    @routes.get("/faults")
    def faults() -> ResponseReturnValue:
        return jsonify([{"kind": each.kind, "times": each.times, "match": each.match} for each in world.faults])

    @routes.post("/faults")
    def fault() -> ResponseReturnValue:
        body = asked.body()
        if body.get("kind") not in FAULTS:
            abort(400, "kind is one of " + ", ".join(FAULTS))
        if body["kind"] == "refuse" and not body.get("code"):
            abort(400, "refuse needs the vendor's code, e.g. 60020")
        times, match, code = int(body.get("times", 1)), str(body.get("match", "")), str(body.get("code", ""))
        with world.lock:
            world.faults.append(Fault(body["kind"], times, match, code))
        return jsonify(ok=True)

    @routes.delete("/faults")
    def calm() -> ResponseReturnValue:
        world.faults.clear()
        return jsonify(ok=True)


def _time_routes(routes: Blueprint, world: World, vendors: Mapping[str, Vendor]) -> None:
    @routes.post("/punch")
    def punch() -> ResponseReturnValue:
        body = asked.body()
        person = asked.person(world, body)
        at = asked.moment(world, body["at"]) if body.get("at") else world.now()
        with world.lock:
            person.punches.append(Punch(at))
        if person.platform in vendors:
            vendors[person.platform].punched(person, at)
        return jsonify(ok=True, at=at.isoformat())

    @routes.post("/leave")
    def leave() -> ResponseReturnValue:
        body = asked.body()
        person, number = asked.person(world, body), f"{world.now():%Y%m%d}{world.next():04d}"
        row = Leave(
            number,
            asked.moment(world, body.get("start")),
            asked.moment(world, body.get("end")),
            bool(body.get("pending")),
            str(body.get("kind", "年假")),
        )
        with world.lock:
            person.leaves.append(row)
        return jsonify(ok=True, id=row.id)

    @routes.post("/code")
    def code() -> ResponseReturnValue:
        """A single-use sign-in code, as the client would fetch it when this person opens the app's page."""
        return jsonify(code=signin.mint(world, asked.person(world, asked.body()), "client"))


def _clock_routes(routes: Blueprint, world: World) -> None:
    @routes.get("/clock")
    def look() -> ResponseReturnValue:
        return jsonify(
            now=world.now().isoformat(timespec="seconds"),
            offset=clock.offset(),
            zone=str(world.zone),
            movable=bool(os.environ.get("HUIZHI_CLOCK_FILE")),
        )

    @routes.post("/clock")
    def move() -> ResponseReturnValue:
        name, body = os.environ.get("HUIZHI_CLOCK_FILE", ""), asked.body()
        if not name:
            abort(409, "HUIZHI_CLOCK_FILE names no file, so time cannot be moved")
        if body.get("at"):
            offset = asked.moment(world, body["at"]).timestamp() - time.time()
        else:
            offset = clock.offset() + float(body.get("advance", 0))
        draft = Path(f"{name}.{uuid.uuid4().hex[:8]}")
        draft.write_text(f"{math.ceil(offset * 1000) / 1000:.3f}")  # up: never before the moment asked for
        draft.replace(name)
        return jsonify(now=world.now().isoformat(timespec="seconds"), offset=offset)


def _phone_routes(routes: Blueprint, world: World, vendors: Mapping[str, Vendor]) -> None:
    @routes.get("/phones")
    def phones() -> ResponseReturnValue:
        with world.lock:
            today = world.now().date()
            people = [
                {
                    **faces.facts(person, today),
                    "bubbles": [faces.bubble(each) for each in person.bubbles],
                    "letters": [faces.letter(each) for each in person.letters],
                }
                for person in world.people
            ]
        return jsonify(
            people=people,
            now=world.now().isoformat(timespec="seconds"),
            last=world.serial,
            faults=[{"kind": each.kind, "times": each.times, "match": each.match} for each in world.faults],
        )

    @routes.post("/click")
    def click() -> ResponseReturnValue:
        body = asked.body()
        person, key = asked.person(world, body), str(body.get("key", ""))
        bubble = next((each for each in person.bubbles if each.id == body.get("bubble")), None)
        if bubble is None or bubble.kind != "card":
            abort(404, "no such card")
        if bubble.state == "recalled" or key not in {each["key"] for each in bubble.card["buttons"] if each["key"]}:
            abort(409, "this card has no such button any more")
        return jsonify(vendors[person.platform].click(person, bubble, key, dict(body.get("form", {}))))


def _signal_routes(routes: Blueprint, world: World, vendors: Mapping[str, Vendor]) -> None:
    @routes.post("/disconnect")
    def disconnect() -> ResponseReturnValue:
        """Every long connection of every vendor is asked to come back."""
        for vendor in vendors.values():
            vendor.disconnect()
        return jsonify(ok=True)

    @routes.post("/read")
    def read() -> ResponseReturnValue:
        """The person has read this message; only DingTalk tells the bot."""
        body = asked.body()
        person = asked.person(world, body)
        bubble = next((each for each in person.bubbles if each.id == body.get("bubble")), None)
        if bubble is None:
            abort(404, "no such message")
        bubble.data.setdefault("read_at", world.now())
        bubble.data["read"] = True
        return jsonify(vendors[person.platform].read(person, bubble))

    @routes.post("/say")
    def say() -> ResponseReturnValue:
        body = asked.body()
        person, text = asked.person(world, body), str(body.get("text", ""))
        world.put(person, "text", text, mine=True)
        return jsonify(vendors[person.platform].say(person, text))
