"""What people of a journey see and do on their phones, and what is on record about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests

from bot import receipts
from bot.locale import catalogue

if TYPE_CHECKING:
    from tests.journeys.theatre import Theatre

RECEIPTS = (receipts.TITLE, catalogue("en")[receipts.TITLE])


@dataclass(frozen=True, slots=True)
class Shown:
    """Something on a phone. `text` is all that can be read on it."""

    id: str
    title: str
    text: str
    buttons: tuple[tuple[str, str], ...]
    mine: bool
    state: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of the log, its parts readable. `at` is local."""

    type: str
    at: datetime
    actor: str
    source: dict[str, str]
    parts: dict[str, str]

    @property
    def clock(self) -> str:
        return f"{self.at:%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Phone:
    """What a person sees and does. Titles come from cards, or the first line of a text."""

    theatre: Theatre
    user: str

    def all(self) -> list[Shown]:
        """Everything from the bot but receipts, oldest first."""
        world = self.theatre.running.world
        with world.lock:
            person = world.find(self.user, self.theatre.platform)
            bubbles = list(person.bubbles) if person else []
        shown = [_shown(each) for each in bubbles]
        return [each for each in shown if not each.mine and not each.title.startswith(RECEIPTS)]

    def titles(self, word: str = "") -> list[str]:
        return [each.title for each in self.all() if word in each.title]

    @property
    def last(self) -> Shown:
        return self.all()[-1]

    def find(self, text: str, button: str = "") -> Shown:
        """The newest that holds `text`, with a live button of that label when one is named."""
        for each in reversed(self.all()):
            if text in each.text and (not button or any(button in label for _, label in each.buttons)):
                return each
        raise AssertionError(f"{self.user} does not see {text!r} {button!r}: {[each.text for each in self.all()]}")

    def sees(self, text: str) -> bool:
        return any(text in each.text for each in self.all())

    def key(self, text: str, button: str) -> tuple[str, str]:
        """(bubble, key) of a button."""
        shown = self.find(text, button)
        return shown.id, next(key for key, label in shown.buttons if button in label)

    def click(self, text: str, button: str) -> None:
        bubble, key = self.key(text, button)
        self.press(bubble, key)
        self.theatre.courier.drain()

    def press(self, bubble: str, key: str) -> Any:
        """The tap alone; what follows is not yet said."""
        return self.theatre.ask("click", user=self.user, bubble=bubble, key=key)

    def say(self, text: str) -> None:
        self.theatre.ask("say", user=self.user, text=text)
        self.theatre.courier.drain()

    def browse(self, path: str) -> requests.Session:
        """Signed in by the platform, as a finger on this phone would be; `.get(bot + path)` follows."""
        session = requests.Session()
        self.theatre.closers.append(session.close)
        url = f"{self.theatre.bot}/in?p={self.theatre.platform}&next={path}"
        where = {"phone": f"{self.theatre.platform}:{self.user}", "url": url}
        answer = session.get(f"{self.theatre.running.url}/_sandbox/open", params=where, timeout=10)
        assert answer.ok, answer.text
        return session


def _shown(bubble: Any) -> Shown:
    card = bubble.card or {}
    title = str(card.get("title") or bubble.text.split("\n", 1)[0])
    text = json.dumps([bubble.text, card], ensure_ascii=False).replace("\\n", "\n")
    buttons = tuple((str(each["key"]), str(each["label"])) for each in card.get("buttons", []))
    return Shown(bubble.id, title, text, buttons, bubble.mine, bubble.state)
