"""Statutory days of mainland China, as the State Council publishes them each year (via `chinesecalendar`)."""

from __future__ import annotations

from datetime import date
from typing import Literal

import chinese_calendar

DayKind = Literal["work", "holiday", "unknown"]


def day_kind(day: date) -> DayKind:
    """`holiday` only for a named statutory day off; `unknown` when the year is not published in our data yet.

    A plain weekend is `work`: the attendance system planned a shift, so somebody is expected (shops open on Sundays).
    """
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return "unknown"
    return "holiday" if off and name else "work"
