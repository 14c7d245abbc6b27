"""Which profile a person's ladder has, when its rungs are due, whose quiet hours hold it, and the other channels."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.approvals.org import org_of
from bot.approvals.who import Org
from bot.context import Context
from bot.delivery import channels
from bot.locale import speaking
from bot.people import Person
from bot.tables import person as people
from handlers.missed_punch import store, tables as t
from handlers.missed_punch.attendance import calendar
from handlers.missed_punch.cards import ladder as cards_ladder
from handlers.missed_punch.ladder import contacts, rungs
from handlers.missed_punch.ladder.contacts import Contact
from handlers.missed_punch.ladder.rungs import Profile, Rung
from handlers.missed_punch.store import Case


@functools.cache
def versions() -> tuple[rungs.Version, ...]:
    """`profiles.toml`, read once. ValueError when it cannot be used."""
    return rungs.parse(resources.files(__package__).joinpath("profiles.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Plan:
    """The ladder of one case: `due` holds the UTC moments of its rungs; `known` what it shares with others."""

    profile: Profile
    due: tuple[datetime, ...]
    contact: Contact
    known: Kept | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What many ladders need, read at once: contacts, the calendar, and who has no other open case.

    `contact`, `person` and `office` read what is wanted beyond that, once; `bosses` the managers who are here
    themselves, by id; `calls` when people were called of late: whoever lets one be made adds it.
    """

    contacts: Mapping[str, Contact]
    book: calendar.Book
    alone: frozenset[str]
    contact: Callable[[str], Contact]
    person: Callable[[str], Person | None]
    office: Callable[[], Org]
    bosses: Callable[[], Mapping[str, Person]]
    calls: Callable[[], dict[str, list[datetime]]]


_ACTIVE = sa.select(people).where(people.c.active)
_CONTACTS = sa.select(t.contact).where(t.contact.c.person_id.in_(sa.bindparam("ids", expanding=True)))
_CROWDED = (
    sa.select(t.case.c.person_id)
    .where(t.case.c.person_id.in_(sa.bindparam("ids", expanding=True)), t.case.c.state.in_(store.OPEN))
    .group_by(t.case.c.person_id)
    .having(sa.func.count() > sa.bindparam("own"))
)


def kept(ctx: Context, ids: Collection[str], own: int) -> Kept:
    """For the people `ids`, each with up to `own` open cases of those that are looked at. Good for one transaction."""
    wanted, db = list(dict.fromkeys(ids)), ctx.db
    found = {row["person_id"]: Contact(**row) for row in db.execute(_CONTACTS, {"ids": wanted}).mappings()}
    crowded = set(db.execute(_CROWDED, {"ids": wanted, "own": own}).scalars())
    crowded |= {each for each, count in Counter(ids).items() if count > 1}
    contacts = {each: found.get(each) or Contact(each) for each in wanted}
    beyond = functools.cache(functools.partial(contact_of, db))
    return Kept(
        contacts,
        calendar.book(db),
        frozenset(wanted) - crowded,
        lambda each: contacts.get(each) or beyond(each),
        functools.cache(ctx.people.get),
        functools.cache(lambda: org_of(db, "", ctx.now)),
        functools.cache(lambda: _bosses(ctx, wanted, contacts)),
        functools.cache(lambda: _calls(ctx, wanted)),
    )


def _calls(ctx: Context, ids: Sequence[str]) -> dict[str, list[datetime]]:
    return channels.sent_since(ctx.db, ids, "voice", ctx.now - contacts.RECENT)


def _bosses(ctx: Context, ids: Sequence[str], contacts: dict[str, Contact]) -> dict[str, Person]:
    """Who manages one of `ids`, is not on leave and not missing; their contacts are added."""
    managers = sa.select(people.c.manager_id).where(people.c.id.in_(ids))
    found = {row["id"]: Person(**row) for row in ctx.db.execute(_ACTIVE.where(people.c.id.in_(managers))).mappings()}
    names = list(found)
    missing = sa.select(t.case.c.person_id).where(t.case.c.person_id.in_(names), t.case.c.state == "waiting")
    now, leave = ctx.now, t.leave.c
    away = sa.select(leave.person_id).where(leave.person_id.in_(names), leave.start_at <= now, leave.end_at > now)
    absent = {*ctx.db.execute(missing).scalars(), *ctx.db.execute(away).scalars()}
    known = {row["person_id"]: Contact(**row) for row in ctx.db.execute(_CONTACTS, {"ids": names}).mappings()}
    for each in names:
        contacts.setdefault(each, known.get(each) or Contact(each))
    return {each: person for each, person in found.items() if each not in absent}


