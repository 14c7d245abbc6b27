"""Leave and field work drafted from a reply: the person submits, the chain decides, everybody is told.

There is no way to file the platform's own form for somebody else: HR and the person are told that it is still missing,
and when the platform's approval comes in by itself ours ends, so that both show the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.approvals import cards as approvals_cards, flow as approvals_flow, rows as approvals_rows
from bot.approvals.faces import Outcome
from bot.approvals.rows import Approval
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on
from handlers.missed_punch import approving, store, tables as tab
from handlers.missed_punch.cards import approval as cards_approval, manager as cards_manager
from handlers.missed_punch.ladder import steps

if TYPE_CHECKING:
    from bot.app import App

OWN = "自己的申请需要由别人决定。"
_DECISION = (steps.APPROVAL, steps.REASON)


@on("missed_punch.draft_submit")
def submit(event: Event, ctx: Context) -> Card | None:
    """[提交]: the draft becomes a request."""
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    what = case.reason
    if ask.kind != approving.DRAFT or what not in cards_approval.KINDS or not ctx.answer(ask.ref, "submit"):
        return approvals_cards.settled()
    matter, people = approving.request_absence(ctx, case, person, what)
    ctx.record("leave.requested", matter, subject=person, parts={"kind": what}, at=event.at)
    start, end, _days = approving.span_of(case, person, case.words)
    names, when = "、".join(each.name for each in people), approving.said(start, end, person.zone)

    def shown() -> Card:
        return cards_approval.submitted(what, when, names)

    ctx.close(case.id, lambda _person, _ask: shown(), kinds=(approving.DRAFT,))
    return shown()


@on("missed_punch.draft_drop")
def drop(event: Event, ctx: Context) -> Card | None:
    """[先不用]: nothing was submitted, nothing changes."""
    ask = ctx.asked(event.ref)
    if ask.kind != approving.DRAFT or not ctx.answer(ask.ref, "drop"):
        return approvals_cards.settled()
    ctx.close(ask.matter, lambda _person, _ask: cards_approval.dropped(), kinds=(approving.DRAFT,))
    return cards_approval.dropped()


def _opened(ctx: Context, found: Approval) -> tuple[Person, Person, str, str]:
    """(subject, actor, what, when)."""
    person, actor = ctx.people.get(found.person_id), ctx.actor
    if person is None or actor is None or actor.id == person.id:
        raise Refused(t(OWN))
    start, end = (datetime.fromisoformat(found.details[name]) for name in ("start", "end"))
    return person, actor, found.details["what"], approving.said(start, end, person.zone)


def _where(ctx: Context, found: Approval) -> Card:
    """A second click is told who was first."""
    now = approvals_rows.of_matter(ctx.db, found.matter) or found
    person = ctx.people.get(now.person_id)
    if not now.details:
        return approvals_cards.settled()
    start, end = (datetime.fromisoformat(now.details[name]) for name in ("start", "end"))
    if now.state not in cards_approval.OUTCOMES or person is None:
        return approvals_cards.settled()
    by = approvals_flow.decided_by(ctx, now)
    return cards_approval.decided(
        person.name, now.details["what"], approving.said(start, end, person.zone), now.state, by
    )


def agree(event: Event, ctx: Context, ask: Ask, found: Approval) -> Card:
    """[同意]."""
    if not found.details:
        return approvals_cards.settled()
    person, actor, what, when = _opened(ctx, found)
    if not ctx.answer(ask.ref, "approve"):
        return _where(ctx, found)
    title = cards_approval.decided(person.name, what, when, "withdrawn").title

    def onward(outcome: Outcome) -> None:
        _close(ctx, found.matter, lambda: cards_approval.forwarded(title, outcome.by, outcome.to), interim=True)

    outcome = approvals_flow.agree(ctx, found.matter, onward)
    if outcome.state == "late":
        return _where(ctx, found)
    if outcome.state == "lapsed":
        return approvals_cards.lapsed(outcome.by)
    if outcome.state == "next":
        return cards_approval.forwarded(title, outcome.by, outcome.to)
    source = {"for": outcome.behalf.ref} if outcome.behalf else {}
    ctx.record("leave.approved", found.matter, subject=person, parts={"kind": what}, source=source, at=event.at)
    if (case := store.get(ctx.db, found.details.get("case", ""))) and what != "field":
        store.move(ctx.db, case, states=steps.LISTENING, state="closed", outcome="leave", next_at=None)
    ctx.say(person, lambda: cards_approval.granted(what, when, outcome.by), found.matter)
    for each in steps.hr_people(ctx, person):
        if each.id != actor.id:
            ctx.say(each, lambda: cards_approval.to_file(person.name, what, when, outcome.by), found.matter)
    return _close(ctx, found.matter, lambda: cards_approval.decided(person.name, what, when, "approved", outcome.by))


def reject(event: Event, ctx: Context, ask: Ask, found: Approval) -> Card:
    """[驳回] is not a decision yet: it asks for the reason first. Others may still decide meanwhile."""
    if not found.details:
        return approvals_cards.settled()
    person, actor, _what, _when = _opened(ctx, found)
    if found.state != "open" or ask.kind != steps.APPROVAL or not ctx.answer(ask.ref, "reject"):
        return _where(ctx, found)
    ctx.record("checkin.reason_requested", found.matter, subject=person, at=event.at)
    ctx.ask(actor, steps.REASON, found.matter, lambda ref: cards_manager.reason(ref, person.name))
    return cards_manager.reason(ask.ref, person.name)


def refuse(event: Event, ctx: Context, ask: Ask, found: Approval, reason: str) -> Card:
    """The reason came as a chat reply: now it is a refusal, and the employee reads it word for word."""
    if not found.details:
        return approvals_cards.settled()
    person, _actor, what, when = _opened(ctx, found)
    if sum(char.isalnum() for char in reason) < 2:
        return cards_manager.reason(ask.ref, person.name)
    if not ctx.answer(ask.ref, "rejected"):
        return _where(ctx, found)
    outcome = approvals_flow.refuse(ctx, found.matter)
    if outcome.state == "lapsed":
        return approvals_cards.lapsed(outcome.by)
    if outcome.state != "taken":
        return _where(ctx, found)
    source = {"for": outcome.behalf.ref} if outcome.behalf else {}
    ctx.record("leave.rejected", found.matter, subject=person, parts={"reason": reason}, source=source, at=event.at)
    ctx.say(person, lambda: cards_approval.refused(what, outcome.by, reason), found.matter)
    return _close(
        ctx, found.matter, lambda: cards_approval.decided(person.name, what, when, "rejected", outcome.by, reason)
    )


def _close(ctx: Context, matter: str, shown: Callable[[], Card], *, interim: bool = False) -> Card:
    ctx.close(matter, lambda _person, _ask: shown(), kinds=_DECISION, interim=interim)
    return shown()


def follow(app: App) -> None:
    """Leave that the platform's own approval granted meanwhile ends ours: both show the same truth."""
    with app.context() as ctx:
        for found in approvals_rows.open_of_kind(ctx.db, approving.LEAVE):
            person = ctx.people.get(found.person_id)
            start, end = (datetime.fromisoformat(found.details.get(name, "")) for name in ("start", "end"))
            leave = tab.leave.c
            same = (leave.person_id == found.person_id, leave.start_at <= start, leave.end_at >= end, ~leave.pending)
            if person is None or ctx.db.execute(sa.select(leave.id).where(*same)).first() is None:
                continue
            _end(ctx, found, person)


def decided_elsewhere(ctx: Context, person: Person, start: datetime, end: datetime) -> None:
    """The platform's own approval decided about some of this time: ours about it ends."""
    for found in approvals_rows.of_subject(ctx.db, person.id, (approving.LEAVE, approving.FIELD), ("open",)):
        if approving.covers(found, start, end):
            _end(ctx, found, person)


def _end(ctx: Context, found: Approval, person: Person) -> None:
    if not approvals_flow.end(ctx, found.matter, "elsewhere"):
        return
    start, end = (datetime.fromisoformat(found.details[name]) for name in ("start", "end"))
    what, when = found.details["what"], approving.said(start, end, person.zone)
    ctx.record("leave.decided_elsewhere", found.matter, subject=person, source={"ch": person.platform})
    _close(ctx, found.matter, lambda: cards_approval.decided(person.name, what, when, "elsewhere"))
    ctx.say(person, lambda: cards_approval.elsewhere(what), found.matter)
