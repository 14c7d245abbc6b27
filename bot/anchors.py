"""The daily checkpoint line in chat: copies of the log's head that live outside the firm's own database."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlalchemy import Row
from sqlalchemy.engine import Connection

from bot import anchors_groups, clock
from bot.app import App
from bot.card import Card
from bot.context import Context
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_anchor, ev_checkpoint
from bot.locale import t
from bot.people import Person
from bot.receipts import checkpoint_line
from bot.store import ordered_ref

log = structlog.get_logger("huizhi.anchors")
POST_AT = time(18, 0)
"""Local time of the firm, every day: working hours are over and the day's events are in."""


def post(app: App) -> int:
    """Once a day after 18:00: queue the newest checkpoint line for everybody in `checkpoint_to` and every group in
    `checkpoint_chats`; how many will get it. Lines for groups that wait are tried at every run.

    Repeats when a day was missed only with the newest line: an older head is covered by it.
    """
    local = clock.now().astimezone(ZoneInfo(app.settings.timezone))
    count = _wanted(app, local) if local.time() >= POST_AT else 0
    anchors_groups.deliver(app)
    return count


def _wanted(app: App, local: datetime) -> int:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    with app.context() as ctx:
        people = () if _told_since(ctx.db, midnight) else app.settings.checkpoint_to
        chats = [
            each for each in app.settings.checkpoint_chats if not anchors_groups.queued_since(ctx.db, each, midnight)
        ]
        newest = sa.select(ev_checkpoint).order_by(ev_checkpoint.c.epoch.desc(), ev_checkpoint.c.size.desc())
        checkpoint = ctx.db.execute(newest.limit(1)).one_or_none() if people or chats else None
        if checkpoint is None:
            return 0
        card = functools.partial(_card, checkpoint.note, local)
        said = card()
        for chat in chats:
            anchors_groups.queue(ctx.db, chat, checkpoint, f"{said.title}\n{said.text}", ctx.now)
        return len(chats) + _tell(ctx, people, checkpoint, card)


def _told_since(connection: Connection, since: datetime) -> bool:
    today = sa.select(ev_anchor.c.id).where(ev_anchor.c.kind == "chat", ev_anchor.c.posted_ms >= milliseconds(since))
    return connection.execute(today.limit(1)).first() is not None


def _tell(ctx: Context, people: Sequence[str], checkpoint: Row[Any], card: Callable[[], Card]) -> int:
    readers = [each for each in (_reader(ctx, name) for name in people) if each]
    for each in readers:
        ctx.say(each, card, "checkpoint")
        _remember(ctx.db, checkpoint.epoch, checkpoint.size, each, ctx.now)
    if readers:
        place = {"epoch": str(checkpoint.epoch), "size": str(checkpoint.size), "readers": str(len(readers))}
        ctx.record("anchor.posted", "anchor:chat", parts={"line": checkpoint_line(checkpoint.note)}, source=place)
    return len(readers)


def _reader(ctx: Context, name: str) -> Person | None:
    platform, _, user_id = name.partition(":")
    person = ctx.people.find(platform, user_id)
    if person is None or not person.active:
        log.warning("checkpoint.reader_missing", platform=platform)
        return None
    return person


def _card(note: str, local: datetime) -> Card:
    return Card(
        t("存证检查点 {day}", day=f"{local:%Y-%m-%d}"),
        checkpoint_line(note) + "\n" + t("请不要删除：它证明在此之前的全部记录此后没有被改动。"),
        footer=t("每天一条，发给 HR、经理与员工代表。"),
    )


def _remember(connection: Connection, epoch: int, size: int, reader: Person, now: datetime) -> None:
    values = {"id": ordered_ref(), "kind": "chat", "epoch": epoch, "size": size, "target": reader.ref}
    connection.execute(sa.insert(ev_anchor).values(**values, posted_ms=milliseconds(now.astimezone(UTC))))
