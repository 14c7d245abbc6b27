"""What has been kept long enough goes by itself: a daily sweep over the register's periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from bot import clock, db
from bot.evidence.audit import Note, note
from bot.evidence.erase import erase_events, erase_person, left, restricted, stays
from bot.evidence.log import milliseconds
from bot.evidence.register import Kind, kind_of
from bot.evidence.scrub import owe, owed, scrub
from bot.evidence.tables import ev_event, ev_hold
from bot.tables import person

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.retention")
EVERY = 86400.0
"""Seconds between sweeps."""
AT_ONCE = 200
"""People per sweep: a long one must not keep the writers waiting."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Due:
    """Event types of one person whose time is over; `whole`: nothing else about them is left."""

    subject: str
    types: tuple[str, ...]
    whole: bool


def due(conn: Connection, now: datetime) -> list[Due]:
    """Whose records have reached the end of their period; held ones are left out. Sorted by pseudonym."""
    held = sa.select(ev_hold.c.subject).where(ev_hold.c.released_ms.is_(None))
    subjects = sa.union(sa.select(ev_event.c.subject), sa.select(ev_event.c.actor)).subquery()
    pseudonym = subjects.c.subject
    people = conn.execute(
        sa.select(pseudonym, person.c.active)
        .outerjoin_from(subjects, person, person.c.ref == pseudonym)
        .where(pseudonym.startswith("p:"), pseudonym.not_in(("p:none", "p:system")), pseudonym.not_in(held))
        .order_by(pseudonym)
    ).all()
    found = [_due_of(conn, row[0], bool(row[1]), now) for row in people]
    return [each for each in found if each.types or each.whole]


def _due_of(conn: Connection, subject: str, active: bool, now: datetime) -> Due:
    there = left(conn, subject)
    ended = max(there.values(), default=_EPOCH)
    over = tuple(sorted(each for each, at in there.items() if _over(kind_of(each), active, ended, at, now)))
    # Asked for, postponed, and free by now.
    wanted = restricted(conn, subject) and not stays(conn, subject, now)
    return Due(subject, over, wanted or bool(there) and not active and len(over) == len(there))


def _over(kind: Kind | None, active: bool, ended: datetime, at: datetime, now: datetime) -> bool:
    if kind is None or (kind.clock == "employment" and active):
        return False
    return (at if kind.clock == "record" else ended) + kind.keep <= now


def expire(app: App) -> int:
    """Erase what is due, each person in a transaction of their own; returns how many people were touched.

    Records about the handling of data expire one by one, by their own age.
    """
    now = clock.now()
    with app.engine.connect() as connection:
        waiting = due(connection, now)[:AT_ONCE]
    for each in waiting:
        with db.begin(app.engine) as connection:
            if each.whole:
                erase_person(
                    connection, app.keys, subject=each.subject, now=now, by="p:system", request_event="retention"
                )
            else:
                _erase_kinds(connection, app, each, now)
    with db.begin(app.engine) as connection:
        old = _expire_audit(connection, now)
        if old:
            owe(connection, now)
    if waiting or old:
        log.info("retention.expired", people=len(waiting), audit=old)
    if owed(app.engine):
        scrub(app.engine)
    return len(waiting)


def _erase_kinds(conn: Connection, app: App, each: Due, now: datetime) -> None:
    events, parts = erase_events(conn, each.subject, each.types)
    owe(conn, now)
    source = {"types": " ".join(each.types)[:400], "events": str(events), "parts": str(parts)}
    about = Note("erasure.expired", f"erasure:{each.subject}", "p:system", each.subject)
    note(conn, app.keys, about, now=now, source=source)


def _expire_audit(conn: Connection, now: datetime) -> int:
    """Envelopes and salts of audit records past their period; the tree keeps its hashes."""
    total = 0
    types: Sequence[str] = conn.execute(sa.select(ev_event.c.type).distinct()).scalars().all()
    for event_type in types:
        kind = kind_of(event_type)
        if kind and kind.audit:
            old = (
                ev_event.c.type == event_type,
                ev_event.c.seen_ms < milliseconds(now - kind.keep + timedelta(milliseconds=1)),
                ev_event.c.envelope.is_not(None),
                ev_event.c.subject.not_in(sa.select(ev_hold.c.subject).where(ev_hold.c.released_ms.is_(None))),
            )
            total += conn.execute(sa.update(ev_event).where(*old).values(envelope=None, salt=None)).rowcount
    return total
