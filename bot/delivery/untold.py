"""A row's result is written even when the feature that wants to know fails: what it was not told waits among the failed
events, and `huizhi replay` tells it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from bot.context import Context
from bot.delivery import outbox
from bot.delivery.outbox import Row
from bot.event import Event
from bot.router import Carried, on, routes
from bot.store import new_ref
from bot.tables import failed
from bot.wire import dump_event

ACTION = "outbox.untold"


def keep(ctx: Context, row: Row, carried: Carried) -> None:
    """In the transaction that writes the row's result."""
    data = {"carried": json.dumps(asdict(carried), ensure_ascii=False, default=str)}
    event = Event(row.platform, f"untold:{row.id}", "", ACTION, ctx.now, row.id, data)
    values = {"id": new_ref(), "platform": row.platform, "event_id": event.id, "event": dump_event(event)}
    ctx.db.execute(sa.insert(failed).values(values | {"error": ACTION, "at": ctx.now}))


@on(ACTION)
def tell(event: Event, ctx: Context) -> None:
    """The second try."""
    row = outbox.get(ctx.db, event.ref)
    carrier = routes.carrier(row.matter) if row else None
    if row and carrier:
        carried = json.loads(event.data["carried"])
        carrier(ctx, row, Carried(**carried | {"at": datetime.fromisoformat(carried["at"])}))
