"""What happens to results and appeals by the clock: reminders go out, silence stays silence; turns come in turns.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import absence_facts
from bot.context import Context
from bot.people import Person
from handlers.performance import hours, store, tables as tab
from handlers.performance.cards import appeals as cards_appeals, results as cards_results
from handlers.performance.scoring import seats
from handlers.performance.store import Result
from handlers.performance.telling import appeals
from handlers.performance.telling.results_rows import again, cycle_of, lock, move, person_of, source

if TYPE_CHECKING:
    from bot.app import App

STEP = 200
"""People in one transaction."""
LAST_CALL = timedelta(days=1)


def answers(app: App) -> None:
    """Results nobody answered: a kind word in working time, then at the deadline the bare fact; nothing is assumed."""
    with app.context() as ctx:
        c = tab.result.c
        due = (c.state.in_(("published", "answered")), c.next_at.is_not(None), c.next_at <= ctx.now)
        found = list(ctx.db.execute(sa.select(c.id).where(*due).order_by(c.next_at).limit(5_000)).scalars())
    for start in range(0, len(found), STEP):
        with app.context() as ctx:
            for result_id in found[start : start + STEP]:
                if result := store.result(ctx.db, result_id):
                    _unanswered(ctx, result)


def _unanswered(ctx: Context, found: Result) -> None:
    lock(ctx, found.cycle_id, found.person_id)
    result, person, cycle = again(ctx, found), person_of(ctx, found), cycle_of(ctx, found)
    if result.state != "published" or result.answer or not person.active:
        move(ctx, result, (result.state,), next_at=None)
        return
    if result.deadline and ctx.now >= result.deadline:
        if move(ctx, result, ("published",), next_at=None):
            ctx.record("result.unanswered", result.id, subject=person, source=source(result))
        return
    if person.id in absence_facts.on_leave(ctx.db, [person.id], ctx.now) or not hours.working(ctx, person):
        move(ctx, result, ("published",), next_at=min(ctx.now + timedelta(hours=1), result.deadline or ctx.now))
        return
    until = _local(result.deadline, person)
    link = ctx.page(f"/performance/results/{result.id}", person)
    ctx.say(person, lambda: cards_results.remind(cycle.name, until, link), result.id)
    ctx.record("result.reminded", result.id, subject=person, source=source(result))
    last = (result.deadline or ctx.now) - LAST_CALL
    move(ctx, result, ("published",), next_at=last if ctx.now < last else result.deadline)


def appeals_due(app: App) -> None:
    """An appeal about to be late: its reviewer is reminded once, HR hears when it is; nobody there: somebody else."""
    with app.context() as ctx:
        c = tab.appeal.c
        rows = list(ctx.db.execute(sa.select(c.id).where(c.state == "open").order_by(c.due_at).limit(5_000)).scalars())
    for appeal_id in rows:
        with app.context() as ctx:
            if found := appeals.get(ctx.db, appeal_id):
                _late(ctx, found)


def _late(ctx: Context, found: appeals.Appeal) -> None:
    result = store.result(ctx.db, found.result_id)
    if result is None:
        return
    member, person, cycle = lock(ctx, result.cycle_id, result.person_id), person_of(ctx, result), cycle_of(ctx, result)
    reviewer = ctx.people.get(found.reviewer_id)
    barred = found.reviewer_id in seats.barred(ctx.db, member, ctx.now)
    away = bool(absence_facts.on_leave(ctx.db, [found.reviewer_id], ctx.now))
    if reviewer is None or not reviewer.active or barred or away:
        other = seats.reviewer(ctx, member, frozenset({found.reviewer_id}))
        if other and not absence_facts.on_leave(ctx.db, [other.id], ctx.now):
            appeals.given(ctx, found, other)
        return
    # Told once the day before, and once when it is late: `reminded_at` says which of the two was.
    late = ctx.now >= found.due_at
    mark = found.due_at if late else found.due_at - LAST_CALL
    if ctx.now < mark or (found.reminded_at and found.reminded_at >= mark) or not hours.working(ctx, reviewer):
        return
    readers = {reviewer.id: reviewer}
    hr = ctx.people.get(cycle.created_by)
    if late and hr and hr.active and hr.id != person.id:
        readers[hr.id] = hr
    for reader in readers.values():
        _tell_late(ctx, reader, found, (person.name, cycle.name))
    ctx.db.execute(sa.update(tab.appeal).where(tab.appeal.c.id == found.id).values(reminded_at=ctx.now))
    if late:
        ctx.record("appeal.late", found.id, subject=person, source=source(result))


def _tell_late(ctx: Context, reader: Person, found: appeals.Appeal, who: tuple[str, str]) -> None:
    due, link = _local(found.due_at, reader), ctx.page(f"/performance/appeals/{found.id}", reader)
    ctx.say(reader, lambda: cards_appeals.appeal_late(*who, due, link), found.id)


def _local(moment: datetime | None, person: Person) -> str:
    return f"{moment.astimezone(ZoneInfo(person.zone)):%m-%d %H:%M}" if moment else ""
