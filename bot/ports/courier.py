"""The port of couriers: what a house that carries letters says about one number. Times are timezone-aware UTC.

A courier's scan is a courier's word. "signed" by somebody else, and a locker, mean that it arrived at the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

State = Literal["ordered", "accepted", "in_transit", "at_address", "signed", "returned", "problem"]
"""`ordered`: known to the courier, not in its hands. `at_address`: in a locker or a pick-up station. `returned`: on its
way back, back, or refused. `problem`: refused for now, nobody reached, damaged, called off; `words` say which."""
SignedBy = Literal["", "own", "other", "unknown"]
"""Only with `signed`: the receiver, somebody else (porter, family, colleague), or the courier does not say."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One line of a courier's track; `words` as the courier wrote them, `code` its own word for the state."""

    at: datetime
    state: State
    words: str
    signed_by: SignedBy = ""
    code: str = ""


class Courier(Protocol):
    """A source of tracks. Found by name: `adapters/*/courier.py` with `build(settings, store) -> Courier | None`."""

    name: str

    def track(self, number: str) -> list[Scan]:
        """Oldest first; empty while the courier knows nothing. `number` may be `company:number[:phone]`.

        PlatformError: permanent for a number that cannot be one, alarm for what an administrator must put right.
        """
        ...
