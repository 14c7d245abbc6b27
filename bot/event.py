"""What arrived, in the product's own words. Pure: no I/O, no vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

TEXT = "chat.text"
"""`action` of a free-text message; the words are in `data["text"]`, verbatim."""
UNKNOWN = "platform.unknown"
"""`action` of something the adapter verified but does not understand; kept, never answered."""
PUNCHED = "attendance.punched"
"""`action` of a live punch pushed by the platform; `at` is the punch itself."""
SLIP = "approval.slip"
"""`action` when a request in the platform's own approval app changed: `data["number"]` names it, `data["user_id"]` is
whose it is (empty: not said), `data["state"]` one of pending, approved, rejected, withdrawn, unknown, `data["about"]`
`correction` or empty. `actor` is whoever acted now, empty when the platform does not say."""
READ = "receipt.read"
"""`action` of a platform read event; `data["message_id"]` names the message."""


@dataclass(frozen=True, slots=True)
class Event:
    """One verified inbound fact.

    `id` is unique within `platform` and equal for every redelivery of the same fact.
    `actor` is the platform's user id, always supplied by the platform, never by the card.
    `at` is UTC: when the platform says it happened. `raw` is the decrypted payload, kept as evidence.
    """

    platform: str
    id: str
    actor: str
    action: str
    at: datetime
    ref: str = ""
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    raw: bytes = b""
