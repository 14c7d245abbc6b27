"""From the frozen list to messages, a bounded step at a time. Attempt rows are the truth: whoever has one is asked no
second time, whoever has none comes next, so a process may die anywhere. Nothing here holds the list in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from bot.delivery import crowds
from bot.errors import Refused
from bot.locale import t
from bot.ports import Platform
from handlers.notices import cards, store, tables as tb
from handlers.notices.receiving import hearing
from handlers.notices.rules import INFORM, Fact
from handlers.notices.sending import plan, serving
from handlers.notices.store import Notice, Recipient

if TYPE_CHECKING:
    from bot.app import App

CHUNK = 1000
"""People of one transaction; also the most that a vendor takes in one call."""
STARTS = ("draft", "approving", "scheduled", "waiting")
AGAIN, BY_HAND = cards.AGAIN, cards.BY_HAND


@dataclass(frozen=True, slots=True)
class Progress:
    """People of the first send: not begun, waiting, in flight, with an answer of the platform, not taken, stopped."""

    people: int
    untouched: int
    queued: int
    accepted: int
    failed: int
    stopped: int

    @property
    def done(self) -> int:
        """How many need nothing more of the first send."""
        return self.accepted + self.failed + self.stopped


def start(ctx: Context, notice: Notice) -> None:
    """Begin; the job does the rest. Refused without a frozen list, or when it was begun or ended before."""
    if notice.frozen_at is None or not notice.people:
        raise Refused(t("这份通知的名单还没有固定，不能发送。"))
    if not store.move(ctx.db, notice.id, STARTS, state="sending", started_at=ctx.now):
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    source = {"people": str(notice.people), "list_sha256": notice.list_sha256}
    ctx.record("notice.submitted", notice.id, source=source)


def pause(ctx: Context, notice: Notice, reason: str = "") -> bool:
    """Nothing more goes out until `resume`; what is in flight arrives. False: it was not being sent."""
    if not store.move(ctx.db, notice.id, ("sending",), state="paused", reason=reason[:200]):
        return False
    crowds.hold(ctx, notice.id)
    ctx.record("notice.paused", notice.id, parts={"reason": reason})
    return True


def resume(ctx: Context, notice: Notice) -> bool:
    """Go on where it was. False: it was not paused."""
    if not store.move(ctx.db, notice.id, ("paused",), state="sending", reason=""):
        return False
    crowds.release(ctx, notice.id)
    ctx.record("notice.resumed", notice.id)
    return True


def stop(ctx: Context, notice: Notice, reason: str = "") -> bool:
    """For good. Who got it keeps it and may still answer. False: it was over before."""
    if not store.move(ctx.db, notice.id, store.LIVE, state="stopped", reason=reason[:200], ended_at=ctx.now):
        return False
    crowds.cancel(ctx, notice.id)
    waiting = (tb.attempt.c.notice_id == notice.id, tb.attempt.c.state == "queued")
    # In flight ones are reported by their carrier; those come back and overwrite this.
    ctx.db.execute(sa.update(tb.attempt).where(*waiting).values(state="stopped", at=ctx.now))
    ctx.db.execute(sa.update(tb.recipient).where(tb.recipient.c.notice_id == notice.id).values(next_at=None))
    ctx.record("notice.stopped", notice.id, parts={"reason": reason})
    return True


def emergency_stop(ctx: Context, reason: str = "") -> int:
    """Stop every notice that is going out, paused, or still followed up; how many."""
    r = tb.recipient.c
    followed = set(ctx.db.execute(sa.select(r.notice_id).where(r.next_at.is_not(None)).distinct()).scalars())
    found = store.newest(ctx.db, 1000, state=store.LIVE)
    return sum(stop(ctx, each, reason) for each in found if each.state != "sent" or each.id in followed)


def progress(db: Connection, notice_id: str) -> Progress:
    """How far the first send is; the parts add up to the frozen list."""
    c = tb.attempt.c
    mine = sa.select(c.state, sa.func.count()).where(c.notice_id == notice_id, c.step == 0).group_by(c.state)
    by = {str(state): int(count) for state, count in db.execute(mine)}
    total = db.execute(
        sa.select(sa.func.count()).select_from(tb.recipient).where(tb.recipient.c.notice_id == notice_id)
    ).scalar_one()
    queued, stopped = by.get("queued", 0), by.get("stopped", 0)
    failed = by.get("rejected", 0)
    accepted = sum(by.values()) - queued - stopped - failed
    return Progress(total, total - sum(by.values()), queued, accepted, failed, stopped)


def send_due(app: App) -> int:
    """Job: one step of each notice after the other, urgent and small ones first; how many people were queued."""
    total, seen = 0, dict[str, str]()
    while moved := sum(step(app, notice_id, seen=seen) for notice_id in _begun(app)):
        total += moved
    return total


def _begun(app: App) -> list[str]:
    with app.engine.connect() as db:
        c = tb.notice.c
        late = sa.exists().where(tb.recipient.c.notice_id == c.id, tb.recipient.c.late_joiner, _untouched())
        begun = sa.or_(c.state == "sending", sa.and_(c.state == "sent", c.joiners == "deadline", late))
        found = sa.select(c.id).where(begun).order_by(c.urgent.desc(), c.people, c.id)
        return list(db.execute(found).scalars())


def _untouched() -> sa.ColumnElement[bool]:
    r, a = tb.recipient.c, tb.attempt.c
    return ~sa.exists().where(a.notice_id == r.notice_id, a.person_id == r.person_id, a.step == 0)


def step(app: App, notice_id: str, size: int = CHUNK, *, seen: dict[str, str] | None = None) -> int:
    """One transaction: the next people of one platform and language. How many; 0 when nobody is left.

    `seen`: notice -> the person before whom everybody has an attempt; kept up to date, so that many steps together read
    the list once and not once each.
    """
    seen = {} if seen is None else seen
    with app.engine.connect() as db:  # the whole list is looked through without holding up those who write
        after = seen.get(notice_id, "")
        head = _head(db, notice_id, after) or (_head(db, notice_id) if after else None)
        if head is None and _waiting(db, notice_id):
            return 0
    with app.context() as ctx:
        ctx.db.execute(sa.select(tb.notice.c.id).where(tb.notice.c.id == notice_id).with_for_update())
        notice = store.get(ctx.db, notice_id)
        if notice is None or notice.state not in ("sending", "sent"):
            return 0
        found = _next(ctx.db, notice, head, size) if head else []
        if found:
            _queue(ctx, app.platforms.get(found[0].platform), notice, found)
        elif head is None or _head(ctx.db, notice_id) is None:
            _ended(ctx, notice)
    if head:
        seen[notice_id] = head.person_id
    return len(found)


def _mine(notice_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    r = tb.recipient.c
    return r.notice_id == notice_id, r.left_at.is_(None), _untouched()


def _head(db: Connection, notice_id: str, after: str = "") -> sa.Row[tuple[str, str, str]] | None:
    """The first without an attempt, from `after` on."""
    r = tb.recipient.c
    head = sa.select(r.person_id, r.platform, r.locale).where(*_mine(notice_id), r.person_id >= after)
    return db.execute(head.order_by(r.person_id).limit(1)).first()


def _next(db: Connection, notice: Notice, head: sa.Row[tuple[str, str, str]], size: int) -> list[Recipient]:
    """At most `size` people without an attempt, of the head's platform and language: one text is one call for them."""
    r = tb.recipient.c
    same = (*_mine(notice.id), r.person_id >= head.person_id, r.platform == head.platform, r.locale == head.locale)
    rows = db.execute(sa.select(tb.recipient).where(*same).order_by(r.person_id).limit(size)).mappings()
    return [Recipient(**row) for row in rows]


