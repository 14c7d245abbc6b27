"""What HR does to a ladder from the case page: hold it, go on, take the next step now, stop it. Each needs a reason.

The case's row is locked first, so of two people who press in the same moment one is second and learns who was first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.engine import Connection

from bot import access
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.evidence.tables import ev_event
from bot.locale import t as say
from bot.people import Person
from handlers.missed_punch import cards, store, tables as t
from handlers.missed_punch.cards import manager as cards_manager
from handlers.missed_punch.ladder import reach, rungs as ladder, standing, steps
from handlers.missed_punch.store import Case

What = Literal["hold", "resume", "advance", "stop"]
HELD, RESUMED, ADVANCED, STOPPED = "checkin.held_by_hr", "checkin.resumed", "checkin.advanced", "checkin.stopped"
TYPES: dict[str, What] = {HELD: "hold", RESUMED: "resume", ADVANCED: "advance", STOPPED: "stop"}
LINES: dict[What, str] = {
    "hold": "暂停了提醒",
    "resume": "继续了提醒",
    "advance": "提前了下一步",
    "stop": "停止了追问",
}
"""What the timeline on HR's cards says; kept in Chinese like all of it."""
SHORTEST, LONGEST = 2, 500
NOT_YOURS = "只有 HR 可以操作，自己的事项除外。"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`key` is what page_words says as `said_<key>`; `done`: it happened and is on record."""

    key: str
    done: bool = False


def act(ctx: Context, case_id: str, what: What, seen: str, reason: str) -> Outcome:
    """`ctx.actor` presses a button on a page that showed `seen` (see `mark`). Refused unless they are HR for others."""
    case, person = _locked(ctx, case_id)
    if ctx.actor is None or not access.is_hr(ctx.actor) or ctx.actor.id == person.id:
        raise Refused(say(NOT_YOURS))
    reason = reason.strip()[:LONGEST]
    if sum(char.isalnum() for char in reason) < SHORTEST:
        return Outcome("reason")
    last = last_step(ctx.db, case.id)
    rung, _, control = seen.partition(".")
    if control != _number(last):
        return Outcome("late")
    if case.state != "waiting" or (what == "advance" and rung != str(case.rung)):
        return Outcome("moved")
    return {"hold": _hold, "resume": _resume, "advance": _advance, "stop": _stop}[what](ctx, case, person, reason)


def mark(case: Case, last: Row[Any] | None) -> str:
    """What a page shows of a ladder, to be brought back with its form."""
    return f"{case.rung}.{_number(last)}"


def last_step(db: Connection, case_id: str) -> Row[Any] | None:
    """The newest of these steps on record for the case."""
    where = (ev_event.c.object_id == case_id, ev_event.c.type.in_(TYPES))
    return db.execute(sa.select(ev_event).where(*where).order_by(ev_event.c.n.desc()).limit(1)).first()


def holds(case: Case, last: Row[Any] | None) -> bool:
    """HR holds the ladder: nothing is due although there is a next step."""
    return case.state == "waiting" and case.next_at is None and last is not None and last.type == HELD


def _number(last: Row[Any] | None) -> str:
    return str(last.n) if last else "0"


def _locked(ctx: Context, case_id: str) -> tuple[Case, Person]:
    ctx.db.execute(sa.select(t.case.c.id).where(t.case.c.id == case_id).with_for_update())
    return store.need(ctx, case_id)


def _note(ctx: Context, case: Case, person: Person, what: What, reason: str, **source: str) -> str:
    """Record the step; returns the timeline with its line."""
    type = next(each for each, name in TYPES.items() if name == what)
    ctx.record(type, case.id, subject=person, parts={"reason": reason}, source={"rung": str(case.rung), **source})
    who = ctx.actor.name if ctx.actor else ""
    return store.noted(case, ctx.now, person.zone, f"{who}：{LINES[what]}")


def _hold(ctx: Context, case: Case, person: Person, reason: str) -> Outcome:
    if case.next_at is None:
        return Outcome("nothing")
    line = _note(ctx, case, person, "hold", reason)
    store.move(ctx.db, case, next_at=None, timeline=line)
    return Outcome("held", True)


def _resume(ctx: Context, case: Case, person: Person, reason: str) -> Outcome:
    last = last_step(ctx.db, case.id)
    if last is None or not holds(case, last):
        return Outcome("moved")
    pause = _paused(ctx, last)
    line = _note(ctx, case, person, "resume", reason, paused_seconds=str(int(pause.total_seconds())))
    shifted = replace(case, base_at=case.base_at + pause)
    due = ladder.following(reach.plan(ctx, shifted, person).due, case.rung, ctx.now)
    store.move(ctx.db, case, next_at=due or ctx.now, base_at=shifted.base_at, timeline=line)
    return Outcome("resumed", True)


def _paused(ctx: Context, last: Row[Any]) -> timedelta:
    return max(timedelta(0), ctx.now - datetime.fromtimestamp(last.seen_ms / 1000, ctx.now.tzinfo))


def _advance(ctx: Context, case: Case, person: Person, reason: str) -> Outcome:
    """The stop conditions are looked at first, as before every rung."""
    if at := store.punch_since(ctx.db, case):
        steps.punched(ctx, case, person, at)
        return Outcome("punched", True)
    if leave := store.leave_at(ctx.db, person.id, ctx.now):
        steps.finish(ctx, case, person, "leave", lambda: cards.leave_seen(leave[1]), ctx.now)
        return Outcome("leave", True)
    last = last_step(ctx.db, case.id)
    held = holds(case, last)
    if case.next_at is None and not held:
        return Outcome("nothing")
    base = case.base_at + _paused(ctx, last) if held and last else case.base_at
    store.move(ctx.db, case, base_at=base, timeline=_note(ctx, case, person, "advance", reason))
    fresh, _ = store.need(ctx, case.id)
    steps.climb_to(ctx, fresh, person, fresh.rung + 1)
    after, _ = store.need(ctx, case.id)
    return Outcome("advanced" if after.rung > case.rung or after.next_at is None else "quiet", True)


def _stop(ctx: Context, case: Case, person: Person, reason: str) -> Outcome:
    """The employee's own card stays open: their word, and a correction, are welcome at any time."""
    actor = ctx.actor
    line = _note(ctx, case, person, "stop", reason)
    by: dict[str, Any] = {"decided_by": actor.id if actor else "", "decided_at": ctx.now}
    store.move(ctx.db, case, state="alive", reason=standing.STOPPED, next_at=None, timeline=line, **by)

    def done(_person: Person, _ask: object) -> Card:
        return cards_manager.hr_done(person.name, actor.name if actor else "", LINES["stop"])

    ctx.close(case.id, done, kinds=(*steps.OTHERS, steps.HELP))
    return Outcome("stopped", True)
