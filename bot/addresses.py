"""Addresses outside the work account that a person confirmed. Whoever keeps some says so in `handlers/*/addresses.py`.

Each such module exports `confirmed(db, person, now) -> Iterable[Confirmed]`; it names only what still holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from bot import installed, router
from bot.people import Person

if TYPE_CHECKING:
    from bot.app import App


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`channel` is `sms` or `mail`, `to` the number or address, `at` when it was confirmed (UTC)."""

    channel: str
    to: str
    at: datetime

    @property
    def masked(self) -> str:
        """Enough for somebody who knows the address to recognise it, not enough to reach it."""
        name, at, domain = self.to.partition("@")
        return f"{name[:1]}***@{domain}" if at else f"{self.to[:3]}****{self.to[-4:]}"


def confirmed(db: Connection, person: Person, now: datetime) -> Mapping[str, Confirmed]:
    """Channel -> the address that was confirmed last and still holds."""
    found: dict[str, Confirmed] = {}
    for module in router.discover("handlers", "addresses"):
        for each in module.confirmed(db, person, now):  # type: ignore[attr-defined]
            if each.channel not in found or found[each.channel].at < each.at:
                found[each.channel] = each
    return found


def reachable(app: App, db: Connection, person: Person, now: datetime) -> Mapping[str, Confirmed]:
    """Those whose channel is set up."""
    known = installed.channels(app.settings, app.store)
    return {name: each for name, each in confirmed(db, person, now).items() if name in known}
