"""What a platform's own approval app tells about one request: whose, how it stands, which time it covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from bot.ports import Leave

State = Literal["pending", "approved", "rejected", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Slip:
    """`about` is `correction` for a make-up punch, else empty; `leaves`: what a pending or approved one covers."""

    user_id: str
    state: State
    about: str = ""
    leaves: tuple[Leave, ...] = ()


@runtime_checkable
class Slips(Protocol):
    """An attendance system whose requests can be looked up by the number its approval events carry."""

    def slip(self, number: str) -> Slip | None:
        """The request now; None when it does not exist or may not be read. PlatformError as everywhere."""
        ...
