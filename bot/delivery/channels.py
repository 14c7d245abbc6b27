"""Channels beside the chat, found by name: `adapters/*/channel.py` with `build(settings, store) -> Channel | None`.

A channel row is an outbox row like any other: claimed, its stop condition looked at once more, sent outside any
transaction, written back. A channel that fails is recorded and holds up nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import asks, installed
from bot.context import Context
from bot.delivery import outbox
from bot.delivery.outbox import Row
from bot.errors import PlatformError
from bot.event import Event
from bot.people import Person
from bot.ports import Outcomes, Sent
from bot.router import on
from bot.tables import outbox as table

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.channels")
KIND = "channel"
REPORT = "channel.report"
"""`action` of a delivery report; `data` holds `message_id` and `state` (delivered, failed, or the channel's word)."""
_MINE = table.c.kind == sa.literal_column(f"'{KIND}'")  # a partial index answers only to the word itself
HARVEST = timedelta(hours=1)
"""How long after a call its outcome is asked for; vendors forget it later."""
RINGING = timedelta(seconds=30)
OUTCOME = "outcome "
OFF = "channel.off"
"""Code of a channel that is not set up."""


def queue(ctx: Context, person: Person | None, channel: str, to: str, text: str, matter: str, ask_ref: str = "") -> str:
    """Say `text` to the address `to` after commit, only while the ask (if any) is still open. Returns the row's id."""
    body = json.dumps({"to": to, "text": text}, ensure_ascii=False)
    row = outbox.row_of(ctx.now, KIND, channel, person, matter, body, ask_ref=ask_ref or None)
    ctx.put(said=row)
    return str(row["id"])


def settled(connection: Connection, row: Row) -> bool:
    """True when the question behind a channel row has been answered or closed meanwhile."""
    ask = asks.get(connection, row.ask_ref) if row.ask_ref else None
    return ask is not None and ask.state != "open"


def send(app: App, row: Row) -> tuple[Sent, str]:
    """Hand the row to its channel: what the channel answered, and the text. PlatformError as any send."""
    body: Mapping[str, str] = json.loads(row.body)
    channel = installed.channels(app.settings, app.store).get(row.platform)
    if channel is None:
        raise PlatformError(OFF, permanent=True)
    return channel.send(body["to"], body["text"], row.id), body["text"]


def sent_since(
    connection: Connection, ids: Collection[str], channel: str, since: datetime
) -> dict[str, list[datetime]]:
    """By person of `ids`: when rows of a channel were queued since then (UTC), oldest first: budgets count them."""
    where = (_MINE, table.c.platform == channel, table.c.person_id.in_(ids), table.c.created_at >= since)
    rows = sa.select(table.c.person_id, table.c.created_at).where(*where, table.c.state != "stopped")
    found: dict[str, list[datetime]] = {each: [] for each in ids}
    for person_id, at in connection.execute(rows.order_by(table.c.created_at)):
        found[person_id].append(at)
    return found


@on(REPORT)
def report(event: Event, ctx: Context) -> None:
    """A gateway says what became of a message; an unknown one changes nothing."""
    where = (table.c.platform == event.platform, table.c.kind == KIND)
    found = ctx.db.execute(
        sa.select(table.c.matter, table.c.person_id).where(*where, table.c.message_id == event.data.get("message_id"))
    ).first()
    if event.actor or found is None:
        log.warning("report.unknown", channel=event.platform)
        return
    state = event.data.get("state", "")[:40]
    kind = {"delivered": "delivery.delivered", "failed": "delivery.failed"}.get(state, "delivery.reported")
    subject, source = ctx.people.get(found.person_id), {"ch": event.platform, "state": state}
    ctx.record(kind, found.matter, subject=subject, parts={"report.json": event.raw}, source=source, at=event.at)


def harvest(app: App) -> None:
    """Ask what became of recent calls before the vendor forgets; each outcome is recorded once."""
    with app.context() as ctx:
        age = (table.c.sent_at <= ctx.now - RINGING, table.c.sent_at >= ctx.now - HARVEST)
        mine = (_MINE, table.c.state == "sent", table.c.error.is_(None))
        rows = ctx.db.execute(sa.select(table).where(*mine, *age)).mappings().all()
    if not rows:
        return
    known = installed.channels(app.settings, app.store)
    for row in rows:
        channel = known.get(row["platform"])
        if not isinstance(channel, Outcomes):
            continue
        try:
            code = channel.outcome(json.loads(row["body"])["to"], row["message_id"])
        except PlatformError as error:
            log.warning("outcome.failed", row=row["id"], code=error.code)
            continue
        if code:
            _keep(app, str(row["id"]), str(row["matter"]), row["person_id"], row["platform"], code)


def _keep(app: App, row_id: str, matter: str, *rest: str) -> None:
    person_id, channel, code = rest
    with app.context() as ctx:
        mine = (table.c.id == row_id, table.c.error.is_(None))
        if ctx.db.execute(sa.update(table).where(*mine).values(error=f"{OUTCOME}{code}"[:300])).rowcount == 1:
            subject, source = ctx.people.get(person_id), {"ch": channel, "row": row_id}
            ctx.record("delivery.call_outcome", matter, subject=subject, parts={"outcome": code}, source=source)
