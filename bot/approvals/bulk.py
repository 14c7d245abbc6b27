"""One card for many: 「5 件补卡待批 [全部同意] [逐件查看]」.

Only plain requests of low-risk kinds; each is decided by its own flow and recorded by itself, and what changed
meanwhile is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from bot import asks, router
from bot.approvals import cards, rows as approvals_rows
from bot.approvals.faces import Face, faces
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.errors import Refused
from bot.event import Event
from bot.people import Person
from bot.router import on
from bot.store import new_ref
from bot.tables import outbox as table
from bot.wire import load_card

ASK = "approvals.bulk"
LEAST = 3
"""Fewer are answered one by one sooner than read about together."""
MOST = 20


def offer(ctx: Context) -> None:
    """One summary per person and kind that has at least LEAST plain requests waiting and no summary of them yet."""
    waiting: dict[tuple[str, str], list[Ask]] = {}
    for each in approvals_rows.open_bulk(ctx.db):
        for ask in asks.of_matter(ctx.db, each.matter, [faces[each.kind].ask]) if each.kind in faces else ():
            if ask.state == "open":
                waiting.setdefault((ask.person_id, each.kind), []).append(ask)
    for (person_id, kind), found in sorted(waiting.items()):
        person = ctx.people.get(person_id)
        if person and len(found) >= LEAST:
            _offer(ctx, person, faces[kind], found[:MOST])


def _offer(ctx: Context, person: Person, face: Face, found: Sequence[Ask]) -> None:
    refs = sorted(each.ref for each in found)
    for old in ctx.open_asks(person.id, ASK):
        if old.kind == f"{ASK}.{face.kind}":
            if sorted(approvals_rows.bulk_refs(ctx.db, old.matter)) == refs or len(refs) < 2 * LEAST:
                return
            asks.close(ctx.db, [old.ref])
    matter = f"bulk-{new_ref()}"
    approvals_rows.bulk_add(ctx.db, matter, refs)
    lines = _titles(ctx, refs)
    ctx.ask(person, f"{ASK}.{face.kind}", matter, lambda ref: cards.bulk(ref, face.name, len(refs), lines))


def _titles(ctx: Context, refs: Sequence[str]) -> list[str]:
    where = (table.c.ask_ref.in_(refs), table.c.kind == "send")
    rows = ctx.db.execute(sa.select(table.c.ask_ref, table.c.body).where(*where).order_by(table.c.id.desc()))
    bodies = {row.ask_ref: row.body for row in rows}
    return [load_card(bodies[ref]).title for ref in refs if ref in bodies]


def _open(event: Event, ctx: Context, answer: str) -> tuple[Ask, Person, list[str]] | None:
    """None: this summary was answered before."""
    ask = ctx.asked(event.ref)
    if ctx.actor is None or not ask.kind.startswith(f"{ASK}.") or not ctx.answer(ask.ref, answer):
        return None
    return ask, ctx.actor, approvals_rows.bulk_refs(ctx.db, ask.matter)


@on("approvals.bulk_agree")
def bulk_agree(event: Event, ctx: Context) -> Card | None:
    """[全部同意]: the flow of each request is called as if its own card had been tapped."""
    opened = _open(event, ctx, "agree")
    if opened is None:
        return cards.settled()
    ask, actor, refs = opened
    flow = router.routes.flows[faces[ask.kind.removeprefix(f"{ASK}.")].agree]
    agreed = 0
    for ref in refs:
        try:
            with ctx.attempt():
                known = len(ctx.recorded)
                flow(replace(event, ref=ref), ctx)
                agreed += len(ctx.recorded) > known
        except Refused:
            continue  # withdrawn or decided meanwhile: counted below as not ours
    done = cards.bulk_done(actor.name, agreed, len(refs) - agreed)
    ctx.close(ask.matter, lambda _person, _ask: cards.bulk_done(actor.name, agreed, len(refs) - agreed))
    return done


@on("approvals.bulk_each")
def bulk_each(event: Event, ctx: Context) -> Card | None:
    """[逐件查看]: every card that still waits comes again."""
    opened = _open(event, ctx, "each")
    if opened is None:
        return cards.settled()
    ask, actor, refs = opened
    for each in filter(None, (asks.get(ctx.db, ref) for ref in refs)):
        sent = (table.c.ask_ref == each.ref, table.c.kind == "send")
        body = ctx.db.execute(sa.select(table.c.body).where(*sent).order_by(table.c.id).limit(1)).scalar_one_or_none()
        if each.state == "open" and body:
            outbox.queue(ctx.db, ctx.now, "send", actor.platform, actor, each.matter, body, ask_ref=each.ref)
    ctx.close(ask.matter, lambda _person, _ask: cards.bulk_each())
    return cards.bulk_each()
