"""What runs by itself: fetch the attendance data, find who is missing, climb what is unanswered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog

from bot import clock
from bot.context import Context
from bot.errors import PlatformError
from bot.people import Person
from bot.ports import Attendance, Leave, Punch, Shift
from handlers.missed_punch import steps, store
from handlers.missed_punch import tables as t
from handlers.missed_punch.climb import climb
from handlers.missed_punch.scan import scan

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.missed_punch")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One platform's answers for one local day; `at` is when the fetch began, nothing later is known."""

    day: date
    since: datetime
    at: datetime
    shifts: list[Shift]
    punches: list[Punch]
    leaves: list[Leave]


def poll(app: App) -> None:
    """Fetch outside any transaction, then write. A platform that fails keeps its old `mp_feed.fetched_at`."""
    for name, platform in app.platforms.items():
        people = app.people_on(name)
        try:
            found = _fetch(platform.attendance, [each.user_id for each in people], app.settings.timezone)
        except PlatformError as error:
            log.warning("feed.failed", platform=name, code=error.code, alarm=error.alarm)
            continue
        with app.context() as ctx:
            _write(ctx, name, {each.user_id.lower(): each for each in people}, found)


def _fetch(attendance: Attendance, users: list[str], zone: str) -> Fetched:
    now = clock.now()
    local = now.astimezone(ZoneInfo(zone))
    since = datetime.combine(local.date(), time(), local.tzinfo) - store.EARLY
    # A leave that starts later today matters only later; one that covers now matters now.
    until = since + store.EARLY + timedelta(days=1)
    return Fetched(
        day=local.date(),
        since=since,
        at=now,
        shifts=attendance.shifts(users, local.date()) if users else [],
        punches=attendance.punches(users, since, now) if users else [],
        leaves=attendance.leaves(users, since, until) if users else [],
    )


def _write(ctx: Context, name: str, people: Mapping[str, Person], found: Fetched) -> None:
    _write_shifts(ctx, name, people, found)
    _write_punches(ctx, people, found)
    _write_leaves(ctx, people, found)
    if ctx.db.execute(sa.update(t.feed).where(t.feed.c.platform == name).values(fetched_at=found.at)).rowcount == 0:
        ctx.db.execute(sa.insert(t.feed).values(platform=name, fetched_at=found.at))
    _settle(ctx, name)


def _write_shifts(ctx: Context, name: str, people: Mapping[str, Person], found: Fetched) -> None:
    """Today's plan as it is now: changed shifts replace the old ones unless somebody was already asked about them."""
    today = (t.shift.c.platform == name, t.shift.c.day == found.day)
    known = {(row.person_id, row.start_at): row for row in ctx.db.execute(sa.select(t.shift).where(*today))}
    fresh: dict[tuple[str, datetime], dict[str, object]] = {}
    for each in found.shifts:
        if person := people.get(each.user_id.lower()):
            row = {
                "person_id": person.id,
                "platform": name,
                "user_id": each.user_id,
                "day": each.day,
                "site": person.site,
            }
            fresh[person.id, each.start] = row | {"start_at": each.start, "end_at": each.end, "plan_ref": each.plan_ref}
            fresh[person.id, each.start]["early_at"] = each.start - store.EARLY
    gone = [row.id for key, row in known.items() if key not in fresh]
    asked = sa.select(t.case.c.shift_id)
    for start in range(0, len(gone), 500):
        ctx.db.execute(
            sa.delete(t.shift).where(t.shift.c.id.in_(gone[start : start + 500]), t.shift.c.id.not_in(asked))
        )
    for key, row in fresh.items():
        old = known.get(key)
        if old and (old.end_at, old.plan_ref, old.site) != (row["end_at"], row["plan_ref"], row["site"]):
            ctx.db.execute(sa.update(t.shift).where(t.shift.c.id == old.id).values(**row))
    if added := [row for key, row in fresh.items() if key not in known]:
        ctx.db.execute(sa.insert(t.shift), added)


def _write_punches(ctx: Context, people: Mapping[str, Person], found: Fetched) -> None:
    have = sa.select(t.punch.c.person_id, t.punch.c.at, t.punch.c.source).where(t.punch.c.at >= found.since)
    known = {tuple(row) for row in ctx.db.execute(have)}
    added: dict[tuple[str, datetime, str], dict[str, object]] = {}
    for each in found.punches:
        person = people.get(each.user_id.lower())
        if person and (key := (person.id, each.at, each.source[:64])) not in known:
            row = {"person_id": person.id, "at": each.at, "kind": each.kind, "source": each.source[:64]}
            digest = hashlib.sha256(each.raw).hexdigest() if each.raw else ""
            added[key] = row | {"fetched_at": ctx.now, "raw_sha256": digest}
    if added:
        ctx.db.execute(sa.insert(t.punch), list(added.values()))


def _write_leaves(ctx: Context, people: Mapping[str, Person], found: Fetched) -> None:
    """Leave that was withdrawn disappears with the next fetch."""
    ids = [each.id for each in people.values()]
    for start in range(0, len(ids), 500):
        mine = t.leave.c.person_id.in_(ids[start : start + 500])
        ctx.db.execute(sa.delete(t.leave).where(mine, t.leave.c.end_at > found.since))
    rows: dict[tuple[str, datetime, datetime, str], dict[str, object]] = {}
    for each in found.leaves:
        person = people.get(each.user_id.lower())
        if person and each.end > found.since:
            row = {"person_id": person.id, "start_at": each.start, "end_at": each.end, "kind": each.kind[:64]}
            rows[person.id, each.start, each.end, each.kind[:64]] = row | {"pending": each.pending}
    if rows:
        ctx.db.execute(sa.insert(t.leave), list(rows.values()))


def _settle(ctx: Context, name: str) -> None:
    """A punch that came in by the feed ends its case at once, whatever rung it had reached."""
    listening = (t.case.c.state.in_(steps.LISTENING), t.shift.c.platform == name)
    ids = sa.select(t.case.c.id).join(t.shift, t.shift.c.id == t.case.c.shift_id).where(*listening)
    for case_id in ctx.db.execute(ids).scalars().all():
        case = store.get(ctx.db, case_id)
        person = ctx.people.get(case.person_id) if case else None
        if case and person and (at := store.punch_since(ctx.db, case)):
            steps.punched(ctx, case, person, at)


JOBS: Mapping[str, tuple[int, Callable[[App], None]]] = {"poll": (60, poll), "scan": (15, scan), "climb": (15, climb)}
"""name -> (seconds between runs, job)."""
