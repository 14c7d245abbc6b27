"""Requests in the platforms' own approval apps: rows of `mp_slip` inside the caller's transaction. Times are UTC.

An event only says that something changed. Until the slip has been read its person is not asked and not escalated about:
it may be a leave that covers this very moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot.ports.slips import Slip
from handlers.missed_punch import tables as t

COVERS = ("pending", "approved")
TRUST = timedelta(hours=24)
"""How long somebody is left alone because of a slip that cannot be read."""
AGAIN, OLD = timedelta(minutes=30), timedelta(days=30)
"""A pending slip is read again, in case the event of its decision was lost; after `OLD` no more."""
AT_ONCE = 50


def changed(db: Connection, platform: str, number: str, now: datetime, **values: Any) -> None:
    """An event about a slip: it is to be read anew. `values` hold what the event said."""
    said = {name: value for name, value in values.items() if value not in ("", "unknown")}
    row = {"changed_at": now, "read_at": None, **said}
    if db.execute(sa.update(t.slip).where(*_key(platform, number)).values(**row)).rowcount == 0:
        db.execute(sa.insert(t.slip).values(platform=platform, number=number[:128], **row))


def get(db: Connection, platform: str, number: str) -> RowMapping | None:
    """The slip as we know it."""
    return db.execute(sa.select(t.slip).where(*_key(platform, number))).mappings().first()


def unread(db: Connection, platform: str, now: datetime) -> Sequence[str]:
    """Numbers to be read now, oldest change first."""
    s = t.slip.c
    stale = sa.and_(s.state == "pending", s.read_at <= now - AGAIN, s.changed_at > now - OLD)
    where = (s.platform == platform, sa.or_(sa.and_(s.read_at.is_(None), s.changed_at > now - TRUST), stale))
    return db.execute(sa.select(s.number).where(*where).order_by(s.changed_at).limit(AT_ONCE)).scalars().all()


def waiting_for(db: Connection, now: datetime) -> frozenset[str]:
    """People with a request that may cover now and has not been read."""
    s = t.slip.c
    where = (s.read_at.is_(None), s.changed_at > now - TRUST, s.state.in_(COVERS), s.person_id != "")
    return frozenset(db.execute(sa.select(s.person_id).where(*where)).scalars())


def read(db: Connection, platform: str, number: str, now: datetime, person_id: str, found: Slip | None) -> None:
    """What the platform says of it now; None: it may not be read, so only its event is known."""
    values: dict[str, Any] = {"read_at": now}
    if found:
        spans = found.leaves
        values |= {"state": found.state, "about": found.about[:12], "person_id": person_id}
        if spans:  # of one that was refused the platform tells no times: those that were known stay
            values |= {"start_at": min(each.start for each in spans), "end_at": max(each.end for each in spans)}
            values |= {"kind": spans[0].kind[:64]}
    db.execute(sa.update(t.slip).where(*_key(platform, number)).values(**values))


def covering(db: Connection, ids: Sequence[str], since: datetime) -> Sequence[RowMapping]:
    """Slips of these people that cover some time after `since`."""
    s = t.slip.c
    where = (s.person_id.in_(ids), s.state.in_(COVERS), s.start_at.is_not(None), s.end_at > since)
    return db.execute(sa.select(t.slip).where(*where)).mappings().all()


def uncover(db: Connection, row: RowMapping) -> None:
    """Take the leave away that a slip had brought."""
    if row["start_at"] is not None:
        gone = (t.leave.c.person_id == row["person_id"], t.leave.c.start_at == row["start_at"])
        db.execute(sa.delete(t.leave).where(*gone, t.leave.c.end_at == row["end_at"]))


def cover(db: Connection, row: RowMapping) -> None:
    """Let a slip be leave. The same time known from elsewhere only changes its state."""
    if row["start_at"] is None or row["state"] not in COVERS:
        return
    same = (t.leave.c.person_id == row["person_id"], t.leave.c.start_at == row["start_at"])
    pending = row["state"] == "pending"
    statement = sa.update(t.leave).where(*same, t.leave.c.end_at == row["end_at"])
    if db.execute(statement.values(pending=pending)).rowcount == 0:
        values = {name: row[name] for name in ("person_id", "start_at", "end_at", "kind")}
        db.execute(sa.insert(t.leave).values(**values, pending=pending))


def _key(platform: str, number: str) -> tuple[sa.ColumnElement[bool], ...]:
    return t.slip.c.platform == platform, t.slip.c.number == number[:128]
