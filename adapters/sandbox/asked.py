"""Reading a request to the control plane; what is wrong is answered with 400 or 404 and one sentence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import abort, request

from adapters.sandbox.state import Json, Person, World


def body() -> Json:
    """The JSON object that was sent."""
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        abort(400, "a JSON object is required")
    return found


def person(world: World, asked: Json) -> Person:
    """`user`, and `platform` where two platforms have the same id."""
    found = world.find(str(asked.get("user", "")), str(asked.get("platform", "")))
    if found is None:
        abort(404, "no such person")
    return found


def moment(world: World, value: Any) -> datetime:
    """ISO 8601; without an offset in the company's zone."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        abort(400, f"not an ISO time: {value}")
    return found if found.tzinfo else found.replace(tzinfo=world.zone)


def day(value: Any) -> date:
    """YYYY-MM-DD."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        abort(400, f"not a date: {value}")
