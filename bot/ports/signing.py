"""The port of a licensed signing provider: an outside house that checks identities and signs with its own certificates.

What it proves is the provider's to prove. We keep the flow's number, its callback and the file it hands back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.ports import Door

OUTCOME = "signing.outcome"
"""`action` of a provider's callback; `data` holds `flow` (its number) and `state`, one of STATES."""
STATES = ("signed", "declined", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class Order:
    """One document for one signer. `pdf` is the unsigned file; `account` a mobile number or mail address.

    `key` is our document's ref; `back` where the browser returns to.
    """

    key: str
    title: str
    pdf: bytes
    name: str
    account: str
    back: str


class SigningProvider(Protocol):
    """Every method may raise PlatformError; none retries without bound."""

    name: str
    label: str

    def start(self, order: Order) -> str:
        """Begin a flow; returns its number."""
        ...

    def url(self, flow_id: str, account: str, back: str) -> str:
        """Where the signer goes; short-lived and personal, so it is asked for anew each time and never logged."""
        ...

    def file(self, flow_id: str) -> bytes:
        """The signed PDF. PlatformError while it is not ready."""
        ...

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """Where the provider reports; a report whose signature is wrong is a BadRequest."""
        ...
