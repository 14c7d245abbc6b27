"""What a message will look like, read from the very body that would be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.card import Card, Fact

SHOWN = 10
"""Last characters of a text by which it is found again in what is shown."""
_SAME = str.maketrans({"＜": "<", "＞": ">", "［": "[", "］": "]", "'": "`"})


@dataclass(frozen=True, slots=True)
class Shape:
    """One message as its reader sees it. `form`: the vendor's own name for it. `cut`: part of the card is not in it.

    `opens`: those of the `buttons` that open a page; the others answer in place. `why`: empty for what is sent, else
    what has to be missing for this to be sent instead: `callback` (our address for answers), `template` (the card's).
    """

    form: str
    title: str
    body: str
    facts: tuple[Fact, ...] = ()
    buttons: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    cut: bool = False
    why: str = ""


@runtime_checkable
class Previewing(Protocol):
    """A platform that can say what it would send."""

    def preview(self, card: Card, route: str) -> Sequence[Shape]:
        """First what goes out, then what goes out instead where the vendor refuses it. `route` as in
        bot.ports.crowds, empty for a card to one person. Nothing is sent or asked."""
        ...


def loses(card: Card, shown: str) -> bool:
    """True when a text of the card does not reach its end in `shown`, whatever the platform does to its signs."""
    told = _bare(shown)
    texts = [card.title, card.text, card.quote, card.footer, *(fact.value for fact in card.facts)]
    return any(end not in told for each in texts if (end := _bare(each)[-SHOWN:]))


def _bare(text: str) -> str:
    return "".join(text.split()).translate(_SAME).replace("*", "")
