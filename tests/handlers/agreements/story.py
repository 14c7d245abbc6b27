"""What people see and say about their consents, on a real database and a platform that only remembers."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from bot.card import Card, as_text
from bot.event import TEXT
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.vault import open_vault
from bot.people import People, Person
from handlers.agreements import jobs
from handlers.agreements.rules import State
from handlers.agreements.store import state_of
from tests.world import Firm


class Story:
    """People's phones and the record behind them."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm

    def work(self) -> None:
        for _seconds, job in jobs.JOBS.values():
            job(self.firm.app)
        self.firm.courier.drain()

    def seen(self, who: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.sent if to == who]

    def last(self, who: str) -> str:
        return as_text(self.seen(who)[-1])

    def copies(self, who: str) -> list[str]:
        return [card.closed for to, card, _ in self.firm.platform.updated if to == who]

    def ref(self, who: str, title: str) -> str:
        return next(card.buttons[0].ref for card in reversed(self.seen(who)) if title in card.title and card.buttons)

    def tap(self, who: str, title: str, label: str, as_: str = "") -> Card | None:
        """`as_`: somebody else taps `who`'s card."""
        card = next(card for card in reversed(self.seen(who)) if title in card.title and card.buttons)
        button = next(each for each in card.buttons if each.label == label)
        return self.do(as_ or who, button.action, button.ref)

    def do(self, who: str, action: str, ref: str = "", **data: str) -> Card | None:
        card = self.firm.dispatch(self.firm.event(who, action, ref, **data))
        self.firm.courier.drain()
        return card

    def say(self, who: str, text: str) -> str:
        self.do(who, TEXT, text=text)
        return self.last(who)

    def person(self, who: str) -> Person:
        with self.firm.app.engine.connect() as conn:
            found = People(conn).find("fake", who)
        assert found is not None
        return found

    def states(self, who: str, now: datetime | None = None) -> tuple[State, State]:
        with self.firm.app.engine.connect() as conn:
            return state_of(conn, self.person(who), now)

    def events(self, who: str, prefix: str = "consent.") -> list[tuple[str, dict[str, str]]]:
        """(type, source) of the events about a person, in order."""
        where = (ev_event.c.subject == self.person(who).ref, ev_event.c.type.startswith(prefix))
        with self.firm.app.engine.connect() as conn:
            rows = conn.execute(sa.select(ev_event).where(*where).order_by(ev_event.c.n)).all()
        return [(row.type, json.loads(row.envelope)["source"]) for row in rows]

    def parts(self, type: str) -> dict[str, bytes]:
        joined = sa.select(ev_part).join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
        with self.firm.app.engine.connect() as conn:
            vault = open_vault(self.firm.app.keys.key_dir)
            rows = conn.execute(joined.where(ev_event.c.type == type)).all()
            return {row.name: vault.open_part(conn, row) or b"" for row in rows}
