"""What people of the story see and do, on a real database and a platform that only remembers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.card import Card
from bot.event import TEXT
from bot.locale import catalogue
from bot.ports import Shift
from bot.receipts import TITLE
from handlers.missed_punch import tables as t
from handlers.missed_punch.jobs import JOBS
from tests.world import Firm

RECEIPTS = (TITLE, catalogue("en")[TITLE])
"""Titles of what everybody gets for having done something; the story is about the rest."""
DAY = date(2026, 6, 11)
NINE = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)


def at(clock: str) -> datetime:
    """Shanghai wall clock of the day as UTC."""
    hour, minute = clock.split(":")
    return NINE + timedelta(hours=int(hour) - 9, minutes=int(minute))


class Story:
    """What people see and do."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        firm.platform.shift_list = [Shift("zhang", DAY, NINE, NINE + timedelta(hours=9), "plan-1")]

    def tick(self, clock: str, *, feed: bool = True) -> None:
        self.firm.now = at(clock)
        for name, (_seconds, job) in JOBS.items():
            if feed or name != "poll":
                job(self.firm.app)
        self.firm.courier.drain()

    def seen(self, who: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.sent if to == who and card.title not in RECEIPTS]

    def titles(self, who: str) -> list[str]:
        return [card.title for card in self.seen(who)]

    def tap(self, who: str, label: str, when: datetime | None = None) -> Card | None:
        button = next(b for card in reversed(self.seen(who)) for b in card.buttons if b.label.startswith(label))
        return self.do(who, button.action, button.ref, when)

    def do(self, who: str, action: str, ref: str = "", when: datetime | None = None, **data: str) -> Card | None:
        now = self.firm.now
        self.firm.now = when or now
        event = self.firm.event(who, action, ref, **data)
        self.firm.now = now
        card = self.firm.dispatch(event)
        self.firm.courier.drain()
        return card

    def write(self, who: str, text: str) -> None:
        self.do(who, TEXT, text=text)

    def case(self) -> dict[str, object]:
        rows = self.firm.rows(t.case)
        assert len(rows) == 1
        return rows[0]

    def copies(self, who: str) -> list[str]:
        return [card.closed for to, card, _ in self.firm.platform.updated if to == who]
