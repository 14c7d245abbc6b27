"""The ladder: the one rung that fits now, after looking once more whether there is anything left to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
import structlog

from bot import clock
from bot.approvals.sweep import to_hr
from bot.card import Card
from bot.context import Context
from bot.people import Person
from handlers.missed_punch import cards, rules, store, tables as t
from handlers.missed_punch.attendance import native, slips
from handlers.missed_punch.cards import doubt as cards_doubt, manager as cards_manager
from handlers.missed_punch.ladder import reach, steps
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.missed_punch")
PART = 50
"""Cases in one transaction: whoever answers in this moment waits for it to end."""
FRESH = timedelta(seconds=15)
"""How long something counts as due just now; after that `climb` and `scan` find it, which run as often."""
_Id = TypeVar("_Id", str, int)


def climb(app: App) -> None:
    """Every case whose next step is due."""
    native.refresh(app)
    with app.engine.connect() as db:
        ids = store.due(db, clock.now())
    in_parts(app, ids, PART, _part)


def climb_fresh(app: App) -> None:
    """The same for what has become due just now. What could not be done then waits for `climb`: costs one look at an
    index while nothing is due."""
    now = clock.now()
    with app.engine.connect() as db:
        ids = store.due(db, now, now - FRESH)
    in_parts(app, ids, PART, _part)


def in_parts(app: App, ids: Sequence[_Id], size: int, work: Callable[[Context, Sequence[_Id]], None]) -> None:
    """`work` on `size` of them at a time, each time in a transaction of its own. When one fails, its part is done again
    one by one, so that it holds up nobody else; what failed then is raised in the end."""
    failed: list[Exception] = []
    for start in range(0, len(ids), size):
        part = ids[start : start + size]
        try:
            with app.context() as ctx:
                work(ctx, part)
        except Exception as error:  # noqa: BLE001 - whatever one of them is about, the others go on
            log.warning("part.failed", size=len(part), error=type(error).__name__)
            failed += _singly(app, part, work) if len(part) > 1 else [error]
    if failed:
        raise failed[0]


def _singly(app: App, part: Sequence[_Id], work: Callable[[Context, Sequence[_Id]], None]) -> list[Exception]:
    failed: list[Exception] = []
    for each in part:
        try:
            with app.context() as ctx:
                work(ctx, [each])
        except Exception as error:  # noqa: BLE001 - see in_parts
            log.error("one.failed", error=type(error).__name__)
            failed.append(error)
    return failed


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of the cases of one part. `punched`, `later` and `leaves` by case, the others by person or
    platform."""

    people: Mapping[str, Person]
    unread: frozenset[str]
    fresh: frozenset[str]
    punched: Mapping[str, datetime]
    later: Mapping[str, datetime]
    leaves: Mapping[str, bool]
    kept: reach.Kept


def _part(ctx: Context, ids: Sequence[str]) -> None:
    cases = store.due_of(ctx.db, ids, ctx.now)
    if not cases:
        return
    facts = _facts(ctx, cases)
    known = [(case, facts.people[case.person_id]) for case in cases if case.person_id in facts.people]
    with ctx.gathering():
        for case, person in known:
            # A leave may cover this very moment: it is looked up first.
            if case.state == "waiting" and person.id not in facts.unread:
                _rung(ctx, case, person, facts)
    for case, person in known:
        if case.state in steps.UNCLEAR_IN:
            _not_understood(ctx, case, person)
        elif case.state != "waiting":
            _to_hr(ctx, case, person)


def _facts(ctx: Context, cases: Sequence[Case]) -> _Facts:
    ids, who = [each.id for each in cases], [each.person_id for each in cases]
    feeds = ctx.db.execute(sa.select(t.feed.c.platform).where(t.feed.c.fetched_at >= ctx.now - rules.FEED_MAX_AGE))
    return _Facts(
        store.people_of(ctx.db, who),
        slips.waiting_for(ctx.db, ctx.now),
        frozenset(feeds.scalars()),
        store.punches_since(ctx.db, ids),
        reach.lives_after(ctx.db, ids),
        store.leaves_for(ctx.db, ids, ctx.now),
        reach.kept(ctx, who, 1),
    )


def _rung(ctx: Context, case: Case, person: Person, facts: _Facts) -> None:
    if at := facts.punched.get(case.id):
        steps.punched(ctx, case, person, at)
    elif (pending := facts.leaves.get(case.id)) is not None:
        steps.finish(ctx, case, person, "leave", partial(cards.leave_seen, pending), ctx.now)
    elif not person.active:
        steps.finish(ctx, case, person, "left", cards.gone, ctx.now)
    elif case.platform not in facts.fresh:
        # A punch may be waiting behind a broken feed: nobody is asked about it until we can see again.
        return
    elif later := facts.later.get(case.id):
        steps.stop(ctx, case, person, later)
        ctx.record("checkin.sign_of_life", case.id, subject=person, source={"action": "later punch"}, at=later)
    else:
        steps.advance(ctx, case, person, facts.kept)


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
