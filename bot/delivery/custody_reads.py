"""Read events of platforms, on their way to the feature whose message it was: once each, also before our own write-back
of the message's id."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.app import App
from bot.context import Context
from bot.delivery import crowds, outbox
from bot.event import READ, Event
from bot.ports.crowds import Outcome
from bot.router import on, routes
from bot.tables import outbox as messages, outbox_read as table

KEPT = timedelta(days=8)
"""How long a read event waits for its message; longer than any platform tells."""
BATCH = 500


@on(READ)
def read(event: Event, ctx: Context) -> None:
    """Somebody opened a message: the first time counts, and it is the platform's."""
    message_id = event.data.get("message_id", "")
    if ctx.actor is None or not message_id:
        return
    key = {"platform": event.platform, "message_id": message_id[:200], "person_id": ctx.actor.id}
    mine = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if ctx.db.execute(sa.select(table.c.at).where(mine)).first() is None:
        waiting = not _tell(ctx, event.platform, message_id, ctx.actor.id, Outcome("opened", event.at))
        ctx.db.execute(sa.insert(table).values(key | {"at": event.at, "seen_at": ctx.now, "waiting": waiting}))


def _tell(ctx: Context, platform: str, message_id: str, person_id: str, outcome: Outcome) -> bool:
    """True when the message is known, whoever wants to hear about it."""
    where = (messages.c.platform == platform, messages.c.message_id == message_id)
    row_id = ctx.db.execute(sa.select(messages.c.id).where(*where).limit(1)).scalar()
    row = outbox.get(ctx.db, row_id) if row_id else None
    if row is None:
        return False
    harvester = routes.harvester(row.matter)
    if harvester and person_id in [one for one, _ in crowds.members(ctx.db, row)]:
        harvester(ctx, row, {person_id: outcome})
    return True


def tell_waiting(app: App) -> int:
    """Events that came before their message was written back; how many found it. Those of nobody's go after a while."""
    with app.engine.connect() as connection:
        if connection.execute(sa.select(table.c.seen_at).where(table.c.waiting).limit(1)).first() is None:
            return 0
    told = 0
    with app.context() as ctx:
        early = sa.select(table, messages.c.id).join(
            messages, sa.and_(messages.c.platform == table.c.platform, messages.c.message_id == table.c.message_id)
        )
        for found in ctx.db.execute(early.where(table.c.waiting).limit(BATCH)).all():
            told += _tell(ctx, found.platform, found.message_id, found.person_id, Outcome("opened", found.at))
            mine = (table.c.platform == found.platform, table.c.message_id == found.message_id)
            ctx.db.execute(sa.update(table).where(*mine, table.c.person_id == found.person_id).values(waiting=False))
        ctx.db.execute(sa.delete(table).where(table.c.waiting, table.c.seen_at < ctx.now - KEPT))
    return told


def readers(connection: Connection, row_id: str) -> set[str]:
    """Person ids of whom a read event of this row's message has come."""
    message = sa.select(messages.c.message_id).where(messages.c.id == row_id).scalar_subquery()
    return set(connection.execute(sa.select(table.c.person_id).where(table.c.message_id == message)).scalars())
