"""When a value counts, what it adds up to, and when its owner is asked what they need. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from handlers.performance.rules import WHOLE

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Value:
    """The newest known value of one goal. `at`: the source's own time, `fetched_at`: our last successful asking (UTC).

    `done` None: never any value. `target`: what 100 % is.
    """

    done: Decimal | None
    target: Decimal | None
    at: datetime | None
    fetched_at: datetime | None = None
    problem: str = ""


def fresh(value: Value, now: datetime, days: int) -> bool:
    """May this value be scored? Younger than `days` by the source's own time; or finished, and the source said so
    within `days` without complaint: what is done does not grow old, but nobody may have stopped looking."""
    if value.done is None or value.at is None:
        return False
    oldest = now - timedelta(days=days)
    if value.at >= oldest:
        return True
    finished = value.target is not None and value.done >= value.target
    return finished and not value.problem.removeprefix("stale").strip() and (value.fetched_at or value.at) >= oldest


def percent(done: Decimal | None, target: Decimal | None) -> Decimal | None:
    """Per cent with one decimal, halves up; None without a value or a target above 0."""
    if done is None or target is None or target <= 0:
        return None
    return (done * WHOLE / target).quantize(_TENTH, ROUND_HALF_UP)


def attainment(values: Iterable[tuple[Decimal, Value]], now: datetime, days: int) -> Decimal | None:
    """Per cent over the goals with a fresh value, by their weights; more than 100 of one goal hides nothing of another.

    None when no goal has a fresh value.
    """
    total, weight = Decimal(0), Decimal(0)
    for each, value in values:
        if not fresh(value, now, days) or value.target is None or value.target <= 0 or value.done is None:
            continue
        total += each * min(value.done * WHOLE / value.target, WHOLE)
        weight += each
    return (total / weight).quantize(_TENTH, ROUND_HALF_UP) if weight else None


@dataclass(frozen=True, slots=True)
class Course:
    """How a goal runs, for the question whether its owner should be asked what they need."""

    starts_on: date
    due_on: date
    percent: Decimal | None
    last_asked: date | None = None
    waiting: bool = False


ASK_WITHIN, ASK_AGAIN = timedelta(days=31), timedelta(days=14)


def nudge_due(course: Course, today: date) -> bool:
    """In the last month, at most once in two weeks, never while an answer is waited for or once it is done.

    With a value only when it is behind what the time that passed would let expect; without a value by the date alone.
    """
    left = course.due_on - today
    if course.waiting or not timedelta(0) < left <= ASK_WITHIN:
        return False
    if course.last_asked is not None and today - course.last_asked < ASK_AGAIN:
        return False
    if course.percent is None:
        return True
    whole = max((course.due_on - course.starts_on).days, 1)
    expected = WHOLE * (today - course.starts_on).days / whole
    return course.percent < WHOLE and course.percent < expected


GENTLE, DUE, LATE = "gentle", "due", "late"


def grade(due_on: date | None, today: date) -> str:
    """How a reminder is worded: before the day, on it, or after it. Never more than words."""
    if due_on is None or today < due_on:
        return GENTLE
    return DUE if today == due_on else LATE
