"""What is wrong with the data we are given: collected as it is found, told to the administrator on one card a day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.context import Context
from bot.people import Person
from bot.store import new_ref
from handlers.missed_punch import store, tables as t
from handlers.missed_punch.attendance import calendar as statutory
from handlers.missed_punch.cards import findings as cards_findings

if TYPE_CHECKING:
    from bot.app import App

OFFICE_HOURS = (time(8), time(20))
GATHER = timedelta(minutes=15)
"""How long the first finding of a day waits for others."""


def administrators(ctx: Context) -> list[Person]:
    """The HR head, else HR."""
    return ctx.people.with_role("hr_head") or ctx.people.with_role("hr")


def note(
    ctx: Context, kind: cards_findings.Kind, platform: str, about: str, detail: str = "", person: str = ""
) -> bool:
    """Keep a finding; the same about the same thing only once a day. True when it is new.

    `about` tells things apart (a person, a file); `detail` is shown and holds no reason and no medical word.
    """
    day = ctx.now.astimezone(ctx.zone).date()
    key = f"{kind}:{platform}:{about}"[:180] + f":{day}"
    if ctx.db.execute(sa.select(t.finding.c.id).where(t.finding.c.key == key)).first():
        return False
    row = {"key": key, "id": f"mpf-{new_ref()}", "kind": kind, "platform": platform, "person_id": person}
    ctx.db.execute(sa.insert(t.finding).values(**row, detail=detail[:200], found_at=ctx.now))
    subject = ctx.people.get(person)
    ctx.record("attendance.finding", row["id"], subject=subject, source={"kind": kind, "platform": platform[:40]})
    return True


def tell(app: App) -> None:
    """One card a day, in office hours, with everything found since the last one."""
    with app.context() as ctx:
        local = ctx.now.astimezone(ctx.zone)
        if not OFFICE_HOURS[0] <= local.time() < OFFICE_HOURS[1] or _told_on(ctx, local.date()):
            return
        query = (
            sa.select(t.finding).where(t.finding.c.told_at.is_(None)).order_by(t.finding.c.found_at, t.finding.c.key)
        )
        rows = ctx.db.execute(query).mappings().all()
        people = administrators(ctx)
        if not rows or not people or ctx.now - rows[0]["found_at"] < GATHER:
            return
        lines = [_line(ctx, row["kind"], row["platform"], row["detail"], row["person_id"]) for row in rows]
        for each in people:
            ctx.say(each, lambda: cards_findings.listing(lines), rows[0]["id"])
        ctx.db.execute(sa.update(t.finding).where(t.finding.c.told_at.is_(None)).values(told_at=ctx.now))


def watch_calendar(app: App) -> None:
    """Warn while the coming year's statutory days are missing: weekly from 1 November, daily in December."""
    with app.context() as ctx:
        local = ctx.now.astimezone(ctx.zone)
        if not OFFICE_HOURS[0] <= local.time() < OFFICE_HOURS[1]:
            return
        key = "calendar-year"
        last = next((row["told_at"] for row in store.notices(ctx.db, [key])), None)
        day = last.astimezone(ctx.zone).date() if last else None
        year = statutory.warn_due(local.date(), statutory.book(ctx.db), day)
        people = administrators(ctx)
        if year is None or not people:
            return
        row = store.seen(ctx, key)
        for each in people:
            ctx.say(each, lambda: cards_findings.calendar_missing(year), row["id"])
        store.told(ctx.db, key, told_at=ctx.now)
        ctx.record("attendance.calendar_missing", row["id"], source={"year": str(year)})


def _told_on(ctx: Context, day: date) -> bool:
    last: datetime | None = ctx.db.execute(sa.select(sa.func.max(t.finding.c.told_at))).scalar_one_or_none()
    return last is not None and last.astimezone(ctx.zone).date() == day


def _line(ctx: Context, kind: str, platform: str, detail: str, person_id: str) -> cards_findings.Line:
    person = ctx.people.get(person_id)
    return cards_findings.Line(kind, platform, person.name if person else "", detail)
