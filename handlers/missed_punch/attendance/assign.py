"""To which shift a punch belongs. Pure; every time is aware, and all arithmetic is on moments, never on wall clocks.

Each slot of a person gets one window for arrivals and one for departures. Windows of the same kind never overlap, so a
punch belongs to exactly one shift or, outside all windows, to none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

EARLY = timedelta(hours=3)
"""How long before its start a punch still belongs to a shift."""
LATE = timedelta(hours=6)
"""How long after its end: overtime."""
TURN = timedelta(minutes=30)
"""Between two shifts that touch: an arrival belongs to the next one this long before it starts."""
LONGEST = timedelta(hours=24)
Kind = Literal["on", "off", "other"]
Fault = Literal["ends_first", "too_long", "overlap"]


@dataclass(frozen=True, slots=True)
class Slot:
    """When one person is expected, as the attendance system planned it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """[since, until) of one slot."""

    since: datetime
    until: datetime


def arrivals(slots: Sequence[Slot]) -> list[Window]:
    """One window per slot, in the order given, for punches that are no departure. Slots may overlap; windows do not."""
    return _windows(slots, _arrival_turn)


def departures(slots: Sequence[Slot]) -> list[Window]:
    """The same for punches that say they are a departure."""
    return _windows(slots, _departure_turn)


def assign(at: datetime, kind: Kind, slots: Sequence[Slot]) -> int | None:
    """Index of the one slot the punch belongs to; None outside all of them, which the records call "other"."""
    found = departures(slots) if kind == "off" else arrivals(slots)
    moment = at.astimezone(UTC)
    return next((index for index, each in enumerate(found) if each.since <= moment < each.until), None)


def faults(slots: Sequence[Slot]) -> dict[int, Fault]:
    """Slots of one person that contradict themselves or each other, by index. Nobody is asked on their account."""
    slots = [Slot(each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in slots]
    wrong: dict[int, Fault] = {}
    for index, each in enumerate(slots):
        if each.end <= each.start:
            wrong[index] = "ends_first"
        elif each.end - each.start > LONGEST:
            wrong[index] = "too_long"
    ordered = sorted((index for index in range(len(slots)) if index not in wrong), key=lambda index: slots[index].start)
    furthest: int | None = None
    for index in ordered:
        if furthest is not None and slots[index].start < slots[furthest].end:
            wrong[index] = wrong[furthest] = "overlap"
        if furthest is None or slots[index].end > slots[furthest].end:
            furthest = index
    return wrong


def _windows(slots: Sequence[Slot], turn: Callable[[Slot, Slot], datetime]) -> list[Window]:
    # Python compares and subtracts times of one zone by the wall clock: in UTC they are moments.
    slots = [Slot(each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in slots]
    order = sorted(range(len(slots)), key=lambda index: (slots[index].start, slots[index].end))
    cuts = _rising(_between(slots[left], slots[right], turn) for left, right in pairwise(order))
    found: dict[int, Window] = {}
    for place, index in enumerate(order):
        since, until = slots[index].start - EARLY, slots[index].end + LATE
        if place:
            since = max(since, cuts[place - 1])
        if place < len(cuts):
            until = min(until, cuts[place])
        found[index] = Window(since, max(since, until))
    return [found[index] for index in range(len(slots))]


def _between(left: Slot, right: Slot, turn: Callable[[Slot, Slot], datetime]) -> datetime:
    """The turn, but only where both could claim the punch: elsewhere it would belong to neither."""
    return min(max(turn(left, right), right.start - EARLY), left.end + LATE)


def _arrival_turn(left: Slot, right: Slot) -> datetime:
    """Where arrivals begin to belong to `right`: half the gap before it, at least TURN, not within half of `left`."""
    gap, half = right.start - left.end, (left.end - left.start) / 2
    return right.start - min(max(TURN, gap / 2), gap + half)


def _departure_turn(left: Slot, right: Slot) -> datetime:
    """Until when departures belong to `left`: half the gap after it, at least TURN, not in the last half of `right`."""
    gap, half = right.start - left.end, (right.end - right.start) / 2
    return left.end + min(max(TURN, gap / 2), gap + half)


def _rising(cuts: Iterable[datetime]) -> list[datetime]:
    """Overlapping slots may turn in the wrong order; a later cut is never before an earlier one."""
    found: list[datetime] = []
    for cut in cuts:
        found.append(max(cut, found[-1]) if found else cut)
    return found
