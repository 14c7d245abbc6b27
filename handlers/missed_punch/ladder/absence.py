"""Missed working days in a row, from our rows: the alerts they lead to, and the one kind message of a weekend."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot.card import Card
from bot.context import Context
from bot.delivery import channels
from bot.people import Person
from bot.tables import ask
from handlers.missed_punch import letters, store, tables as t
from handlers.missed_punch.attendance import calendar
from handlers.missed_punch.cards import ladder as cards_ladder
from handlers.missed_punch.ladder import reach, rungs, runs, steps
from handlers.missed_punch.ladder.runs import Day, Run
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App

BACK = 31
"""Calendar days looked back."""
GRACE_DAYS = 3
"""Working days a drafted notice gives, until 18:00 of the last one."""
WINDOW = timedelta(hours=2)
"""How long after its hour a weekend message may still go out."""


@dataclass(frozen=True, slots=True)
class _Past:
    """What our rows say about a person's last weeks."""

    shifts: Mapping[date, list[RowMapping]]
    punches: Sequence[datetime]
    leaves: Sequence[tuple[datetime, datetime]]
    book: calendar.Book
    zone: ZoneInfo


def days(db: Connection, person: Person, last: date, now: datetime) -> list[Day]:
    """The calendar days up to `last` as the rules want to know them."""
    first = last - timedelta(days=BACK)
    past = _past(db, person, first, last)
    return [_day(db, first + timedelta(days=ahead), past, now) for ahead in range(BACK + 1)]


def _past(db: Connection, person: Person, first: date, last: date) -> _Past:
    zone = ZoneInfo(person.zone)
    of = (t.shift.c.person_id == person.id, t.shift.c.day >= first, t.shift.c.day <= last)
    columns = (t.shift, t.case.c.id.label("case_id"), t.case.c.state, t.case.c.outcome, t.case.c.replied_at)
    found = db.execute(sa.select(*columns).outerjoin(t.case, t.case.c.shift_id == t.shift.c.id).where(*of))
    shifts: dict[date, list[RowMapping]] = {}
    for row in found.mappings():
        shifts.setdefault(row["day"], []).append(row)
    since = datetime.combine(first, time(), zone).astimezone(UTC) - store.EARLY
    punched = sa.select(t.punch.c.at).where(t.punch.c.person_id == person.id, t.punch.c.at >= since)
    away = sa.select(t.leave.c.start_at, t.leave.c.end_at).where(
        t.leave.c.person_id == person.id, t.leave.c.end_at > since
    )
    leaves = [(row.start_at, row.end_at) for row in db.execute(away)]
    return _Past(shifts, list(db.execute(punched).scalars()), leaves, calendar.book(db), zone)


def _day(db: Connection, day: date, past: _Past, now: datetime) -> Day:
    planned = past.shifts.get(day, [])
    inside = any(row["early_at"] <= at < row["end_at"] for at in past.punches for row in planned)
    outside = not planned and any(at.astimezone(past.zone).date() == day for at in past.punches)
    leave = bool(planned) and all(
        row["outcome"] == "leave" or any(start < row["end_at"] and end > row["start_at"] for start, end in past.leaves)
        for row in planned
    )
    explained = any(row["state"] and _alive(db, row) for row in planned)
    return Day(
        day=day,
        calendar=calendar_kind(past.book, day),
        planned=bool(planned),
        seen=inside or outside or (explained and not leave),
        leave=leave,
        over=all(row["start_at"] < now for row in planned),
        held=not any(row["case_id"] for row in planned),
    )


def _alive(db: Connection, row: RowMapping) -> bool:
    """Did the case of a shift end in any sign of life? HR following up is none."""
    if row["state"] == "waiting" or row["outcome"] in ("left", "leave"):
        return False
    followed = sa.select(ask.c.ref).where(ask.c.matter == row["case_id"], ask.c.answer == "follow").limit(1)
    return row["state"] != "alive" or row["replied_at"] is not None or db.execute(followed).first() is None


def calendar_kind(book: calendar.Book, day: date) -> Literal["work", "weekend", "holiday", "unknown"]:
    """What the statutory calendar says, days off at the end of a week told apart from holidays."""
    kind = book.kind(day)
    if kind != "work":
        return kind
    return "weekend" if book.workday(day) is False else "work"


def repeated(db: Connection, rows: Sequence[RowMapping]) -> frozenset[str]:
    """Whose shifts `rows` could end a run: the others have no case of another day, and only such days count."""
    many = {each for each, count in Counter(row["person_id"] for row in rows).items() if count > 1}
    days = [row["day"] for row in rows]
    if not days:
        return frozenset()
    found = sa.select(t.case.c.person_id).join(t.shift, t.shift.c.id == t.case.c.shift_id).distinct()
    mine = t.case.c.person_id.in_([row["person_id"] for row in rows])
    recent = (t.shift.c.day >= min(days) - timedelta(days=BACK), t.shift.c.day <= max(days))
    return frozenset(many.union(db.execute(found.where(mine, *recent)).scalars()))


def look(ctx: Context, case: Case, person: Person) -> None:
    """Called when the day's case has opened: tell those whom the run concerns, once per run and length."""
    known = days(ctx.db, person, case.day, ctx.now)
    found = runs.run(known)
    length = runs.alert(found)
    if not length or found.counted[-1] != case.day:
        return
    key = f"run:{person.id}:{found.counted[0]}:{length}"
    notice = store.seen(ctx, key)
    if notice["told_at"] is not None:
        return
    store.told(ctx.db, key, told_at=ctx.now)
    _record(ctx, case, person, found)
    if length == runs.ALERT:
        _alert(ctx, case, person, found)
    else:
        _report(ctx, case, person, found)


