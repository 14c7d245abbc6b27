"""What people ask about their own data, and what HR answers."""

from __future__ import annotations

import sqlalchemy as sa

from bot.card import Card, as_text
from bot.event import TEXT
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.vault import open_vault
from bot.people import People, Person
from tests.world import Firm


class Story:
    """Phones and the record behind them."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm

    def seen(self, who: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.sent if to == who]

    def last(self, who: str) -> str:
        return as_text(self.seen(who)[-1])

    def tap(self, who: str, label: str, as_: str = "") -> Card | None:
        """The newest button of that label on `who`'s phone; `as_`: somebody else taps it."""
        button = next(b for card in reversed(self.seen(who)) for b in card.buttons if b.label == label)
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

    def types(self, prefix: str) -> list[str]:
        where = ev_event.c.type.startswith(prefix)
        with self.firm.app.engine.connect() as conn:
            return list(conn.execute(sa.select(ev_event.c.type).where(where).order_by(ev_event.c.n)).scalars())

    def part(self, type: str, name: str) -> str | None:
        joined = sa.select(ev_part).join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
        with self.firm.app.engine.connect() as conn:
            row = conn.execute(joined.where(ev_event.c.type == type, ev_part.c.name == name)).one()
            plain = open_vault(self.firm.app.keys.key_dir).open_part(conn, row)
        return None if plain is None else plain.decode()
