"""Progress of goals: asked for, pushed or brought as a file; every value with the source's own time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import freshness, sheets
from bot.context import Context, Entry
from bot.errors import Refused
from bot.progress import rows as progress_rows
from handlers.performance import rules, store, tables as t
from handlers.performance.agreeing import sides
from handlers.performance.files.rows import Imported
from handlers.performance.rules import Problem
from handlers.performance.rules.progress import Value, attainment
from handlers.performance.store import Cycle, Goal
from handlers.performance.words import SAID

LIVE = ("goals", "running", "scoring")
OPEN = ("proposed", "agreed")
HANDED = ("webhook", "file")
"""Sources whose values arrive by themselves, in the goal's own unit: there the agreed target is the measure."""
CHUNK, STALE = 500, "stale"
RAW = 64 * 1024
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`at` of the row that only says why there is no value yet; its `done` is empty."""


@dataclass(frozen=True, slots=True)
class Found:
    """One value for one goal, on its way into the table."""

    goal: Goal
    done: Decimal
    target: Decimal
    at: datetime
    raw: bytes = b""


def latest(db: Connection, goals: Sequence[Goal]) -> dict[str, Value]:
    """goal id -> its newest value (rules_progress.fresh: may it be scored?); goals without any are left out."""
    known = {each.id: each for each in goals}
    found: dict[str, Value] = {}
    ids = sorted(known)
    for start in range(0, len(ids), CHUNK):
        newest = newest_rows().where(t.progress.c.goal_id.in_(ids[start : start + CHUNK])).subquery()
        for row in db.execute(sa.select(newest).where(newest.c.place == 1)):
            found[row.goal_id] = _value(known[row.goal_id], row)
    return found


def newest_rows() -> sa.Select[tuple[object, ...]]:
    """pf_progress with `place` 1 for the newest row of each goal by the source's own time."""
    c = t.progress.c
    place = sa.func.row_number().over(partition_by=c.goal_id, order_by=(c.at.desc(), c.id.desc())).label("place")
    return sa.select(c.id, c.goal_id, c.source, c.done, c.target, c.at, c.fetched_at, c.problem, place)


def _value(goal: Goal, row: sa.Row[tuple[object, ...]]) -> Value:
    if not row.done:
        return Value(None, None, None, row.fetched_at, row.problem)
    agreed = goal.target if goal.kind == "numeric" and row.source in HANDED else None
    return Value(Decimal(row.done), agreed or Decimal(row.target), row.at, row.fetched_at, row.problem)


def take(ctx: Context, source: str, found: Sequence[Found]) -> int:
    """Keep values; the same one again only says that we asked. Returns how many were new."""
    ids = sorted({each.goal.id for each in found})
    c = t.progress.c
    where = (c.goal_id.in_(ids), c.source == source, c.at.in_(sorted({each.at for each in found})))
    known = {(row.goal_id, row.at, row.done): row.id for row in ctx.db.execute(sa.select(t.progress).where(*where))}
    fresh: dict[tuple[str, datetime, str], Found] = {}
    again: list[int] = []
    for each in found:
        key = (each.goal.id, each.at, rules.plain(each.done))
        if key in known:
            again.append(known[key])
        else:
            fresh.setdefault(key, each)
    if fresh:
        ctx.db.execute(sa.insert(t.progress), [_row(source, each, ctx.now) for each in fresh.values()])
    if again:
        # The same old value once more: its owner was told, and is not told again at every asking.
        problem = sa.case((c.problem.startswith(STALE), STALE), else_="")
        ctx.db.execute(sa.update(t.progress).where(c.id.in_(again)).values(fetched_at=ctx.now, problem=problem))
    _record(ctx, source, list(fresh.values()))
    recount(ctx, {(each.goal.cycle_id, each.goal.person_id) for each in found})
    return len(fresh)


def _row(source: str, each: Found, now: datetime) -> dict[str, object]:
    return {
        "goal_id": each.goal.id,
        "source": source,
        "done": rules.plain(each.done),
        "target": rules.plain(each.target),
        "at": each.at,
        "fetched_at": now,
        "raw_sha256": hashlib.sha256(each.raw).hexdigest() if each.raw else "",
        "problem": "",
    }


def _record(ctx: Context, source: str, found: Sequence[Found]) -> None:
    people = {each: ctx.people.get(each) for each in {one.goal.person_id for one in found}}
    facts = []
    for each in found:
        if (person := people[each.goal.person_id]) is None:
            continue
        said = {"done": rules.plain(each.done), "target": rules.plain(each.target), "at": each.at.isoformat()}
        parts: dict[str, str | bytes] = {"value": json.dumps({"key": each.goal.source_key} | said, ensure_ascii=False)}
        if 0 < len(each.raw) <= RAW:
            parts["raw"] = each.raw
        facts.append(Entry("progress.recorded", each.goal.id, person, parts, {"source": source} | said))
    ctx.record_many(facts)


