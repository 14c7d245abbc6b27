"""Asks the people of open cycles for their goals, or to confirm those that are there: 500 people in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.context import Context
from bot.people import Person
from bot.tables import ask as ask_table
from handlers.performance import bulk, cards, store, tables as t
from handlers.performance.agreeing import asking, sides
from handlers.performance.bulk import Question
from handlers.performance.cards import Face
from handlers.performance.preparing import members
from handlers.performance.store import Cycle, Goal, Member

if TYPE_CHECKING:
    from bot.app import App

STEP, MOST_STEPS = 500, 100
PAGE = "/performance"


def open_waiting(app: App) -> int:
    """All members whose `next_at` has come in an open cycle, step by step; returns how many cards were queued."""
    total = 0
    for _ in range(MOST_STEPS):
        with app.context() as ctx:
            mine = _waiting(ctx)
            total += sum(step(ctx, cycle, found) for cycle, found in mine)
        if not mine:
            break
    return total


def _waiting(ctx: Context) -> list[tuple[Cycle, list[Member]]]:
    c = t.member.c
    open_ones = sa.select(t.cycle.c.id).where(t.cycle.c.state.in_(("goals", "running", "scoring")))
    where = (c.next_at <= ctx.now, c.state.in_(("goals", "running")), c.cycle_id.in_(open_ones))
    statement = sa.select(t.member).where(*where).order_by(c.cycle_id, c.person_id).limit(STEP)
    # Two workers must not ask the same people: whoever holds the rows asks.
    rows = ctx.db.execute(statement.with_for_update(skip_locked=True)).mappings().all()
    grouped: dict[str, list[Member]] = {}
    for row in rows:
        grouped.setdefault(row["cycle_id"], []).append(Member(**row))
    return [(cycle, found) for each, found in grouped.items() if (cycle := store.cycle(ctx.db, each))]


def step(ctx: Context, cycle: Cycle, found: Sequence[Member]) -> int:
    """Ask these members: who has no goal yet to propose one, both sides to confirm what is proposed. Once each."""
    ids = tuple(each.person_id for each in found)
    goals = store.goals(ctx.db, cycle_id=cycle.id, person_id=ids, state="proposed")
    having = set(ctx.db.execute(_having(cycle.id, ids)).scalars())
    people = {each: person for each in ids if (person := ctx.people.get(each))}
    wanted = [each for each in found if each.person_id not in having and each.person_id in people]
    asked = _asked(
        ctx, [*(each.id for each in goals), *(members.matter(cycle.id, people[each.person_id]) for each in wanted)]
    )
    questions = [_write(ctx, cycle, people[each.person_id]) for each in wanted]
    mine = {each.person_id: each for each in found}
    questions += _confirm(ctx, cycle, goals, mine, people)
    count = bulk.put(ctx, [each for each in questions if (each.matter, each.kind, each.person.id) not in asked])
    c = t.member.c
    ctx.db.execute(sa.update(t.member).where(c.cycle_id == cycle.id, c.person_id.in_(ids)).values(next_at=None))
    return count


def _having(cycle_id: str, ids: Sequence[str]) -> sa.Select[tuple[str]]:
    c = t.goal.c
    return sa.select(c.person_id).where(c.cycle_id == cycle_id, c.person_id.in_(ids), c.state != "dropped").distinct()


def _asked(ctx: Context, matters: Sequence[str]) -> set[tuple[str, str, str]]:
    """(matter, kind, person) of everything that was asked before."""
    c, found = ask_table.c, set[tuple[str, str, str]]()
    for start in range(0, len(matters), STEP):
        where = c.matter.in_(matters[start : start + STEP])
        found |= {tuple(row) for row in ctx.db.execute(sa.select(c.matter, c.kind, c.person_id).where(where))}
    return found


def _write(ctx: Context, cycle: Cycle, person: Person) -> Question:
    link = ctx.page(PAGE, person)
    return Question(
        person,
        members.WRITE,
        members.matter(cycle.id, person),
        lambda ref: cards.write(ref, cycle.name, cycle.ends_on, link),
    )


def _confirm(
    ctx: Context, cycle: Cycle, goals: Sequence[Goal], mine: Mapping[str, Member], people: Mapping[str, Person]
) -> list[Question]:
    """Both sides of every goal; who speaks for a scorer is looked up once for all of their people."""
    seats: dict[str, Person | None] = {}
    found: list[Question] = []
    for goal in goals:
        member, person = mine[goal.person_id], people.get(goal.person_id)
        if person is None:
            continue
        face = Face(person.name, cycle.name, goal.no, goal.version, asking.draft_of(goal), goal.sha256)
        if member.scorer_id not in seats:
            seat = sides.manager_seat(ctx, member)
            seats[member.scorer_id] = seat[0] if seat else None
        boss = seats[member.scorer_id]
        if boss is not None and boss.id == person.id:  # the scorer's stand-in is the member: look again for this one
            seat = sides.manager_seat(ctx, member)
            boss = seat[0] if seat else None
        for side, reader in ((sides.EMPLOYEE, person), (sides.MANAGER, boss)):
            if reader is not None:
                own = side == sides.EMPLOYEE
                found.append(
                    Question(
                        reader,
                        asking.kind(side, goal.version),
                        goal.id,
                        lambda ref, face=face, own=own: cards.ask(ref, face, own, {}),  # type: ignore[misc]
                    )
                )
    return found