def _waiting(db: Connection, notice_id: str) -> bool:
    a = tb.attempt.c
    waiting = sa.select(a.person_id).where(a.notice_id == notice_id, a.step == 0, a.state == "queued")
    return db.execute(waiting.limit(1)).first() is not None


def _ended(ctx: Context, notice: Notice) -> None:
    if notice.state == "sending" and not _waiting(ctx.db, notice.id):
        store.move(ctx.db, notice.id, ("sending",), state="sent")
        done = progress(ctx.db, notice.id)
        ctx.record("notice.sent", notice.id, source={"accepted": str(done.accepted), "failed": str(done.failed)})


def _queue(ctx: Context, platform: Platform | None, notice: Notice, found: Sequence[Recipient]) -> None:
    folk = serving.people_of(ctx.db, [each.person_id for each in found])
    alive = [each for each in found if (one := folk.get(each.person_id)) and one.active and each.user_id]
    if platform is None:
        alive = []
    there = {each.person_id for each in alive}
    gone = [each for each in found if each.person_id not in there]
    steps = plan.steps_of(notice.plan, notice.importance)
    if steps and notice.importance != INFORM:
        mine = (tb.recipient.c.notice_id == notice.id, tb.recipient.c.person_id.in_(folk))
        ctx.db.execute(sa.update(tb.recipient).where(*mine).values(next_at=ctx.now + steps[0].after))
    if platform and alive:
        serving.attempts(ctx, notice, alive, 0, serving.serve(ctx, platform, notice, alive, folk, 0))
    if gone:
        code = "platform.off" if platform is None else "inactive"
        serving.attempts(ctx, notice, gone, 0, {}, state="rejected", code=code)
        why = {each.person_id: (Fact("unreached", ctx.now), {"why": "no active account"}) for each in gone}
        hearing.learn_many(ctx, notice.id, why)
