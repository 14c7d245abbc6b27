"""Whose turn it is to score: whoever's it became is asked, STEP people in one transaction and a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.access import HR, HR_HEAD
from bot.approvals import kept as approvals_kept
from bot.context import Context
from bot.delivery.outbox import BULK, NORMAL
from bot.people import Person
from bot.tables import ask as ask_table, person as people_table
from handlers.performance import bulk, store, tables as tab
from handlers.performance.cards import scores as cards_scores
from handlers.performance.rules import results as rules_results, scoring as rules_scoring
from handlers.performance.scoring import reviews, seats
from handlers.performance.scoring.reviews_rows import SUBMITTED
from handlers.performance.store import Cycle, Member

if TYPE_CHECKING:
    from bot.app import App

STEP, MOST_STEPS = 200, 1_000
"""People in one transaction."""
FEW = 20
"""Up to so many questions go out with what was planned; more of them wait behind everything else."""


for _side, _page in ((rules_scoring.HR, "/performance/cockpit/scores"), (rules_scoring.MANAGER, "/performance/team")):
    approvals_kept.plenty(approvals_kept.Plenty(f"{reviews.ASK}.{_side}", 20, _page, cards_scores.many_to_score))


@dataclass(frozen=True, slots=True)
class Turn:
    """One member, whose side it is, and when to look again (UTC): the day after that side's last one."""

    member: Member
    person: Person
    cycle: Cycle
    side: str
    later: datetime | None


def turns(app: App) -> None:
    """Whoever's turn to score it became is asked; a side whose day has passed is passed over."""
    for _ in range(MOST_STEPS):
        with app.context() as ctx:
            found = _due(ctx)
            if found:
                _ask(ctx, _advanced(ctx, found))
        if len(found) < STEP:
            return


def _due(ctx: Context) -> list[Member]:
    c = tab.member.c
    where = (c.state.in_(rules_scoring.TURNS), c.next_at <= ctx.now)
    statement = sa.select(tab.member).where(*where).order_by(c.next_at, c.cycle_id, c.person_id).limit(STEP)
    # Whoever is handing in holds the row: this member is looked at again by the next run.
    rows = ctx.db.execute(statement.with_for_update(skip_locked=True)).mappings()
    return [Member(**row) for row in rows]


def _advanced(ctx: Context, found: Sequence[Member]) -> list[Turn]:
    """The members' states and times as they are now; whoever left is not asked."""
    ids = sorted({each.person_id for each in found})
    rows = ctx.db.execute(sa.select(people_table).where(people_table.c.id.in_(ids))).mappings()
    people = {row["id"]: Person(**row) for row in rows}
    cycles = {each.id: each for each in store.cycles(ctx.db, 1000, id=tuple({each.cycle_id for each in found}))}
    done = _submitted(ctx, sorted(cycles), ids)
    became: list[Turn] = []
    moves: dict[tuple[str, str, datetime | None], list[str]] = defaultdict(list)
    for each in found:
        person, cycle = people.get(each.person_id), cycles.get(each.cycle_id)
        if person is None or cycle is None or not person.active:
            moves[each.cycle_id, each.state, None].append(each.person_id)
            continue
        turn = _turn(ctx, each, person, cycle, done[each.cycle_id, each.person_id])
        became.append(turn)
        moves[each.cycle_id, turn.side, turn.later].append(each.person_id)
    c = tab.member.c
    for (cycle_id, side, later), some in moves.items():
        mine = (c.cycle_id == cycle_id, c.person_id.in_(some))
        ctx.db.execute(sa.update(tab.member).where(*mine).values(state=side, next_at=later))
    return became


def _turn(ctx: Context, member: Member, person: Person, cycle: Cycle, done: set[str]) -> Turn:
    today = ctx.now.astimezone(ZoneInfo(person.zone)).date()
    days = {side: cycle.day(member.population, f"{side}_by") for side in cycle.sides}
    over = {side for side, day in days.items() if day is not None and day < today}
    side = rules_scoring.turn(cycle.sides, done, over) or member.state
    day = days.get(side)
    later = rules_results.day_after(day, person.zone) if day and side != cycle.sides[-1] else None
    return Turn(member, person, cycle, side, later)


def _submitted(ctx: Context, cycles: Sequence[str], people: Sequence[str]) -> dict[tuple[str, str], set[str]]:
    r, found = tab.review.c, defaultdict[tuple[str, str], set[str]](set)
    where = (r.cycle_id.in_(cycles), r.person_id.in_(people), r.state == SUBMITTED)
    for cycle_id, person_id, side in ctx.db.execute(sa.select(r.cycle_id, r.person_id, r.side).where(*where)).tuples():
        found[cycle_id, person_id].add(side)
    return found


def _ask(ctx: Context, found: Sequence[Turn]) -> None:
    """Each question once, behind everything that answers somebody."""
    k = ask_table.c
    matters = [seats.matter(each.cycle, each.person) for each in found]
    where = (k.matter.in_(matters), k.state == "open")
    known = {tuple(row) for row in ctx.db.execute(sa.select(k.matter, k.kind, k.person_id).where(*where))}
    staff = ctx.people.with_role(HR) or ctx.people.with_role(HR_HEAD)
    scorers: dict[str, Person | None] = {}
    questions = [_question(ctx, each, reader) for each in found for reader in _askers(ctx, each, staff, scorers)]
    fresh = [each for each in questions if (each.matter, each.kind, each.person.id) not in known]
    bulk.put(ctx, fresh, priority=NORMAL if len(fresh) <= FEW else BULK)


def _question(ctx: Context, turn: Turn, reader: Person) -> bulk.Question:
    name, cycle, side = turn.person.name, turn.cycle, turn.side
    link = ctx.page(f"/performance/{cycle.id}/{turn.person.id}/score", reader)
    return bulk.Question(
        reader,
        f"{reviews.ASK}.{side}",
        seats.matter(cycle, turn.person),
        lambda ref: cards_scores.score(ref, name, cycle.name, side, link),
    )


def _askers(ctx: Context, turn: Turn, staff: Sequence[Person], scorers: dict[str, Person | None]) -> Sequence[Person]:
    """Who is asked; who speaks for a scorer is looked up once for all of their people."""
    if turn.side == rules_scoring.SELF:
        return [turn.person]
    if turn.side != rules_scoring.MANAGER:
        return [each for each in staff if each.id != turn.person.id]
    boss = turn.member.scorer_id
    if boss not in scorers:
        scorers[boss] = seats.scorer_of(ctx, turn.member)
    found = scorers[boss]
    if found is not None and found.id == turn.person.id:  # the stand-in is the member: look again for this one
        found = seats.scorer_of(ctx, turn.member)
    return [found] if found else []
