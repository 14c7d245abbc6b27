"""Whose quiet hours are their own. Whoever keeps some says so in `handlers/*/quiet_facts.py`.

Each such module exports `quiet(db, people) -> Mapping[person id, "22:00-07:00"]`, on the person's own wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.engine import Connection

from bot import router


def quiet(db: Connection, people: Sequence[str]) -> Mapping[str, str]:
    """person id -> quiet hours, of those who set some."""
    found: dict[str, str] = {}
    for module in router.discover("handlers", "quiet_facts"):
        found |= module.quiet(db, people)  # type: ignore[attr-defined]
    return found
