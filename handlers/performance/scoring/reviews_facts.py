"""What a review stands on: the goals' values, fresh ones only, and whose turn it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from bot import freshness
from bot.context import Context
from bot.people import Person
from handlers.performance import store
from handlers.performance.measuring import progress
from handlers.performance.rules import progress as rules_progress, scoring as rules_scoring
from handlers.performance.scoring import reviews_rows
from handlers.performance.scoring.reviews_rows import SUBMITTED
from handlers.performance.store import Cycle, Goal


@dataclass(frozen=True, slots=True)
class GoalFact:
    """A goal beside its newest value. `percent` None without one; `fresh` False: shown grey, never scored."""

    goal: Goal
    done: Decimal | None
    percent: Decimal | None
    at: datetime | None
    fresh: bool
    problem: str = ""


def submitted(db: Connection, cycle: Cycle, person: Person) -> set[str]:
    """The sides that have submitted."""
    return {each.side for each in reviews_rows.every(db, cycle.id, person.id) if each.state == SUBMITTED}


def turn_of(ctx: Context, cycle: Cycle, person: Person) -> str:
    """Whose turn it is: self, manager, hr; empty when all are through."""
    member = store.member(ctx.db, cycle.id, person.id)
    population = member.population if member else ""
    return turn(cycle, population, person, ctx.now, submitted(ctx.db, cycle, person))


def turn(cycle: Cycle, population: str, person: Person, now: datetime, done: Collection[str]) -> str:
    """The same where it is known which sides are `done`."""
    today = now.astimezone(ZoneInfo(person.zone)).date()
    days = {side: cycle.day(population, f"{side}_by") for side in cycle.sides}
    over = {side for side, day in days.items() if day is not None and day < today}
    return rules_scoring.turn(cycle.sides, set(done), over)


def facts(db: Connection, cycle: Cycle, person: Person, now: datetime, stale_days: int = 0) -> list[GoalFact]:
    """What the reviewers see of the goals that both sides agreed. `stale_days` 0: as the setting says."""
    days = stale_days or freshness.days()
    goals = store.goals(db, cycle_id=cycle.id, person_id=person.id, state="agreed")
    values = progress.latest(db, goals)
    found = []
    for goal in goals:
        value = values.get(goal.id)
        fresh = value is not None and rules_progress.fresh(value, now, days)
        done, at, problem = (value.done, value.at, value.problem) if value else (None, None, "")
        target = value.target if value else None
        found.append(GoalFact(goal, done, rules_progress.percent(done, target), at, fresh, problem))
    return found
