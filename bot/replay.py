"""Second chances: failed events answered again."""

from __future__ import annotations

import sqlalchemy as sa

from bot import clock, jobs
from bot.app import App
from bot.db import begin
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
