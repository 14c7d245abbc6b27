"""Answers on the late rungs: the emergency contact, the police register, the drafted notice, the weekend message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.delivery import channels
from bot.errors import Refused
from bot.event import Event
from bot.locale import speaking, t
from bot.people import Person
from bot.router import on, words
from handlers.missed_punch import letters, rules, store
from handlers.missed_punch.cards import ladder as cards_ladder
from handlers.missed_punch.flow.employee import choose, where_it_stands
from handlers.missed_punch.flow.others import UNKNOWN_ACTOR
from handlers.missed_punch.ladder import contacts, reach, rungs as ladder, steps
from handlers.missed_punch.store import Case

WAIT = timedelta(hours=1)
"""[再等]: when the same question comes again."""
WORDED = (steps.HEARSAY, steps.POLICE, steps.REASON, steps.KNOWN)
"""Questions that are answered in words: of several the newest is meant."""


def _about(event: Event, ctx: Context) -> tuple[Ask, Case, Person, Person]:
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    if ctx.actor is None:
        raise Refused(t(UNKNOWN_ACTOR))
    return ask, case, person, ctx.actor


def _noted(ctx: Context, case: Case, person: Person, line: str, **values: Any) -> None:
    store.move(ctx.db, case, timeline=store.noted(case, ctx.now, person.zone, line), **values)


@on("missed_punch.kin_yes")
def kin_yes(event: Event, ctx: Context) -> Card | None:
    """[同意联系]: the contact gets one neutral sentence; what they say is typed in by HR."""
    ask, case, person, actor = _about(event, ctx)
    found = reach.contact_of(ctx.db, person.id)
    if ask.kind != steps.EMERGENCY or case.state != "waiting" or not found.kin or not ctx.answer(ask.ref, "yes"):
        return where_it_stands(ctx, case)
    _noted(ctx, case, person, f"{actor.name} 同意联系紧急联系人")
    ref = ctx.ask(
        actor,
        steps.HEARSAY,
        case.id,
        lambda ref: cards_ladder.hearsay(ref, person.name, found.kin_name, found.kin_phone),
    )
    with speaking(person.locale):
        sentence = cards_ladder.kin_message(person.name)
    channels.queue(ctx, None, "sms", found.kin_phone, sentence, case.id, ref)
    stands_for = steps.behalf(ctx, person)
    source = {"for": stands_for.ref} if stands_for else {}
    ctx.record("contact.approved", case.id, subject=person, parts={"told": sentence}, source=source, at=event.at)
    return _kin_shown(ctx, case, person, actor, "同意联系")


@on("missed_punch.kin_wait")
def kin_wait(event: Event, ctx: Context) -> Card | None:
    """[再等]: the same question in an hour; the rungs above it wait as well."""
    ask, case, person, actor = _about(event, ctx)
    if ask.kind != steps.EMERGENCY or case.state != "waiting" or not ctx.answer(ask.ref, "wait"):
        return where_it_stands(ctx, case)
    _noted(ctx, case, person, f"{actor.name}：再等", rung=ladder.HR, next_at=ctx.now + WAIT)
    ctx.record("checkin.hr_answered", case.id, subject=person, parts={"answer": "wait"}, at=event.at)
    return _kin_shown(ctx, case, person, actor, "再等")


def _kin_shown(ctx: Context, case: Case, person: Person, actor: Person, what: str) -> Card:
    def done() -> Card:
        return cards_ladder.emergency_done(person.name, actor.name, what)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.EMERGENCY,))
    return done()


def _reached(event: Event, ctx: Context, kind: str) -> Card:
    ask, case, person, actor = _about(event, ctx)
    if ask.kind != kind or case.state != "waiting" or not ctx.answer(ask.ref, "reached"):
        return where_it_stands(ctx, case)
    _noted(ctx, case, person, f"{actor.name}：联系上了", state="alive", next_at=None, decided_by=actor.id)
    ctx.record("checkin.hr_answered", case.id, subject=person, parts={"answer": "reached"}, at=event.at)

    def done() -> Card:
        return cards_ladder.emergency_done(person.name, actor.name, "已联系上")

    ctx.close(case.id, lambda _person, _ask: done(), kinds=steps.OTHERS)
    return done()


@on("missed_punch.kin_reached")
def kin_reached(event: Event, ctx: Context) -> Card | None:
    """[已联系上]: nobody else is asked."""
    return _reached(event, ctx, steps.EMERGENCY)


@on("missed_punch.head_reached")
def head_reached(event: Event, ctx: Context) -> Card | None:
    """[联系上了] on the checklist."""
    return _reached(event, ctx, steps.HEAD)


@on("missed_punch.kin_silent")
def kin_silent(event: Event, ctx: Context) -> Card | None:
    """[联系不上] the contact."""
    ask, case, person, actor = _about(event, ctx)
    return _hearsay(event, ctx, (ask, case, person, actor), "联系不上")


def _hearsay(event: Event, ctx: Context, about: tuple[Ask, Case, Person, Person], said: str) -> Card:
    ask, case, person, actor = about
    if ask.kind != steps.HEARSAY or not ctx.answer(ask.ref, "told"):
        return where_it_stands(ctx, case)
    _noted(ctx, case, person, f"{actor.name} 转述：{said}")
    source = {"weight": "hearsay", "by": "typed by HR"}
    ctx.record("contact.answered", case.id, subject=person, parts={"words": said}, source=source, at=event.at)

    def done() -> Card:
        return cards_ladder.hearsay_noted(person.name, said)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.HEARSAY,))
    return done()


@on("missed_punch.police")
def police(event: Event, ctx: Context) -> Card | None:
    """[登记报警/走访]: ask for time, place and number; the checklist stays open until they are there."""
    ask, case, person, actor = _about(event, ctx)
    if ask.kind != steps.HEAD or case.state != "waiting":
        return where_it_stands(ctx, case)
    ctx.close(case.id, lambda _person, _ask: cards_ladder.police_postponed(), kinds=(steps.POLICE,))
    ctx.ask(actor, steps.POLICE, case.id, cards_ladder.police_wanted)
    return None


@on("missed_punch.police_later")
def police_later(event: Event, ctx: Context) -> Card | None:
    """[稍后再登记]: the checklist itself stays open."""
    ask, case, person, _actor = _about(event, ctx)
    if ask.kind != steps.POLICE or not ctx.answer(ask.ref, "later"):
        return where_it_stands(ctx, case)
    ctx.close(case.id, lambda _person, _ask: cards_ladder.police_postponed(), kinds=(steps.POLICE,))
    return cards_ladder.police_postponed()


def _register(event: Event, ctx: Context, about: tuple[Ask, Case, Person, Person], text: str) -> Card:
    ask, case, person, actor = about
    found = contacts.registration(text)
    if found.missing:
        return cards_ladder.police_wanted(ask.ref, found.missing)
    if not ctx.answer(ask.ref, "registered"):
        return where_it_stands(ctx, case)
    _noted(ctx, case, person, f"{actor.name} 登记报警/走访：{found.at} {found.station} {found.receipt}")
    parts = {"at": found.at, "station": found.station, "receipt": found.receipt, "words": text}
    parts["caller"] = found.caller or actor.name
    ctx.record("absence.registered", case.id, subject=person, parts=parts, at=event.at)

    def done() -> Card:
        return cards_ladder.police_noted(person.name, actor.name, found.at, found.station, found.receipt)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.POLICE, steps.HEAD))
    return done()


def _letter(event: Event, ctx: Context, approved: bool) -> Card:
    ask, case, person, actor = _about(event, ctx)
    if approved and ask.kind == steps.LETTER and ask.state == "open" and not letters.cite(ctx, case, person):
        return cards_ladder.letter_again(ask.ref, person.name)
    if ask.kind != steps.LETTER or not ctx.answer(ask.ref, "ready" if approved else "no"):
        return where_it_stands(ctx, case)
    line = f"{actor.name}：" + ("批准限期返岗通知书草稿，可发送，尚未发出" if approved else "暂不需要限期返岗通知书")
    _noted(ctx, case, person, line)
    kind = "absence.letter_approved" if approved else "absence.letter_declined"
    ctx.record(kind, case.id, subject=person, source={"sent": "no"}, at=event.at)

    def done() -> Card:
        return cards_ladder.letter_done(person.name, actor.name, approved)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.LETTER,))
    if approved:
        letters.offer(ctx, case, person, actor)
    return done()


@on("missed_punch.letter_yes")
def letter_yes(event: Event, ctx: Context) -> Card | None:
    """[批准草稿]: marked ready; nothing is sent from here."""
    return _letter(event, ctx, approved=True)


@on("missed_punch.letter_no")
def letter_no(event: Event, ctx: Context) -> Card | None:
    """[暂不需要]."""
    return _letter(event, ctx, approved=False)


@on("missed_punch.safe")
def safe(event: Event, ctx: Context) -> Card | None:
    """[我平安] on the weekend's message."""
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    if ask.state != "open" or case.state not in steps.LISTENING:
        return where_it_stands(ctx, case)
    return choose(event, ctx, case, person, rules.Understood("safe"), "", event.ref)


@words
def told(event: Event, ctx: Context) -> Card | None:
    """Free text after the newest of these questions: the relative's words, or the register. None: neither."""
    person, text = ctx.actor, event.data.get("text", "").strip()
    asks = ctx.open_asks(person.id, "missed_punch") if person else []
    newest = next((each for each in asks if each.kind in WORDED), None)
    if person is None or not text or newest is None or newest.kind not in (steps.HEARSAY, steps.POLICE):
        return None
    case, subject = store.need(ctx, newest.matter)
    about = (newest, case, subject, person)
    return _hearsay(event, ctx, about, text) if newest.kind == steps.HEARSAY else _register(event, ctx, about, text)
