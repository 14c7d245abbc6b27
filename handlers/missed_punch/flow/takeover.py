"""Business continuity after two missed working days: two people agree, either can end it. No discipline, no removal.

The state is in the questions themselves: who answered `yes` has agreed, `on` once both have.
"""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import asks
from bot.asks import Ask
from bot.card import Card, Fact
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on
from handlers.missed_punch import pending, store, tables as tab
from handlers.missed_punch.cards import letter as cards_letter
from handlers.missed_punch.flow.employee import where_it_stands
from handlers.missed_punch.flow.others import UNKNOWN_ACTOR
from handlers.missed_punch.ladder import absence, runs, steps
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App

AT, UNTIL = time(14), time(18)
"""Local hours in which the question is put, on the day the second working day is missed."""
ON = "missed_punch.takeover_on"
NEEDED, ASKED = 2, 3
REASON = "安全与连续性"


def ask_takeover(app: App) -> None:
    """Once per run of absence: the manager, the HR head and IT (without IT, HR) are asked."""
    with app.context() as ctx:
        found = sa.select(tab.case.c.id).where(tab.case.c.state == "waiting", tab.case.c.opened_at <= ctx.now)
        waiting = ctx.db.execute(found).scalars().all()
    for case_id in waiting:
        with app.context() as ctx:
            case = store.get(ctx.db, case_id)
            person = ctx.people.get(case.person_id) if case else None
            if case and person and case.state == "waiting":
                _look(ctx, case, person)


def _look(ctx: Context, case: Case, person: Person) -> None:
    local = ctx.now.astimezone(ZoneInfo(person.zone))
    if case.day != local.date() or not AT <= local.time() < UNTIL:
        return
    run = runs.run(absence.days(ctx.db, person, case.day, ctx.now))
    if len(run.counted) < runs.ALERT or run.counted[-1] != case.day:
        return
    key = f"takeover:{person.id}:{run.counted[0]}"
    if store.seen(ctx, key)["told_at"] is not None:
        return
    store.told(ctx.db, key, told_at=ctx.now)
    people, found = _people(ctx, person), pending.of(ctx.db, person.id)
    for each in people:
        ctx.ask(each, steps.CONTINUITY, case.id, lambda ref: cards_letter.takeover(ref, person.name, (), _facts(found)))
    if people:
        ctx.record("continuity.asked", case.id, subject=person, parts={"reason": REASON})


def _people(ctx: Context, person: Person) -> list[Person]:
    """The manager, the HR head and IT; HR in the place of whoever there is not."""
    boss = steps.boss_of(ctx, person)
    wanted = ([boss] if boss else [], ctx.people.with_role("hr_head"), ctx.people.with_role("it"))
    first = [next((each for each in some if each.id != person.id), None) for some in wanted]
    found = [*(each for each in first if each), *ctx.people.with_role("hr_head"), *steps.hr_people(ctx, person)]
    return list({each.id: each for each in found if each.id != person.id}.values())[:ASKED]


def _facts(found: pending.Pending) -> tuple[Fact, ...]:
    return cards_letter.waiting(found.approvals, found.others, found.asks, found.own, found.team)


def _about(event: Event, ctx: Context, kind: str) -> tuple[Ask, Case, Person, Person]:
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    if ctx.actor is None or ask.kind != kind:
        raise Refused(t(UNKNOWN_ACTOR))
    return ask, case, person, ctx.actor


@on("missed_punch.takeover_yes")
def takeover_yes(event: Event, ctx: Context) -> Card | None:
    """[同意接管]: the second one makes it so."""
    ask, case, person, actor = _about(event, ctx, steps.CONTINUITY)
    if case.state != "waiting" or not ctx.answer(ask.ref, "yes"):
        return where_it_stands(ctx, case)
    ctx.record("continuity.agreed", case.id, subject=person, parts={"reason": REASON}, at=event.at)
    agreed = [each for each in asks.of_matter(ctx.db, case.id, (steps.CONTINUITY,)) if each.answer == "yes"]
    people = [found for each in agreed if (found := ctx.people.get(each.person_id))]
    names = [each.name for each in people]
    if len(people) < NEEDED:
        return cards_letter.takeover_over(person.name, actor.name, "同意接管")

    def done() -> Card:
        return cards_letter.takeover_over(person.name, "、".join(names), "同意接管")

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.CONTINUITY,))
    facts = pending.of(ctx.db, person.id)
    for each in people:
        ctx.ask(each, ON, case.id, lambda ref: cards_letter.takeover_on(ref, person.name, names, _facts(facts)))
    ctx.record("continuity.on", case.id, subject=person, parts={"reason": REASON, "by": "、".join(names)}, at=event.at)
    return done()


@on("missed_punch.takeover_no")
def takeover_no(event: Event, ctx: Context) -> Card | None:
    """[不需要]: one who sees no need ends it."""
    ask, case, person, actor = _about(event, ctx, steps.CONTINUITY)
    if not ctx.answer(ask.ref, "no"):
        return where_it_stands(ctx, case)
    ctx.record("continuity.declined", case.id, subject=person, at=event.at)
    return _over(ctx, case, person, actor, "不需要", steps.CONTINUITY)


@on("missed_punch.takeover_back")
def takeover_back(event: Event, ctx: Context) -> Card | None:
    """[恢复]: either of the two, at any time."""
    ask, case, person, actor = _about(event, ctx, ON)
    if not ctx.answer(ask.ref, "back"):
        return where_it_stands(ctx, case)
    ctx.record("continuity.ended", case.id, subject=person, at=event.at)
    return _over(ctx, case, person, actor, "恢复", ON)


def _over(ctx: Context, case: Case, person: Person, actor: Person, what: str, kind: str) -> Card:
    def done() -> Card:
        return cards_letter.takeover_over(person.name, actor.name, what)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(kind,))
    return done()
