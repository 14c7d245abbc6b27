"""Asks Jira, DingTalk projects and whatever else is set up how the goals stand, outside any transaction, in batches;
and says once when a value has grown too old to count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import clock, freshness, progress as sources_of
from bot.context import Context
from bot.errors import PlatformError
from bot.ports.progress import Progress, ProgressSource
from handlers.performance import hours, store, tables as t
from handlers.performance.cards import progress as cards_progress
from handlers.performance.measuring import progress
from handlers.performance.measuring.progress import LIVE, Found
from handlers.performance.rules.progress import Value, fresh
from handlers.performance.store import Goal

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.progress")
BATCH, FLAG = 50, progress.STALE


def pull(app: App) -> None:
    """Every source once. One that cannot be reached leaves the values as they are and is asked again next time."""
    freshness.use(app.settings.progress_stale_days)
    for name, source in sources_of.sources(app.settings, app.store).items():
        pull_from(app, name, source)


def pull_from(app: App, name: str, source: ProgressSource) -> None:
    """The agreed goals of open cycles that name this source, BATCH keys per asking and transaction."""
    with app.engine.connect() as db:
        wanted = _wanted(db, name)
    keys, broken = sorted(wanted), ""
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        found: Mapping[str, Progress | PlatformError] = {}
        if not broken:
            try:
                found = source.progress(some)
            except PlatformError as error:
                # What is left is not asked: it would only run into the same wall.
                broken = error.code
                log.warning("progress.unreachable", source=name, code=error.code, alarm=error.alarm)
        with app.context() as ctx:
            _keep(ctx, name, {key: wanted[key] for key in some}, found, broken or "unanswered")


def _wanted(db: Connection, name: str) -> dict[str, list[Goal]]:
    open_ones = tuple(db.execute(sa.select(t.cycle.c.id).where(t.cycle.c.state.in_(LIVE))).scalars())
    found: dict[str, list[Goal]] = defaultdict(list)
    for each in store.goals(db, cycle_id=open_ones, state="agreed") if open_ones else []:
        if each.source == name:
            found[each.source_key].append(each)
    return found


def _keep(
    ctx: Context,
    name: str,
    wanted: Mapping[str, Sequence[Goal]],
    found: Mapping[str, Progress | PlatformError],
    otherwise: str,
) -> None:
    values: list[Found] = []
    failed: list[tuple[Goal, str]] = []
    for key, goals in wanted.items():
        said = found.get(key)
        if isinstance(said, Progress):
            values += [Found(goal, said.done, said.target, said.at, said.raw) for goal in goals]
        else:
            code = said.code if isinstance(said, PlatformError) else otherwise
            failed += [(goal, code) for goal in goals]
    if values:
        progress.take(ctx, name, values)
    if failed:
        progress.fail(ctx, name, failed)


def watch(app: App) -> None:
    """Tell the owner once that a value has grown too old; and bring the percentages in line with what still counts."""
    freshness.use(app.settings.progress_stale_days)
    with app.engine.connect() as db:
        pairs = progress.everybody_live(db)
        old = _old(db)
    for start in range(0, len(pairs), progress.CHUNK):
        with app.context() as ctx:
            progress.recount(ctx, pairs[start : start + progress.CHUNK])
    for start in range(0, len(old), progress.CHUNK):
        with app.context() as ctx:
            for goal, value in old[start : start + progress.CHUNK]:
                _tell(ctx, goal, value)


def _old(db: Connection) -> list[tuple[Goal, Value]]:
    """Agreed goals of open cycles whose newest value does not count and whose owner was not told yet."""
    now, days = clock.now(), freshness.days()
    newest, g = progress.newest_rows().subquery(), t.goal.c
    where = (newest.c.place == 1, newest.c.at < now - timedelta(days=days), ~newest.c.problem.startswith(FLAG))
    live = sa.select(t.cycle.c.id).where(t.cycle.c.state.in_(LIVE))
    statement = sa.select(newest.c.goal_id).join(t.goal, g.id == newest.c.goal_id)
    ids = list(db.execute(statement.where(*where, g.state == "agreed", g.cycle_id.in_(live))).scalars())
    found: list[tuple[Goal, Value]] = []
    for start in range(0, len(ids), progress.CHUNK):
        goals = store.goals(db, id=tuple(ids[start : start + progress.CHUNK]))
        values = progress.latest(db, goals)
        found += [(each, values[each.id]) for each in goals if not fresh(values[each.id], now, days)]
    return found


def _tell(ctx: Context, goal: Goal, value: Value) -> None:
    person = ctx.people.get(goal.person_id)
    if person is None or not person.active or not hours.working(ctx, person):
        return
    # A first asking that failed may succeed in the next hours: nothing to worry anybody with yet.
    if value.done is None and value.fetched_at is not None and ctx.now - value.fetched_at < timedelta(days=1):
        return
    newest = progress.newest_rows().where(t.progress.c.goal_id == goal.id).subquery()
    row = ctx.db.execute(sa.select(newest.c.id, newest.c.problem).where(newest.c.place == 1)).one()
    if row.problem.startswith(FLAG):
        return
    flagged = f"{FLAG} {row.problem}".strip()
    ctx.db.execute(sa.update(t.progress).where(t.progress.c.id == row.id).values(problem=flagged))
    source = {"source": goal.source, "at": value.at.isoformat() if value.at else "", "problem": row.problem}
    ctx.record("progress.stale", goal.id, subject=person, source=source)
    ctx.say(person, lambda: cards_progress.stale(goal.text, goal.source, value.at, row.problem, person.zone), goal.id)
