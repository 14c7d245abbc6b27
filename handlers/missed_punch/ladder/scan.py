"""Who is missing now, and may we ask? The guards against our own faults come before anybody hears from us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from bot import clock
from bot.context import Context
from bot.people import Person
from handlers.missed_punch import rules, store, tables as t
from handlers.missed_punch.attendance import calendar, native, questions, slips
from handlers.missed_punch.cards import manager as cards_manager
from handlers.missed_punch.ladder import absence, doubts, reach, steps
from handlers.missed_punch.ladder.climb import FRESH, in_parts
from handlers.missed_punch.store import Case

if TYPE_CHECKING:
    from bot.app import App

_Due = sa.ColumnElement[bool]


PART = 100
"""Shifts in one transaction."""
_LOCK = 7310021
"""Of PostgreSQL's advisory locks: two workers never judge the same shift."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole firm at one moment: what the guards compare everybody with. `missing` are people, by id."""

    feeds: Mapping[str, datetime]
    sites: Mapping[tuple[Any, ...], doubts.Site]
    missing: frozenset[str]
    devices: doubts.Devices


@dataclass(frozen=True, slots=True)
class _Part:
    """What is read at once for the shifts that are judged in one transaction."""

    picture: Picture
    people: Mapping[str, Person]
    kept: reach.Kept
    doubts: doubts.Known
    repeated: frozenset[str]
    notices: Mapping[str, RowMapping]


def scan(app: App) -> None:
    """Open a case and do its first rung for everybody who is missing and may be asked."""
    native.refresh(app)
    _judge(app)


def scan_fresh(app: App) -> None:
    """The same when somebody's grace has ended just now: costs two looks at an index while nobody's has."""
    with app.engine.connect() as db:
        ended = questions.ended(db, clock.now(), FRESH)
    if ended:
        _judge(app)


def _judge(app: App) -> None:
    """The picture is taken once. Then a part at a time is read again and judged: who punched meanwhile is not in it."""
    with app.context() as ctx:
        _alone(ctx)
        picture, ids = _picture(app, ctx)
    in_parts(app, ids, PART, lambda ctx, part: _judge_part(ctx, part, picture))


def _picture(app: App, ctx: Context) -> tuple[Picture, list[int]]:
    feeds = {row.platform: row.fetched_at for row in ctx.db.execute(sa.select(t.feed))}
    for name, platform in app.platforms.items():
        if questions.blind(ctx.db, name, ctx.now, questions.limits_of(platform.attendance)):
            doubts.watch_feed(ctx, name, feeds.get(name))
    everybody = _missing(ctx)
    rows = [row for row in everybody if row["platform"] in app.platforms]
    missing = frozenset(row["person_id"] for row in everybody)
    picture = Picture(feeds, _sites(ctx, rows), missing, doubts.Devices())
    return picture, _worth(ctx, [row for row in rows if not row["has_case"]], picture)


def _worth(ctx: Context, rows: Sequence[RowMapping], picture: Picture) -> list[int]:
    """The shifts something is to be done about. Whoever is on leave, or held, costs nothing more; of everybody a hold
    is announced for, one is enough."""
    book = calendar.book(ctx.db)
    decided = {
        row["key"]: row["decision"] for row in store.notices(ctx.db, [each.key for each in picture.sites.values()])
    }
    announced: set[tuple[str, str]] = set()
    found = []
    for row in rows:
        key = _site(picture, row).key
        verdict = _verdict(ctx, row, picture, book.kind(row["day"]), decided.get(key, ""))
        hold = verdict.action, key if verdict.action == "hold_site" else str(row["day"].year)
        if verdict.asks or (verdict.action in ("hold_site", "hold_calendar") and hold not in announced):
            announced.add(hold)
            found.append(row["id"])
    return found


def _alone(ctx: Context) -> None:
    if ctx.db.dialect.name == "postgresql":
        ctx.db.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _judge_part(ctx: Context, ids: Sequence[int], picture: Picture) -> None:
    _alone(ctx)
    unread = slips.waiting_for(ctx.db, ctx.now)
    rows = [row for row in _missing(ctx, ids) if not row["has_case"] and row["person_id"] not in unread]
    # A shift that was moved to another site meanwhile is judged with the next picture.
    rows = [row for row in rows if (row["platform"], row["site"], row["day"]) in picture.sites]
    if rows:
        part = _read(ctx, rows, picture)
        with ctx.gathering():
            opened = [_look(ctx, row, part) for row in rows]
        for case, person in filter(None, opened):
            if person.id in part.repeated:
                absence.look(ctx, case, person)


