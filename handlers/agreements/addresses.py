"""Where a person may be reached beside the chat: what stands in the delivery statement they agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.engine import Connection

from bot.addresses import Confirmed
from bot.people import Person
from handlers.agreements import store


def confirmed(db: Connection, person: Person, now: datetime) -> Iterator[Confirmed]:
    """Mobile and e-mail of the statement that counts now; nothing once it is withdrawn or has run out."""
    delivery, _ = store.state_of(db, person, now)
    if not delivery.valid or delivery.at is None:
        return
    for channel, name in (("sms", "mobile"), ("mail", "email")):
        if to := (delivery.scope or {}).get(name, ""):
            yield Confirmed(channel, to, delivery.at)