def contact_of(db: Connection, person_id: str) -> Contact:
    """What is kept of the person; an empty one when nothing is."""
    row = db.execute(_CONTACTS, {"ids": [person_id]}).mappings().first()
    return Contact(**row) if row else Contact(person_id)


def keep(db: Connection, person_id: str, **values: Any) -> None:
    """Change what is kept of a person."""
    where = t.contact.c.person_id == person_id
    if db.execute(sa.update(t.contact).where(where).values(**values)).rowcount == 0:
        db.execute(sa.insert(t.contact).values(person_id=person_id, **values))


def plan(ctx: Context, case: Case, person: Person, known: Kept | None = None) -> Plan:
    """Which rungs the case has and when each is due, by the profile in force on its day."""
    contact = known.contacts[person.id] if known else contact_of(ctx.db, person.id)
    profile = rungs.profile_for(rungs.in_force(versions(), case.day), case.site, contact.profile)
    book = known.book if known else calendar.book(ctx.db)

    def works(day: Any) -> bool:
        # An unpublished year only moves the hour at which HR is asked: Monday to Friday will do.
        published = book.workday(day)
        return bool(day.weekday() < 5) if published is None else published

    return Plan(profile, rungs.dues(profile, case.base_at, person.zone, works), contact, known)


def held(ctx: Context, profile: Profile, people: Sequence[Person], known: Kept | None = None) -> datetime | None:
    """Until when everybody of `people` has quiet hours; None when somebody may be asked now."""
    of = known.contact if known else functools.partial(contact_of, ctx.db)
    if profile.day_and_night or not people:
        return None
    ends = [rungs.quiet_until(ctx.now, each.zone, of(each.id).quiet_hours(profile.quiet)) for each in people]
    return min((end for end in ends if end), default=None) if all(ends) else None


def others(
    ctx: Context, case: Case, person: Person, rung: Rung, to: Mapping[str, Person], *, known: Kept | None = None
) -> dict[str, str]:
    """The rung's channels beside the card: what was done about each, for the record.

    `to`: ask ref -> person asked. A message goes out only while that ask is open. Voice always calls the employee.
    """
    done: dict[str, str] = {}
    of = known.contact if known else functools.partial(contact_of, ctx.db)
    beside = [each for each in rung.channels if each in ("sms", "mail")]
    for ref, each in to.items() if beside else ():
        found = of(each.id)
        for channel in beside:
            address = found.mobile if channel == "sms" else found.email
            if address:
                with speaking(each.locale):
                    text = _words(rung, each is person)
                channels.queue(ctx, each, channel, address, text, case.id, ref)
            done[channel] = "queued" if address else done.get(channel, "no address")
    if "voice" in rung.channels:
        done["voice"] = _call(ctx, case, person, next(iter(to), ""), known)
    return done


def _words(rung: Rung, own: bool) -> str:
    if not own:
        return cards_ladder.sms_asked()
    return cards_ladder.sms_again() if "again" in rung.channels else cards_ladder.sms_first()


def _call(ctx: Context, case: Case, person: Person, ref: str, known: Kept | None) -> str:
    if person.platform != "wecom":
        return "not offered by the platform"
    earlier = (known.calls() if known else _calls(ctx, [person.id]))[person.id]
    if not contacts.may_call(ctx.now, earlier):
        return "budget spent"
    channels.queue(ctx, person, "voice", person.user_id, "", case.id, ref)
    earlier.append(ctx.now)
    return "queued"


_LATER = (
    sa.select(t.case.c.id, sa.func.min(t.punch.c.at))
    .join(t.shift, t.shift.c.id == t.case.c.shift_id)
    .join(t.punch, t.punch.c.person_id == t.case.c.person_id)
    .where(t.case.c.id.in_(sa.bindparam("ids", expanding=True)), t.punch.c.at >= t.shift.c.end_at)
    .group_by(t.case.c.id)
)


def lives_after(db: Connection, ids: Sequence[str]) -> dict[str, datetime]:
    """By case: a punch of a later shift is a sign of life for an earlier day."""
    return {row[0]: row[1] for row in db.execute(_LATER, {"ids": list(ids)})}


def followed(db: Connection, case: Case) -> bool:
    """True when an earlier day of the person already waits with HR: nobody is asked the same thing twice."""
    earlier = [each for each in store.open_of(db, case.person_id) if each.id != case.id and each.day < case.day]
    return any(each.state == "waiting" and each.rung >= rungs.HR for each in earlier)


def local_day(moment: datetime, zone: str) -> Any:
    """The calendar day of a moment where the person is."""
    return moment.astimezone(ZoneInfo(zone)).date()
