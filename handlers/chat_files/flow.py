"""A file is announced: it is noted in the same transaction, and fetched once that is committed."""

from __future__ import annotations

from datetime import timedelta

from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.ports.files import KINDS, SENT
from bot.router import on
from bot.store import ordered_ref
from handlers.chat_files import cards, keeping, store

MOST, DAY = 40, timedelta(days=1)
"""Files of one person in a day: far more than anybody needs, and nobody fills our disk by chat."""


@on(SENT)
def sent(event: Event, ctx: Context) -> Card | None:
    """Nothing is said yet: in a moment it is either kept or it can be said why not."""
    if ctx.actor is None:
        return None
    if store.since(ctx.db, ctx.actor.id, ctx.now - DAY) >= MOST:
        raise Refused(cards.too_many(MOST))
    kind = event.data.get("kind", "")
    store.add(
        ctx.db,
        store.Sent(
            id=ordered_ref(), platform=event.platform, person_id=ctx.actor.id, kind=kind if kind in KINDS else "file",
            name=event.data.get("name", "")[:200], key=event.data.get("file", ""), sent_at=min(event.at, ctx.now),
            state="waiting", attempts=0, next_at=ctx.now, desk="", matter="", event_id="", media_type="", sha256="",
            size=0, code="",
        ),
    )  # fmt: skip
    return None


@on("chat_files.seen")
def seen(event: Event, ctx: Context) -> Card | None:
    """[看过了]: the others of HR need not look as well."""
    ask = ctx.asked(event.ref)
    found = store.on_desk(ctx.db, ask.matter)
    person = ctx.people.get(found[0].person_id) if found else None
    who, by = person.name if person else "", ctx.actor.name if ctx.actor else ""
    if ctx.answer(ask.ref, "seen"):
        ctx.record("chat.file_seen", ask.matter, subject=person)
        ctx.close(ask.matter, lambda _person, _ask: cards.looked(who, by), kinds=(keeping.LOOK,))
    return cards.looked(who, by)
