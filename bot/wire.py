"""Cards and events as JSON for our own tables. Not a vendor format."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.card import Button, Card, Fact
from bot.event import Event


def dump_card(card: Card) -> str:
    """Card -> JSON text."""
    return json.dumps(asdict(card), ensure_ascii=False, sort_keys=True)


def load_card(text: str) -> Card:
    """JSON text of `dump_card` -> Card."""
    raw: dict[str, Any] = json.loads(text)
    facts = tuple(Fact(**each) for each in raw.pop("facts"))
    buttons = tuple(Button(**each) for each in raw.pop("buttons"))
    return Card(**raw, facts=facts, buttons=buttons)


def dump_event(event: Event) -> str:
    """Event -> JSON text, raw bytes in base64."""
    return json.dumps(
        {
            "platform": event.platform,
            "id": event.id,
            "actor": event.actor,
            "action": event.action,
            "at": event.at.isoformat(),
            "ref": event.ref,
            "data": dict(event.data),
            "raw": base64.b64encode(event.raw).decode(),
        },
        ensure_ascii=False,
    )


def load_event(text: str) -> Event:
    """JSON text of `dump_event` -> Event."""
    raw: dict[str, Any] = json.loads(text)
    return Event(**raw | {"at": datetime.fromisoformat(raw["at"]), "raw": base64.b64decode(raw["raw"])})
