"""Answers about a return-to-work notice: sending it, the courier's number, and what the person says to it."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on, words
from handlers.missed_punch import letters, rules, store
from handlers.missed_punch.cards import letter as cards_letter
from handlers.missed_punch.flow import distress
from handlers.missed_punch.flow.employee import where_it_stands
from handlers.missed_punch.flow.others import UNKNOWN_ACTOR
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.letters import Letter
from handlers.missed_punch.store import Case

_NUMBER = re.compile(
    r"^(?:EMS|快递|单号|快递单号|运单号|courier|number)?\s*[:：]?\s*([A-Za-z]{2}\d{9}[A-Za-z]{2}|\d{10,15})$", re.I
)
"""An EMS number (UPU S10: two letters, nine digits, two letters) or a domestic one of 10 to 15 digits."""
HARD = "我遇到困难"
GONE = "没有找到这封通知书，可能已经处理完了。"


def _about(event: Event, ctx: Context, kind: str) -> tuple[Ask, Case, Person, Letter]:
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    letter = letters.of_case(ctx.db, case.id)
    if ctx.actor is None:
        raise Refused(t(UNKNOWN_ACTOR))
    if letter is None or not letter.text or ask.kind != kind:
        raise Refused(t(GONE))
    return ask, case, person, letter


def _actor(ctx: Context) -> Person:
    if ctx.actor is None:
        raise Refused(t(UNKNOWN_ACTOR))
    return ctx.actor


@on("missed_punch.letter_send")
def letter_send(event: Event, ctx: Context) -> Card | None:
    """[现在发送]: the approved words, by every way there is."""
    ask, case, person, letter = _about(event, ctx, steps.LETTER_SEND)
    actor = _actor(ctx)
    if case.state != "waiting" or not ctx.answer(ask.ref, "send") or not letters.send(ctx, letter, case, person, actor):
        return where_it_stands(ctx, case)
    line = store.noted(case, ctx.now, person.zone, f"{actor.name} 发出限期返岗通知书")
    store.move(ctx.db, case, timeline=line)
    ctx.record("letter.sent", case.id, subject=person, source={"sha256": letter.sha256}, at=event.at)
    return _shown(ctx, case, person, actor, sent=True)


@on("missed_punch.letter_keep")
def letter_keep(event: Event, ctx: Context) -> Card | None:
    """[先不发]."""
    ask, case, person, _letter = _about(event, ctx, steps.LETTER_SEND)
    if not ctx.answer(ask.ref, "keep"):
        return where_it_stands(ctx, case)
    ctx.record("absence.letter_declined", case.id, subject=person, source={"sent": "no"}, at=event.at)
    return _shown(ctx, case, person, _actor(ctx), sent=False)


def _shown(ctx: Context, case: Case, person: Person, actor: Person, *, sent: bool) -> Card:
    def done() -> Card:
        return cards_letter.offered(person.name, actor.name, sent)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(steps.LETTER_SEND,))
    return done()


@on("missed_punch.letter_no_courier")
def letter_no_courier(event: Event, ctx: Context) -> Card | None:
    """[暂时寄不了]."""
    ask, case, person, _letter = _about(event, ctx, letters.COURIER)
    if not ctx.answer(ask.ref, "no"):
        return where_it_stands(ctx, case)
    ctx.record("letter.not_posted", case.id, subject=person, at=event.at)
    return _courier(ctx, case, person, "")


def _courier(ctx: Context, case: Case, person: Person, number: str) -> Card:
    def done() -> Card:
        return cards_letter.courier_noted(person.name, number)

    ctx.close(case.id, lambda _person, _ask: done(), kinds=(letters.COURIER,))
    return done()


@on("missed_punch.letter_got")
def letter_got(event: Event, ctx: Context) -> Card | None:
    """[我已收到]: receipt, never consent."""
    return _answered(event, ctx, "我已收到", lambda person: cards_letter.got(person.name))


@on("missed_punch.letter_hard")
def letter_hard(event: Event, ctx: Context) -> Card | None:
    """[我遇到困难]: HR hears at once, also from a copy on which something else was tapped before; the same tap once."""
    ask, case, person, _letter = _about(event, ctx, letters.SERVED)
    if ask.answer == HARD:
        return where_it_stands(ctx, case)
    if ask.state == "open":
        _answered(event, ctx, HARD, lambda _person: cards_letter.hard())
    distress.page(event, ctx, person, "", case.id)
    return cards_letter.hard()


@on("missed_punch.letter_why")
def letter_why(event: Event, ctx: Context) -> Card | None:
    """[无法返岗，说明原因]: their own words come next; the letter's buttons stay."""
    ask, case, _person, _letter = _about(event, ctx, letters.SERVED)
    if ask.state != "open":
        return where_it_stands(ctx, case)
    ctx.close(case.id, lambda _person, _ask: cards_letter.unsaid(), kinds=(letters.WHY,))  # tapped twice: asked once
    ctx.ask(_actor(ctx), letters.WHY, case.id, cards_letter.why)
    return None


