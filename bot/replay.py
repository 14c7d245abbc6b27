"""Second chances: failed events answered again; a case handed over as one file."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bot import clock, jobs
from bot.app import App
from bot.db import begin
from bot.evidence.package import export
from bot.evidence.tables import ev_event
from bot.tables import failed
from bot.wire import load_event


def replay(app: App, failed_id: str | None) -> dict[str, str]:
    """failed id -> done | failed. An event that fails again leaves a new row; the old one is marked replayed."""
    where = failed.c.replayed_at.is_(None) if failed_id is None else failed.c.id == failed_id
    with app.engine.connect() as connection:
        rows = list(connection.execute(sa.select(failed.c.id, failed.c.event).where(where).order_by(failed.c.at)))
    results = {}
    for row in rows:
        before = _waiting(app)
        jobs.dispatcher(app)(load_event(row.event))
        with begin(app.engine) as connection:
            connection.execute(sa.update(failed).where(failed.c.id == row.id).values(replayed_at=clock.now()))
        results[row.id] = "failed" if _waiting(app) > before - 1 else "done"
    return results


def _waiting(app: App) -> int:
    with app.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).where(failed.c.replayed_at.is_(None))).scalar_one())


def cases(app: App, limit: int = 10) -> list[str]:
    """Ids of the cases that were recorded last, newest first."""
    latest = sa.func.max(ev_event.c.n)
    statement = sa.select(ev_event.c.object_id).group_by(ev_event.c.object_id).order_by(latest.desc()).limit(limit)
    with app.engine.connect() as connection:
        return list(connection.execute(statement).scalars())


def export_case(app: App, case_id: str, out: Path) -> int:
    """Sequence what is waiting, then write the case (or every case for `all`); returns the number of events."""
    jobs.run_here("sequence", app)
    with app.engine.connect() as connection:
        every = (
            connection.execute(sa.select(ev_event.c.object_id).distinct().order_by(ev_event.c.object_id))
            .scalars()
            .all()
        )
        objects = list(every) if case_id == "all" else [each for each in every if each == case_id]
        return export(connection, app.keys, objects, out, now=clock.now(), also={}) if objects else 0
