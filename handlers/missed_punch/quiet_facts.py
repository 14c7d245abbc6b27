"""Quiet hours that people told us, for whoever wants to leave them in peace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from handlers.missed_punch import tables as t


def quiet(db: Connection, people: Sequence[str]) -> Mapping[str, str]:
    """person id -> `22:00-07:00` as they said it."""
    c = t.contact.c
    rows = db.execute(sa.select(c.person_id, c.quiet).where(c.person_id.in_(list(people)), c.quiet != ""))
    return {row.person_id: row.quiet for row in rows}
