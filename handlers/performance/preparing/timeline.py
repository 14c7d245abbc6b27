"""The days of a cycle by population, and what begins by itself when one of them comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import clock
from bot.context import Context
from handlers.performance import store, tables as t
from handlers.performance.rules import Problem
from handlers.performance.store import Cycle

if TYPE_CHECKING:
    from bot.app import App

STEPS = ("goals_by", "self_from", "self_by", "manager_by", "hr_by", "sign_by")
"""In this order. `self_from`: the day on which scoring begins; without it, the day after the period."""
Timeline = Mapping[str, Mapping[str, str]]


def timeline_problems(timeline: Timeline, starts_on: date) -> list[Problem]:
    """Unknown steps, days that are none, and days out of order."""
    found: list[Problem] = []
    for population, steps in timeline.items():
        before = starts_on.isoformat()
        for name in (*STEPS, *sorted(set(steps) - set(STEPS))):
            value = steps.get(name, "")
            if not value:
                continue
            if name not in STEPS or not _a_day(value):
                found.append(Problem("timeline", "timeline", f"{population} {name} {value}".strip()))
            elif value < before:
                found.append(Problem("timeline", "timeline_order", f"{population} {name} {value}".strip()))
            else:
                before = value
    return found


def _a_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def moved(timeline: Timeline, by: timedelta) -> dict[str, dict[str, str]]:
    """The same steps `by` later."""
    return {
        population: {name: (date.fromisoformat(value) + by).isoformat() for name, value in steps.items() if value}
        for population, steps in timeline.items()
    }


def scoring_from(cycle: Cycle, population: str) -> date:
    """The day on which scoring begins for a population."""
    return cycle.day(population, "self_from") or cycle.ends_on + timedelta(days=1)


def today(now: datetime, zone: str) -> date:
    """The firm's local day."""
    return now.astimezone(ZoneInfo(zone)).date()


def advance(app: App) -> None:
    """Every open cycle as far as its days say, one transaction each."""
    with app.engine.connect() as db:
        found = store.cycles(db, limit=1000, state=("goals", "running", "scoring"))
    for each in found:
        with app.context() as ctx:
            step(ctx, each, today(clock.now(), app.settings.timezone))


def step(ctx: Context, cycle: Cycle, day: date) -> None:
    """Populations whose scoring begins go from `running` to the first side; whose goals are not settled wait.

    The cycle itself is `running` from the day after goals were due (or once all are settled), `scoring` once any began.
    """
    populations = list(
        ctx.db.execute(sa.select(t.member.c.population).where(t.member.c.cycle_id == cycle.id).distinct()).scalars()
    )
    for population in populations:
        if day >= scoring_from(cycle, population):
            _score(ctx, cycle, population)
    dues = [cycle.day(population, "goals_by") or cycle.starts_on for population in populations]
    waiting = sa.select(sa.func.count()).where(t.member.c.cycle_id == cycle.id, t.member.c.state == "goals")
    if (dues and day > max(dues)) or not ctx.db.execute(waiting).scalar_one():
        _move(ctx, cycle, "goals", "running")


def _score(ctx: Context, cycle: Cycle, population: str) -> None:
    where = (
        t.member.c.cycle_id == cycle.id,
        t.member.c.population == population,
        t.member.c.state == "running",
    )
    count = ctx.db.execute(sa.update(t.member).where(*where).values(state=cycle.sides[0], next_at=ctx.now)).rowcount
    if not count:
        return
    source = {"population": population, "people": str(count), "to": cycle.sides[0]}
    ctx.record("cycle.scoring", cycle.id, source=source)
    if not _move(ctx, cycle, "running", "scoring"):
        _move(ctx, cycle, "goals", "scoring")


def _move(ctx: Context, cycle: Cycle, before: str, after: str) -> bool:
    if not store.move(ctx.db, t.cycle, {"id": cycle.id}, (before,), state=after):
        return False
    ctx.record("cycle.advanced", cycle.id, source={"from": before, "to": after})
    return True
