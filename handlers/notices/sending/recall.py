"""Taking a notice back: from the platforms where and while they can, and by a newer version where they cannot.

What was read stays read: receipts on both versions stay as they are, and the old link says what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.context import Context
from bot.delivery import crowds
from bot.errors import PlatformError, Refused
from bot.locale import t
from bot.ports import Platform, Sent
from bot.ports.crowds import Crowds
from bot.tables import outbox
from handlers.notices import cards, store, tables as tb
from handlers.notices.sending import serving
from handlers.notices.store import Notice

if TYPE_CHECKING:
    from bot.app import App

STATES = ("sending", "paused", "sent", "stopped", "closed")
TAKEN, NOT_TAKEN = "recalled ", "not recalled "
BATCH = 200


@dataclass(frozen=True, slots=True)
class Recalled:
    """People whose message was taken back, and those with whom it stays: the platform cannot, or not any more."""

    taken: int
    left: int
    waiting: int


def recall(ctx: Context, notice: Notice, reason: str) -> None:
    """Nothing more goes out; the job takes back what it can; who had opened it is told. Refused the second time."""
    if not reason.strip():
        raise Refused(t("请写明撤回的原因，看过的人会看到它。"))
    now = {"recalled_at": ctx.now, "reason": reason.strip()[:200]}
    if notice.recalled_at or not store.move(ctx.db, notice.id, STATES, **now):
        raise Refused(t("这份通知还没有发出，或已经撤回。"))
    crowds.cancel(ctx, notice.id)
    waiting = (tb.attempt.c.notice_id == notice.id, tb.attempt.c.state == "queued")
    ctx.db.execute(sa.update(tb.attempt).where(*waiting).values(state="stopped", at=ctx.now))
    store.move(ctx.db, notice.id, ("sending", "paused"), state="stopped", ended_at=ctx.now)
    ctx.db.execute(sa.update(tb.recipient).where(tb.recipient.c.notice_id == notice.id).values(next_at=None))
    ctx.record("notice.recalled", notice.id, parts={"reason": reason.strip()})


def supersede(ctx: Context, old: Notice, new: Notice) -> None:
    """`new` takes the place of `old`: no more reminders of the old one; its readers are led to the new one."""
    free = (tb.notice.c.id == old.id, tb.notice.c.replaced_id == "")
    moved = ctx.db.execute(sa.update(tb.notice).where(*free).values(replaced_id=new.id)).rowcount
    if not moved or new.id == old.id:
        raise Refused(t("这份通知已经由新的一版代替。"))
    values = {"replaces_id": old.id, "version": old.version + 1}
    ctx.db.execute(sa.update(tb.notice).where(tb.notice.c.id == new.id).values(values))
    ctx.db.execute(sa.update(tb.recipient).where(tb.recipient.c.notice_id == old.id).values(next_at=None))
    ctx.record("notice.superseded", old.id, source={"by": new.id, "version": str(old.version)})


def carry(app: App) -> int:
    """Job: ask the platforms to take back what was sent of recalled notices; how many messages were asked about.

    Every message is asked about once; a passing failure is asked again with the next run.
    """
    asked = 0
    for row in _rows(app):
        platform = app.platforms.get(row["platform"])
        try:
            if platform is None:
                raise PlatformError("platform.off", permanent=True)
            _take_back(platform, row)
            result = TAKEN + "ok"
        except PlatformError as error:
            if not error.permanent:
                continue
            result = NOT_TAKEN + error.code
        asked += _keep(app, row, result)
    for notice_id in _untold(app):
        _tell(app, notice_id)
    return asked


def _rows(app: App) -> list[sa.RowMapping]:
    o = outbox.c
    with app.engine.connect() as db:
        mine = (o.state == "sent", o.kind.in_(("send", crowds.KIND)), tb.notice.c.recalled_at.is_not(None))
        fresh = sa.or_(o.error.is_(None), ~(o.error.startswith(TAKEN) | o.error.startswith(NOT_TAKEN)))
        # What was said about the notice afterwards, to whom it may concern, is no part of it.
        sent = o.created_at <= tb.notice.c.recalled_at
        about = sa.exists().where(tb.attempt.c.row_id == o.id)
        found = sa.select(outbox).join(tb.notice, tb.notice.c.id == o.matter)
        return list(db.execute(found.where(*mine, fresh, sent, about).order_by(o.id).limit(BATCH)).mappings())


def _take_back(platform: Platform, row: sa.RowMapping) -> None:
    if row["kind"] != crowds.KIND:
        platform.recall(Sent(row["message_id"] or ""))
    elif isinstance(platform, Crowds):
        platform.recall_many(row["route"], row["message_id"] or "")
    else:
        raise PlatformError("no_route", permanent=True)


def _keep(app: App, row: sa.RowMapping, result: str) -> int:
    with app.context() as ctx:
        mine = sa.update(outbox).where(outbox.c.id == row["id"], outbox.c.state == "sent")
        ctx.db.execute(mine.values(error=result[:300]))
        source = {
            "row": str(row["id"]),
            "ch": str(row["platform"]),
            "people": str(row["people"]),
            "result": result[:80],
        }
        ctx.record("notice.recall_asked", str(row["matter"]), source=source)
    return 1


def _untold(app: App) -> list[str]:
    n, r = tb.notice.c, tb.recipient.c
    with app.engine.connect() as db:
        mine = (n.recalled_at.is_not(None), r.opened_at <= n.recalled_at, r.step < TOLD)
        return list(
            db.execute(sa.select(n.id).join(tb.recipient, r.notice_id == n.id).where(*mine).distinct()).scalars()
        )


TOLD = 900
"""`step` of somebody who was told that the notice is recalled: no plan has that many."""


def _tell(app: App, notice_id: str) -> None:
    """Whoever had read it is told why it is gone; whoever had not is spared."""
    with app.context() as ctx:
        notice = store.get(ctx.db, notice_id)
        if notice is None or notice.recalled_at is None:
            return
        r = tb.recipient.c
        rows = next(store.each(ctx.db, notice_id, r.opened_at <= notice.recalled_at, r.step < TOLD), [])
        folk = serving.people_of(ctx.db, [each.person_id for each in rows])
        for row in rows:
            person, title = folk.get(row.person_id), notice.said(row.locale)[0]
            if person and person.active:
                ctx.say(person, lambda title=title: cards.recalled(title, notice.reason), store.desk(notice.id))  # type: ignore[misc]
        mine = (r.notice_id == notice_id, r.person_id.in_([each.person_id for each in rows]))
        ctx.db.execute(sa.update(tb.recipient).where(*mine).values(step=r.step + TOLD))


def state(ctx: Context, notice_id: str) -> Recalled:
    """How far the recall is, in people."""
    o = outbox.c
    about = sa.exists().where(tb.attempt.c.row_id == o.id)
    rows = sa.select(o.people, o.error).where(o.matter == notice_id, o.state == "sent", about)
    taken = left = waiting = 0
    for row in ctx.db.execute(rows):
        error = row.error or ""
        taken += row.people if error.startswith(TAKEN) else 0
        left += row.people if error.startswith(NOT_TAKEN) else 0
        waiting += row.people if not error.startswith((TAKEN, NOT_TAKEN)) else 0
    return Recalled(taken, left, waiting)
