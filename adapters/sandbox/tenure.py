"""/_sandbox/tenure: first and last working day of a person, as the vendor's roster would hold them."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked
from adapters.sandbox.state import World


def add(routes: Blueprint, world: World) -> None:
    """POST /tenure {"user", "hired": day, "last": day}; what is left out is not known."""

    @routes.post("/tenure")
    def set_tenure() -> ResponseReturnValue:
        body = asked.body()
        person = asked.person(world, body)
        known = {name: asked.day(body[name]) for name in ("hired", "last") if body.get(name)}
        with world.lock:
            world.store("tenure")[f"{person.platform}:{person.id}"] = known
        return jsonify(ok=True)
