"""Which results may be approved together with others, and why one may not. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

READY = ""
WHY = ("decided", "changed", "own", "scored", "steps", "seat")
"""decided: somebody was first. changed: another document than was confirmed. own: the approver's own result. scored:
the approver gave the score. steps: somebody else decides after them. seat: it is not theirs to decide, or only in the
place of somebody, which is looked at one by one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One result that waits for an approval. `seats`: person -> in whose place ("" in their own); `scored_by`: whoever
    gave the manager's score, and the scorer."""

    person_id: str
    state: str
    sha256: str
    open: bool
    last_step: bool
    seats: Collection[tuple[str, str]]
    scored_by: Collection[str]


def why_apart(one: Waiting, approver: str, sha256: str) -> str:
    """READY, or why it has to be decided by itself. `sha256` of the document that was confirmed."""
    if one.state != "approving" or not one.open:
        return "decided"
    if one.sha256 != sha256:
        return "changed"
    if one.person_id == approver:
        return "own"
    if approver in one.scored_by:
        return "scored"
    if (approver, "") not in one.seats:
        return "seat"
    return READY if one.last_step else "steps"
