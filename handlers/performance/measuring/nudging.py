"""Asks in the last month what somebody needs for a goal; a need becomes the manager's task and stays on file."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import absence_facts, freshness
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from handlers.performance import hours, store, tables as tab
from handlers.performance.agreeing import sides
from handlers.performance.cards import progress as cards
from handlers.performance.measuring import progress
from handlers.performance.rules.progress import ASK_AGAIN, ASK_WITHIN, Course, fresh, nudge_due, percent
from handlers.performance.store import Cycle, Goal

if TYPE_CHECKING:
    from bot.app import App

ASK, SUPPORT, REASON = "performance.nudge", "performance.support", "performance.support_reason"
STEP = 200
SETTLED = "这个请求已经答复过了。"


def nudge(app: App) -> None:
    """Everybody whose goal is behind in its last month, in their working time, one card a day at most."""
    freshness.use(app.settings.progress_stale_days)
    with app.context() as ctx:
        due = _due(ctx)
    for start in range(0, len(due), STEP):
        with app.context() as ctx:
            for goal, cycle in due[start : start + STEP]:
                _ask(ctx, goal, cycle)


def _due(ctx: Context) -> list[tuple[Goal, Cycle]]:
    """The first goal of each person that is to be asked about."""
    found: dict[str, tuple[Goal, Cycle]] = {}
    for cycle in store.cycles(ctx.db, limit=1000, state=progress.LIVE):
        goals = store.goals(ctx.db, cycle_id=cycle.id, state="agreed")
        latest_day = ctx.now.date() + ASK_WITHIN + timedelta(days=1)
        goals = [each for each in goals if (each.due_on or cycle.ends_on) <= latest_day]
        asked = _asked(ctx, goals)
        values = progress.latest(ctx.db, goals)
        for goal in goals:
            if goal.person_id not in found and _wanted(ctx, goal, cycle, values.get(goal.id), asked[goal.id]):
                found[goal.person_id] = (goal, cycle)
    recent = sa.select(tab.nudge.c.person_id).where(tab.nudge.c.at > ctx.now - timedelta(hours=20))
    lately = set(ctx.db.execute(recent).scalars())
    return [pair for person, pair in found.items() if person not in lately]


def _asked(ctx: Context, goals: list[Goal]) -> dict[str, list[sa.RowMapping]]:
    found: dict[str, list[sa.RowMapping]] = defaultdict(list)
    ids = [each.id for each in goals]
    for start in range(0, len(ids), STEP):
        where = tab.nudge.c.goal_id.in_(ids[start : start + STEP])
        for row in ctx.db.execute(sa.select(tab.nudge).where(where).order_by(tab.nudge.c.at)).mappings():
            found[row["goal_id"]].append(row)
    return found


def _wanted(ctx: Context, goal: Goal, cycle: Cycle, value: Any, asked: list[sa.RowMapping]) -> bool:
    reached = percent(value.done, value.target) if value and fresh(value, ctx.now, freshness.days()) else None
    last = asked[-1]["at"].astimezone(ctx.zone).date() if asked else None
    waiting = any(row["task_state"] == "open" for row in asked)
    course = Course(cycle.starts_on, goal.due_on or cycle.ends_on, reached, last, waiting)
    return nudge_due(course, ctx.now.astimezone(ctx.zone).date())


def _ask(ctx: Context, goal: Goal, cycle: Cycle) -> None:
    person = ctx.people.get(goal.person_id)
    if person is None or not person.active or not hours.working(ctx, person):
        return
    if absence_facts.on_leave(ctx.db, [person.id], ctx.now):
        return
    # Two workers at once: the second finds the first one's question.
    asking = sa.select(tab.nudge.c.id).where(
        tab.nudge.c.goal_id == goal.id, tab.nudge.c.at > ctx.now - ASK_AGAIN + timedelta(days=1)
    )
    ctx.db.execute(sa.select(tab.goal.c.id).where(tab.goal.c.id == goal.id).with_for_update())
    if ctx.db.execute(asking.limit(1)).first():
        return
    nudge_id = store.new_id(store.NUDGE)
    ctx.db.execute(sa.insert(tab.nudge).values(id=nudge_id, goal_id=goal.id, person_id=person.id, at=ctx.now))
    reached = _percent(ctx, goal)
    left = ((goal.due_on or cycle.ends_on) - ctx.now.astimezone(ZoneInfo(person.zone)).date()).days
    ctx.record("progress.nudged", nudge_id, subject=person, source={"goal": goal.id, "percent": str(reached or "")})
    ctx.ask(person, ASK, nudge_id, lambda ref: cards.nudge(ref, goal.text, reached, left))


def _percent(ctx: Context, goal: Goal) -> Any:
    value = progress.latest(ctx.db, [goal]).get(goal.id)
    return percent(value.done, value.target) if value and fresh(value, ctx.now, freshness.days()) else None


def _row(ctx: Context, event: Event, kind: str) -> tuple[Ask, sa.RowMapping, Goal]:
    ask = ctx.asked(event.ref)
    row = ctx.db.execute(sa.select(tab.nudge).where(tab.nudge.c.id == ask.matter)).mappings().first()
    goal = store.goal(ctx.db, row["goal_id"]) if row else None
    if row is None or goal is None or ask.kind != kind:
        raise Refused(t(SETTLED))
    return ask, row, goal


def answer(event: Event, ctx: Context, need: str) -> Card:
    """The owner says what they need; `nothing` is an answer too. A need becomes the manager's task."""
    ask, row, goal = _row(ctx, event, ASK)
    if not ctx.answer(ask.ref, need):
        raise Refused(t(SETTLED))
    person, c = store.there(ctx.actor), tab.nudge.c
    member = store.member(ctx.db, goal.cycle_id, goal.person_id)
    seat = sides.manager_seat(ctx, member) if member and need != "nothing" else None
    values: dict[str, Any] = {"need": need, "answered_at": ctx.now, "task_state": "open" if seat else ""}
    ctx.db.execute(sa.update(tab.nudge).where(c.id == row["id"]).values(**values))
    type = "support.declined" if need == "nothing" else "support.asked"
    ctx.record(type, row["id"], subject=person, source={"goal": goal.id, "need": need}, at=event.at)
    reached = _percent(ctx, goal)
    if seat:
        ctx.ask(seat[0], SUPPORT, row["id"], lambda ref: cards.support(ref, person.name, need, goal.text, reached))
    ctx.close(row["id"], lambda _p, _a: _shown(need, seat is not None), kinds=(ASK,))
    return _shown(need, seat is not None)


