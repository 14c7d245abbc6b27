"""When which attendance call is due: as seldom as the ladder allows. Pure; all times are aware UTC.

People are *in question* from a minute before the end of grace until they punched, are on leave or are settled. Only
they are asked about, in batches as large as the vendor takes. Where punches are pushed or calls cost money (DingTalk),
the question is repeated only before something would be said; elsewhere every minute, so that a punch ends it at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil

from bot.ports import Limits

LEAD = timedelta(seconds=60)
"""Before something is decided: what was fetched since then counts as fresh (rules.FEED_SLACK)."""
EVERY = timedelta(seconds=55)
REFRESH = timedelta(minutes=9)
"""Inside rules.FEED_MAX_AGE, while somebody is held back and could be asked any moment."""
PLAN_EVERY, PLAN_EVERY_METERED = timedelta(minutes=30), timedelta(hours=6)
LATE_FROM = time(6)
"""Local time after which yesterday's late uploads are fetched, once."""
MISSING_PERCENT, CHECKS_PER_MISSING = 3, 6
"""For the forecast: how many are missing at the end of grace, and how often a missing one is looked at again."""
WORKDAYS = 22


@dataclass(frozen=True, slots=True)
class Question:
    """One shift without a punch. `next_at` is the case's next step; `case` False while nobody was asked."""

    person_id: str
    due: datetime
    case: bool = False
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Calls of one month on one platform; `budget` None where calls cost nothing."""

    headcount: int
    shifts: int
    leaves: int
    punches: int
    late: int
    budget: int | None

    @property
    def total(self) -> int:
        """All attendance calls of the month."""
        return self.shifts + self.leaves + self.punches + self.late

    @property
    def fits(self) -> bool:
        """Whether two thirds of the budget are enough: messages and cards are paid from the same one."""
        return self.budget is None or self.total * 3 <= self.budget * 2


def metered(limits: Limits) -> bool:
    """Calls are counted, or punches come by themselves: do not ask every minute."""
    return limits.pushes or limits.monthly_calls is not None


def asks(found: Sequence[Question], feed_at: datetime | None, now: datetime, limits: Limits) -> list[Question]:
    """Of those in question, the ones to ask the platform about now."""
    waiting = [each for each in found if each.due - LEAD <= now]
    if not metered(limits) and (feed_at is None or now - feed_at >= EVERY):
        return waiting
    return waiting if any(_needed(each, feed_at, now) for each in waiting) else []


def plan_due(last: datetime | None, now: datetime, limits: Limits) -> bool:
    """Whether the day's shifts and leave of everybody are to be read again."""
    every = PLAN_EVERY_METERED if metered(limits) else PLAN_EVERY
    return last is None or now - last >= every


def plan_overdue(last: datetime | None, now: datetime, limits: Limits, patience: timedelta) -> bool:
    """Whether reading them has failed for longer than `patience`: then silence proves nothing."""
    every = PLAN_EVERY_METERED if metered(limits) else PLAN_EVERY
    return last is None or now - last >= every + patience


def late_due(last: datetime | None, local: datetime) -> bool:
    """Whether yesterday is to be read once more for devices that uploaded late; `local` in the people's zone."""
    return last is None and local.time() >= LATE_FROM


def forecast(headcount: int, starts: int, limits: Limits, workdays: int = WORKDAYS) -> Forecast:
    """The plan of calls. `starts`: different shift starts a day, each with one look at everybody who begins then."""
    every = PLAN_EVERY_METERED if metered(limits) else PLAN_EVERY
    reads = ceil(timedelta(days=1) / every) * 30
    missing = ceil(headcount * MISSING_PERCENT / 100)
    # One look at the end of each grace, then the few who are missing again and again.
    first = max(starts, ceil(headcount / limits.punches)) if headcount else 0
    minutes = CHECKS_PER_MISSING if metered(limits) else 120
    again = starts * minutes * ceil(max(1, missing // max(1, starts)) / limits.punches) if headcount else 0
    return Forecast(
        headcount,
        reads * ceil(headcount / limits.shifts),
        reads * ceil(headcount / limits.leaves),
        workdays * (first + again),
        30 * ceil(headcount / limits.punches),
        limits.monthly_calls,
    )


def _needed(each: Question, feed_at: datetime | None, now: datetime) -> bool:
    if each.case:
        # Only before a step: in between, a punch is pushed to us.
        return each.next_at is not None and each.next_at - LEAD <= now and _older(feed_at, each.next_at - LEAD, now)
    return feed_at is None or feed_at < each.due - LEAD or now - feed_at >= REFRESH


def _older(feed_at: datetime | None, moment: datetime, now: datetime) -> bool:
    return feed_at is None or feed_at < moment or now - feed_at >= REFRESH
