"""What runs by itself: people of open cycles are asked, days come, values are fetched, needs are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from handlers.performance.agreeing.opening import open_waiting
from handlers.performance.measuring.nudging import nudge
from handlers.performance.measuring.pulling import pull, watch
from handlers.performance.preparing.timeline import advance
from handlers.performance.reminding import by_itself
from handlers.performance.scoring.turns import turns
from handlers.performance.telling.releasing import run as release
from handlers.performance.telling.results_jobs import answers, appeals_due

if TYPE_CHECKING:
    from bot.app import App

JOBS: Mapping[str, tuple[int, Callable[[App], object]]] = {
    "open": (15, open_waiting),
    "advance": (300, advance),
    "pull": (6 * 3600, pull),
    "watch": (1800, watch),
    "nudge": (1800, nudge),
    "remind": (1800, by_itself),
    "turns": (60, turns),
    "release": (3, release),
    "answers": (300, answers),
    "appeals": (600, appeals_due),
}
"""name -> (seconds between runs, job). Sources are asked four times a day: every key costs a call of a quota."""
