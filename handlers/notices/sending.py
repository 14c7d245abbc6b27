"""From the frozen list to messages, a bounded step at a time. Attempt rows are the truth: whoever has one is asked no
second time, whoever has none comes next, so a process may die anywhere. Nothing here holds the list in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import crowds, outbox
from bot.context import Context
from bot.errors import Refused
from bot.locale import speaking, t
from bot.outbox import BULK, NORMAL, SOON
from bot.people import Person
from bot.ports import Platform
from bot.ports_crowds import Crowds
from bot.tables import person as people_table
from bot.wire import dump_card
from handlers.notices import cards, hearing, plan, store
from handlers.notices import tables as tb
from handlers.notices.cards import Shown
from handlers.notices.rules import Fact
from handlers.notices.store import Notice, Recipient

if TYPE_CHECKING:
    from bot.app import App

CHUNK = 1000
"""People of one transaction; also the most that a vendor takes in one call."""
SMALL, MIDDLE = 200, 10_000
"""Below the first a confirmation goes as personal cards; what is larger than the second waits for everything else."""
STARTS = ("draft", "approving", "scheduled", "waiting")
AGAIN, BY_HAND = cards.AGAIN, cards.BY_HAND
PREFERRED = ("work", "shared", "robot")
"""Ways of a platform, first the one whose results can be asked for by name."""


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
    """Stop every notice that is going out or paused; how many."""
    return sum(stop(ctx, each, reason) for each in store.newest(ctx.db, 1000, state=("sending", "paused")))


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
    total = 0
    while moved := sum(step(app, notice_id) for notice_id in _begun(app)):
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


def step(app: App, notice_id: str, size: int = CHUNK) -> int:
    """One transaction: the next people of one platform and language. How many; 0 when nobody is left."""
    with app.context() as ctx:
        ctx.db.execute(sa.select(tb.notice.c.id).where(tb.notice.c.id == notice_id).with_for_update())
        notice = store.get(ctx.db, notice_id)
        if notice is None or notice.state not in ("sending", "sent"):
            return 0
        found = _next(ctx.db, notice, size)
        if found:
            _queue(ctx, app.platforms.get(found[0].platform), notice, found)
        else:
            _ended(ctx, notice)
        return len(found)


def _next(db: Connection, notice: Notice, size: int) -> list[Recipient]:
    """At most `size` people without an attempt, all of one platform and language: one text is one call for them."""
    r = tb.recipient.c
    mine = (r.notice_id == notice.id, r.left_at.is_(None), _untouched())
    head = db.execute(sa.select(r.platform, r.locale).where(*mine).order_by(r.person_id).limit(1)).first()
    if head is None:
        return []
    same = (*mine, r.platform == head.platform, r.locale == head.locale)
    rows = db.execute(sa.select(tb.recipient).where(*same).order_by(r.person_id).limit(size)).mappings()
    return [Recipient(**row) for row in rows]


def _ended(ctx: Context, notice: Notice) -> None:
    waiting = sa.select(tb.attempt.c.person_id).where(
        tb.attempt.c.notice_id == notice.id, tb.attempt.c.step == 0, tb.attempt.c.state == "queued"
    )
    if notice.state == "sending" and ctx.db.execute(waiting.limit(1)).first() is None:
        store.move(ctx.db, notice.id, ("sending",), state="sent")
        done = progress(ctx.db, notice.id)
        ctx.record("notice.sent", notice.id, source={"accepted": str(done.accepted), "failed": str(done.failed)})


def _queue(ctx: Context, platform: Platform | None, notice: Notice, found: Sequence[Recipient]) -> None:
    folk = people_of(ctx.db, [each.person_id for each in found])
    alive = [each for each in found if (one := folk.get(each.person_id)) and one.active and each.user_id]
    if platform is None:
        alive = []
    gone = [each for each in found if each not in alive] if len(alive) < len(found) else []
    if steps := plan.steps_of(notice.plan, notice.importance):
        mine = (tb.recipient.c.notice_id == notice.id, tb.recipient.c.person_id.in_(folk))
        ctx.db.execute(sa.update(tb.recipient).where(*mine).values(next_at=ctx.now + steps[0].after))
    if platform and alive:
        attempts(ctx, notice, alive, 0, serve(ctx, platform, notice, alive, folk, 0))
    if gone:
        attempts(ctx, notice, gone, 0, {}, state="rejected", code="platform.off" if platform is None else "inactive")
        why = {each.person_id: (Fact("unreached", ctx.now), {"why": "no active account"}) for each in gone}
        hearing.learn_many(ctx, notice.id, why)


def serve(
    ctx: Context, platform: Platform, notice: Notice, to: Sequence[Recipient], folk: Mapping[str, Person], nth: int,
    *, avoid: str = "",
) -> dict[str, tuple[str, str]]:  # fmt: skip
    """Queue the words for people of one platform and language: person id -> (channel, outbox row id).

    `nth` 0 is the notice itself, above that other words each time. `avoid`: a route that dropped somebody.
    """
    shown = shown_of(ctx, notice, to[0].locale, nth)
    priority = SOON if notice.urgent else NORMAL if notice.people <= MIDDLE else BULK
    route = route_of(platform, notice, len(to), avoid)
    say = cards.again if nth else cards.first
    path = f"/notices/{notice.id}"
    if route and isinstance(platform, Crowds):
        pairs = [(each.person_id, each.user_id) for each in to]
        rows = crowds.queue(
            ctx, platform, route, pairs, lambda: say(shown, ctx.page(path)), notice.id, priority=priority,
            locale=to[0].locale,
        )  # fmt: skip
        most, channel = platform.routes[route].people, f"{platform.name}.{route}"[:24]
        return {each.person_id: (channel, rows[at // most]) for at, each in enumerate(to)}
    found, channel = {}, f"{platform.name}.card"[:24]
    for each in to:
        one = folk[each.person_id]
        with speaking(each.locale):
            body = dump_card(say(shown, ctx.page(path, one)))
        row_id = outbox.queue(ctx.db, ctx.now, "send", platform.name, one, notice.id, body, priority=priority)
        found[each.person_id] = channel, row_id
    return found


def route_of(platform: Platform, notice: Notice, people: int, avoid: str = "") -> str:
    """The platform's way for many, or nothing: personal cards."""
    if not isinstance(platform, Crowds):
        return ""
    wanted = [str(each.get("route", "")) for each in notice.plan if each.get("channel") == platform.name]
    answered = notice.importance in ("confirm", "sign") and notice.people <= SMALL
    if not wanted and (answered or (avoid and people <= SMALL)):
        return ""
    order = [*wanted, *PREFERRED, *platform.routes]
    known = [each for each in order if each in platform.routes]
    return next((each for each in known if each != avoid), known[0] if known else "")


