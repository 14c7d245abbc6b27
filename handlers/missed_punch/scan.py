"""Who is missing now, and may we ask? The guards against our own faults come before anybody hears from us."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from bot.context import Context
from bot.people import Person
from handlers.missed_punch import (
    absence,
    calendar,
    cards_manager,
    doubts,
    native,
    questions,
    rules,
    slips,
    steps,
    store,
)
from handlers.missed_punch import tables as t

if TYPE_CHECKING:
    from bot.app import App

_PATIENCE = timedelta(seconds=60)
"""Right after a restart the feed is old because no poll has run yet: that alone is no reason to alarm anybody."""
_Due = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Site:
    """People due at one site now: `expected` without those on leave, `missing` of them without a punch."""

    key: str
    expected: int
    missing: int
    decision: RowMapping | None


def scan(app: App) -> None:
    """Open a case and do its first rung for everybody who is missing and may be asked."""
    native.refresh(app)
    with app.context() as ctx:
        feeds = {row.platform: row.fetched_at for row in ctx.db.execute(sa.select(t.feed))}
        for name, platform in app.platforms.items():
            if questions.blind(ctx.db, name, ctx.now, questions.limits_of(platform.attendance)):
                _watch_feed(ctx, name, feeds.get(name))
        rows = [row for row in _missing(ctx) if row["platform"] in app.platforms]
        unread = slips.waiting_for(ctx.db, ctx.now)
        sites, book = _sites(ctx, rows), calendar.book(ctx.db)
        for row in rows:
            if not row["has_case"] and row["person_id"] not in unread:
                site = sites[row["platform"], row["site"], row["day"]]
                _look(ctx, row, feeds.get(row["platform"]), site, book.kind(row["day"]))


def _due(ctx: Context) -> list[_Due]:
    return [ctx.now - rules.GRACE >= questions.CORE, t.shift.c.end_at > ctx.now]


def _missing(ctx: Context) -> Sequence[RowMapping]:
    """One query: running shifts past grace without a punch, with the leave covering now and whether a case exists."""
    arrived = sa.exists().where(
        t.punch.c.person_id == t.shift.c.person_id,
        t.punch.c.kind != "off",
        t.punch.c.at >= t.shift.c.early_at,
        t.punch.c.at < questions.UNTIL,
    )
    covering = (t.leave.c.person_id == t.shift.c.person_id, t.leave.c.start_at <= ctx.now, t.leave.c.end_at > ctx.now)
    ordered = (t.leave.c.pending, t.leave.c.kind)
    statement = sa.select(
        t.shift,
        sa.select(t.leave.c.kind).where(*covering).order_by(*ordered).limit(1).scalar_subquery().label("leave"),
        sa.select(t.leave.c.pending)
        .where(*covering)
        .order_by(*ordered)
        .limit(1)
        .scalar_subquery()
        .label("leave_pending"),
        sa.exists().where(t.case.c.shift_id == t.shift.c.id).label("has_case"),
    )
    return (
        ctx.db.execute(statement.where(*_due(ctx), ~arrived).order_by(t.shift.c.start_at, t.shift.c.id))
        .mappings()
        .all()
    )


def _sites(ctx: Context, rows: Sequence[RowMapping]) -> dict[tuple[Any, ...], Site]:
    columns = (t.shift.c.platform, t.shift.c.site, t.shift.c.day)
    counted = ctx.db.execute(sa.select(*columns, sa.func.count()).where(*_due(ctx)).group_by(*columns))
    expected = {tuple(row[:3]): int(row[3]) for row in counted}
    away = Counter((row["platform"], row["site"], row["day"]) for row in rows if row["leave"])
    missing = Counter((row["platform"], row["site"], row["day"]) for row in rows if not row["leave"])
    keys = {place: f"storm:{place[0]}:{place[1]}:{place[2]}" for place in expected}
    told = {row["key"]: row for row in store.notices(ctx.db, list(keys.values()))}
    return {
        place: Site(keys[place], count - away[place], missing[place], told.get(keys[place]))
        for place, count in expected.items()
    }


def _look(ctx: Context, row: RowMapping, feed_at: datetime | None, site: Site, day: calendar.DayKind) -> None:
    decided = site.decision["decision"] if site.decision else ""
    facts = rules.Facts(
        now=ctx.now,
        start=row["core_at"] or row["start_at"],
        end=row["end_at"],
        feed_at=feed_at,
        day=day,
        leave=row["leave"] or "",
        leave_pending=bool(row["leave_pending"]),
        expected=site.expected,
        missing=site.missing,
        storm_cleared=decided == "ask",
    )
    verdict = rules.guards(facts)
    person = ctx.people.get(row["person_id"])
    if verdict.action == "hold_calendar":
        _tell_once(ctx, f"calendar:{row['day'].year}", lambda: cards_manager.no_calendar(row["day"].year))
    elif verdict.action == "hold_site":
        _storm(ctx, row, site)
    elif verdict.asks and person and person.active and decided != "hold":
        sure = doubts.settle(ctx, row, person)
        if sure.ask:
            base = max(_base(ctx, row, site), sure.since or row["start_at"])
            _open(ctx, row, person, replace(verdict, values={**verdict.values, **sure.values}), base)


def _open(ctx: Context, row: RowMapping, person: Person, verdict: rules.Verdict, base: datetime) -> None:
    case = store.open_case(ctx, row, base)
    parts = {f"guard.{name}": value for name, value in verdict.values.items()}
    ctx.record("expectation.missed", case.id, subject=person, parts=parts, at=base)
    steps.advance(ctx, case, person)
    absence.look(ctx, case, person)


def _base(ctx: Context, row: RowMapping, site: Site) -> datetime:
    """Where the rungs count from: the end of grace, or the end of a hold that we announced."""
    keys = [site.key, f"feed:{row['platform']}:{ctx.now.astimezone(ctx.zone).date()}"]
    base: datetime = (row["core_at"] or row["start_at"]) + rules.GRACE
    for held in store.notices(ctx.db, keys):
        if held["told_at"]:
            base = max(base, held["last_at"], held["decided_at"] or held["last_at"])
    return base


def _watch_feed(ctx: Context, platform: str, fetched_at: datetime | None) -> None:
    if fetched_at is not None and ctx.now - fetched_at <= rules.FEED_MAX_AGE:
        return
    since = fetched_at.astimezone(ctx.zone).strftime("%m-%d %H:%M") if fetched_at else ""
    key = f"feed:{platform}:{ctx.now.astimezone(ctx.zone).date()}"
    _tell_once(ctx, key, lambda: cards_manager.feed(platform, since), _PATIENCE)


def _tell_once(ctx: Context, key: str, card: Any, patience: timedelta = timedelta(0)) -> None:
    row = store.seen(ctx, key)
    if row["told_at"] is None and ctx.now - row["first_at"] >= patience:
        for each in steps.hr_people(ctx):
            ctx.say(each, card, row["id"])
        store.told(ctx.db, key, told_at=ctx.now)
        ctx.record("checkin.held", row["id"], source={"guard": key[:120]})


def _storm(ctx: Context, row: RowMapping, site: Site) -> None:
    """One card to one person; the employees hear nothing."""
    notice = store.seen(ctx, site.key)
    if notice["told_at"] is not None:
        return
    keeper = _keeper(ctx, row)
    if keeper:
        place = str(row["site"]).rpartition("/")[2]
        ctx.ask(
            keeper, steps.STORM, notice["id"], lambda ref: cards_manager.storm(ref, place, site.missing, site.expected)
        )
    store.told(ctx.db, site.key, told_at=ctx.now)
    ctx.record(
        "checkin.held", notice["id"], source={"guard": site.key[:120], "missing": f"{site.missing}/{site.expected}"}
    )


def _keeper(ctx: Context, row: RowMapping) -> Person | None:
    """The manager most people of the site report to, unless missing too; else HR."""
    missing = {each["person_id"] for each in _missing(ctx)}
    votes: dict[str, int] = defaultdict(int)
    bosses: dict[str, Person] = {}
    for person_id in sorted(missing):
        person = ctx.people.get(person_id)
        boss = ctx.people.manager_of(person) if person and person.site == row["site"] else None
        if boss and boss.id not in missing:
            votes[boss.id] += 1
            bosses[boss.id] = boss
    if votes:
        return bosses[max(sorted(votes), key=votes.__getitem__)]
    return next(iter(steps.hr_people(ctx)), None)
