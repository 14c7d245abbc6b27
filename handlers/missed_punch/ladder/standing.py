"""Where a case stands, as people see it. Pure."""

from __future__ import annotations

from handlers.missed_punch.ladder import rungs
from handlers.missed_punch.store import Case

STOPPED = "hr_stopped"
"""The `reason` of a case that HR ended from its page."""
FILTERS = (
    *("unknown", "held", "asked", "manager", "hr", "beyond", "unanswered"),
    *("alive", "followed", "stopped"),
    *("time", "approval", "reason", "writing", "write_failed"),
)
"""States an open case can be in, in the order of a list to choose from."""


def standing(case: Case, *, held: bool, fresh: bool) -> str:
    """A key of page_words.STATES. `held`: HR holds the ladder; `fresh`: we would see a punch if there were one."""
    if case.state == "closed":
        return case.outcome or "closed"
    if case.state == "alive":
        return "stopped" if case.reason == STOPPED else "followed" if case.decided_by else "alive"
    if case.state != "waiting":
        return case.state
    if not fresh or case.rung < 0:
        return "unknown"
    return "held" if held else _climbing(case)


def _climbing(case: Case) -> str:
    if case.next_at is None and case.rung >= rungs.HR:
        return "unanswered"
    if case.rung > rungs.HR:
        return "beyond"
    return {rungs.MANAGER: "manager", rungs.HR: "hr"}.get(case.rung, "asked")


def following(case: Case, *, held: bool) -> str:
    """The word for what happens next, at `case.next_at` unless held; empty when nothing does."""
    if case.state in ("approval", "reason") and case.next_at:
        return "to_hr"
    return f"rung_{case.rung + 1}" if case.state == "waiting" and (case.next_at or held) else ""


def reached(case: Case) -> str:
    """The word for the last rung that was done."""
    return "rung_none" if case.rung < 0 else f"rung_{case.rung}"


def worry(key: str) -> str:
    """The colour of a state: `warn` needs somebody, `good` is well, `calm` is neither, `blind` is not known."""
    if key == "unknown":
        return "blind"
    if key in ("hr", "manager", "beyond", "unanswered", "write_failed"):
        return "warn"
    return "good" if key in ("alive", "followed", "punched", "corrected", "leave") else "calm"
