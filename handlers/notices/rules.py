"""The receipt ladder of one person and one notice. Pure: facts in, the next state out; times are aware UTC.

Whatever order facts arrive in, and however often, the same state comes out; and no state claims more than its facts.
That holds because every part of a state can only move one way: times to the earliest, answer and trouble up a rank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast

RUNGS = ("queued", "accepted", "delivered", "opened", "acknowledged", "signed")
QUEUED, ACCEPTED, DELIVERED, OPENED, ACKNOWLEDGED, SIGNED = range(6)
Rung = Literal["queued", "accepted", "delivered", "opened", "acknowledged", "signed"]
Trouble = Literal["", "rejected", "dropped", "expired", "unknown", "unreached"]
TROUBLES = ("", "unreached", "unknown", "expired", "rejected", "dropped")
"""By rank: the later one is what is said when a person met several."""
INFORM = "inform"
"""The importance that asks for nothing: nobody is served again, except whom the chat did not take."""
ANSWERS = ("received", "agreed", "objected", "appealed")
"""收到 / 同意 / 收到但有异议 / 申诉: four answers that are never merged."""
RANKED = ("", "received", "agreed", "signed", "declined", "objected", "appealed")
"""Answers by rank: whoever ever said no, or signed and objected, is never shown as somebody who agreed."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where one person stands. `trouble` is the worst that a try ran into while nothing shows that one arrived."""

    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    answered_at: datetime | None = None
    signed_at: datetime | None = None
    answer: str = ""
    trouble: Trouble = ""

    @property
    def rung(self) -> int:
        """Index into RUNGS of the highest rung that is known."""
        reached = (self.accepted_at, self.delivered_at, self.opened_at, self.answered_at, self.signed_at)
        return max((at for at, moment in enumerate(reached, 1) if moment), default=0)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was learned about one person. `at`: when it happened, as its source says; else when we learned.

    `kind`: a rung of RUNGS above queued, or a trouble. `answer` with acknowledged and signed.
    """

    kind: str
    at: datetime
    answer: str = ""


_IMPLIED = {
    "accepted": ("accepted_at",),
    "delivered": ("accepted_at", "delivered_at"),
    "opened": ("accepted_at", "opened_at"),
    "acknowledged": ("accepted_at", "opened_at", "answered_at"),
    "signed": ("accepted_at", "opened_at", "answered_at", "signed_at"),
}


def learn(known: Receipt, fact: Fact) -> Receipt:
    """The state with one more fact. KeyError for a kind that is none, ValueError for an answer that is none.

    A higher rung implies the lower ones that it cannot be without (signed, acknowledged, opened, accepted), at its own
    time; `delivered` is never implied, because no platform says when a message reached a phone. The earliest time of
    each rung stays. A trouble counts while nothing above `accepted` is known: that another try was accepted does not
    show that it arrived, only "nobody could be asked" (unreached) is over with it.
    """
    if fact.kind in TROUBLES[1:]:
        return _settled(replace(known, trouble=cast(Trouble, _higher(TROUBLES, known.trouble, fact.kind))))
    for name in _IMPLIED[fact.kind]:
        known = replace(known, **{name: _first(getattr(known, name), fact.at)})  # type: ignore[arg-type]  # a time
    if fact.kind in ("acknowledged", "signed"):
        known = replace(known, answer=_higher(RANKED, known.answer, fact.answer))
    return _settled(known)


def _settled(receipt: Receipt) -> Receipt:
    over = receipt.rung >= DELIVERED or (receipt.trouble == "unreached" and receipt.rung >= ACCEPTED)
    return replace(receipt, trouble="") if over and receipt.trouble else receipt


def _higher(ranks: tuple[str, ...], one: str, other: str) -> str:
    return max(one, other, key=ranks.index)


def _first(known: datetime | None, at: datetime) -> datetime:
    return min(known, at) if known else at
