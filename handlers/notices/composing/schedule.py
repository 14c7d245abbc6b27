"""From approved to sending: at its time, inside its window, by day. What missed it is asked about, never fired."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot import asks
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from handlers.notices import store
from handlers.notices.cards import compose as cards_compose
from handlers.notices.composing import checking, freezing, second
from handlers.notices.composing.schedule_rules import Window, decide
from handlers.notices.sending import plan, recall, sending
from handlers.notices.store import Notice

if TYPE_CHECKING:
    from bot.app import App

LATE = "notices.late"
"""Kind of the question to the author."""


def window_of(ctx: Context, notice: Notice) -> Window:
    """What decides when it may begin, on the author's wall clock."""
    who = ctx.people.get(notice.author_id)
    zone = who.zone if who else str(ctx.zone)
    late = timedelta(minutes=ctx.settings.notice_late_minutes)
    quiet = plan.quiet(notice.quiet) or plan.QUIET
    return Window(notice.send_at, notice.send_until, notice.urgent, zone, quiet, late)


def go(ctx: Context, notice: Notice, states: tuple[str, ...] = ("draft", "approving")) -> str:
    """Approved, or needs no approval: send it, schedule it, or ask. The state it is in then. Refused: somebody was
    first."""
    decision = decide(window_of(ctx, notice), ctx.now)
    if decision == "send":
        return begin(ctx, notice, states)
    if decision == "late":
        return ask(ctx, notice, states, t("现在不是合适的发送时间"))
    if not store.move(ctx.db, notice.id, states, state="scheduled"):
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    at = notice.send_at.isoformat() if notice.send_at else ""
    ctx.record("notice.scheduled", notice.id, source={"send_at": at})
    return "scheduled"


def begin(ctx: Context, notice: Notice, states: tuple[str, ...] = ("scheduled", "waiting")) -> str:
    """Freeze the list and start; `sending`. `approving` when so many people have joined since somebody agreed, or since
    nobody had to, that it is asked again. Refused for an empty list, or when it was begun before."""
    if people := second.outgrown(ctx, notice):
        return _again(ctx, notice, people, states)
    sending.start(ctx, freezing.freeze(ctx, notice))
    old = store.get(ctx.db, notice.replaces_id) if notice.replaces_id else None
    if old and not old.replaced_id:
        recall.supersede(ctx, old, notice)
    return "sending"


def _again(ctx: Context, notice: Notice, people: int, states: tuple[str, ...]) -> str:
    if not store.move(ctx.db, notice.id, states, state="approving"):
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    _settled(ctx, notice)
    names = [each.name for each in second.request(ctx, notice, people)]
    ctx.record("notice.outgrown", notice.id, source={"people": str(people)})
    if who := ctx.people.get(notice.author_id):
        ctx.say(
            who,
            lambda: cards_compose.submitted(notice.said(who.locale)[0], "grown", people, names),
            store.desk(notice.id),
        )
    return "approving"


def ask(ctx: Context, notice: Notice, states: tuple[str, ...], why: str) -> str:
    """Nothing goes out: the author is asked what to do; `waiting`. Refused: somebody was first."""
    if not store.move(ctx.db, notice.id, states, state="waiting"):
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    ctx.record("notice.late", notice.id, parts={"why": why})
    if who := ctx.people.get(notice.author_id):
        title = notice.said(who.locale)[0]
        ctx.ask(who, LATE, store.desk(notice.id), lambda ref: cards_compose.late(ref, title, why))
    return "waiting"


def send_now(ctx: Context, notice: Notice) -> str:
    """The author decided: now, also at night. Refused when it is not waiting or something is wrong with it."""
    if notice.state != "waiting":
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    if found := checking.problems(ctx.db, notice.id):
        raise Refused("\n".join(found))
    return begin(ctx, notice)


def move(ctx: Context, notice: Notice, send_at: datetime, send_until: datetime | None = None) -> None:
    """A new time (aware UTC). Refused for one that is over, at night, or when it is being sent already."""
    if send_at <= ctx.now or send_until and send_until <= send_at:
        raise Refused(t("发送时间已经过去"))
    window = window_of(ctx, notice)
    if not notice.urgent and plan.quiet_until(send_at, window.zone, window.quiet):
        raise Refused(t("发送时间在免打扰时段里；请换时间，或标为紧急"))
    values = {"send_at": send_at, "send_until": send_until}
    if not store.move(ctx.db, notice.id, ("scheduled", "waiting"), state="scheduled", **values):
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    _settled(ctx, notice)
    ctx.record("notice.scheduled", notice.id, source={"send_at": send_at.isoformat()})


def drop(ctx: Context, notice: Notice) -> None:
    """It will not be sent: a draft again. Refused when it is being sent already."""
    if not store.move(ctx.db, notice.id, ("scheduled", "waiting"), state="draft", send_at=None, send_until=None):
        raise Refused(t("这份通知已经开始发送，或已经结束。"))
    _settled(ctx, notice)
    ctx.record("notice.unscheduled", notice.id)


def _settled(ctx: Context, notice: Notice) -> None:
    """A question that is over says so, whichever way it was answered."""
    if any(each.state == "open" for each in asks.of_matter(ctx.db, store.desk(notice.id), [LATE])):
        ctx.close(
            store.desk(notice.id),
            lambda person, _ask: cards_compose.settled(notice.said(person.locale)[0]),
            kinds=[LATE],
        )


def due(app: App) -> int:
    """Job: begin what is due, ask about what is late; how many."""
    with app.engine.connect() as db:
        waiting = [each.id for each in store.newest(db, 1000, state="scheduled")]
    return sum(_due(app, notice_id) for notice_id in waiting)


def _due(app: App, notice_id: str) -> int:
    with app.context() as ctx:
        notice = store.get(ctx.db, notice_id)
        if notice is None or notice.state != "scheduled":
            return 0
        decision = decide(window_of(ctx, notice), ctx.now)
        if decision == "wait":
            return 0
        found = checking.problems(ctx.db, notice_id)
        if decision == "send" and not found:
            begin(ctx, notice)
        else:
            ask(ctx, notice, ("scheduled",), "\n".join(found) or t("发送时间已经错过，或现在是休息时间"))
        return 1


__all__ = ["LATE", "ask", "begin", "drop", "due", "go", "move", "send_now", "window_of"]
