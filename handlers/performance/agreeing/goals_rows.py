"""The rows of goals and their versions; every function works inside the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa

from bot.context import Context
from handlers.performance import rules, store, tables as tab
from handlers.performance.rules import GoalDraft
from handlers.performance.store import Goal, Member


def insert(ctx: Context, member: Member, draft: GoalDraft, reason: str, by_id: str) -> Goal:
    """The rows of a new goal, first version."""
    taken = sa.select(sa.func.max(tab.goal.c.no)).where(
        tab.goal.c.cycle_id == member.cycle_id, tab.goal.c.person_id == member.person_id
    )
    no = (ctx.db.execute(taken).scalar() or 0) + 1
    goal_id = store.new_id(store.GOAL)
    row = {"id": goal_id, "cycle_id": member.cycle_id, "person_id": member.person_id, "no": no, "version": 1}
    ctx.db.execute(sa.insert(tab.goal).values(**row, state="proposed"))
    ctx.db.execute(sa.insert(tab.goal_version).values(**version_row(ctx, goal_id, 1, draft, reason, by_id)))
    return store.there(store.goal(ctx.db, goal_id))


def version_row(
    ctx: Context, goal_id: str, version: int, draft: GoalDraft, reason: str, by_id: str
) -> dict[str, object]:
    """One row of pf_goal_version."""
    return {
        "goal_id": goal_id,
        "version": version,
        "text": draft.text,
        "kind": draft.kind,
        "target": rules.plain(draft.target),
        "unit": draft.unit,
        "weight": rules.plain(draft.weight),
        "due_on": draft.due_on,
        "dimension": draft.dimension,
        "source": draft.source,
        "source_key": draft.source_key,
        "sha256": rules.digest(draft),
        "reason": reason[:400],
        "proposed_by": by_id,
        "created_at": ctx.now,
    }


def following(ctx: Context, found: Goal, draft: GoalDraft, reason: str) -> Goal | None:
    """The next version as a proposal; None when somebody was first."""
    keys = {"id": found.id, "version": found.version}
    if not store.move(ctx.db, tab.goal, keys, ("proposed", "agreed"), state="proposed", version=found.version + 1):
        return None
    by = ctx.actor.id if ctx.actor else ""
    row = version_row(ctx, found.id, found.version + 1, draft, reason, by)
    ctx.db.execute(sa.insert(tab.goal_version).values(**row))
    return store.goal(ctx.db, found.id)
