"""Protocols for systems in which goals move on. Times are timezone-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.errors import PlatformError
from bot.ports import Finding


@dataclass(frozen=True, slots=True)
class Progress:
    """One value of one goal as another system holds it. `done` and `target` in the goal's own unit; `at` is the
    source's own time (UTC), never that of our asking; `raw` the record as it came."""

    key: str
    done: Decimal
    target: Decimal
    at: datetime
    raw: bytes = b""


class ProgressSource(Protocol):
    """A system in which goals move on: Jira, DingTalk projects. Found by name: `adapters/*/progress.py`, `build`."""

    name: str

    def progress(self, keys: Sequence[str]) -> Mapping[str, Progress | PlatformError]:
        """Per key what the system says, or why it says nothing (deleted, forbidden); PlatformError when it cannot be
        reached at all."""
        ...

    def doctor(self) -> list[Finding]:
        """A connection test; writes nothing."""
        ...
