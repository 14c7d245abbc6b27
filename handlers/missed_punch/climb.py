"""The ladder: the one rung that fits now, after looking once more whether there is anything left to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.context import Context
from bot.people import Person
from handlers.missed_punch import cards, cards_manager, reach, rules, steps, store
from handlers.missed_punch import tables as t
from handlers.missed_punch.employee import ask_approval
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App


def climb(app: App) -> None:
    """Every case whose next step is due, in one transaction each so that one bad case holds up nobody else."""
    with app.context() as ctx:
        due = [case.id for case in store.due(ctx.db, ctx.now)]
    for case_id in due:
        with app.context() as ctx:
            case = store.get(ctx.db, case_id)
            person = ctx.people.get(case.person_id) if case else None
            if case is None or person is None or case.next_at is None or case.next_at > ctx.now:
                continue
            if case.state == "waiting":
                _rung(ctx, case, person)
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
    """The approval, or the reason for a refusal, did not come in time: HR may decide as well."""
    if case.state not in ("approval", "reason") or case.claimed_at is None:
        store.move(ctx.db, case, next_at=None)
        return
    if case.state == "reason":
        claimed = store.hhmm(case.claimed_at, person.zone)
        ctx.close(
            case.id,
            lambda _person, _ask: cards_manager.decided(person.name, claimed, "to_hr"),
            kinds=(steps.REASON, steps.APPROVAL),
        )
    store.move(ctx.db, case, states=("approval", "reason"), state="approval", next_at=None)
    people = [each for each in steps.hr_people(ctx, person) if not _has_it(ctx, case, each)]
    ask_approval(ctx, case, person, case.claimed_at, case.words, people)
    ctx.record("checkin.escalated", case.id, subject=person, source={"why": f"{case.state}_timeout"})


def _has_it(ctx: Context, case: Case, each: Person) -> bool:
    return any(ask.matter == case.id for ask in ctx.open_asks(each.id, steps.APPROVAL))
