"""When a notice may begin. Pure; times are aware UTC, `zone` the author's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from handlers.notices.sending import plan

LATE = timedelta(minutes=30)
"""A scheduled notice without an end of its window that is later than this is asked about."""
_WHEN = re.compile(r"(?:(\d{4})-)?(\d{1,2})[-/月](\d{1,2})日?\s*(\d{1,2})[:：](\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    """`send_at` None: as soon as it is approved. `quiet`: nothing that is not urgent begins then.

    `late`: how much later than `send_at` it may begin where it names no `send_until`.
    """

    send_at: datetime | None
    send_until: datetime | None
    urgent: bool
    zone: str
    quiet: plan.Quiet | None
    late: timedelta = LATE


def decide(window: Window, now: datetime) -> Literal["wait", "send", "late"]:
    """`late`: the window was missed, or it is night; the author is asked and nothing goes out."""
    if window.send_at and now < window.send_at:
        return "wait"
    if window.send_at and now > (window.send_until or window.send_at + window.late):
        return "late"
    if not window.urgent and plan.quiet_until(now, window.zone, window.quiet):
        return "late"
    return "send"


def moment(text: str, now: datetime, zone: str) -> datetime | None:
    """`06-12 09:30` or `2026-06-12 09:30` on the wall clock of `zone`, as UTC; None when no such moment is said.

    Without a year it is the next one.
    """
    found = _WHEN.search(text)
    if found is None:
        return None
    year, month, day, hour, minute = (int(each) if each else 0 for each in found.groups())
    local = now.astimezone(ZoneInfo(zone))
    for guess in (year,) if year else (local.year, local.year + 1):
        try:
            at = datetime(guess, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)
        except ValueError:
            continue
        if year or at > now:
            return at
    return None
