"""When people of a platform began and when they leave, where its directory or HR roster says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Tenure:
    """Local days; None: not said. `leaving_on` is the last working day."""

    user_id: str
    joined_on: date | None = None
    leaving_on: date | None = None


@runtime_checkable
class Tenures(Protocol):
    """A platform that knows. Asked about few people at a time; who is not known is left out."""

    def tenures(self, user_ids: Sequence[str]) -> list[Tenure]:
        """PlatformError as everywhere."""
        ...
