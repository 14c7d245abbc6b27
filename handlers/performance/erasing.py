"""What is left of somebody's goals when they are erased: numbers without words, in rows that name nobody."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.router import Gone, erases
from handlers.performance import tables as t


@erases
def goals(db: Connection, gone: Gone) -> Iterable[str]:
    """Texts, keys and reasons of their goals, and what they or others wrote about support; the ids of both."""
    ids = list(db.execute(sa.select(t.goal.c.id).where(t.goal.c.person_id == gone.person_id)).scalars())
    asked = list(db.execute(sa.select(t.nudge.c.id).where(t.nudge.c.person_id == gone.person_id)).scalars())
    for start in range(0, len(ids), 500):
        mine = t.goal_version.c.goal_id.in_(ids[start : start + 500])
        db.execute(sa.update(t.goal_version).where(mine).values(text="", source_key="", reason=""))
    for start in range(0, len(asked), 500):
        mine = t.nudge.c.id.in_(asked[start : start + 500])
        db.execute(sa.update(t.nudge).where(mine).values(words="", task_words=""))
    return [*ids, *asked]
