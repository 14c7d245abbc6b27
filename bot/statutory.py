"""The statutory calendar as published: the one door to the library that knows it (mainland China, from 2004). Pure."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date

import chinese_calendar


@dataclass(frozen=True, slots=True)
class Published:
    """`off`: nobody in an office works, weekends included, 调休 days not; `name`: the holiday's, or empty."""

    off: bool
    name: str


@functools.lru_cache(maxsize=4096)
def published(day: date) -> Published | None:
    """What is published about the day; None for a year the library does not know yet."""
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return Published(bool(off), str(name or ""))


def office_day(day: date) -> bool:
    """Whether offices work that day; a year that is not published yet goes by Monday to Friday."""
    known = published(day)
    return day.weekday() < 5 if known is None else not known.off
