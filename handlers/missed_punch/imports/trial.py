"""A dry run: what loading a file would change, counted beside the database, which is only read.

The rows that a part could meet are copied, part by part, into a private SQLite file that its process alone has open and
that is gone with the process; the same `sources.add` decides there. Nobody waits for it; nothing is to be rolled back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import sources
from handlers.missed_punch.attendance.sources import Record

CHUNK = 300


@contextmanager
def scratch() -> Iterator[Connection]:
    """Empty punches and records; the name "" is SQLite's private temporary file (sqlite.org, inmemorydb.html)."""
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(""), poolclass=sa.StaticPool)
    try:
        with engine.begin() as db:
            t.punch.metadata.create_all(db, tables=[t.punch, t.record])
            yield db
    finally:
        engine.dispose()


def bring(real: Connection, db: Connection, rows: Sequence[Record]) -> None:
    """Copy what is stored about these people around these moments, unless it was copied before.

    Copies carry the negative of their id, so that they never meet the ids of rows that are new here.
    """
    ids = sorted({row.person_id for row in rows})
    span = (min(row.at for row in rows) - sources.SAME, max(row.at for row in rows) + sources.SAME)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        near = (t.punch.c.person_id.in_(part), t.punch.c.at.between(*span))
        punches = [dict(row) for row in real.execute(sa.select(t.punch).where(*near)).mappings()]
        told = sa.select(t.record).where(t.record.c.punch_id.in_(sa.select(t.punch.c.id).where(*near)))
        own = sa.select(t.record).where(t.record.c.person_id.in_(part), t.record.c.at.between(*span))
        found = {row["id"]: dict(row) for each in (told, own) for row in real.execute(each).mappings()}
        _copy(db, t.punch, punches)
        _copy(db, t.record, list(found.values()))


def _copy(db: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["id"] = -row["id"]
        if row.get("punch_id"):
            row["punch_id"] = -row["punch_id"]
    if rows:
        db.execute(sa.insert(table).prefix_with("OR IGNORE"), rows)