def fail(ctx: Context, source: str, found: Iterable[tuple[Goal, str]]) -> None:
    """Note per goal why the newest asking brought nothing; the value that was there stays with its own time."""
    codes = {goal.id: code[:50] for goal, code in found}
    ids = sorted(codes)
    known: dict[str, tuple[int, str]] = {}
    for start in range(0, len(ids), CHUNK):
        newest = newest_rows().where(t.progress.c.goal_id.in_(ids[start : start + CHUNK])).subquery()
        for row in ctx.db.execute(sa.select(newest).where(newest.c.place == 1)):
            known[row.goal_id] = (row.id, row.problem)
    changed = [{"its_id": row_id, "new": _still(before, codes[goal_id])} for goal_id, (row_id, before) in known.items()]
    if changed:
        statement = sa.update(t.progress).where(t.progress.c.id == sa.bindparam("its_id"))
        ctx.db.execute(statement.values(problem=sa.bindparam("new")), changed)
    empty = {"source": source, "done": "", "target": "", "at": NEVER, "fetched_at": ctx.now, "raw_sha256": ""}
    fresh = [empty | {"goal_id": goal_id, "problem": codes[goal_id]} for goal_id in ids if goal_id not in known]
    if fresh:
        ctx.db.execute(sa.insert(t.progress), fresh)


def _still(before: str, code: str) -> str:
    """Once its owner was told that a value is stale, they are not told again for another reason."""
    return f"{STALE} {code}" if before.startswith(STALE) else code


def recount(ctx: Context, pairs: Collection[tuple[str, str]]) -> None:
    """pf_member.attainment of (cycle id, person id) from what is fresh now."""
    wanted = sorted(pairs)
    for start in range(0, len(wanted), CHUNK):
        _recount(ctx, wanted[start : start + CHUNK])


def _recount(ctx: Context, pairs: Sequence[tuple[str, str]]) -> None:
    ids = tuple({person for _, person in pairs})
    cycles = tuple({cycle for cycle, _ in pairs})
    goals = store.goals(ctx.db, cycle_id=cycles, person_id=ids, state="agreed")
    values = latest(ctx.db, goals)
    mine: dict[tuple[str, str], list[tuple[Decimal, Value]]] = {pair: [] for pair in pairs}
    for each in goals:
        if each.id in values and (each.cycle_id, each.person_id) in mine:
            mine[each.cycle_id, each.person_id].append((each.weight, values[each.id]))
    now = {
        (each.cycle_id, each.person_id): each.attainment
        for each in store.members(ctx.db, cycle_id=cycles, person_id=ids)
    }
    rows = []
    for pair, known in mine.items():
        reached = attainment(known, ctx.now, freshness.days())
        said = "" if reached is None else format(reached, "f")
        if now.get(pair, said) != said:
            rows.append({"its_cycle": pair[0], "its_person": pair[1], "new": said})
    if rows:
        c = t.member.c
        keys = (c.cycle_id == sa.bindparam("its_cycle"), c.person_id == sa.bindparam("its_person"))
        ctx.db.execute(sa.update(t.member).where(*keys).values(attainment=sa.bindparam("new")), rows)


def live_goals(db: Connection, key: str, sources: tuple[str, ...]) -> list[Goal]:
    """Goals of open cycles that name this key of one of the sources; the key of a file may be the goal's own id."""
    v, c = t.goal_version.c, t.cycle.c
    named = sa.select(v.goal_id).where(v.source_key == key, v.source.in_(sources))
    open_ones = set(db.execute(sa.select(c.id).where(c.state.in_(LIVE))).scalars())
    ids = tuple(db.execute(named).scalars())
    found = store.goals(db, id=ids, state=OPEN) if ids else []
    return [each for each in found if each.cycle_id in open_ones and each.source_key == key and each.source in sources]


def import_file(ctx: Context, cycle: Cycle, data: bytes, *, dry_run: bool = True) -> Imported:
    """CSV or XLSX with key, done, target, at. Rows whose key is no goal's of this cycle are problems, the others are
    taken unless `dry_run`. The key is that of a goal with source `file` or `webhook`, or a goal's id. HR only."""
    sides.need_hr(ctx)
    try:
        rows, wrong = progress_rows.read(sheets.rows(data), ctx.zone, ctx.now)
    except sheets.BadFile as error:
        raise Refused(str(error)) from error
    problems = [Problem(each.field, SAID, f"{each.key} {each.error}".strip(), each.row) for each in wrong]
    by_key = _by_key(ctx.db, cycle)
    found: list[Found] = []
    for each in rows:
        goals = by_key.get(each.key, [])
        if not goals:
            problems.append(Problem("key", "no_goal", each.key))
        found += [Found(goal, each.done, each.target, each.at) for goal in goals]
    taken = sum(each.key in by_key for each in rows)
    if dry_run:
        return Imported(taken, tuple(problems))
    for start in range(0, len(found), CHUNK):
        take(ctx, "file", found[start : start + CHUNK])
    parts: dict[str, str | bytes] = {"file.sha256": hashlib.sha256(data).hexdigest()}
    ctx.record("progress.imported", cycle.id, parts=parts, source={"rows": str(taken)})
    return Imported(taken, tuple(problems))


def _by_key(db: Connection, cycle: Cycle) -> Mapping[str, list[Goal]]:
    found: dict[str, list[Goal]] = {}
    for each in store.goals(db, cycle_id=cycle.id, state=OPEN):
        for key in {each.id, each.source_key if each.source in HANDED else each.id}:
            found.setdefault(key, []).append(each)
    return found


def everybody_live(db: Connection) -> list[tuple[str, str]]:
    """(cycle id, person id) of everybody in an open cycle."""
    c = t.member.c
    open_ones = sa.select(t.cycle.c.id).where(t.cycle.c.state.in_(LIVE))
    rows = db.execute(sa.select(c.cycle_id, c.person_id).where(c.cycle_id.in_(open_ones)))
    return [(row.cycle_id, row.person_id) for row in rows]
