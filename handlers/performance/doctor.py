"""What `huizhi doctor` says about goals: which sources they name, which of those are set up, what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ports import Finding
from bot.progress import sources
from handlers.performance import tables as t
from handlers.performance.measuring import progress
from handlers.performance.rules import ASKED

if TYPE_CHECKING:
    from bot.app import App

ADVICE = "设置该来源，或请双方改用其他来源 / set the source up, or let both sides name another"


def findings(app: App) -> list[Finding]:
    """One per source that goals of open cycles name. The connection tests themselves are the core's; asks nobody."""
    connected = sources(app.settings, app.store)
    with app.engine.connect() as db:
        named, troubled = _named(db), _troubled(db)
    found = []
    for source in sorted(named):
        ready = source in connected or source not in ASKED
        if source == "webhook":
            ready = bool(app.settings.progress_secret)
        bad = troubled.get(source, 0)
        detail = f"{named[source]} 个目标 / goals" + (f"，{bad} 个读取有问题 / could not be read" if bad else "")
        ok = False if not ready else None if bad else True
        found.append(Finding(f"goal source: {source}", ok, detail, "" if ready else ADVICE))
    return found


def _goals() -> sa.Join:
    g, v = t.goal.c, t.goal_version.c
    return t.goal.join(t.goal_version, sa.and_(v.goal_id == g.id, v.version == g.version))


def _live() -> tuple[sa.ColumnElement[bool], ...]:
    open_ones = sa.select(t.cycle.c.id).where(t.cycle.c.state.in_(progress.LIVE))
    return (t.goal.c.state == "agreed", t.goal.c.cycle_id.in_(open_ones), t.goal_version.c.source != "")


def _named(db: Connection) -> dict[str, int]:
    source = t.goal_version.c.source
    rows = db.execute(sa.select(source, sa.func.count()).select_from(_goals()).where(*_live()).group_by(source))
    return {row[0]: row[1] for row in rows}


def _troubled(db: Connection) -> dict[str, int]:
    newest, source = progress.newest_rows().subquery(), t.goal_version.c.source
    joined = _goals().join(newest, newest.c.goal_id == t.goal.c.id)
    where = (*_live(), newest.c.place == 1, newest.c.problem != "", newest.c.problem != "stale")
    rows = db.execute(sa.select(source, sa.func.count()).select_from(joined).where(*where).group_by(source))
    return {row[0]: row[1] for row in rows}
