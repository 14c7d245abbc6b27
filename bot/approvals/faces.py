"""How the kinds of requests show themselves: handlers register a face, the core asks through it. Names no kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.approvals.rows import Approval
from bot.card import Card
from bot.context import Context
from bot.people import Person


@dataclass(frozen=True, slots=True)
class Asked:
    """What a decision card is built from. `behalf`: name of the person in whose place, or empty.

    `before`: who agreed so far, as read on cards; `reason`: why this step exists, empty for the first; `reader`: who is
    asked.
    """

    ref: str
    behalf: str
    before: tuple[str, ...]
    reason: str
    reader: Person | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """How one kind is asked: `ask` the kind of its questions, `agree` the action of 同意, `name` for summaries.

    `most`: with more open questions of the kind a person gets one card a working day instead of one each, which leads
    to `page`, a path of ours; 0 without limit. See bot.approvals.kept.
    """

    kind: str
    name: str
    ask: str
    agree: str
    card: Callable[[Context, Approval, Asked], Card]
    page: str = ""
    most: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`by`: as read on cards, `王HR 代 李主管`; `behalf`: in whose place.

    `taken`: it was the last word. `next`: the following step is asked, `to` are their names. `late`: somebody was
    first. `lapsed`: the time of a stand-in is over, `by` is asked instead.
    """

    state: Literal["taken", "next", "late", "lapsed"]
    by: str = ""
    behalf: Person | None = None
    to: str = ""


faces: dict[str, Face] = {}


def face(new: Face) -> Face:
    """Register a kind; a second one of the same name is a programming error."""
    if faces.setdefault(new.kind, new) is not new:
        raise RuntimeError(f"two faces for {new.kind}")
    return new
