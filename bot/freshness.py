"""How old a value from another system may be and still count: HUIZHI_PROGRESS_STALE_DAYS."""

from __future__ import annotations

DEFAULT = 10
_days = [DEFAULT]


def use(days: int) -> None:
    """Days from now on, for this process."""
    _days[0] = days


def days() -> int:
    """Days a value counts after the source's own time."""
    return _days[0]
