"""Buttons and words about goals, and values that other systems push. Results answer in modules of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
import structlog

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.progress import inbox as progress_inbox
from bot.router import on, words
from bot.tables import ask as ask_table
from handlers.performance import cards, reminding, store
from handlers.performance.agreeing import asking, asking_words, goals, sides
from handlers.performance.cards import lists as cards_lists
from handlers.performance.cards.progress import NEEDS
from handlers.performance.flow import results
from handlers.performance.measuring import nudging, progress
from handlers.performance.measuring.progress import Found
from handlers.performance.store import Goal

__all__ = ["results"]
log = structlog.get_logger("huizhi.performance")
CHANGE = "performance.goal_change"
LISTEN = timedelta(minutes=30)
"""So long after [提出修改] or [说明原因] the next words are taken as the answer; later ones may be about anything."""
GONE = "没有找到这个目标，可能已经取消。"


def _goal(event: Event, ctx: Context) -> tuple[Ask, Goal]:
    ask = ctx.asked(event.ref)
    found = store.goal(ctx.db, ask.matter)
    if found is None:
        raise Refused(t(GONE))
    return ask, found


@on("performance.confirm_goal")
def confirm(event: Event, ctx: Context) -> Card | None:
    """[确认]: this side confirms the very version the card shows. An older card brings the new one."""
    ask, _seen = _goal(event, ctx)
    asking.lock(ctx, ask.matter)
    found = store.there(store.goal(ctx.db, ask.matter))
    face = asking.face_of(ctx, found)
    if asking.version_of(ask) != found.version:
        return _newest(ctx, found)
    if found.state != "proposed" or ask.state != "open":
        return cards.settled(face, found.state)
    if not ctx.answer(ask.ref, "confirm"):
        return cards.settled(face, found.state)
    after = goals.confirm(ctx, found, found.sha256)
    if after.state == "agreed":
        return cards.agreed(face)
    return cards.half(face, asking_words.waiting_for(ctx, after))


def _newest(ctx: Context, found: Goal) -> Card:
    face = asking.face_of(ctx, found)
    if found.state == "dropped":
        return cards.settled(face, found.state)
    asking_words.send_again(ctx, found)
    return cards.stale(face)


@on("performance.change_goal")
def change(event: Event, ctx: Context) -> Card | None:
    """[提出修改]: the next message is the new text; the question stays open until then."""
    ask, found = _goal(event, ctx)
    if asking.version_of(ask) != found.version:
        return _newest(ctx, found)
    if found.state == "dropped":
        return cards.settled(asking.face_of(ctx, found), found.state)
    actor, face = store.there(ctx.actor), asking.face_of(ctx, found)
    for each in ctx.open_asks(actor.id, CHANGE):
        ctx.answer(each.ref, "replaced")
    ctx.ask(actor, CHANGE, found.id, lambda ref: cards.change_wanted(ref, face, found.state == "agreed"))
    return None


@on("performance.keep_goal")
def keep(event: Event, ctx: Context) -> Card | None:
    """[不改了]."""
    ask, found = _goal(event, ctx)
    face = asking.face_of(ctx, found)
    ctx.answer(ask.ref, "keep")
    ctx.close(found.id, lambda _person, _ask: cards.kept(face), kinds=(CHANGE,))
    return cards.kept(face)


@on("performance.write_later")
def later(event: Event, ctx: Context) -> Card | None:
    """[稍后再写]: the question stays open and in 我的待办."""
    cycle = store.cycle(ctx.db, ctx.asked(event.ref).matter.partition(".")[0])
    return cards.later(cycle.name if cycle else "")


@on("performance.remind_goals")
def remind(event: Event, ctx: Context) -> Card | None:
    """[提醒他们]: one tap, each person in their own working time, nobody twice a day."""
    ask = ctx.asked(event.ref)
    cycle = store.cycle(ctx.db, ask.matter)
    if cycle is None or not ctx.answer(ask.ref, "remind"):
        raise Refused(t("已经提醒过了。"))
    done = reminding.remind(ctx, cycle, "goals")
    return cards_lists.reminded(
        cycle.name, done.sent, {"away": done.away, "recent": done.recent, "resting": done.resting}
    )


@on(progress_inbox.PUSHED)
def pushed(event: Event, ctx: Context) -> Card | None:
    """A value some system pushed. Only the signed door may say so, never a person."""
    if event.platform != progress_inbox.NAME or event.actor:
        raise Refused(t(sides.NOT_YOURS))
    key, at = event.data.get("key", ""), datetime.fromisoformat(event.data["at"])
    found = progress.live_goals(ctx.db, key, progress.HANDED)
    if not found:
        log.info("progress.unknown_key")
        return None
    done, target = Decimal(event.data["done"]), Decimal(event.data["target"])
    progress.take(ctx, "webhook", [Found(each, done, target, at, event.raw) for each in found])
    return None


for _need in ("nothing", *NEEDS):
    on(f"performance.need_{_need}")(lambda event, ctx, need=_need: nudging.answer(event, ctx, need))  # type: ignore[misc]


@on("performance.support_offer")
def offer(event: Event, ctx: Context) -> Card | None:
    """[提供：…]."""
    return nudging.offer(event, ctx)


@on("performance.support_refuse")
def explain(event: Event, ctx: Context) -> Card | None:
    """[说明原因]."""
    nudging.explain(event, ctx)
    return None


@on("performance.support_back")
def back(event: Event, ctx: Context) -> Card | None:
    """[返回]."""
    return nudging.back(event, ctx)


@words
def said(event: Event, ctx: Context) -> Card | None:
    """Goals, changes, reasons, lists; None for everything else."""
    person, text = ctx.actor, event.data.get("text", "").strip()
    if person is None or not text:
        return None
    if (card := asking_words.heard(ctx, person, text)) is not None:
        return card
    ask = _listening(ctx, person)
    if ask is None:
        return None
    if ask.kind == nudging.REASON:
        return nudging.reason_given(event, ctx, ask, text)
    return asking_words.changed(ctx, ask, text)


def _listening(ctx: Context, person: Person) -> Ask | None:
    """The newest question whose answer is somebody's next words, when it was put just now."""
    c = ask_table.c
    where = (c.person_id == person.id, c.state == "open", c.kind.in_((CHANGE, nudging.REASON)))
    statement = sa.select(c.ref).where(*where, c.created_at > ctx.now - LISTEN).order_by(c.created_at.desc()).limit(1)
    ref = ctx.db.execute(statement).scalar()
    return ctx.asked(ref) if ref else None
