"""Somebody who is missing disappears from the directory: HR is asked what that means, and nothing ends by itself."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t as say
from bot.people import Person
from bot.router import on
from bot.tables import person as people
from handlers.missed_punch import letters, store, tables as t
from handlers.missed_punch.cards import ladder as cards_ladder, letter as cards_letter
from handlers.missed_punch.flow.employee import where_it_stands
from handlers.missed_punch.flow.others import UNKNOWN_ACTOR
from handlers.missed_punch.ladder import absence, reach, runs, steps
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App

ASK = "missed_punch.gone"


def watch(app: App) -> None:
    """Once per case of whoever left the directory without a word; the rest of the firm's night is kept quiet."""
    with app.context() as ctx:
        recent = t.case.c.opened_at >= ctx.now - timedelta(days=absence.BACK)
        silent = sa.or_(
            t.case.c.state == "waiting", sa.and_(t.case.c.outcome == "left", t.case.c.asked_at.is_not(None))
        )
        joined = sa.select(t.case.c.id).join(people, people.c.id == t.case.c.person_id)
        newest = joined.where(recent, silent, ~people.c.active).order_by(t.case.c.opened_at.desc())
        found = ctx.db.execute(newest).scalars().all()
    for case_id in found:
        with app.context() as ctx:
            case = store.get(ctx.db, case_id)
            person = ctx.people.get(case.person_id) if case else None
            if case and person:
                _tell(ctx, case, person)


def _tell(ctx: Context, case: Case, person: Person) -> None:
    hr = steps.hr_people(ctx, person)
    key = f"gone:{person.id}"
    if not hr or reach.held(ctx, reach.plan(ctx, case, person).profile, hr) or store.seen(ctx, key)["told_at"]:
        return
    store.told(ctx.db, key, told_at=ctx.now)
    for each in hr:
        steps.ask(ctx, each, ASK, case, lambda ref: cards_letter.gone(ref, person.name))
    ctx.record("absence.gone", case.id, subject=person, source={"ch": person.platform})


def _decide(event: Event, ctx: Context, what: str, type: str) -> tuple[Case, Person] | None:
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    actor = ctx.actor
    if actor is None or ask.kind != ASK:
        raise Refused(say(UNKNOWN_ACTOR))
    if not ctx.answer(ask.ref, type):
        return None
    ctx.record(type, case.id, subject=person, parts={"answer": what}, at=event.at)
    ctx.close(case.id, lambda _person, _ask: cards_letter.gone_done(person.name, actor.name, what), kinds=(ASK,))
    return case, person


@on("missed_punch.gone_known")
def gone_known(event: Event, ctx: Context) -> Card | None:
    """[已正常离开]: the case ends with that."""
    found = _decide(event, ctx, "已正常离开", "absence.gone_known")
    if found is None:
        return where_it_stands(ctx, store.need(ctx, ctx.asked(event.ref).matter)[0])
    case, person = found
    for each in store.open_of(ctx.db, person.id):
        store.move(ctx.db, each, state="closed", outcome="left", next_at=None, decided_at=ctx.now)
    return cards_letter.gone_done(person.name, ctx.actor.name if ctx.actor else "", "已正常离开")


@on("missed_punch.gone_search")
def gone_search(event: Event, ctx: Context) -> Card | None:
    """[仍按失联处理]: the case stays open, and the notice is drafted for approval with the days on record."""
    found = _decide(event, ctx, "仍按失联处理", "absence.gone_searched")
    if found is None:
        return where_it_stands(ctx, store.need(ctx, ctx.asked(event.ref).matter)[0])
    case, person = found
    store.move(ctx.db, case, state="waiting", outcome="", next_at=None)
    if letters.of_case(ctx.db, case.id) is None:
        _draft(ctx, case, person)
    return cards_letter.gone_done(person.name, ctx.actor.name if ctx.actor else "", "仍按失联处理")


def _draft(ctx: Context, case: Case, person: Person) -> None:
    run = runs.run(absence.days(ctx.db, person, case.day, ctx.now))
    counted = [f"{day:%m-%d}" for day in run.counted] or [f"{case.day:%m-%d}"]
    text = cards_ladder.letter_text(person.name, counted, absence.until(ctx, case), letters.ground(ctx))
    digest = hashlib.sha256(text.encode()).hexdigest()
    ctx.record("absence.letter_drafted", case.id, subject=person, parts={"letter": text}, source={"sha256": digest})
    letters.draft(ctx, case, text, digest)
    heads = [each for each in ctx.people.with_role("hr_head") if each.id != person.id] or steps.hr_people(ctx, person)
    facts = cards_ladder.days(counted, [(f"{day:%m-%d}", why) for day, why in run.skipped])
    for each in heads:
        ctx.say(each, lambda: cards_ladder.letter_draft(person.name, text), case.id)
        steps.ask(ctx, each, steps.LETTER, case, lambda ref: cards_ladder.letter(ref, person.name, facts))
