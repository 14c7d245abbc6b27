"""What runs by itself: begin what is due, ask about what is late, follow who joined and left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from handlers.notices.composing import freezing, schedule
from handlers.notices.receiving import parcels
from handlers.notices.sending import climbing, drops, recall, reminding, sending

if TYPE_CHECKING:
    from bot.app import App

JOBS: Mapping[str, tuple[int, Callable[[App], object]]] = {
    "due": (15, schedule.due),
    "follow": (300, freezing.follow),
    "send": (2, sending.send_due),
    "remind": (2, reminding.asked),
    "drops": (60, drops.find),
    "climb": (60, climbing.climb),
    "close": (60, climbing.close_due),
    "recall": (10, recall.carry),
    "parcels": (600, parcels.track),
}
"""name -> (seconds between runs, job)."""