def _read(ctx: Context, rows: Sequence[RowMapping], picture: Picture) -> _Part:
    who = [row["person_id"] for row in rows]
    kept = reach.kept(ctx, who, 0)
    keys = {doubts.feed_key(ctx, row["platform"]) for row in rows} | {_site(picture, row).key for row in rows}
    return _Part(
        picture,
        store.people_of(ctx.db, who),
        kept,
        doubts.read(ctx, rows, kept.contacts, picture.devices),
        absence.repeated(ctx.db, rows),
        {row["key"]: row for row in store.notices(ctx.db, sorted(keys))},
    )


def _site(picture: Picture, row: RowMapping) -> doubts.Site:
    return picture.sites[row["platform"], row["site"], row["day"]]


def _due(ctx: Context) -> list[_Due]:
    return [ctx.now - rules.GRACE >= questions.CORE, t.shift.c.end_at > ctx.now]


def _missing(ctx: Context, ids: Sequence[int] | None = None) -> Sequence[RowMapping]:
    """One query: running shifts past grace without a punch, with the leave covering now and whether a case exists.

    `ids`: only these shifts.
    """
    mine = [] if ids is None else [t.shift.c.id.in_(ids)]
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
        ctx.db.execute(statement.where(*mine, *_due(ctx), ~arrived).order_by(t.shift.c.start_at, t.shift.c.id))
        .mappings()
        .all()
    )


def _sites(ctx: Context, rows: Sequence[RowMapping]) -> dict[tuple[Any, ...], doubts.Site]:
    columns = (t.shift.c.platform, t.shift.c.site, t.shift.c.day)
    counted = ctx.db.execute(sa.select(*columns, sa.func.count()).where(*_due(ctx)).group_by(*columns))
    expected = {tuple(row[:3]): int(row[3]) for row in counted}
    away = Counter((row["platform"], row["site"], row["day"]) for row in rows if row["leave"])
    missing = Counter((row["platform"], row["site"], row["day"]) for row in rows if not row["leave"])
    return {
        place: doubts.Site(f"storm:{place[0]}:{place[1]}:{place[2]}", count - away[place], missing[place])
        for place, count in expected.items()
    }


def _verdict(ctx: Context, row: RowMapping, picture: Picture, day: calendar.DayKind, decided: str) -> rules.Verdict:
    site = _site(picture, row)
    facts = rules.Facts(
        now=ctx.now,
        start=row["core_at"] or row["start_at"],
        end=row["end_at"],
        feed_at=picture.feeds.get(row["platform"]),
        day=day,
        leave=row["leave"] or "",
        leave_pending=bool(row["leave_pending"]),
        expected=site.expected,
        missing=site.missing,
        storm_cleared=decided == "ask",
    )
    return rules.guards(facts)


def _look(ctx: Context, row: RowMapping, part: _Part) -> tuple[Case, Person] | None:
    site = _site(part.picture, row)
    decided = part.notices[site.key]["decision"] if site.key in part.notices else ""
    verdict = _verdict(ctx, row, part.picture, part.kept.book.kind(row["day"]), decided)
    person = part.people.get(row["person_id"])
    if verdict.action == "hold_calendar":
        doubts.tell_once(ctx, f"calendar:{row['day'].year}", lambda: cards_manager.no_calendar(row["day"].year))
    elif verdict.action == "hold_site":
        doubts.storm(ctx, row, site, part.picture.missing)
    elif verdict.asks and person and person.active and decided != "hold":
        sure = doubts.settle(ctx, row, person, part.doubts)
        if sure.ask:
            base = max(_base(ctx, row, part), sure.since or row["start_at"])
            case = store.open_case(ctx, row, base)
            parts = {f"guard.{name}": value for name, value in {**verdict.values, **sure.values}.items()}
            ctx.record("expectation.missed", case.id, subject=person, parts=parts, at=base)
            steps.advance(ctx, case, person, part.kept)
            return case, person
    return None


def _base(ctx: Context, row: RowMapping, part: _Part) -> datetime:
    """Where the rungs count from: the end of grace, or the end of a hold that we announced."""
    base: datetime = (row["core_at"] or row["start_at"]) + rules.GRACE
    for key in (_site(part.picture, row).key, doubts.feed_key(ctx, row["platform"])):
        held = part.notices.get(key)
        if held and held["told_at"]:
            base = max(base, held["last_at"], held["decided_at"] or held["last_at"])
    return base