def attempts(
    ctx: Context, notice: Notice, to: Sequence[Recipient], number: int, rows: Mapping[str, tuple[str, str]],
    *, state: str = "queued", code: str = "",
) -> None:  # fmt: skip
    """Write one attempt for each; in the same transaction as what carries it."""
    ctx.db.execute(sa.insert(tb.attempt), [
        {"notice_id": notice.id, "person_id": each.person_id, "step": number, "state": state, "code": code,
         "channel": rows.get(each.person_id, (each.platform, ""))[0], "row_id": rows.get(each.person_id, ("", ""))[1],
         "at": ctx.now, "address": f"{each.platform}:{each.user_id}"[:120], "pedigree": ""}
        for each in to
    ])  # fmt: skip


def shown_of(ctx: Context, notice: Notice, locale: str, nth: int) -> Shown:
    """What a card says of the notice; days are the firm's."""
    title, body = notice.said(locale)
    zone = ctx.zone if ctx.actor is None else ZoneInfo(ctx.actor.zone)
    due = notice.deadline.astimezone(zone).strftime("%m-%d %H:%M") if notice.deadline else ""
    day = ctx.now.astimezone(zone).strftime("%m-%d")
    held = sa.select(sa.func.count()).where(tb.file.c.notice_id == notice.id)
    files = ctx.db.execute(held).scalar_one()
    return Shown(notice.id, title, body, day, due, notice.importance, notice.answers, nth, files)


def people_of(db: Connection, ids: Sequence[str]) -> dict[str, Person]:
    """person id -> person, in one query."""
    rows = db.execute(sa.select(people_table).where(people_table.c.id.in_(list(ids)))).mappings()
    return {row["id"]: Person(**row) for row in rows}
