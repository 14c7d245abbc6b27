"""HR's side of the requests: approve, refuse with a reason, tell the person."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.asks import Ask, close, of_matter
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.evidence.erase import HOLD, ROSTER, Stay, erase_person, stays
from bot.evidence.register import KINDS, span
from bot.people import Person
from bot.router import Gone, erases, on
from bot.tables import ask as table
from handlers.data_rights import cards, rules

CORRECTION, ERASURE, REASON = "data_rights.correction", "data_rights.erasure", "data_rights.reason"
REQUESTER = "data_rights.erasure_of"
SETTLED = "这个请求已经处理过了，或不由您处理。 This request is settled, or not yours to decide."


def hr_people(ctx: Context, person: Person) -> list[Person]:
    """HR without the person themself; the HR head when nobody else is left."""
    for role in ("hr", "hr_head"):
        found = [each for each in ctx.people.with_role(role) if each.id != person.id]
        if found:
            return found
    return []


def heads(ctx: Context, person: Person) -> list[Person]:
    """The HR head, else HR; never the person themself."""
    found = [each for each in ctx.people.with_role("hr_head") if each.id != person.id]
    return found or hr_people(ctx, person)


def requester(ctx: Context, matter: str) -> Person | None:
    """Who made the request."""
    where = (table.c.matter == matter, table.c.state == "noted")
    return ctx.people.get(ctx.db.execute(sa.select(table.c.person_id).where(*where)).scalar())


def open_request(ctx: Context, person: Person) -> str:
    """The matter of the person's erasure request that waits for its answer, or ""."""
    mine = sa.select(table.c.matter).where(table.c.person_id == person.id, table.c.kind == REQUESTER)
    where = (table.c.matter.in_(mine), table.c.state == "open")
    return str(ctx.db.execute(sa.select(table.c.matter).where(*where).limit(1)).scalar() or "")


def kept_lines(ctx: Context, person: Person) -> list[str]:
    """What would stay, why and until when, in words."""
    return [_line(each) for each in stays(ctx.db, person.ref, ctx.now)]


def _line(stay: Stay) -> str:
    if stay.kind == HOLD:
        return f"争议保全期间的全部记录，保全解除后处理（原因：{stay.why}）"
    if stay.kind == ROSTER:
        return f"姓名、账号、直属上级，在职期间（{stay.why}）"
    kind = KINDS[stay.kind]
    until = f"至 {stay.until:%Y-%m-%d}" if stay.until else f"在职期间及离职后 {span(kind.minimum)}"
    return f"{kind.name[0]}，{until}（{stay.why}）"


def _opened(event: Event, ctx: Context, kind: str) -> tuple[Ask, Person, Person]:
    ask = ctx.asked(event.ref)
    person, actor = requester(ctx, ask.matter), ctx.actor
    if ask.kind != kind or ask.state != "open" or person is None or actor is None or actor.id == person.id:
        raise Refused(SETTLED)
    if actor.role not in ("hr", "hr_head"):
        raise Refused("只有 HR 可以处理这个请求。 Only HR can decide this.")
    return ask, person, actor


def _settle(ctx: Context, ask: Ask, answer: str, outcome: str) -> Card:
    """The one answer; every other copy of the question is closed with it."""
    if not ctx.answer(ask.ref, answer):
        raise Refused(SETTLED)
    card = cards.answered(outcome)
    ctx.close(ask.matter, lambda _person, _ask: card, kinds=(CORRECTION, ERASURE, REASON))
    return card


@on("data_rights.corrected")
def corrected(event: Event, ctx: Context) -> Card | None:
    """[已更正]."""
    ask, person, actor = _opened(event, ctx, CORRECTION)
    card = _settle(ctx, ask, "corrected", f"{actor.name} 已更正")
    ctx.record("data.corrected", ask.matter, subject=person, at=event.at)
    ctx.say(person, cards.corrected(actor.name), ask.matter)
    return card


@on("data_rights.erase")
def erase(event: Event, ctx: Context) -> Card | None:
    """[同意删除]: what may go goes at once, in this transaction; what stays is told with its reason and day."""
    ask, person, actor = _opened(event, ctx, ERASURE)
    card = _settle(ctx, ask, "erase", f"{actor.name} 已同意删除")
    request = ctx.record("data.erasure_approved", ask.matter, subject=person, at=event.at)
    found = erase_person(ctx.db, ctx.keys, subject=person.ref, now=ctx.now, by=actor.ref, request_event=request)
    if not found.done:
        ctx.say(person, cards.erased_partly([_line(each) for each in found.stays]), ask.matter)
    return card


def _refuse(event: Event, ctx: Context, kind: str) -> Card | None:
    """Not a decision yet: the reason is asked for first."""
    ask, person, actor = _opened(event, ctx, kind)
    if not ctx.answer(ask.ref, "refuse"):
        raise Refused(SETTLED)
    ctx.ask(actor, REASON, ask.matter, lambda ref: cards.reason(ref, person.name))
    return None


@on("data_rights.refuse")
def refuse(event: Event, ctx: Context) -> Card | None:
    """[不同意] the erasure."""
    return _refuse(event, ctx, ERASURE)


@on("data_rights.decline")
def decline(event: Event, ctx: Context) -> Card | None:
    """[不能更正]."""
    return _refuse(event, ctx, CORRECTION)


def reason_given(event: Event, ctx: Context, actor: Person, text: str) -> Card | None:
    """The next words of whoever refused are the reason; the person reads them as they are."""
    # Only while it is the newest question: otherwise the words may answer something else.
    ask = next(iter(ctx.open_asks(actor.id)), None)
    if ask is None or ask.kind != REASON:
        return None
    person = requester(ctx, ask.matter)
    if person is None:
        close(ctx.db, [each.ref for each in of_matter(ctx.db, ask.matter, None)])
        return cards.answered("请求人的数据已经删除")
    if not rules.a_reason(text):
        return cards.reason(ask.ref, person.name)
    card = _settle(ctx, ask, "refused", f"{actor.name} 没有同意，原因已告知本人")
    ctx.record("data.request_refused", ask.matter, subject=person, parts={"reason": text}, at=event.at)
    ctx.say(person, cards.refused(actor.name, text), ask.matter)
    return card


@erases
def forget(db: Connection, gone: Gone) -> list[str]:
    """The cards HR got about the person's requests go; the decisions stay in the log."""
    mine = (table.c.person_id == gone.person_id, table.c.state == "noted")
    return list(db.execute(sa.select(table.c.matter).where(*mine)).scalars())
