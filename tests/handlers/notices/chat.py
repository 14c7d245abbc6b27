"""Phones of those who write notices."""

from __future__ import annotations

from bot import router
from bot.card import Card, as_text
from bot.event import TEXT
from handlers.notices.flow import compose as flow_compose
from tests.world import Firm

__all__ = ["Chat", "flow_compose"]


class Chat:
    """What somebody taps and says, and what their phone shows then."""

    def __init__(self, firm: Firm) -> None:
        router.discover("handlers", "flow")
        self.firm = firm

    def seen(self, user: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.sent if to == user]

    def last(self, user: str) -> str:
        return as_text(self.seen(user)[-1])

    def tap(self, user: str, label: str, as_: str = "") -> None:
        """The newest button of that label on `user`'s phone; `as_`: somebody else taps it."""
        button = next(b for card in reversed(self.seen(user)) for b in card.buttons if b.label == label)
        self.firm.dispatch(self.firm.event(as_ or user, button.action, button.ref))
        self.firm.courier.drain()

    def say(self, user: str, text: str) -> str:
        self.firm.dispatch(self.firm.event(user, TEXT, text=text))
        self.firm.courier.drain()
        return self.last(user)
