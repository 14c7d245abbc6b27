"""A stand-in for an outside house without chats (SMS gateway, mail server, courier), as the shell's Vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint

from adapters.sandbox.state import Bubble, Json, Person


def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Aside:
    """`begin` returns its address when it listens on a port of its own, `end` closes it. `house`: who stands in."""

    name: str
    blueprint: Blueprint
    prefixes: tuple[str, ...]
    begin: Callable[[], str] = _nothing
    end: Callable[[], object] = _nothing
    house: object = None

    def start(self) -> str:
        """See `begin`."""
        return self.begin()

    def stop(self) -> None:
        """See `end`."""
        self.end()

    def disconnect(self) -> None:
        """There is no connection to cut."""

    def fault(self, kind: str, path: str, code: str = "") -> tuple[Json, int]:
        """401 for identity, 429 for too many, 500 for the rest."""
        status = {"expired_token": 401, "no_permission": 401, "rate_limit": 429}.get(kind, 500)
        return {"code": status, "message": f"sandbox: {kind}"}, status

    def click(self, person: Person, bubble: Bubble, key: str, form: Json) -> Json:
        """No cards here."""
        return {}

    def read(self, person: Person, bubble: Bubble) -> Json:
        """No messages here."""
        return {}

    def say(self, person: Person, text: str) -> Json:
        """No chat here."""
        return {}

    def hand(self, person: Person, kind: str, name: str, content: bytes) -> Json:
        """No chat here."""
        return {}

    def punched(self, person: Person, at: datetime) -> None:
        """No attendance here."""
