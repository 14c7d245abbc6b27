"""When a punch is expected: fixed hours, several shifts a day, nights, and single days that differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from adapters.sandbox.state import Person

MOST = 4
"""Shifts a day."""
BEFORE, AFTER = timedelta(hours=5), timedelta(hours=7, minutes=30)
Times = tuple[tuple[str, str], ...]
"""(start, end) of each shift of a day as "HH:MM"; an end that is not after its start belongs to the next day."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment at which a punch is expected; `at` aware, `miss_at` when the vendor calls it missed."""

    id: int
    day: date
    kind: Literal["on", "off"]
    at: datetime
    opens: datetime
    closes: datetime
    miss_at: datetime
    line: int = 1


def parse(rows: Any) -> Times:
    """[["09:00", "12:00"], …] checked: at most four, in order, not overlapping. Raises ValueError."""
    if not isinstance(rows, list) or len(rows) > MOST:
        raise ValueError(f"times is a list of at most {MOST} pairs")
    try:
        times = tuple((f"{time.fromisoformat(a):%H:%M}", f"{time.fromisoformat(b):%H:%M}") for a, b in rows)
    except (TypeError, ValueError) as broken:
        raise ValueError('each shift is ["HH:MM", "HH:MM"]') from broken
    flat = [second for start, end in times for second in seconds(start, end)]
    if flat != sorted(set(flat)):
        raise ValueError("shifts follow each other and do not overlap")
    return times


def seconds(start: str, end: str) -> tuple[int, int]:
    """Seconds from local midnight; a night shift ends beyond 86400."""
    first, last = (int(each[:2]) * 3600 + int(each[3:5]) * 60 for each in (start, end))
    return first, last + (86400 if last <= first else 0)


def usual(person: Person) -> Times:
    """The hours of the person's fixed rule, whatever the day."""
    if rows := person.shift.get("times"):
        return tuple((str(start), str(end)) for start, end in rows)
    return ((str(person.shift["start"]), str(person.shift["end"])),)


def planned(person: Person, day: date) -> Times:
    """The shifts of one day; a day set by hand wins over the fixed rule."""
    if day in person.days:
        return person.days[day]
    return usual(person) if day.isoweekday() in person.shift["days"] else ()


def slots(person: Person, day: date, zone: ZoneInfo) -> list[Slot]:
    """Two slots a shift. A miss shows at the shift's middle, and 7.5 h after its end or before the next one begins.

    (DingTalk "attendance interface common problems": without a punch window absence is computed at the midpoint.)
    """
    spans = [
        tuple(datetime.combine(day, time(), zone) + timedelta(seconds=each) for each in seconds(*pair))
        for pair in planned(person, day)
    ]
    base = (sum(person.id.encode()) % 900 + 100) * 10**8 + day.toordinal() * 10
    found: list[Slot] = []
    for place, (start, end) in enumerate(spans):
        opens = _between(spans[place - 1][1], start) if place else start - BEFORE
        late = _between(end, spans[place + 1][0]) if place + 1 < len(spans) else end + AFTER
        middle = _between(start, end)
        found.append(Slot(base + 2 * place + 1, day, "on", start, opens, middle, middle, place + 1))
        found.append(Slot(base + 2 * place + 2, day, "off", end, middle, late, late, place + 1))
    return found


def _between(first: datetime, second: datetime) -> datetime:
    return first + (second - first) / 2


def days(first: date, last: date) -> Iterable[date]:
    """Both ends included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
