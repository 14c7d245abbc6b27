"""Working time of one person: the hours of the approvals' data, in their zone, on working days. Pure.

`works` says whether a local day is a working day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Works = Callable[[date], bool]
Hours = tuple[time, time]
DAYS = 60
"""How far a working day is looked for; no holidays are longer."""


def after(start: datetime, hours_of_work: float, zone: str, hours: Hours, works: Works) -> datetime:
    """The UTC moment when so many working hours have passed since `start`."""
    left, day = timedelta(hours=hours_of_work), start.astimezone(ZoneInfo(zone)).date()
    for ahead in range(DAYS):
        opens, closes = _open(day + timedelta(days=ahead), zone, hours)
        begin = max(opens, start.astimezone(UTC))
        if works(day + timedelta(days=ahead)) and begin < closes:
            if begin + left <= closes:
                return begin + left
            left -= closes - begin
    return start.astimezone(UTC) + timedelta(days=DAYS)


def next_day_over(start: datetime, zone: str, hours: Hours, works: Works) -> datetime:
    """The UTC end of the first working day after the local day of `start`."""
    day = start.astimezone(ZoneInfo(zone)).date()
    following = (day + timedelta(days=ahead) for ahead in range(1, DAYS))
    return _open(next((each for each in following if works(each)), day + timedelta(days=DAYS)), zone, hours)[1]


def within(now: datetime, zone: str, hours: Hours, works: Works) -> bool:
    """Is it working time there now? The closing minute still counts."""
    day = now.astimezone(ZoneInfo(zone)).date()
    opens, closes = _open(day, zone, hours)
    return works(day) and opens <= now.astimezone(UTC) <= closes


def _open(day: date, zone: str, hours: Hours) -> tuple[datetime, datetime]:
    begin, end = (datetime.combine(day, each, ZoneInfo(zone)).astimezone(UTC) for each in hours)
    return begin, end
