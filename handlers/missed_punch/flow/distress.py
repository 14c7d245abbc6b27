"""Somebody is in need: HR hears of it at once, in any state of a case and without one. Managers hear nothing."""

from __future__ import annotations

import sqlalchemy as sa

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.event import Event
from bot.people import Person
from bot.store import new_ref
from bot.tables import person as people
from handlers.missed_punch import cards, store
from handlers.missed_punch.cards import manager as cards_manager
from handlers.missed_punch.ladder import steps

_OWN = "mph-"
"""A call for help without a case is a matter of its own: this, the person's pseudonym, and chance."""


def page(event: Event, ctx: Context, person: Person, words: str, matter: str) -> None:
    """One card to everybody of HR; `words`, empty for a tap, are shown to them only. `matter` is mostly the case."""
    when = store.hhmm(event.at, person.zone)
    case = store.get(ctx.db, matter)

    def card(ref: str) -> Card:
        return cards_manager.help_wanted(ref, person.name, when, words)

    for each in steps.hr_people(ctx, person):
        if case:
            steps.ask(ctx, each, steps.HELP, case, card)
        else:
            ctx.ask(each, steps.HELP, matter, card)
    ctx.record("checkin.escalated", matter, subject=person, source={"why": "help"})


def outside_the_question(event: Event, ctx: Context, person: Person, words: str, case_id: str) -> Card:
    """Said while an approval waits, or when nobody asked anything (`case_id` empty): heard all the same."""
    matter = case_id or f"{_OWN}{person.ref}-{new_ref()[:12]}"
    ctx.record("checkin.replied", matter, subject=person, parts={"kind": "help", "words": words}, at=event.at)
    page(event, ctx, person, words, matter)
    return cards.noted_closed("help")


def taken(event: Event, ctx: Context, ask: Ask, what: str, key: str) -> Card | None:
    """HR's answer to a call for help without a case; None when the ask is about a case. `what` is one of DONE."""
    actor = ctx.actor
    if actor is None or ask.kind != steps.HELP or not ask.matter.startswith(_OWN):
        return None
    ref = ask.matter.removeprefix(_OWN).rpartition("-")[0]
    person = ctx.people.get(ctx.db.execute(sa.select(people.c.id).where(people.c.ref == ref)).scalar_one_or_none())
    if person is None or not ctx.answer(ask.ref, key):
        return cards_manager.settled()
    ctx.record("checkin.hr_answered", ask.matter, subject=person, parts={"answer": key}, at=event.at)

    def done() -> Card:
        return cards_manager.hr_done(person.name, actor.name, what)

    ctx.close(ask.matter, lambda _person, _ask: done())
    return done()
