"""Protocols for one message to many people. Times are timezone-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from bot.card import Card


@dataclass(frozen=True, slots=True)
class Route:
    """A way in which a platform takes one message for many people; every number is the vendor's ceiling.

    `people` per call; `per_minute` people over the whole app and `per_second` calls (None: the vendor names none).
    `tells`: what can be asked about one person afterwards, for `known_for` after sending. `recall_for`: how long the
    message can be taken back. `once_a_day`: the same words reach a person once a local day, a repetition is dropped
    without an error. `per_person` messages a local day, beyond which the vendor drops without an error.
    """

    name: str
    people: int
    per_minute: int | None = None
    per_second: float | None = None
    tells: Literal["nothing", "whether", "when"] = "nothing"
    known_for: timedelta = timedelta(0)
    recall_for: timedelta = timedelta(0)
    once_a_day: bool = False
    per_person: int | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of one call for many. `refused`: user id -> the vendor's code; everybody else was accepted, no more."""

    message_id: str
    refused: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the vendor says afterwards about one person. `at`: the vendor's own time (UTC) where it names one.

    `unopened`: the vendor says that it was not read (which says nothing about delivery); `unknown`: it cannot say.
    """

    state: Literal["delivered", "opened", "unopened", "dropped", "rejected", "unknown"]
    at: datetime | None = None
    code: str = ""


@runtime_checkable
class Crowds(Protocol):
    """A platform that takes one message for many. User ids in answers are spelled as they were given."""

    routes: Mapping[str, Route]

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        """One call, at most `routes[route].people` people. `key` is the same for a repeated call. PlatformError."""
        ...

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """What is known now; whoever is missing is not known yet. Permanent PlatformError once it is too late."""
        ...

    def recall_many(self, route: str, message_id: str) -> None:
        """Take the message back from everybody. Permanent PlatformError where or when the vendor cannot."""
        ...
