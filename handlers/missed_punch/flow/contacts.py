"""The person's own words about being reached: reminder phone and e-mail, quiet hours, an emergency contact."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.card import Card, as_text
from bot.context import Context
from bot.event import Event
from bot.people import Person
from bot.router import Gone, erases, on, words
from bot.store import new_ref
from handlers.missed_punch import tables as t
from handlers.missed_punch.cards import doubt as cards_doubt
from handlers.missed_punch.ladder import contacts, reach
from handlers.missed_punch.ladder.contacts import Wish

KIN = "missed_punch.kin"


@words
def wish(event: Event, ctx: Context) -> Card | None:
    """None when the words are about something else."""
    person = ctx.actor
    found = contacts.understand(event.data.get("text", "")) if person else None
    if person is None or found is None:
        return None
    if found.kind == "kin":
        return _ask_kin(ctx, person, found)
    if found.kind == "kin_off":
        return _forget_kin(event, ctx, person)
    if found.kind != "state":
        reach.keep(ctx.db, person.id, **{found.kind: found.values[0]})
        ctx.record("contact.changed", f"contact-{person.ref}"[:60], subject=person, source={"what": found.kind})
    kept = reach.contact_of(ctx.db, person.id)
    return cards_doubt.kept(kept.mobile, kept.email, kept.quiet, kept.kin_name if kept.kin else "")


def _ask_kin(ctx: Context, person: Person, found: Wish) -> Card:
    """Without the consent the number is never used; a new contact takes the place of an earlier one at once."""
    name, phone = found.values
    for old in ctx.open_asks(person.id, KIN):
        ctx.close(old.matter, lambda _person, _ask: cards_doubt.kin_decided(agreed=False), kinds=(KIN,))
    reach.keep(ctx.db, person.id, kin_name=name, kin_phone=phone, kin_agreed_at=None)
    ctx.ask(person, KIN, f"mpk-{new_ref()}", lambda ref: cards_doubt.kin_consent(ref, name, phone))
    return cards_doubt.kin_asked()


def _decide(event: Event, ctx: Context, agreed: bool) -> Card | None:
    ask = ctx.asked(event.ref)
    person, kept = ctx.actor, reach.contact_of(ctx.db, ask.person_id)
    if person is None or ask.kind != KIN or not ctx.answer(ask.ref, "agree" if agreed else "decline"):
        return cards_doubt.kin_decided(kept.kin)
    if agreed:
        reach.keep(ctx.db, person.id, kin_agreed_at=ctx.now)
        shown = as_text(cards_doubt.kin_consent("", kept.kin_name, kept.kin_phone))
        ctx.record("consent.emergency_contact", ask.matter, subject=person, parts={"text": shown}, at=event.at)
    else:
        reach.keep(ctx.db, person.id, kin_name="", kin_phone="")
        ctx.record("consent.refused", ask.matter, subject=person, at=event.at)
    ctx.close(ask.matter, lambda _person, _ask: cards_doubt.kin_decided(agreed), kinds=(KIN,))
    return cards_doubt.kin_decided(agreed)


@on("missed_punch.kin_agree")
def kin_agree(event: Event, ctx: Context) -> Card | None:
    """[同意登记]: only now the contact is kept."""
    return _decide(event, ctx, agreed=True)


@on("missed_punch.kin_decline")
def kin_decline(event: Event, ctx: Context) -> Card | None:
    """[不登记]."""
    return _decide(event, ctx, agreed=False)


def _forget_kin(event: Event, ctx: Context, person: Person) -> Card:
    reach.keep(ctx.db, person.id, kin_name="", kin_phone="", kin_agreed_at=None)
    ctx.record("consent.withdrawn", f"contact-{person.ref}"[:60], subject=person, at=event.at)
    return cards_doubt.kin_removed()


@erases
def forget(db: Connection, gone: Gone) -> Iterable[str]:
    """Addresses and the emergency contact go altogether."""
    db.execute(sa.delete(t.contact).where(t.contact.c.person_id == gone.person_id))
    return []
