"""What happens to requests nobody answers: one reminder in working time, then the next one up, in the end HR's queue;
and one summary card where many plain ones wait for the same person. Who was not shown a card is not reminded of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from bot import asks
from bot.approvals import Role, bulk, cards, hours as approvals_hours, kept, rows
from bot.approvals.data import numbered
from bot.approvals.faces import faces
from bot.approvals.flow import chosen, put, seat
from bot.approvals.rows import Approval, StepRow
from bot.context import Context
from bot.delivery import outbox
from bot.locale import speaking
from bot.people import Person
from bot.statutory import office_day
from bot.tables import outbox as table
from bot.wire import dump_card, load_card

if TYPE_CHECKING:
    from bot.app import App


def sweep(app: App) -> None:
    """Every request whose time has come, in one transaction each so that one bad one holds up nobody else."""
    kept.sweep(app)
    with app.context() as ctx:
        matters = rows.due(ctx.db, ctx.now)
    for matter in matters:
        with app.context() as ctx:
            found = rows.of_matter(ctx.db, matter)
            if found and found.state == "open" and found.kind in faces:
                _due(ctx, found, rows.steps_of(ctx.db, found.id)[found.step])
    with app.context() as ctx:
        bulk.offer(ctx)


def _due(ctx: Context, found: Approval, step: StepRow) -> None:
    if step.state != "open":
        return
    if not step.seats:
        seat(ctx, found, step, cast(Role, step.asked_role))
    elif step.escalate_at and step.escalate_at <= ctx.now:
        _escalate(ctx, found, step)
    elif step.remind_at and step.remind_at <= ctx.now:
        _remind(ctx, found, step)


def _escalate(ctx: Context, found: Approval, step: StepRow) -> None:
    """The next role that brings somebody new; HR is the end, and there it stays."""
    ladder, role = numbered(found.version).escalate, step.asked_role
    while role in ladder:
        role = ladder[role]
        if fresh := seat(ctx, found, step, cast(Role, role)):
            subject = ctx.people.get(found.person_id)
            source = {"to": role, "people": str(len(fresh)), "kind": found.kind}
            ctx.record("approval.escalated", found.matter, subject=subject, source=source)
            return
    rows.move_step(ctx.db, step, "open", remind_at=None, escalate_at=None)


def to_hr(ctx: Context, matter: str) -> list[Person]:
    """The present step cannot be finished by whoever has it: HR may decide as well, at once.

    Returns who is asked by this: HR who had no part in it, and HR whose question was answered or taken back meanwhile.
    """
    found = rows.of_matter(ctx.db, matter, lock=True)
    if found is None or found.state != "open" or found.kind not in faces:
        return []
    step = rows.steps_of(ctx.db, found.id)[found.step]
    asked = seat(ctx, found, step, "hr")
    waiting = {
        each.person_id for each in asks.of_matter(ctx.db, matter, [faces[found.kind].ask]) if each.state == "open"
    }
    for each in chosen(ctx, found, "hr").seats:
        person = ctx.people.get(each.person)
        if person and person.id in step.seats and person.id not in waiting:
            put(ctx, found, step, person, step.seats[person.id])
            asked.append(person)
    subject, source = ctx.people.get(found.person_id), {"to": "hr", "people": str(len(asked)), "kind": found.kind}
    ctx.record("approval.escalated", matter, subject=subject, source=source)
    return asked


def _remind(ctx: Context, found: Approval, step: StepRow) -> None:
    hours = numbered(found.version).hours
    waiting = [
        (each, person)
        for each in asks.of_matter(ctx.db, found.matter, [faces[found.kind].ask])
        if each.state == "open" and each.person_id in step.seats and (person := ctx.people.get(each.person_id))
    ]
    asleep = [
        person.zone for _, person in waiting if not approvals_hours.within(ctx.now, person.zone, hours, office_day)
    ]
    if asleep:
        # The machine was down at the right moment: not now, but when work begins again.
        later = max(approvals_hours.after(ctx.now, 0, zone, hours, office_day) for zone in asleep)
        rows.move_step(ctx.db, step, "open", remind_at=later)
        return
    rows.move_step(ctx.db, step, "open", remind_at=None)
    shown = kept.shown(ctx.db, [each.ref for each, _ in waiting])
    waiting = [(each, person) for each, person in waiting if each.ref in shown]
    if not waiting:
        return
    for each, person in waiting:
        again(ctx, each.ref, person, found.matter, remind=True)
    subject, values = ctx.people.get(found.person_id), {"people": str(len(waiting)), "kind": found.kind}
    ctx.record("approval.reminded", found.matter, subject=subject, source=values)


def again(ctx: Context, ref: str, person: Person, matter: str, *, remind: bool = False) -> None:
    """Send the card of an open question once more, as a reminder or as it was."""
    sent: Any = sa.and_(table.c.ask_ref == ref, table.c.kind == "send")
    body = ctx.db.execute(sa.select(table.c.body).where(sent).order_by(table.c.id).limit(1)).scalar_one_or_none()
    if body is None:
        return
    if remind:
        with speaking(person.locale):
            body = dump_card(cards.reminder(load_card(body)))
    outbox.queue(ctx.db, ctx.now, "send", person.platform, person, matter, body, ask_ref=ref)