@on("missed_punch.letter_unsaid")
def letter_unsaid(event: Event, ctx: Context) -> Card | None:
    """[先不说]: the letter's own buttons stay."""
    ask, case, _person, _letter = _about(event, ctx, letters.WHY)
    if not ctx.answer(ask.ref, "unsaid"):
        return where_it_stands(ctx, case)
    ctx.close(case.id, lambda _person, _ask: cards_letter.unsaid(), kinds=(letters.WHY,))
    return cards_letter.unsaid()


def _answered(event: Event, ctx: Context, what: str, card: object) -> Card:
    ask, case, person, letter = _about(event, ctx, letters.SERVED)
    if not callable(card) or not ctx.answer(ask.ref, what):
        return where_it_stands(ctx, case)
    source = {"sha256": letter.sha256}
    ctx.record("letter.acknowledged", case.id, subject=person, parts={"answer": what}, source=source, at=event.at)
    for each in steps.hr_people(ctx, person):
        ctx.say(each, lambda: cards_letter.told(person.name, what), case.id)
    shown: Card = card(person)
    ctx.close(case.id, lambda _person, _ask: card(person), kinds=(letters.SERVED,))
    return shown


@words
def said(event: Event, ctx: Context) -> Card | None:
    """A courier's number from HR, or why somebody cannot return. None: neither."""
    actor, text = ctx.actor, event.data.get("text", "").strip()
    if actor is None or not text:
        return None
    asks = ctx.open_asks(actor.id, "missed_punch.letter")
    if (match := _NUMBER.match(text)) and (ask := next((each for each in asks if each.kind == letters.COURIER), None)):
        return _number(ctx, ask, match.group(1).upper())
    if ask := next((each for each in asks if each.kind == letters.WHY), None):
        return _reason(event, ctx, ask, text)
    return None


def _number(ctx: Context, ask: Ask, number: str) -> Card:
    case, person = store.need(ctx, ask.matter)
    letter = letters.of_case(ctx.db, case.id)
    if letter is None or not letter.text or not ctx.answer(ask.ref, "posted"):
        return where_it_stands(ctx, case)
    letters.posted(ctx, letter, person, number)
    return _courier(ctx, case, person, number)


def _reason(event: Event, ctx: Context, ask: Ask, text: str) -> Card:
    case, person = store.need(ctx, ask.matter)
    if not ctx.answer(ask.ref, "said"):
        return where_it_stands(ctx, case)
    ctx.record("letter.answered", case.id, subject=person, parts={"words": text}, at=event.at)
    for each in steps.hr_people(ctx, person):
        ctx.say(each, lambda: cards_letter.told(person.name, "无法返岗，说明原因", text), case.id)
    if rules.understand(text, event.at.astimezone(ZoneInfo(person.zone))).kind == "help":
        distress.page(event, ctx, person, text, case.id)
    ctx.close(case.id, lambda _person, _ask: cards_letter.why_noted(text), kinds=(letters.WHY, letters.SERVED))
    return cards_letter.why_noted(text)