def _record(ctx: Context, case: Case, person: Person, found: Run) -> None:
    counted = ", ".join(each.isoformat() for each in found.counted)
    skipped = ", ".join(f"{day.isoformat()} {why}" for day, why in found.skipped)
    parts = {"counted": counted, "skipped": skipped or "none"}
    ctx.record("absence.run", case.id, subject=person, parts=parts, source={"days": str(len(found.counted))})


def _shown(found: Run) -> tuple[list[str], list[tuple[str, runs.Why]]]:
    return [f"{day:%m-%d}" for day in found.counted], [(f"{day:%m-%d}", why) for day, why in found.skipped]


def _alert(ctx: Context, case: Case, person: Person, found: Run) -> None:
    boss, (counted, skipped) = steps.boss_of(ctx, person), _shown(found)
    people = [*steps.hr_people(ctx, person), *([boss] if boss else []), *ctx.people.with_role("hr_head")]
    for each in {each.id: each for each in people if each.id != person.id}.values():
        ctx.say(each, partial(_alert_card, person, counted, skipped, steps.page(ctx, case.id, person, each)), case.id)


def _alert_card(person: Person, counted: list[str], skipped: list[tuple[str, runs.Why]], link: str) -> Card:
    return replace(cards_ladder.run_alert(person.name, counted, skipped), link=link)


def _report(ctx: Context, case: Case, person: Person, found: Run) -> None:
    """The risk report to HR; to the HR head with the drafted notice, which nothing here ever sends."""
    counted, skipped = _shown(found)
    text = cards_ladder.letter_text(person.name, counted, until(ctx, case), letters.ground(ctx))
    digest = hashlib.sha256(text.encode()).hexdigest()
    ctx.record("absence.letter_drafted", case.id, subject=person, parts={"letter": text}, source={"sha256": digest})
    letters.draft(ctx, case, text, digest)
    heads = [each for each in ctx.people.with_role("hr_head") if each.id != person.id]
    hr = steps.hr_people(ctx, person)
    for each in heads or hr:
        ctx.say(each, lambda: cards_ladder.letter_draft(person.name, text), case.id)
        steps.ask(
            ctx,
            each,
            steps.LETTER,
            case,
            lambda ref: cards_ladder.letter(ref, person.name, cards_ladder.days(counted, skipped)),
        )
    told = {each.id for each in (heads or hr)}
    for each in hr:
        if each.id not in told:
            ctx.say(each, lambda: cards_ladder.run_alert(person.name, counted, skipped), case.id)


def until(ctx: Context, case: Case) -> str:
    """18:00 of the last of the working days given; in an unpublished year Monday to Friday, for HR to correct."""
    book, day, left = calendar.book(ctx.db), case.day, GRACE_DAYS
    while left:
        day += timedelta(days=1)
        works = book.workday(day)
        left -= (day.weekday() < 5) if works is None else works
    return f"{day.isoformat()} 18:00"


def weekend(app: App) -> None:
    """One gentle message on the rest day `profiles.toml` names, to whoever is still not heard of. Nothing else."""
    with app.context() as ctx:
        recent = (t.case.c.state == "waiting", t.case.c.opened_at >= ctx.now - timedelta(days=BACK))
        open_ids = sa.select(sa.func.max(t.case.c.id)).where(*recent).group_by(t.case.c.person_id)
        waiting = ctx.db.execute(open_ids).scalars().all()
    for case_id in waiting:
        with app.context() as ctx:
            case = store.get(ctx.db, case_id)
            person = ctx.people.get(case.person_id) if case else None
            if case and person and case.state == "waiting" and person.active:
                _gentle(ctx, case, person)


def _gentle(ctx: Context, case: Case, person: Person) -> None:
    local = ctx.now.astimezone(ZoneInfo(person.zone))
    version = rungs.in_force(reach.versions(), local.date())
    at = datetime.combine(local.date(), version.rest_at, local.tzinfo)
    key = f"gentle:{person.id}:{local.date()}"
    if not at <= local < at + WINDOW or store.leave_at(ctx.db, person.id, ctx.now):
        return
    known = days(ctx.db, person, local.date(), ctx.now)
    off = known[-1].calendar in ("weekend", "holiday")
    if not off or runs.rest_days(known) != version.rest_day or known[-1].seen:
        return
    if store.seen(ctx, key)["told_at"] is not None:
        return
    store.told(ctx.db, key, told_at=ctx.now)
    found = reach.contact_of(ctx.db, person.id)
    if found.email:
        # Still stopped by any sign of life: the message hangs on the person's own open question.
        mine = [each.ref for each in ctx.open_asks(person.id, steps.CHECKIN) if each.matter == case.id]
        channels.queue(ctx, person, "mail", found.email, cards_ladder.gentle_mail(), case.id, next(iter(mine), ""))
    else:
        ctx.ask(person, steps.CHECKIN, case.id, cards_ladder.gentle)
    ctx.record(
        "checkin.missed_punch_asked", case.id, subject=person, parts={"step": "周末问候"}, source={"rung": "weekend"}
    )
