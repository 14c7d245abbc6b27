"""Who is asked, when, and when not. Pure: facts in, decision out. Times are aware UTC unless a name says local."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from handlers.missed_punch.understanding import Kind, Understood, private, understand

__all__ = ["Facts", "Kind", "Understood", "Verdict", "guards", "private"]
__all__ += ["storm", "understand"]

FEED_MAX_AGE = timedelta(minutes=10)
FEED_SLACK = timedelta(minutes=1)
STORM_PEOPLE = 4
STORM_PERCENT = 50

Action = Literal[
    "ask",
    "hold_feed",
    "wait_feed",
    "hold_calendar",
    "hold_holiday",
    "hold_leave",
    "hold_punched",
    "hold_over",
    "hold_site",
]


GRACE = timedelta(minutes=15)
"""After the latest moment to arrive, before anybody is missing."""
REASON_PATIENCE = timedelta(hours=1)
"""How long a refusal waits for its reason before HR decides instead."""
UNDO_WINDOW = timedelta(minutes=30)
UNCLEAR_HOURS = 10 / 60
"""Working hours in which somebody may say again what was not understood, before HR reads it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one missing punch at `now`. `expected`/`missing` count the people due at the site."""

    now: datetime
    start: datetime
    end: datetime
    feed_at: datetime | None
    day: Literal["work", "holiday", "unknown"] = "work"
    punched: bool = False
    leave: str = ""
    leave_pending: bool = False
    expected: int = 1
    missing: int = 1
    storm_cleared: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`values` are the guard values as they were seen, for the record."""

    action: Action
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def asks(self) -> bool:
        """True when the employee may be asked."""
        return self.action == "ask"


def storm(expected: int, missing: int) -> bool:
    """True when so many are missing at once that the cause is rather ours or the weather's than theirs."""
    return expected >= STORM_PEOPLE and missing * 100 >= expected * STORM_PERCENT


DEVICE_PEOPLE = 3
DEVICE_LEAD = timedelta(minutes=10)


def device_down(missing: int, last: datetime | None, others: datetime | None, start: datetime) -> bool:
    """True when one device went silent before the rush while others go on, and several of its people are missing.

    `missing`: people without a punch whose last punch was on it; `last`/`others`: newest punch on it / on the others.
    """
    rush = start - DEVICE_LEAD
    return missing >= DEVICE_PEOPLE and (last is None or last < rush) and others is not None and others >= rush


def guards(facts: Facts) -> Verdict:
    """May we ask? The first guard that says no wins: our own faults come before anything about the person."""
    age = "none" if facts.feed_at is None else str(max(0, int((facts.now - facts.feed_at).total_seconds())))
    present = 100 if not facts.expected else (facts.expected - facts.missing) * 100 // facts.expected
    values = MappingProxyType(
        {
            "feed_age_seconds": age,
            "day": facts.day,
            "leave": facts.leave + ("（审批中）" if facts.leave and facts.leave_pending else "") or "none",
            "site_expected": str(facts.expected),
            "site_missing": str(facts.missing),
            "site_present_percent": str(present),
            "grace_minutes": str(int(GRACE.total_seconds() // 60)),
        }
    )
    return Verdict(_action(facts), values)


def _action(facts: Facts) -> Action:
    due = facts.start + GRACE
    if facts.feed_at is None or facts.now - facts.feed_at > FEED_MAX_AGE:
        return "hold_feed"
    if facts.day != "work":
        return "hold_calendar" if facts.day == "unknown" else "hold_holiday"
    if facts.punched:
        return "hold_punched"
    if facts.leave:
        return "hold_leave"
    if facts.now < due or facts.now >= facts.end:
        return "hold_over"
    if facts.feed_at < due - FEED_SLACK:
        # A punch made in the last minutes of grace may simply not have been fetched yet.
        return "wait_feed"
    if storm(facts.expected, facts.missing) and not facts.storm_cleared:
        return "hold_site"
    return "ask"
