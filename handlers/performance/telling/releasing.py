"""HR approves many results with one confirmation; a job approves, publishes and asks, each with evidence of its own.

What was confirmed is fixed: these results, with these documents. The job takes CHUNK people in one transaction, so
that a process that is killed half-way goes on where it was, and nobody is told twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.access import is_hr
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import People
from handlers.performance import store, tables as tab
from handlers.performance.agreeing import sides
from handlers.performance.cards import release as cards_release
from handlers.performance.rules.release import READY, why_apart
from handlers.performance.store import Cycle
from handlers.performance.telling import release_rows, release_work
from handlers.performance.telling.release_rows import Release

if TYPE_CHECKING:
    from bot.app import App

CHUNK, MOST_CHUNKS = 200, 1_000
COUNT = "请输入将要批准的份数：{count}。"
NOTHING = "这里没有可以一起批准的结果。"
RUNNING = "上一批还在处理中，请等它完成。"


@dataclass(frozen=True, slots=True)
class Ready:
    """What one confirmation would cover: `ready` results by band, and why the others stay apart."""

    ids: Sequence[str]
    bands: Counter[str]
    apart: Counter[str]

    @property
    def ready(self) -> int:
        return len(self.ids)


def ready(ctx: Context, cycle: Cycle, department: str | None, only: Collection[str] = ()) -> Ready:
    """Results of the cycle that wait for approval. `department` None: of all; `only`: of these people."""
    sides.need_hr(ctx)
    approver = ctx.actor.id if ctx.actor else ""
    ids, bands, apart = list[str](), Counter[str](), Counter[str]()
    for result_id, band, one in release_rows.waiting(ctx.db, cycle.id, approver, department):
        if only and one.person_id not in only:
            continue
        if why := why_apart(one, approver, one.sha256):
            apart[why] += 1
        else:
            ids.append(result_id)
            bands[band] += 1
    return Ready(sorted(ids), bands, apart)


def begin(ctx: Context, cycle: Cycle, department: str | None, count: int, only: Collection[str] = ()) -> Release:
    """The confirmation: `count` as typed has to be the number of results it covers. The rest is done by `run`.

    Refused for everybody but HR, for another count, when nothing is ready, and while an earlier one is under way.
    """
    sides.need_hr(ctx)
    # Two confirmations at once must not cover the same results: the cycle's row is the queue.
    ctx.db.execute(sa.select(tab.cycle.c.id).where(tab.cycle.c.id == cycle.id).with_for_update()).all()
    if release_rows.found(ctx.db, cycle_id=cycle.id, state="open"):
        raise Refused(t(RUNNING))
    found = ready(ctx, cycle, department, only)
    if not found.ready:
        raise Refused(t(NOTHING))
    if count != found.ready:
        raise Refused(t(COUNT, count=found.ready))
    row: dict[str, Any] = {"id": store.new_id("pb-"), "cycle_id": cycle.id, "department": department, "state": "open"}
    row |= {"by_id": ctx.actor.id if ctx.actor else "", "total": found.ready, "created_at": ctx.now}
    ctx.db.execute(sa.insert(tab.release).values(**row))
    listed = _items(ctx, str(row["id"]), found.ids)
    source = {"people": str(found.ready), "cycle": cycle.id}
    ctx.record("cycle.release_confirmed", str(row["id"]), parts={"list": listed}, source=source)
    return release_rows.get(ctx.db, str(row["id"]))


def _items(ctx: Context, release_id: str, ids: Sequence[str]) -> str:
    """Keep what is covered; returns the list as text, a line for each result with the digest of its document."""
    r, lines = tab.result.c, list[str]()
    for start in range(0, len(ids), CHUNK * 2):
        few = ids[start : start + CHUNK * 2]
        rows = ctx.db.execute(sa.select(r.id, r.sha256).where(r.id.in_(few)).order_by(r.id)).tuples().all()
        base = {"release_id": release_id, "state": "waiting"}
        ctx.db.execute(sa.insert(tab.release_item), [base | {"result_id": a, "sha256": b} for a, b in rows])
        lines += [f"{a} {b}" for a, b in rows]
    return "\n".join(lines)


def run(app: App) -> int:
    """Every confirmation that is under way, CHUNK results in one transaction; returns how many were published."""
    total = 0
    for _ in range(MOST_CHUNKS):
        with app.engine.connect() as db:
            waiting = release_rows.found(db, state="open")
            by = People(db).get(waiting[-1].by_id) if waiting else None
        if not waiting:
            break
        with app.context(by) as ctx:
            total += step(ctx, waiting[-1].id)
    return total


def step(ctx: Context, release_id: str) -> int:
    """The next CHUNK of a confirmation, or its end. Returns how many results were published."""
    c, i = tab.release.c, tab.release_item.c
    locked = sa.select(c.state).where(c.id == release_id).with_for_update()
    if ctx.db.execute(locked).scalar() != "open":
        return 0
    release = release_rows.get(ctx.db, release_id)
    cycle = store.there(store.cycle(ctx.db, release.cycle_id))
    where = (i.release_id == release_id, i.state == "waiting")
    items = dict(list(ctx.db.execute(
        sa.select(i.result_id, i.sha256).where(*where).order_by(i.result_id).limit(CHUNK)
    ).tuples()))  # fmt: skip
    if not items:
        _end(ctx, release, cycle)
        return 0
    chunk = release_rows.load(ctx.db, cycle, sorted(items), lock=True)
    may = ctx.actor is not None and ctx.actor.active and is_hr(ctx.actor)
    by = ctx.actor.id if ctx.actor else ""
    why = {key: _why(chunk, key, by, sha) if may else "seat" for key, sha in items.items()}
    good = [key for key, reason in why.items() if reason == READY]
    if good:
        release_work.publish(ctx, cycle, chunk, good)
    _mark(ctx, release_id, why)
    numbers = {"done": c.done + len(good), "apart": c.apart + len(why) - len(good)}
    ctx.db.execute(sa.update(tab.release).where(c.id == release_id).values(**numbers))
    return len(good)


def _why(chunk: release_rows.Chunk, result_id: str, by: str, sha256: str) -> str:
    one = chunk.waiting.get(result_id)
    return why_apart(one, by, sha256) if one and one.person_id in chunk.people else "decided"


def _mark(ctx: Context, release_id: str, why: dict[str, str]) -> None:
    i = tab.release_item.c
    for reason in sorted(set(why.values())):
        mine = [key for key, each in why.items() if each == reason]
        state = "done" if reason == READY else "apart"
        where = (i.release_id == release_id, i.result_id.in_(mine))
        ctx.db.execute(sa.update(tab.release_item).where(*where).values(state=state, why=reason))


def _end(ctx: Context, release: Release, cycle: Cycle) -> None:
    """All are through: on record with the counts, and said to whoever confirmed."""
    ctx.db.execute(sa.update(tab.release).where(tab.release.c.id == release.id).values(state="done", ended_at=ctx.now))
    source = {"done": str(release.done), "apart": str(release.apart), "cycle": cycle.id}
    ctx.record("cycle.released", release.id, source=source)
    if ctx.actor and ctx.actor.active:
        link = ctx.page(f"/performance/cockpit/{cycle.id}/release", ctx.actor)
        ctx.say(ctx.actor, lambda: cards_release.finished(cycle.name, release.done, release.apart, link), release.id)
