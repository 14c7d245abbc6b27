"""The only way to see somebody else's data: who may, whose list it is, and that looking leaves a trace.

An employee sees their own file; the manager who is asked about them sees that something was recorded; HR sees it for
everybody. An administrator keeps the system running and sees nobody's file by that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from bot.evidence import audit
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_event
from bot.people import People, Person
from bot.tables import person as table

EMPLOYEE, MANAGER, HR, HR_HEAD, ADMIN = "employee", "manager", "hr", "hr_head", "admin"
AGAIN = timedelta(minutes=10)
"""A second look at the same page within this time is the same look."""


def is_hr(viewer: Person) -> bool:
    """True for HR and the HR head, while they are with the firm."""
    return viewer.active and viewer.role in (HR, HR_HEAD)


def roles(conn: Connection, viewer: Person) -> frozenset[str]:
    """Every role the person has now. `manager` follows from who reports to them and is never stored."""
    if not viewer.active:
        return frozenset()
    managing = bool(_reports(conn, viewer, limit=1))
    return frozenset({EMPLOYEE, viewer.role} | ({MANAGER} if managing else set()))


def may_see(conn: Connection, viewer: Person, person: Person) -> bool:
    """May `viewer` open `person`'s file: their own, HR everybody's, a manager that of whom they decide about."""
    if not viewer.active:
        return False
    if viewer.id == person.id or is_hr(viewer):
        return True
    boss = People(conn).manager_of(person) if person.active else None
    return boss is not None and boss.id == viewer.id


def visible(conn: Connection, viewer: Person, wanted: str = "", limit: int = 100) -> Sequence[Person]:
    """Active people other than `viewer` whose file they may open, by name; `wanted` is a part of the name."""
    if not viewer.active:
        return []
    if not is_hr(viewer):
        return [each for each in _reports(conn, viewer) if wanted.lower() in each.name.lower()][:limit]
    return _named(conn, sa.and_(table.c.active, table.c.id != viewer.id), wanted, limit)


def gone(conn: Connection, viewer: Person, wanted: str = "", limit: int = 100) -> Sequence[Person]:
    """Those who left and whose file `viewer` may open, likewise: for HR; nobody else decides about them any more."""
    where = sa.and_(~table.c.active, ~table.c.id.startswith("erased:"))
    return _named(conn, where, wanted, limit) if is_hr(viewer) else []


def _named(conn: Connection, where: sa.ColumnElement[bool], wanted: str, limit: int) -> list[Person]:
    if wanted:
        where = sa.and_(where, sa.func.lower(table.c.name).contains(wanted.lower(), autoescape=True))
    statement = sa.select(table).where(where).order_by(table.c.name, table.c.id).limit(limit)
    return [Person(**row) for row in conn.execute(statement).mappings()]


def viewed(ctx: Context, subject: Person, page: str) -> str | None:
    """Record that `ctx.actor` opened a page about `subject`; the event's id, or None when nothing was to record.

    One's own file leaves no trace, and neither does the same page again within AGAIN.
    """
    viewer = ctx.actor
    if viewer is None or viewer.id == subject.id or seen_lately(ctx.db, viewer, subject, page, milliseconds(ctx.now)):
        return None
    return audit.viewed(ctx, subject, f"page:{page}")


def seen_lately(conn: Connection, viewer: Person, subject: Person, page: str, now_ms: int) -> bool:
    """Whether this look is already recorded. `now_ms` is Unix milliseconds.

    Asked of the log itself and not of a counter beside it: a counter would also count looks whose record was lost.
    """
    since = now_ms - AGAIN // timedelta(milliseconds=1)
    statement = sa.select(ev_event.c.envelope).where(
        ev_event.c.object_id == f"access:{subject.ref}",
        ev_event.c.type == audit.VIEWED,
        ev_event.c.actor == viewer.ref,
        ev_event.c.seen_ms > since,
    )
    return any(_what(row.envelope) == f"page:{page}" for row in conn.execute(statement))


def _what(envelope: bytes | None) -> str:
    """What was looked at; empty once the record itself has expired."""
    source: Mapping[str, object] = json.loads(envelope).get("source", {}) if envelope else {}
    return str(source.get("what", ""))


def _reports(conn: Connection, boss: Person, limit: int | None = None) -> list[Person]:
    """Active people who are decided about by `boss`: directly, or through managers who left."""
    found: list[Person] = []
    seen, layer = {boss.id}, [boss.id]
    while layer:
        rows = conn.execute(sa.select(table).where(table.c.manager_id.in_(layer)).order_by(table.c.name, table.c.id))
        below = [each for each in (Person(**row) for row in rows.mappings()) if each.id not in seen]
        seen |= {each.id for each in below}
        found += [each for each in below if each.active]
        if limit and len(found) >= limit:
            return found[:limit]
        layer = [each.id for each in below if not each.active]
    return found
