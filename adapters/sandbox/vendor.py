"""What the shell expects of `adapters/<name>/sandbox.py`, and the posting of callbacks to the bot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import requests
from flask import Blueprint

from adapters.sandbox.state import Bubble, Json, Leave, Person, World

DEADLINE = 5.0
ATTEMPTS = 3


class Vendor(Protocol):
    """One stand-in. `build(settings, world, bot)` of its module returns it."""

    name: str
    blueprint: Blueprint
    prefixes: tuple[str, ...]

    def start(self) -> str: ...
    def stop(self) -> None: ...
    def disconnect(self) -> None: ...
    def fault(self, kind: str, path: str, code: str = "") -> tuple[Json, int]: ...
    def click(self, person: Person, bubble: Bubble, key: str, form: Json) -> Json: ...
    def read(self, person: Person, bubble: Bubble) -> Json: ...
    def say(self, person: Person, text: str) -> Json: ...
    def hand(self, person: Person, kind: str, name: str, content: bytes) -> Json: ...
    def punched(self, person: Person, at: datetime) -> None: ...
    def slip(self, person: Person, leave: Leave, change: str) -> Json: ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """One callback, ready to be posted again byte for byte."""

    url: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes
    shown: Any


@dataclass(slots=True)
class Courier:
    """Posts callbacks as a vendor would: 5 s each, three attempts, and with the faults that were asked for."""

    world: World
    url: str
    held: list[Callable[[], Json]] = field(default_factory=list)

    def deliver(self, vendor: str, who: str, send: Callable[[], Json]) -> Json:
        """Sends now, twice, or after the next one. Returns {"status", "answer"} of the last attempt made."""
        if self.world.fault("reorder_callbacks", f"{vendor} {who}"):
            self.held.append(send)
            return {"status": "held"}
        result = send()
        if self.world.fault("duplicate_callback", f"{vendor} {who}"):
            result = send()
        while self.held:
            self.held.pop(0)()
        return result

    def post(self, vendor: str, parcel: Parcel) -> Json:
        """Up to three attempts; a bot that is away is an answer of its own, not an exception."""
        result: Json = {"status": 0, "answer": ""}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = requests.post(
                    parcel.url, params=parcel.params, data=parcel.body, headers=parcel.headers, timeout=DEADLINE
                )
                result = {"status": reply.status_code, "answer": reply.text}
            except requests.RequestException as failure:
                result = {"status": 0, "answer": type(failure).__name__}
            self.world.log(
                {
                    "direction": "callback",
                    "vendor": vendor,
                    "method": "POST",
                    "path": parcel.url,
                    "attempt": attempt,
                    "request": parcel.shown,
                    "status": result["status"],
                    "response": result["answer"][:2000],
                }
            )
            if result["status"] == 200:
                break
        return result
