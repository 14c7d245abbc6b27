"""The daily checkpoint line in group chats: rows that wait until the platform took them, then anchors of their own.

A row is posted at least once: a process that dies between the vendor's answer and the commit posts it again, and a
copy too many does no harm. A line that was not taken until the next day's is there gives way to it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Row
from sqlalchemy.engine import Connection

from bot import clock
from bot.app import App
from bot.db import begin
from bot.errors import PlatformError
from bot.evidence.due import HOUR
from bot.evidence.log import milliseconds
from bot.evidence.stamping import LEASE, pause_ms
from bot.evidence.tables import ev_anchor, ev_post
from bot.ports import Groups, Sent
from bot.store import ordered_ref

log = structlog.get_logger("huizhi.anchors")
MATTER = "anchor:group"


def queue(connection: Connection, chat: str, checkpoint: Row[Any], text: str, now: datetime) -> None:
    """Wanted: `text` about `checkpoint` in `chat` (`platform:chat`). What still waits for that chat gives way."""
    waiting = sa.update(ev_post).where(ev_post.c.target == chat, ev_post.c.state == "queued")
    connection.execute(waiting.values(state="replaced"))
    values = {"id": ordered_ref(), "target": chat, "epoch": checkpoint.epoch, "size": checkpoint.size, "text": text}
    connection.execute(sa.insert(ev_post).values(**values, state="queued", next_ms=0, made_ms=milliseconds(now)))


def queued_since(connection: Connection, chat: str, since: datetime) -> bool:
    """Whether a line for `chat` was wanted since then, taken or not."""
    where = (ev_post.c.target == chat, ev_post.c.made_ms >= milliseconds(since))
    return connection.execute(sa.select(ev_post.c.id).where(*where).limit(1)).first() is not None


def deliver(app: App) -> int:
    """Post every line that may be tried now; how many were taken. Failures are rows, events and log lines."""
    now_ms = milliseconds(clock.now())
    # A pause that ends later than any real one was set before the clock was put back.
    due = (ev_post.c.state == "queued", sa.or_(ev_post.c.next_ms <= now_ms, ev_post.c.next_ms > now_ms + HOUR))
    with app.engine.connect() as connection:
        rows = connection.execute(sa.select(ev_post).where(*due).order_by(ev_post.c.id)).all()
    taken = 0
    for row in rows:
        mine = sa.update(ev_post).where(ev_post.c.id == row.id, *due).values(next_ms=now_ms + LEASE)
        with begin(app.engine) as connection:
            if connection.execute(mine).rowcount != 1:
                continue
        taken += _attempt(app, row)
    return taken


def _attempt(app: App, row: Row[Any]) -> bool:
    name, _, chat = row.target.partition(":")
    platform = app.platforms.get(name)
    try:
        if not isinstance(platform, Groups):
            raise PlatformError("no_groups", "这个平台没有启用，或不支持群聊", permanent=True, alarm=True)
        sent = platform.post(chat, row.text, row.id)
    except PlatformError as error:
        _failed(app, row, error)
        return False
    _taken(app, row, sent)
    return True


def _taken(app: App, row: Row[Any], sent: Sent) -> None:
    with app.context() as ctx:
        _settle(ctx.db, row.id, state="sent")
        place = {"epoch": row.epoch, "size": row.size, "target": row.target}
        anchor = {"id": ordered_ref(), "kind": "group", "posted_ms": milliseconds(ctx.now)}
        ctx.db.execute(sa.insert(ev_anchor).values(**anchor, **place))
        answer = json.dumps(dict(sent.raw), ensure_ascii=False)
        parts = {"line": row.text, "answer.json": answer}
        source = {"message": sent.message_id} if sent.message_id else {}
        ctx.record("anchor.posted", MATTER, parts=parts, source={k: str(v) for k, v in place.items()} | source)


def _failed(app: App, row: Row[Any], error: PlatformError) -> None:
    """Said in the evidence at the first failure and when it is given up; in between only in the process's log."""
    failures, state = row.failures + 1, "refused" if error.permanent else "queued"
    pause = pause_ms(failures, error.retry_after)
    with app.context() as ctx:
        _settle(ctx.db, row.id, state=state, failures=failures, next_ms=milliseconds(ctx.now) + pause)
        if failures == 1 or error.permanent:
            source = {"target": row.target, "code": error.code, "given_up": "yes" if error.permanent else "no"}
            ctx.record("anchor.post_failed", MATTER, source=source)
    log.warning("checkpoint.group_failed", target=row.target, code=error.code, hint=error.hint, failures=failures)


def _settle(connection: Connection, row_id: str, **values: object) -> None:
    # Only while it waits: a newer line may have taken its place meanwhile.
    where = (ev_post.c.id == row_id, ev_post.c.state == "queued")
    connection.execute(sa.update(ev_post).where(*where).values(**values))
