"""The employee's side: buttons and every sign of life. Flows load, decide, record, say; nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.approvals import flow as approvals_flow
from bot.card import Card
from bot.context import Context
from bot.event import PUNCHED, Event
from bot.people import Person
from bot.router import Gone, erases, heard, on
from handlers.missed_punch import cards, rules, store, tables as t
from handlers.missed_punch.attendance import findings, native, sources
from handlers.missed_punch.cards import manager as cards_manager
from handlers.missed_punch.flow import (
    approval,
    contacts,
    gone as flow_gone,
    ladder,
    letter,
    others,
    takeover,
    words as flow_words,
)
from handlers.missed_punch.flow.employee import choose, submit, where_it_stands
from handlers.missed_punch.ladder import steps

__all__ = [
    "alive",
    "approval",
    "contacts",
    "flow_gone",
    "ladder",
    "letter",
    "others",
    "native",
]
__all__ += ["takeover", "flow_words"]
_UNDOABLE = ("alive", "time", "approval")
_UNSAID: Mapping[str, Any] = {"reason": "", "replied_at": None, "claimed_at": None, "next_at": None}
_EARLY_WORD = timedelta(hours=1)


@heard
def alive(event: Event, ctx: Context) -> None:
    """Anything the person did, wherever it came from, dated when they did it and not when it reached us."""
    person = ctx.actor
    if person is None:
        return
    if event.action == PUNCHED and not _remember_punch(event, ctx, person):
        return
    for case in store.open_of(ctx.db, person.id):
        if event.action == PUNCHED and case.start_at - store.EARLY <= event.at < case.end_at:
            steps.punched(ctx, case, person, event.at)
        elif case.state == "waiting" and event.at >= case.start_at - _EARLY_WORD:
            steps.stop(ctx, case, person, event.at)
            ctx.record(
                "checkin.sign_of_life", case.id, subject=person, source={"action": event.action[:60]}, at=event.at
            )


def _remember_punch(event: Event, ctx: Context, person: Person) -> bool:
    """False for a punch that has not happened yet: kept as it came, told to the administrator, proof of nothing."""
    source = event.data.get("source", "push")[:64]
    if event.at > ctx.now + sources.SKEW:
        digest = hashlib.sha256(event.raw).hexdigest()
        record = sources.Record(person.id, event.at, event.data.get("kind", "other")[:8], source, digest)
        sources.add(ctx.db, [record], ctx.now)
        when = event.at.astimezone(ctx.zone)
        findings.note(ctx, "future", event.platform, person.id, f"{when:%m-%d %H:%M} ({source})", person.id)
        return False
    where = (t.punch.c.person_id == person.id, t.punch.c.at == event.at)
    if ctx.db.execute(sa.select(t.punch.c.id).where(*where)).first() is None:
        row = {"person_id": person.id, "at": event.at, "kind": event.data.get("kind", "other")[:8], "source": source}
        ctx.db.execute(sa.insert(t.punch).values(**row, fetched_at=ctx.now))
    return True


def _button(kind: rules.Kind) -> Callable[[Event, Context], Card | None]:
    def flow(event: Event, ctx: Context) -> Card | None:
        ask = ctx.asked(event.ref)
        case, person = store.need(ctx, ask.matter)
        if ask.state != "open" or case.state not in steps.LISTENING:
            return where_it_stands(ctx, case)
        return choose(event, ctx, case, person, rules.Understood(kind), "", event.ref)

    flow.__name__ = kind
    flow.__doc__ = f"The employee tapped [{cards.LABELS[kind]}]."
    return flow


_BUTTONS: tuple[rules.Kind, ...] = ("forgot", "on_my_way", "leave", "field", "device", "help")
for _kind in _BUTTONS:
    on(f"missed_punch.{_kind}")(_button(_kind))


@on("missed_punch.time")
def time(event: Event, ctx: Context) -> Card | None:
    """[按班次 09:00]: the shift's own start is the claimed time."""
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    if case.state not in steps.LISTENING:
        return where_it_stands(ctx, case)
    return submit(event, ctx, case, person, case.start_at, case.words, "forgot")


@on("missed_punch.undo")
def undo(event: Event, ctx: Context) -> Card | None:
    """[不是这个意思]: a fresh card within half an hour; both answers stay on record."""
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    fresh = case.replied_at is not None and ctx.now - case.replied_at <= rules.UNDO_WINDOW
    if not fresh or not store.move(ctx.db, case, states=_UNDOABLE, state="alive", **_UNSAID):
        return where_it_stands(ctx, case)
    if case.state == "approval":
        approvals_flow.end(ctx, case.id, "withdrawn")
        claimed = store.hhmm(case.claimed_at or case.start_at, person.zone)
        back = (steps.APPROVAL, steps.REASON)
        ctx.close(case.id, lambda _person, _ask: cards_manager.withdrawn(person.name, claimed), kinds=back)
    ctx.record("checkin.undone", case.id, subject=person, source={"was": case.reason}, at=event.at)
    hello, shift = steps.greeting(ctx.now, person.zone), store.span(case, person.zone)
    ctx.ask(person, steps.CHECKIN, case.id, lambda ref: cards.checkin(ref, hello, shift))
    return cards.reopened()


@erases
def forget(db: Connection, gone: Gone) -> list[str]:
    """Their words, what HR noted and letters to them go; days and outcomes stay without a name. Returns their cases."""
    mine = t.case.c.person_id == gone.person_id
    matters = list(db.execute(sa.select(t.case.c.id).where(mine)).scalars())
    db.execute(sa.update(t.case).where(mine).values(words="", timeline=""))
    db.execute(sa.update(t.letter).where(t.letter.c.person_id == gone.person_id).values(text="", courier=""))
    for table in (t.punch, t.leave, t.slip):
        db.execute(sa.delete(table).where(table.c.person_id == gone.person_id))
    db.execute(sa.update(t.shift).where(t.shift.c.person_id == gone.person_id).values(user_id=gone.person_id))
    return matters
