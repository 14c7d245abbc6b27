"""Punches that arrive late re-open the day: what they disprove is taken back, and that it was is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from bot.approvals import flow as approvals_flow
from bot.card import Card
from bot.context import Context
from bot.people import Person
from handlers.missed_punch import cards, store, tables as t
from handlers.missed_punch.attendance.sources import Record
from handlers.missed_punch.cards import manager as cards_manager
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.store import Case

SETTLED = ("punched", "corrected", "leave")
"""Outcomes that a punch does not disprove."""
CLAIM = timedelta(minutes=15)
"""A punch this close to the time somebody wants corrected makes the correction needless."""


def settle(ctx: Context, rows: list[Record]) -> None:
    """End or re-open the cases of the people with these new punches, whatever rung or outcome they had reached."""
    people = sorted({row.person_id for row in rows})
    for start in range(0, len(people), 300):
        part = people[start : start + 300]
        where = (t.case.c.person_id.in_(part), t.case.c.outcome.not_in(SETTLED))
        for case_id in ctx.db.execute(sa.select(t.case.c.id).where(*where)).scalars().all():
            _look(ctx, case_id)


def excuse(ctx: Context, ids: Sequence[str]) -> None:
    """A leave of these people that covers now ends the questions about them, also those that still wait to be said."""
    for start in range(0, len(ids), 300):
        where = (t.case.c.person_id.in_(ids[start : start + 300]), t.case.c.state == "waiting")
        waiting = ctx.db.execute(sa.select(t.case.c.id).where(*where).order_by(t.case.c.id)).scalars().all()
        for case_id, pending in store.leaves_for(ctx.db, waiting, ctx.now).items() if waiting else ():
            case = store.get(ctx.db, case_id)
            person = ctx.people.get(case.person_id) if case else None
            if case and person:
                steps.finish(ctx, case, person, "leave", partial(cards.leave_seen, pending), ctx.now)


def _look(ctx: Context, case_id: str) -> None:
    case = store.get(ctx.db, case_id)
    person = ctx.people.get(case.person_id) if case else None
    at = store.punch_since(ctx.db, case) if case else None
    if case is None or person is None or at is None:
        return
    if case.state in steps.LISTENING:
        steps.punched(ctx, case, person, at)
        return
    claimed = case.claimed_at is not None and case.state != "closed"
    if case.state == "writing" or (claimed and case.claimed_at is not None and at > case.claimed_at + CLAIM):
        return  # the claim of an earlier arrival still stands beside the later punch
    _reopen(ctx, case, person, at)


def _reopen(ctx: Context, case: Case, person: Person, at: datetime) -> None:
    """The day was settled without this punch: the record says so, and whoever was asked about it hears it."""
    when = store.hhmm(at, person.zone)
    line = store.noted(case, ctx.now, person.zone, f"补传的打卡：{when}")
    before = (case.state, case.outcome)
    values = {"state": "closed", "outcome": "punched", "next_at": None, "decided_at": ctx.now, "timeline": line}
    if not store.move(ctx.db, case, states=(case.state,), **values):
        return
    approvals_flow.end(ctx, case.id, "elsewhere")
    told: dict[str, Person] = {}

    def outcome(each: Person, _ask: object) -> Card:
        told[each.id] = each
        if each.id == person.id:
            return cards.over(cards.punch_seen(when))
        return cards_manager.retracted(person.name, cards.punch_seen(when))

    ctx.close(case.id, outcome)
    for each in told.values():
        if each.id != person.id:
            ctx.say(each, lambda: cards_manager.retracted(person.name, cards.punch_seen(when)), case.id)
    source = {"was": ":".join(before)[:60], "punch_at": at.isoformat()}
    ctx.record("checkin.reopened", case.id, subject=person, source=source, at=at)
