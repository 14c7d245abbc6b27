"""What managers and HR answer when they are asked about somebody, and the one decision on a site-wide gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.approvals.cards import on_behalf
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t as say
from bot.people import Person
from bot.router import on
from handlers.missed_punch import rules, store, tables as t
from handlers.missed_punch.cards import manager as cards_manager
from handlers.missed_punch.flow import case as flow_case, distress
from handlers.missed_punch.flow.employee import where_it_stands
from handlers.missed_punch.ladder import reach, rungs as ladder, steps
from handlers.missed_punch.store import Case

UNKNOWN_ACTOR = "没有识别到您的身份，请从自己的聊天窗口操作。"


def _about(event: Event, ctx: Context) -> tuple[Ask, Case, Person, Person]:
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    if ctx.actor is None:
        raise Refused(say(UNKNOWN_ACTOR))
    return ask, case, person, ctx.actor


def manager_answer(event: Event, ctx: Context, ask: Ask, key: str, text: str = "") -> Card:
    """`key` of cards_manager.KNOWN. 不清楚 lets the ladder go on, everything else stops it."""
    case, person = store.need(ctx, ask.matter)
    actor = ctx.actor
    if actor is None or ask.kind != steps.KNOWN or not ctx.answer(ask.ref, key):
        return where_it_stands(ctx, case)
    line = store.noted(case, ctx.now, person.zone, f"{actor.name} 答：{cards_manager.KNOWN[key]}")
    values: dict[str, Any] = {"timeline": line, "replied_at": ctx.now}
    if key != "known_unclear":
        values |= {"state": "alive", "reason": key, "next_at": None}
    store.move(ctx.db, case, states=("waiting",), **values)
    parts = {"answer": key, "words": text} if text else {"answer": key}
    ctx.record("checkin.manager_answered", case.id, subject=person, parts=parts, at=event.at)

    def shown(_person: Person, each: Ask) -> Card:
        if each.ref == ask.ref:
            return cards_manager.known_noted(ask.ref, person.name, key)
        return cards_manager.known_closed(person.name, actor.name, key)

    ctx.close(case.id, shown, kinds=(steps.KNOWN,))
    return shown(person, ask)


def _known(key: str) -> Callable[[Event, Context], Card | None]:
    def flow(event: Event, ctx: Context) -> Card | None:
        return manager_answer(event, ctx, ctx.asked(event.ref), key)

    flow.__name__ = key
    flow.__doc__ = f"The manager tapped [{cards_manager.KNOWN[key]}]."
    return flow


for _key in cards_manager.KNOWN:
    on(f"missed_punch.{_key}")(_known(_key))


@on("missed_punch.known_undo")
def known_undo(event: Event, ctx: Context) -> Card | None:
    """[点错了，改一下]: the ladder goes on where it was, both answers stay on record."""
    ask, case, person, actor = _about(event, ctx)
    fresh = case.replied_at is not None and ctx.now - case.replied_at <= rules.UNDO_WINDOW
    undoable = case.state == "waiting" or (case.state == "alive" and case.reason.startswith("known_"))
    if ask.kind != steps.KNOWN or not undoable or not fresh:
        return where_it_stands(ctx, case)
    following = ladder.following(reach.plan(ctx, case, person).due, case.rung, ctx.now)
    held = flow_case.holds(case, flow_case.last_step(ctx.db, case.id))
    store.move(ctx.db, case, state="waiting", reason="", next_at=following if not held else None)
    ctx.record("checkin.undone", case.id, subject=person, source={"was": ask.answer or ""}, at=event.at)
    shift = store.span(case, person.zone)
    steps.ask(
        ctx, actor, steps.KNOWN, case, lambda ref: cards_manager.known(ref, person.name, shift, bool(case.asked_at))
    )
    return cards_manager.undone(person.name)


def _hr(event: Event, ctx: Context, what: str, key: str) -> Card:
    if (card := distress.taken(event, ctx, ctx.asked(event.ref), what, key)) is not None:
        return card
    ask, case, person, actor = _about(event, ctx)
    if ask.kind not in (steps.HR, steps.HELP) or not ctx.answer(ask.ref, key):
        return where_it_stands(ctx, case)
    stands_for = steps.behalf(ctx, person)
    by = on_behalf(actor.name, stands_for.name if stands_for else "")
    line = store.noted(case, ctx.now, person.zone, f"{by}：{what}")
    store.move(
        ctx.db, case, states=("waiting", "alive"), state="alive", next_at=None, timeline=line, decided_by=actor.id
    )
    source = {"for": stands_for.ref} if stands_for else {}
    ctx.record("checkin.hr_answered", case.id, subject=person, parts={"answer": key}, source=source, at=event.at)

    def done() -> Card:
        return cards_manager.hr_done(person.name, by, what)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.HR, steps.HELP))
    ctx.close(case.id, lambda _p, _a: cards_manager.hr_done(person.name, "HR", "正在跟进"), kinds=(steps.KNOWN,))
    return done()


@on("missed_punch.hr_reached")
def hr_reached(event: Event, ctx: Context) -> Card | None:
    """HR reached the person."""
    return _hr(event, ctx, "联系上了", "reached")


@on("missed_punch.hr_follow")
def hr_follow(event: Event, ctx: Context) -> Card | None:
    """HR takes it from here."""
    return _hr(event, ctx, "正在跟进", "follow")


@on("missed_punch.hr_ask")
def hr_ask(event: Event, ctx: Context) -> Card | None:
    """[现在问本人], offered when a downtime kept us from asking: the ladder starts again from the employee."""
    ask, case, person, actor = _about(event, ctx)
    if ask.kind != steps.HR or case.asked_at is not None or not ctx.answer(ask.ref, "ask"):
        return where_it_stands(ctx, case)
    store.move(ctx.db, case, states=("waiting",), base_at=ctx.now)
    fresh, _ = store.need(ctx, case.id)
    steps.climb_to(ctx, fresh, person, ladder.EMPLOYEE)

    def asked() -> Card:
        return cards_manager.hr_done(person.name, actor.name, "已询问本人")

    ctx.close(case.id, lambda _person, _ask: asked(), kinds=(steps.HR,))
    return asked()


def _storm(event: Event, ctx: Context, decision: str) -> Card:
    ask = ctx.asked(event.ref)
    actor = ctx.actor
    if actor is None or ask.kind != steps.STORM or not ctx.answer(ask.ref, decision):
        return cards_manager.settled()
    where = (t.notice.c.id == ask.matter, t.notice.c.decision == "")
    ctx.db.execute(sa.update(t.notice).where(*where).values(decision=decision, decided_by=actor.id, decided_at=ctx.now))
    ctx.record("checkin.storm_decided", ask.matter, parts={"decision": decision}, at=event.at)

    def done() -> Card:
        return cards_manager.storm_done(actor.name, decision == "ask")

    ctx.close(ask.matter, lambda _person, _ask: done())
    return done()


@on("missed_punch.storm_hold")
def storm_hold(event: Event, ctx: Context) -> Card | None:
    """Device or weather: nobody of this site is asked today."""
    return _storm(event, ctx, "hold")


@on("missed_punch.storm_ask")
def storm_ask(event: Event, ctx: Context) -> Card | None:
    """All is well with the site: ask one by one."""
    return _storm(event, ctx, "ask")
