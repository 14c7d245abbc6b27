"""What waits for somebody beyond questions and approvals; who keeps such things says so in `waiting_facts.py`.

Each such module in a handler exports `waiting(db, person_id) -> Mapping[what, count]`: `what` is a short text to say
with `t`, without contents, so that colleagues of somebody who is away may read it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from bot import router


def waiting(db: Connection, person_id: str) -> Mapping[str, int]:
    """what -> how many, nothing that is none."""
    found: dict[str, int] = {}
    for module in router.discover("handlers", "waiting_facts"):
        found |= module.waiting(db, person_id)  # type: ignore[attr-defined]
    return {what: count for what, count in found.items() if count}
