"""What lies about in the little world: punches, leaves, and what a phone shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(slots=True)
class Punch:
    """`at` aware. `source`: "user", or "correction" when an approved make-up punch wrote it."""

    at: datetime
    source: str = "user"
    remark: str = ""


@dataclass(slots=True)
class Leave:
    """Covers [start, end), aware; `ended`: rejected or withdrawn, then it covers nothing and `pending` stays."""

    id: str
    start: datetime
    end: datetime
    pending: bool = False
    kind: str = "年假"
    ended: str = ""


@dataclass(slots=True)
class Bubble:
    """One thing on a phone. `card` is the neutral view; `data` whatever the vendor needs to answer a click.

    A file's `card` is {"name", "size", "url"}.
    """

    id: str
    kind: Literal["text", "card", "file"]
    text: str
    card: Json
    sent_at: datetime
    mine: bool = False
    state: Literal["live", "updated", "recalled"] = "live"
    data: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """An SMS or a mail as it lies on a phone, outside the chat. `number` is the sender's own number of it."""

    number: str
    channel: Literal["sms", "mail"]
    to: str
    title: str
    text: str
    at: datetime
