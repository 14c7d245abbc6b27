"""A day of the attendance feed: the clock stands where the test puts it, and every timed job runs once."""

from __future__ import annotations

from datetime import datetime

from handlers.missed_punch.jobs import JOBS
from tests.handlers.missed_punch.story import Story


def run_at(story: Story, now: datetime) -> None:
    """Everything that runs by itself, once, and what it says is delivered."""
    story.firm.now = now
    for _seconds, job in JOBS.values():
        job(story.firm.app)
    story.firm.courier.drain()
