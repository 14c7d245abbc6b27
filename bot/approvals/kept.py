"""Cards that stay back: beyond so many open questions of a kind a person gets one card a working day that counts them,
not one each. Which kinds: approvals whose Face has `most`, and what a handler registers with `plenty`.

The question itself is open like any other: in the to-do list, on the kind's page, in what is decided together. Its card
is an outbox row in the state `kept`, which nothing sends: no evidence says that it was shown, because it was not. When
few enough wait, the cards that stayed back are sent after all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.approvals import cards, hours as approvals_hours, org, rows as approvals_rows
from bot.approvals.data import numbered, version_at
from bot.approvals.faces import Face, faces
from bot.card import Card
from bot.context import Context
from bot.people import Person
from bot.statutory import office_day
from bot.tables import approval, approval_step, ask, outbox

if TYPE_CHECKING:
    from bot.app import App

KEPT = "kept"
_MINE = (ask.c.person_id == sa.bindparam("person_id"), ask.c.kind == sa.bindparam("kind"))
# Written out: a partial index is used only where its condition is spelled like this.
_FEW = sa.select(ask.c.ref).where(*_MINE, ask.c.state == sa.literal_column("'open'")).limit(sa.bindparam("most"))
_CARD = sa.and_(outbox.c.ask_ref == ask.c.ref, outbox.c.kind == "send", outbox.c.state == KEPT)


@dataclass(frozen=True, slots=True)
class Plenty:
    """Questions of the kind `ask` of which somebody may have thousands: up to `most` come as cards.

    `card`: (how many wait, how many of them without a card, address of `page` or empty) -> the card that counts them.
    """

    ask: str
    most: int
    page: str
    card: Callable[[int, int, str], Card]


_others: dict[str, Plenty] = {}


def plenty(new: Plenty) -> Plenty:
    """Register a kind that is no approval."""
    _others[new.ask] = new
    return new


@dataclass(frozen=True, slots=True)
class Waiting:
    """Questions of one kind that wait for one person; `kept`: of `every`, those without a card of their own."""

    person_id: str
    kind: str
    every: int
    kept: int


def put(ctx: Context, face: Face, person: Person, ref: str) -> None:
    """The question `ref` was just put in this transaction: its card stays back when there are enough before it."""
    if face.most and not _room(ctx.db, person.id, face.ask, face.most + 1):
        fresh = (outbox.c.ask_ref == ref, outbox.c.kind == "send", outbox.c.state == "queued")
        ctx.db.execute(sa.update(outbox).where(*fresh).values(state=KEPT))


def room(db: Connection, person_id: str, kind: str) -> int | None:
    """How many more questions of a kind that was registered with `plenty` come to the person as cards; the rows of
    the others are put in the state KEPT. None where all come."""
    known = _others.get(kind)
    return _room(db, person_id, kind, known.most) if known else None


def _room(db: Connection, person_id: str, kind: str, most: int) -> int:
    return most - len(db.execute(_FEW, {"person_id": person_id, "kind": kind, "most": most}).all())


def shown(db: Connection, refs: Sequence[str]) -> set[str]:
    """Which of these questions had a card that was sent, or is about to be."""
    where = (outbox.c.ask_ref.in_(refs), outbox.c.kind == "send", outbox.c.state.not_in((KEPT, "stopped")))
    return {row for row in db.execute(sa.select(outbox.c.ask_ref).where(*where)).scalars() if row}


def sweep(app: App) -> None:
    """Cards that stayed back: of questions that ended they go, of few they are sent, of many one card says how many."""
    with app.engine.connect() as db:
        if db.execute(sa.select(outbox.c.id).where(outbox.c.state == KEPT).limit(1)).first() is None:
            return
    with app.context() as ctx:
        over = sa.exists().where(ask.c.ref == outbox.c.ask_ref, ask.c.state != "open")
        other = outbox.alias()
        same = (other.c.ask_ref == outbox.c.ask_ref, other.c.kind == "send", other.c.state.not_in((KEPT, "stopped")))
        # An erased person has no account any more; and who asked for the card, by the to-do list, has it.
        gone = sa.or_(over, sa.exists().where(*same), outbox.c.user_id == "")
        ctx.db.execute(sa.update(outbox).where(outbox.c.state == KEPT, gone).values(state="stopped"))
        _no_reminders(ctx)
        waiting = _waiting(ctx.db)
    kinds = _kinds()
    for each in waiting:
        with app.context() as ctx:
            person, kind = ctx.people.get(each.person_id), kinds.get(each.kind)
            if person is None or not person.active:
                continue
            if kind is None or each.every <= kind.most:
                _release(ctx, person, each)
            else:
                _digest(ctx, person, kind, each)


def _no_reminders(ctx: Context) -> None:
    """Thousands of steps of which nobody was shown a card are not reminded of one by one: at once, without one."""
    s, a = approval_step.c, approval.c
    asked = sa.select(a.id).join(ask, ask.c.matter == a.matter).join(outbox, outbox.c.ask_ref == ask.c.ref)
    asked = asked.where(a.state == "open", ask.c.state == "open", outbox.c.kind == "send")
    back, out = outbox.c.state == KEPT, outbox.c.state.not_in((KEPT, "stopped"))
    due = (s.state == "open", s.remind_at <= ctx.now, s.approval_id.in_(asked.where(back)))
    ctx.db.execute(sa.update(approval_step).where(*due, s.approval_id.not_in(asked.where(out))).values(remind_at=None))


def _kinds() -> dict[str, Plenty]:
    found = {
        each.ask: Plenty(each.ask, each.most, each.page, functools.partial(cards.many, each.name))
        for each in faces.values()
        if each.most
    }
    return found | _others


def _waiting(db: Connection) -> list[Waiting]:
    """By person and kind, in one order."""
    held = sa.select(ask.c.person_id, ask.c.kind, sa.func.count()).join(outbox, _CARD).where(ask.c.state == "open")
    found = []
    for person_id, kind, kept in db.execute(held.group_by(ask.c.person_id, ask.c.kind)).tuples():
        mine = (ask.c.person_id == person_id, ask.c.kind == kind, ask.c.state == sa.literal_column("'open'"))
        every = db.execute(sa.select(sa.func.count()).select_from(ask).where(*mine)).scalar_one()
        found.append(Waiting(person_id, kind, every, kept))
    return sorted(found, key=lambda each: (each.person_id, each.kind))


def _release(ctx: Context, person: Person, waiting: Waiting) -> None:
    """Few wait now: their cards go out, and whoever was not reminded before is reminded as of now."""
    mine = sa.select(ask.c.ref, ask.c.matter).join(outbox, _CARD)
    where = (ask.c.person_id == waiting.person_id, ask.c.kind == waiting.kind, ask.c.state == "open")
    found = ctx.db.execute(mine.where(*where).order_by(ask.c.ref)).tuples().all()
    alone = [matter for _, matter in found if not _shown_to_anybody(ctx.db, matter, waiting.kind)]
    rows = (outbox.c.ask_ref.in_([ref for ref, _ in found]), outbox.c.state == KEPT)
    ctx.db.execute(sa.update(outbox).where(*rows).values(state="queued", due=ctx.now))
    for request in filter(None, (approvals_rows.of_matter(ctx.db, each) for each in alone)):
        version = numbered(request.version)
        at = approvals_hours.after(ctx.now, version.remind, person.zone, version.hours, office_day)
        step = approvals_rows.steps_of(ctx.db, request.id)[request.step]
        approvals_rows.move_step(ctx.db, step, "open", remind_at=at)


def _shown_to_anybody(db: Connection, matter: str, kind: str) -> bool:
    refs = db.execute(sa.select(ask.c.ref).where(ask.c.matter == matter, ask.c.kind == kind)).scalars().all()
    return bool(shown(db, refs))


def _digest(ctx: Context, person: Person, kind: Plenty, waiting: Waiting) -> None:
    """Once a working day, in working time, not while they are away."""
    hours = version_at(ctx.now, person.zone).hours
    if not approvals_hours.within(ctx.now, person.zone, hours, office_day):
        return
    day = ctx.now.astimezone(ZoneInfo(person.zone)).date()
    matter = f"wait-{day:%y%m%d}-{person.ref}-{kind.ask}"[:60]
    if ctx.db.execute(sa.select(outbox.c.id).where(outbox.c.matter == matter).limit(1)).first():
        return
    if person.id in {each for source in org.sources for each in source(ctx.db, [person.id], ctx.now)}:
        return
    link = ctx.page(kind.page, person)
    ctx.say(person, lambda: kind.card(waiting.every, waiting.kept, link), matter)
