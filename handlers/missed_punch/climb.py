"""The ladder: the one rung that fits now, after looking once more whether there is anything left to ask."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.approvals_sweep import to_hr
from bot.card import Card
from bot.context import Context
from bot.people import Person
from handlers.missed_punch import cards, cards_doubt, cards_manager, native, reach, rules, slips, steps, store
from handlers.missed_punch import tables as t
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App


def climb(app: App) -> None:
    """Every case whose next step is due, in one transaction each so that one bad case holds up nobody else."""
    native.refresh(app)
    with app.context() as ctx:
        due = [case.id for case in store.due(ctx.db, ctx.now)]
        unread = slips.waiting_for(ctx.db, ctx.now)
    for case_id in due:
        with app.context() as ctx:
            case = store.get(ctx.db, case_id)
            person = ctx.people.get(case.person_id) if case else None
            if case is None or person is None or case.next_at is None or case.next_at > ctx.now:
                continue
            if case.state == "waiting" and person.id in unread:
                continue  # a leave may cover this very moment: it is looked up first
            if case.state == "waiting":
                _rung(ctx, case, person)
            elif case.state in steps.UNCLEAR_IN:
                _not_understood(ctx, case, person)
            else:
                _to_hr(ctx, case, person)


def _rung(ctx: Context, case: Case, person: Person) -> None:
    if at := store.punch_since(ctx.db, case):
        steps.punched(ctx, case, person, at)
    elif leave := store.leave_at(ctx.db, person.id, ctx.now):
        pending = leave[1]
        steps.finish(ctx, case, person, "leave", lambda: cards.leave_seen(pending), ctx.now)
    elif not person.active:
        steps.finish(ctx, case, person, "left", cards.gone, ctx.now)
    elif not _fresh(ctx, case.platform):
        # A punch may be waiting behind a broken feed: nobody is asked about it until we can see again.
        return
    elif later := reach.life_after(ctx.db, case):
        steps.stop(ctx, case, person, later)
        ctx.record("checkin.sign_of_life", case.id, subject=person, source={"action": "later punch"}, at=later)
    else:
        steps.advance(ctx, case, person)


def _fresh(ctx: Context, platform: str) -> bool:
    at = ctx.db.execute(sa.select(t.feed.c.fetched_at).where(t.feed.c.platform == platform)).scalar_one_or_none()
    return at is not None and ctx.now - at <= rules.FEED_MAX_AGE


def _to_hr(ctx: Context, case: Case, person: Person) -> None:
    """The reason for a refusal did not come in time: HR may decide as well."""
    if case.state != "reason" or case.claimed_at is None:
        store.move(ctx.db, case, next_at=None)
        return
    claimed = store.hhmm(case.claimed_at, person.zone)
    ctx.close(
        case.id,
        lambda _person, _ask: cards_manager.decided(person.name, claimed, "to_hr"),
        kinds=(steps.REASON, steps.APPROVAL),
    )
    store.move(ctx.db, case, states=("reason",), state="approval", next_at=None)
    to_hr(ctx, case.id)
    ctx.record("checkin.escalated", case.id, subject=person, source={"why": "reason_timeout"})


def _not_understood(ctx: Context, case: Case, person: Person) -> None:
    """What they said is still not clear: HR reads it word for word. A boss in HR does not read what is private."""
    store.move(ctx.db, case, states=steps.UNCLEAR_IN, next_at=None, escalated_at=ctx.now)
    when = store.hhmm(case.replied_at or ctx.now, person.zone)
    for each in steps.hr_people(ctx, person):
        words = cards_manager.for_manager(case.words) if each.id == person.manager_id else case.words
        steps.ask(ctx, each, steps.HR, case, partial(_unclear, person.name, when, words))
    ctx.record("checkin.escalated", case.id, subject=person, source={"why": "unclear"})


def _unclear(name: str, when: str, words: str, ref: str) -> Card:
    return cards_doubt.unclear(ref, name, when, words)
