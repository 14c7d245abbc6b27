"""The platforms' own approval apps are followed: a leave filed or decided there counts at once, and ends ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot import clock
from bot.card import Card
from bot.context import Context
from bot.errors import PlatformError
from bot.event import SLIP, Event
from bot.people import Person
from bot.ports import Attendance, Leave, Punch
from bot.ports.slips import Slip, Slips
from bot.router import on
from handlers.missed_punch.attendance import expected, fetching, keeping, late, slips
from handlers.missed_punch.flow import leave as flow_leave

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.missed_punch")
DAY = timedelta(days=1)
BACK = timedelta(days=7)
"""How far back a make-up punch that was just approved is looked for."""


@on(SLIP)
def changed(event: Event, ctx: Context) -> Card | None:
    """Something happened to a native request: it is read next; withdrawn or refused it covers nothing any more."""
    number, user, state = (event.data.get(name, "") for name in ("number", "user_id", "state"))
    person = ctx.people.find(event.platform, user) if user else None
    known = slips.get(ctx.db, event.platform, number)
    if known and state not in (*slips.COVERS, "unknown"):
        slips.uncover(ctx.db, known)
    said = {"state": state, "about": event.data.get("about", "")[:12], "person_id": person.id if person else ""}
    slips.changed(ctx.db, event.platform, number, ctx.now, **said)
    return None


def refresh(app: App) -> None:
    """Read what changed, outside any transaction, and let it count. One that cannot be read now is tried again."""
    for name, platform in app.platforms.items():
        attendance = platform.attendance
        if not isinstance(attendance, Slips):
            continue
        with app.engine.connect() as db:
            numbers = slips.unread(db, name, clock.now())
        for number in numbers:
            try:
                _read(app, name, attendance, number)
            except PlatformError as error:
                log.warning("slip.unread", platform=name, code=error.code, alarm=error.alarm)
                if not error.permanent:
                    break


def _read(app: App, name: str, attendance: Attendance, number: str) -> None:
    found = _look(attendance, number)
    with app.context() as ctx:
        known = slips.get(ctx.db, name, number)
        person = ctx.people.find(name, found.user_id) if found else ctx.people.get(known["person_id"] if known else "")
    now = clock.now()
    leaves: list[Leave] = []
    punches: list[Punch] = []
    if person and found is None:
        # It may not be read: what the attendance itself says of this person has to do.
        leaves = attendance.leaves([person.user_id], now - DAY, now + BACK)
    if person and found and (found.about, found.state) == ("correction", "approved"):
        punches = attendance.punches([person.user_id], now - BACK, now + fetching.AHEAD)
    with app.context() as ctx:
        before = slips.get(ctx.db, name, number)
        if before:
            slips.uncover(ctx.db, before)
        slips.read(ctx.db, name, number, ctx.now, person.id if person else "", found)
        if person:
            _count(ctx, person, number, found, (leaves, punches))


def _look(attendance: Attendance, number: str) -> Slip | None:
    try:
        return attendance.slip(number) if isinstance(attendance, Slips) else None
    except PlatformError as error:
        if not error.permanent:
            raise
        log.warning("slip.refused", code=error.code)
        return None


def _count(
    ctx: Context, person: Person, number: str, found: Slip | None, fetched: tuple[Sequence[Leave], Sequence[Punch]]
) -> None:
    people = {person.user_id.casefold(): person}
    if found is None:
        expected.write_leaves(ctx, people, ctx.now - DAY, fetched[0])
    row = slips.get(ctx.db, person.platform, number)
    if row:
        slips.cover(ctx.db, row)
    keeping.keep(ctx, person.platform, people, fetched[1])
    late.excuse(ctx, [person.id])
    if row and row["start_at"] and row["state"] in ("approved", "rejected"):
        flow_leave.decided_elsewhere(ctx, person, row["start_at"], row["end_at"])
