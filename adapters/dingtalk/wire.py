"""Defensive reading of what DingTalk sends: JSON objects, texts that survive every database, numbers that are times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from typing import Any

from bot.errors import BadRequest

LIMIT = 256 * 1024
"""Largest accepted request body in bytes; real pushes are a few KiB."""


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def parse_object(body: bytes | str) -> dict[str, Any]:
    """`body` as a JSON object. Raises BadRequest 413 when too long, 400 when it is anything but an object."""
    if len(body) > LIMIT:
        raise BadRequest("body too long", 413)
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadRequest("not JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("not a JSON object")
    return value


def text(value: object) -> str:
    """A scalar as text without NUL (PostgreSQL refuses it) and without lone surrogates; anything else is ''."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()


def flag(value: object) -> bool:
    """A boolean that official samples also show as the string "true" or "Y"."""
    return value is True or (isinstance(value, str | int) and str(value).strip().lower() in {"true", "y", "1"})


def items(value: object) -> list[Any]:
    """A list that some replies send as a JSON string, e.g. `"[2,3,4]"`; anything else is []."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    return value if isinstance(value, list) else []


def mapping(value: object) -> dict[str, Any]:
    """An object that some payloads send as a JSON string; anything else is {}."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def moment(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Milliseconds since 1970 (number or digits) or `2026-01-05 09:00[:00]` in `zone`, as aware UTC; else None."""
    raw = text(value).strip()
    try:
        if raw.isascii() and raw.isdigit():
            return datetime.fromtimestamp(int(raw) / 1000, UTC)
        parsed = datetime.fromisoformat(raw)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
