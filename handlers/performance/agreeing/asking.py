"""Puts a version of a goal to both sides, and keeps every copy of its cards in line with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.locale import speaking
from bot.people import Person
from handlers.performance import cards, store, tables as t
from handlers.performance.agreeing import sides
from handlers.performance.cards import Face
from handlers.performance.rules import GoalDraft
from handlers.performance.store import Goal, Member

Changes = Mapping[str, tuple[str, str]]
KIND = "performance.goal"


def kind(side: str, version: int) -> str:
    """The ask of one side about one version: a card can never be about another."""
    return f"{KIND}.{side}.v{version}"


def version_of(ask: Ask) -> int:
    """The version a card is about; 0 when it is about none."""
    _, _, number = ask.kind.rpartition(".v")
    return int(number) if ask.kind.startswith(f"{KIND}.") and number.isdigit() else 0


def draft_of(goal: Goal) -> GoalDraft:
    """What the newest version says."""
    return GoalDraft(
        goal.text,
        goal.weight,
        goal.kind,
        goal.target,
        goal.unit,
        goal.due_on,
        goal.dimension,
        goal.source,
        goal.source_key,
    )


def face_of(ctx: Context, goal: Goal) -> Face:
    """The newest version as cards show it."""
    person, cycle = ctx.people.get(goal.person_id), store.cycle(ctx.db, goal.cycle_id)
    name = person.name if person else ""
    return Face(name, cycle.name if cycle else "", goal.no, goal.version, draft_of(goal), goal.sha256)


def seats(ctx: Context, goal: Goal, member: Member) -> list[tuple[str, Person]]:
    """(side, person) of everybody who is asked about the goal."""
    person, seat = ctx.people.get(goal.person_id), sides.manager_seat(ctx, member)
    found = [(sides.EMPLOYEE, person)] if person and person.active else []
    return found + ([(sides.MANAGER, seat[0])] if seat else [])


def put(ctx: Context, goal: Goal, member: Member, changes: Changes, by: str = "") -> None:
    """Ask both sides about this version; `by` is said to have changed it, for the goal's own reason."""
    face = face_of(ctx, goal)
    for side, person in seats(ctx, goal, member):
        own = side == sides.EMPLOYEE
        ctx.ask(
            person,
            kind(side, goal.version),
            goal.id,
            lambda ref, own=own: cards.ask(ref, face, own, changes, (by, goal.reason)),  # type: ignore[misc]
        )


def show(ctx: Context, goal: Goal, card: Callable[[], Card], *, side: str = "", interim: bool = False) -> None:
    """End the asks about this version, of one side or of both, and let every copy show `card`."""
    ends = (side,) if side else (sides.EMPLOYEE, sides.MANAGER)
    kinds = [kind(each, goal.version) for each in ends]
    ctx.close(goal.id, lambda _person, _ask: card(), kinds=kinds, interim=interim)


def confirmed(ctx: Context, goal: Goal) -> dict[str, str]:
    """side -> person id of the confirmations that count for the newest version."""
    c = t.confirmation.c
    where = (c.goal_id == goal.id, c.version == goal.version, c.sha256 == goal.sha256, c.voided_at.is_(None))
    return {row.side: row.person_id for row in ctx.db.execute(sa.select(c.side, c.person_id).where(*where))}


def lock(ctx: Context, goal_id: str) -> None:
    """Until the end of this transaction nobody else changes or confirms the goal (SQLite has one writer anyway)."""
    ctx.db.execute(sa.select(t.goal.c.id).where(t.goal.c.id == goal_id).with_for_update())


def in_words_of(reader: Person, card: Callable[[], Card]) -> Card:
    """The card in the reader's language."""
    with speaking(reader.locale):
        return card()
