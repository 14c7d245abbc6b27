"""/_sandbox/slip: a request filed and decided in the vendor's own approval app, with the events it pushes."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, jsonify
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked
from adapters.sandbox.state import Leave, World
from adapters.sandbox.vendor import Vendor

DECISIONS = ("approved", "rejected", "withdrawn")


def add(routes: Blueprint, world: World, vendors: Mapping[str, Vendor]) -> None:
    """POST /slip {"user", "start", "end", "kind"} files one; a kind with 补卡 is a make-up punch at `start`.

    POST /slip/decide {"user", "id", "decision": one of DECISIONS}.
    """

    @routes.post("/slip")
    def file() -> ResponseReturnValue:
        body = asked.body()
        person, number = asked.person(world, body), f"{world.now():%Y%m%d}{world.next():04d}"
        start, end = asked.moment(world, body.get("start")), asked.moment(world, body.get("end"))
        row = Leave(number, start, end, True, str(body.get("kind", "年假")))
        with world.lock:
            person.leaves.append(row)
        answer = vendors[person.platform].slip(person, row, "filed")
        return jsonify(ok=True, id=row.id, callback=answer)

    @routes.post("/slip/decide")
    def decide() -> ResponseReturnValue:
        body = asked.body()
        person, decision = asked.person(world, body), str(body.get("decision", ""))
        row = next((each for each in person.leaves if each.id == body.get("id")), None)
        if row is None or decision not in DECISIONS:
            abort(400, f"id of a slip, and decision is one of {', '.join(DECISIONS)}")
        with world.lock:
            row.pending, row.ended = decision != "approved", "" if decision == "approved" else decision
        return jsonify(ok=True, callback=vendors[person.platform].slip(person, row, decision))
