"""When what was last fetched; rows of `mp_fetch` and `mp_feed` inside the caller's transaction."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from handlers.missed_punch import tables as t

What = Literal["plan", "late", "asked"]
LOOK_BACK = timedelta(days=7)


def last(db: Connection, platform: str, what: What, zone: str, day: date) -> datetime | None:
    """When `what` of that local day was last fetched whole."""
    found: datetime | None = db.execute(sa.select(t.fetch.c.at).where(*_key(platform, what, zone, day))).scalar()
    return found


def mark(db: Connection, platform: str, what: What, zone: str, day: date, at: datetime, rows: int) -> None:
    """Remember a fetch that succeeded and how many rows it brought."""
    values = {"at": at, "rows": rows}
    if db.execute(sa.update(t.fetch).where(*_key(platform, what, zone, day)).values(**values)).rowcount == 0:
        db.execute(sa.insert(t.fetch).values(platform=platform, what=what, zone=zone, day=day, **values))


def rows_before(db: Connection, platform: str, zone: str, day: date) -> bool:
    """Whether any of the seven days before had shifts."""
    where = (t.fetch.c.platform == platform, t.fetch.c.what == "plan", t.fetch.c.zone == zone, t.fetch.c.rows > 0)
    query = sa.select(t.fetch.c.day).where(*where, t.fetch.c.day < day, t.fetch.c.day >= day - LOOK_BACK).limit(1)
    return db.execute(query).first() is not None


def mark_feed(db: Connection, platform: str, at: datetime) -> None:
    """Everything the ladder needs was known at `at`."""
    if db.execute(sa.update(t.feed).where(t.feed.c.platform == platform).values(fetched_at=at)).rowcount == 0:
        db.execute(sa.insert(t.feed).values(platform=platform, fetched_at=at))


def _key(platform: str, what: What, zone: str, day: date) -> list[sa.ColumnElement[bool]]:
    columns = {"platform": platform, "what": what, "zone": zone, "day": day}
    return [t.fetch.c[name] == value for name, value in columns.items()]
