"""Missed working days in a row: which days count, which are skipped, and why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Why = Literal["weekend", "holiday", "leave", "unplanned", "unknown", "held"]
ALERT, REPORT = 2, 3
"""Missed working days after which managers and HR are told, and after which a return-to-work notice is drafted."""


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of one local calendar day.

    `calendar`: the statutory answer; `planned`: a shift was expected; `over`: its grace has ended;
    `seen`: a punch, or any sign of life or explanation; `held`: one of our own guards kept us from judging the day.
    """

    day: date
    calendar: Literal["work", "weekend", "holiday", "unknown"]
    planned: bool
    seen: bool = False
    leave: bool = False
    over: bool = True
    held: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """`counted` and `skipped` in the order of the calendar; a run ends where it is counted from."""

    counted: tuple[date, ...]
    skipped: tuple[tuple[date, Why], ...]


def run(days: Sequence[Day]) -> Run:
    """The run that ends with the last of `days` (ascending, without gaps): back to the last day with a sign of life.

    A planned day counts, also a weekend of a shop; a day the calendar calls a holiday, or does not know, never does.
    Days at the far end that were only skipped are not part of the run.
    """
    counted: list[date] = []
    skipped: list[tuple[date, Why]] = []
    for day in reversed(days):
        if day.seen:
            break
        if why := skip(day):
            skipped.append((day.day, why))
        elif day.over:
            counted.append(day.day)
    first = min(counted, default=None)
    kept = [each for each in reversed(skipped) if first is not None and each[0] > first]
    return Run(tuple(reversed(counted)), tuple(kept))


def skip(day: Day) -> Why | None:
    """Why a day without a sign of life is no missed working day; None when it is one."""
    if day.calendar == "holiday":
        return "holiday"
    if not day.planned:
        return "weekend" if day.calendar == "weekend" else "unplanned"
    if day.calendar == "unknown":
        return "unknown"
    if day.leave:
        return "leave"
    return "held" if day.held else None


def alert(found: Run) -> int:
    """2 or 3 when the run calls for that alert, else 0."""
    return min(len(found.counted), REPORT) if len(found.counted) >= ALERT else 0


def rest_days(days: Sequence[Day]) -> int:
    """How many days without a planned shift end with the last one."""
    count = 0
    for day in reversed(days):
        if day.planned:
            break
        count += 1
    return count
