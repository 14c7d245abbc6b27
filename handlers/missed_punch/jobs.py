"""What runs by itself: fetch the attendance data, find who is missing, climb what is unanswered, say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bot.approvals.sweep import sweep
from bot.delivery import channels
from handlers.missed_punch.attendance.fetching import poll
from handlers.missed_punch.attendance.findings import tell, watch_calendar
from handlers.missed_punch.attendance.native import refresh
from handlers.missed_punch.flow.gone import watch
from handlers.missed_punch.flow.leave import follow
from handlers.missed_punch.flow.takeover import ask_takeover
from handlers.missed_punch.ladder.absence import weekend
from handlers.missed_punch.ladder.climb import climb, climb_fresh
from handlers.missed_punch.ladder.scan import scan, scan_fresh
from handlers.missed_punch.letters import follow as follow_letters

if TYPE_CHECKING:
    from bot.app import App

__all__ = ["JOBS", "PROMPT", "climb", "poll", "scan"]

JOBS: Mapping[str, tuple[int, Callable[[App], None]]] = {
    "poll": (30, poll),
    "scan": (15, scan),
    "climb": (15, climb),
    "weekend": (300, weekend),
    "calls": (60, channels.harvest),
    "findings": (300, tell),
    "calendar": (3600, watch_calendar),
    "approvals": (60, sweep),
    "native": (60, follow),
    "slips": (15, refresh),
    "letters": (60, follow_letters),
    "takeover": (300, ask_takeover),
    "gone": (300, watch),
}
"""name -> (seconds between runs, job). Polling decides by itself what is due; most of its runs ask nobody anything."""
PROMPT: Mapping[str, tuple[float, Callable[[App], None]]] = {"ended": (0.5, scan_fresh), "rungs": (0.25, climb_fresh)}
"""name -> (seconds between looks, job), in a thread of its own: what has become due just now does not wait in a queue.
`scan` and `climb` find what had to wait, a feed or a human for instance."""
