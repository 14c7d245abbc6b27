"""When we are not sure whether it is them or us, the administrator is asked and the employee is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from bot.context import Context
from bot.people import Person
from bot.tables import person as people
from handlers.missed_punch import rules, store, tables as t
from handlers.missed_punch.cards import doubt as cards_doubt, manager as cards_manager
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.ladder.contacts import Contact

_PATIENCE = timedelta(seconds=60)
"""Right after a restart the feed is old because no poll has run yet: that alone is no reason to alarm anybody."""
TODAY = timedelta(hours=12)
CHUNK = 500
Kind = Literal["new", "leaving", "device"]


@dataclass(frozen=True, slots=True)
class Site:
    """People due at one site now: `expected` without those on leave, `missing` of them without a punch."""

    key: str
    expected: int
    missing: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """`key` is the hold's; `what` the device; `values` are the guard's, for the record."""

    kind: Kind
    key: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`ask` False: not now. `since`: when a human said that all is well; `values` for the record."""

    ask: bool
    since: datetime | None
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Devices:
    """Kept during one look at the whole firm: each source's newest punch since a moment, and how many of those who are
    absent on a platform's day used it last. Filled when first wanted."""

    last: dict[datetime, Mapping[str, datetime]] = field(default_factory=dict)
    idle: dict[tuple[str, date], Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What the doubts about many shifts need, read at once: person -> contact, person -> their usual device, and the
    shifts that are somebody's first. Good for one transaction."""

    contacts: Mapping[str, Contact]
    usual: Mapping[str, str]
    first: frozenset[int]
    devices: Devices


def read(ctx: Context, rows: Sequence[RowMapping], contacts: Mapping[str, Contact], devices: Devices) -> Known:
    """For the shifts `rows`; `contacts` hold everybody's."""
    unsure = [row for row in rows if contacts[row["person_id"]].joined_on is None]
    usual = _usual(ctx, list(dict.fromkeys(row["person_id"] for row in rows)))
    return Known(contacts, usual, _first_days(ctx, unsure), devices)


def settle(ctx: Context, row: RowMapping, person: Person, known: Known) -> Answer:
    """May this person be asked about the shift `row`? If unsure, HR is asked once."""
    found, values = _find(ctx, row, known)
    if found is None:
        return Answer(True, None, values)
    notice = store.seen(ctx, found.key)
    if notice["decision"]:
        return Answer(notice["decision"] == "ask", notice["decided_at"], values)
    if notice["told_at"] is None:
        name = "" if found.kind == "device" else person.name
        for each in steps.hr_people(ctx, person):
            ctx.ask(
                each,
                steps.STORM,
                notice["id"],
                lambda ref: cards_doubt.doubt(ref, found.kind, name, found.what),
            )
        store.told(ctx.db, found.key, told_at=ctx.now)
        ctx.record("checkin.held", notice["id"], source={"guard": found.key[:120]} | values)
    return Answer(False, None, values)


def _find(ctx: Context, row: RowMapping, known: Known) -> tuple[Doubt | None, dict[str, str]]:
    kept, day = known.contacts[row["person_id"]], row["day"]
    new = kept.joined_on == day or (kept.joined_on is None and row["id"] in known.first)
    leaving = kept.leaving_on is not None and kept.leaving_on <= day
    device, down = _device(ctx, row, known)
    values = {"newly_joined": str(new).lower(), "leaving": str(leaving).lower(), "device": device or "unknown"}
    values |= {"device_down": str(down).lower()}
    if down:
        return Doubt("device", f"device:{row['platform']}:{device}:{day}", device), values
    if new:
        return Doubt("new", f"new:{row['id']}"), values
    return (Doubt("leaving", f"leaving:{row['id']}") if leaving else None), values


def _first_days(ctx: Context, rows: Sequence[RowMapping]) -> frozenset[int]:
    """Somebody's first planned day, although others of the platform had earlier ones: probably not enrolled yet."""
    found: set[int] = set()
    for platform, day in {(row["platform"], row["day"]) for row in rows}:
        mine = {row["id"]: row["person_id"] for row in rows if (row["platform"], row["day"]) == (platform, day)}
        earlier = t.shift.c.day < day
        anybody = sa.select(t.shift.c.id).where(t.shift.c.platform == platform, earlier).limit(1)
        if ctx.db.execute(anybody).first() is None:
            continue
        own = sa.exists().where(t.shift.c.person_id == people.c.id, earlier)
        veterans = sa.select(people.c.id).where(people.c.id.in_(list(set(mine.values()))), own)
        had = set(ctx.db.execute(veterans).scalars())
        found |= {shift for shift, each in mine.items() if each not in had}
    return frozenset(found)


def _device(ctx: Context, row: RowMapping, known: Known) -> tuple[str, bool]:
    """(the device this person used last, is it probably down?)."""
    device = known.usual.get(row["person_id"], "")
    if not device:
        return "", False
    last = _last(ctx, row["start_at"] - TODAY, known.devices)
    others = max((at for source, at in last.items() if source != device), default=None)
    if not rules.device_down(rules.DEVICE_PEOPLE, last.get(device), others, row["start_at"]):
        return device, False
    count = _idle(ctx, row, known.devices).get(device, 0)
    return device, rules.device_down(count, last.get(device), others, row["start_at"])


def _last(ctx: Context, since: datetime, devices: Devices) -> Mapping[str, datetime]:
    if since not in devices.last:
        recent = sa.select(t.punch.c.source, sa.func.max(t.punch.c.at)).where(t.punch.c.at >= since)
        devices.last[since] = {row[0]: row[1] for row in ctx.db.execute(recent.group_by(t.punch.c.source))}
    return devices.last[since]


def _idle(ctx: Context, row: RowMapping, devices: Devices) -> Mapping[str, int]:
    place = row["platform"], row["day"]
    if place not in devices.idle:
        devices.idle[place] = Counter(_usual(ctx, _absent(ctx, row)).values())
    return devices.idle[place]


def _absent(ctx: Context, row: RowMapping) -> list[str]:
    """Who of the platform should have begun by now and has no punch."""
    begun = (t.shift.c.platform == row["platform"], t.shift.c.day == row["day"], t.shift.c.start_at <= ctx.now)
    mine = (t.punch.c.person_id == t.shift.c.person_id, t.punch.c.at >= t.shift.c.early_at)
    absent = sa.select(t.shift.c.person_id).where(*begun, ~sa.exists().where(*mine)).distinct()
    return list(ctx.db.execute(absent).scalars())


def _usual(ctx: Context, ids: Sequence[str]) -> dict[str, str]:
    """Person -> the source of their latest punch."""
    found: dict[str, tuple[datetime, str]] = {}
    for start in range(0, len(ids), CHUNK):
        mine = t.punch.c.person_id.in_(ids[start : start + CHUNK])
        newest = sa.select(t.punch.c.person_id, t.punch.c.source, sa.func.max(t.punch.c.at).label("at")).where(mine)
        for person_id, source, at in ctx.db.execute(newest.group_by(t.punch.c.person_id, t.punch.c.source)):
            found[person_id] = max(found.get(person_id, (at, source)), (at, source))
    return {person_id: source for person_id, (_at, source) in found.items()}


def feed_key(ctx: Context, platform: str) -> str:
    """Of the hold while a platform cannot be read, one a day."""
    return f"feed:{platform}:{ctx.now.astimezone(ctx.zone).date()}"


def watch_feed(ctx: Context, platform: str, fetched_at: datetime | None) -> None:
    """HR hears once a day that a platform cannot be read."""
    if fetched_at is not None and ctx.now - fetched_at <= rules.FEED_MAX_AGE:
        return
    since = fetched_at.astimezone(ctx.zone).strftime("%m-%d %H:%M") if fetched_at else ""
    tell_once(ctx, feed_key(ctx, platform), lambda: cards_manager.feed(platform, since), _PATIENCE)


def tell_once(ctx: Context, key: str, card: Any, patience: timedelta = timedelta(0)) -> None:
    """A hold of ours that concerns everybody: HR hears of it once."""
    row = store.seen(ctx, key)
    if row["told_at"] is None and ctx.now - row["first_at"] >= patience:
        for each in steps.hr_people(ctx):
            ctx.say(each, card, row["id"])
        store.told(ctx.db, key, told_at=ctx.now)
        ctx.record("checkin.held", row["id"], source={"guard": key[:120]})


def storm(ctx: Context, row: RowMapping, site: Site, missing: frozenset[str]) -> None:
    """One card to one person; the employees hear nothing."""
    notice = store.seen(ctx, site.key)
    if notice["told_at"] is not None:
        return
    keeper = _keeper(ctx, row, missing)
    if keeper:
        place = str(row["site"]).rpartition("/")[2]
        ctx.ask(
            keeper, steps.STORM, notice["id"], lambda ref: cards_manager.storm(ref, place, site.missing, site.expected)
        )
    store.told(ctx.db, site.key, told_at=ctx.now)
    ctx.record(
        "checkin.held", notice["id"], source={"guard": site.key[:120], "missing": f"{site.missing}/{site.expected}"}
    )


def _keeper(ctx: Context, row: RowMapping, missing: frozenset[str]) -> Person | None:
    """The manager most people of the site report to, unless missing too; else HR."""
    votes: dict[str, int] = defaultdict(int)
    bosses: dict[str, Person] = {}
    for person in store.people_at(ctx.db, row["site"]):
        boss = ctx.people.manager_of(person) if person.id in missing else None
        if boss and boss.id not in missing:
            votes[boss.id] += 1
            bosses[boss.id] = boss
    if votes:
        return bosses[max(sorted(votes), key=votes.__getitem__)]
    return next(iter(steps.hr_people(ctx)), None)
