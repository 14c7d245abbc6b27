"""A button said in words: every platform invites to reply, so the reply has to do what the button does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa

from bot.card import Button, Card
from bot.context import Context
from bot.errors import Refused
from bot.event import TEXT, Event
from bot.locale import t
from bot.tables import outbox
from bot.wire import load_card

_EDGES = re.compile(r"^[\s「『\[【\"“]+|[\s」』\]】\"”。.!！]+$")
MOST = 30
SEVERAL = "有 {count} 件事都可以回复「{label}」，还没有替您决定。请在「{label}」后面加空格和对方的名字。"


def as_tap(event: Event, ctx: Context) -> Event:
    """The tap that the words name, or the same event when they name none.

    `同意` is the button of the one open card that has it; with several, `同意 张三` is the one whose title says 张三.
    Raises Refused when the words still fit several cards: nothing is decided by guessing.
    """
    text = _EDGES.sub("", event.data.get("text", "")) if event.action == TEXT and ctx.actor else ""
    if not text:
        return event
    found = [(button, card) for button, card in _open(ctx) if _says(text, button.label)]
    named = [(button, card) for button, card in found if _fits(text[len(button.label) :], card)]
    if len(named) > 1:
        label = named[0][0].label
        raise Refused(t(SEVERAL, count=len(named), label=label))
    if not named:
        return event
    tapped = named[0][0]
    return replace(event, action=tapped.action, ref=tapped.ref)


def _open(ctx: Context) -> Iterator[tuple[Button, Card]]:
    """Buttons of the newest card of each open question to the actor."""
    refs = [ask.ref for ask in ctx.open_asks(ctx.actor.id)[:MOST]] if ctx.actor else []
    sent = sa.select(outbox.c.ask_ref, outbox.c.body).where(outbox.c.ask_ref.in_(refs), outbox.c.kind == "send")
    bodies = {row.ask_ref: row.body for row in ctx.db.execute(sent.order_by(outbox.c.id))}
    for body in bodies.values():
        card = load_card(body)
        yield from ((button, card) for button in card.buttons if button.action)


def _says(text: str, label: str) -> bool:
    """The label, or the label and more after a space; capitals do not matter."""
    head, rest = text[: len(label)], text[len(label) :]
    return head.casefold() == label.casefold() and rest[:1] in ("", " ")


def _fits(name: str, card: Card) -> bool:
    return all(part in card.title for part in name.split())