def _shown(need: str, taken: bool) -> Card:
    return cards.answered(need) if taken or need == "nothing" else cards.nobody(need)


def offer(event: Event, ctx: Context) -> Card:
    """[提供：…]: the manager says yes."""
    ask, row, goal = _row(ctx, event, SUPPORT)
    return _decide(ctx, event, ask, row, goal, "offered", "")


def explain(event: Event, ctx: Context) -> None:
    """[说明原因]: the next message is the reason; the question stays open until it has come."""
    ask, row, _goal = _row(ctx, event, SUPPORT)
    if ask.state != "open":
        raise Refused(t(SETTLED))
    owner, actor = ctx.people.get(row["person_id"]), store.there(ctx.actor)
    name = owner.name if owner else ""
    if not any(each.matter == row["id"] for each in ctx.open_asks(actor.id, REASON)):
        ctx.ask(actor, REASON, row["id"], lambda ref: cards.reason_wanted(ref, name))


def back(event: Event, ctx: Context) -> Card:
    """[返回]: no reason after all."""
    ask, row, _goal = _row(ctx, event, REASON)
    if not ctx.answer(ask.ref, "back"):
        raise Refused(t(SETTLED))
    owner = ctx.people.get(row["person_id"])
    card = cards.support_closed(owner.name if owner else "", row["need"], "back")
    ctx.close(row["id"], lambda _p, _a: card, kinds=(REASON,))
    return card


def reason_given(event: Event, ctx: Context, ask: Ask, text: str) -> Card:
    """The words after [说明原因]."""
    row = ctx.db.execute(sa.select(tab.nudge).where(tab.nudge.c.id == ask.matter)).mappings().first()
    goal = store.goal(ctx.db, row["goal_id"]) if row else None
    if row is None or goal is None or len(text.strip()) < 2:
        raise Refused(t("请写明原因，至少两个字。"))
    return _decide(ctx, event, ask, row, goal, "refused", text.strip())


def _decide(ctx: Context, event: Event, ask: Ask, row: sa.RowMapping, goal: Goal, state: str, words: str) -> Card:
    actor, owner = store.there(ctx.actor), ctx.people.get(row["person_id"])
    keys = (tab.nudge.c.id == row["id"], tab.nudge.c.task_state == "open")
    values = {"task_state": state, "task_words": words, "task_by": actor.id, "task_at": ctx.now}
    if (
        not ctx.answer(ask.ref, state)
        or not ctx.db.execute(sa.update(tab.nudge).where(*keys).values(**values)).rowcount
    ):
        raise Refused(t(SETTLED))
    parts: dict[str, str | bytes] = {"words": words} if words else {}
    source = {"goal": goal.id, "need": row["need"], **_behalf(ctx, goal, actor)}
    ctx.record(f"support.{state}", row["id"], subject=owner, parts=parts, source=source, at=event.at)
    name = owner.name if owner else ""
    ctx.close(row["id"], lambda _p, _a: cards.support_closed(name, row["need"], state), kinds=(SUPPORT, REASON))
    if owner:
        ctx.say(owner, lambda: _told(actor.name, row["need"], state, words, goal.text), row["id"])
    return cards.support_closed(name, row["need"], state)


def _behalf(ctx: Context, goal: Goal, actor: Person) -> dict[str, str]:
    member = store.member(ctx.db, goal.cycle_id, goal.person_id)
    scorer = ctx.people.get(member.scorer_id) if member else None
    return {"for": scorer.ref} if scorer and scorer.id != actor.id else {}


def _told(by: str, need: str, state: str, words: str, text: str) -> Card:
    return cards.offered(by, need, text) if state == "offered" else cards.refused(by, need, words)
