"""Free text: the employee's answer, the manager's answer, the manager's reason for refusing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.event import Event
from bot.router import words
from handlers.missed_punch import rules, store
from handlers.missed_punch.flow import distress
from handlers.missed_punch.flow.approval import refuse
from handlers.missed_punch.flow.employee import choose
from handlers.missed_punch.flow.others import manager_answer
from handlers.missed_punch.ladder import steps

_COMMAND = re.compile(r"^(我的|帮助$|菜单$|/)")
_UNKNOWN = re.compile(r"不清楚|不知道|不太清楚|没联系上|联系不上|don'?t know|no idea|not sure", re.IGNORECASE)
_REACHED = re.compile(r"联系上|联系到|打通|没事|平安|已经到|reached|talked|he'?s fine|she'?s fine", re.IGNORECASE)


@words
def reply(event: Event, ctx: Context) -> Card | None:
    """None when the words are not about a missed punch."""
    person, text = ctx.actor, event.data.get("text", "").strip()
    if person is None or not text or _COMMAND.match(text):
        return None
    asks = ctx.open_asks(person.id, "missed_punch")
    if asks and asks[0].kind == steps.REASON:
        return refuse(event, ctx, asks[0], text)
    if (card := _employee(event, ctx, asks, text)) is not None:
        return card
    known = next((each for each in asks if each.kind == steps.KNOWN), None)
    return _manager(event, ctx, known, text) if known else None


def _employee(event: Event, ctx: Context, asks: Sequence[Ask], text: str) -> Card | None:
    person = ctx.actor
    if person is None:
        return None
    said = rules.understand(text, event.at.astimezone(ZoneInfo(person.zone)))
    cases = store.open_of(ctx.db, person.id)
    case = next((each for each in cases if each.state in steps.LISTENING), None)
    if case is None:
        # Distress is never about the state of a case: it is heard while an approval waits, and without any case.
        if said.kind != "help":
            return None
        return distress.outside_the_question(event, ctx, person, text, cases[0].id if cases else "")
    ref = next((ask.ref for ask in asks if ask.kind == steps.CHECKIN and ask.matter == case.id), "")
    if case.state == "time" and said.time and said.kind in ("on_my_way", "unclear"):
        said = rules.Understood("forgot", said.time)
    if said.kind in ("safe", "unclear") and not ref:
        return None
    return choose(event, ctx, case, person, said, text, ref)


def _manager(event: Event, ctx: Context, asked: Ask, text: str) -> Card | None:
    kind = rules.understand(text, event.at.astimezone(ctx.zone), about_self=False).kind
    by_kind = {"field": "known_field", "leave": "known_leave", "medical": "known_leave", "safe": "known_reached"}
    key = (
        "known_unclear"
        if _UNKNOWN.search(text)
        else by_kind.get(kind, "known_reached" if _REACHED.search(text) else "")
    )
    return manager_answer(event, ctx, asked, key, text) if key else None
