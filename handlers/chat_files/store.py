"""Rows of files: taken by one worker at a time, each settled once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot import db
from bot.tables import ask
from handlers.chat_files.tables import chat_file as table

LEASE = timedelta(minutes=3)
"""Longer than any fetch takes; whoever died holding a file gives it up after this."""
PREFIX = "cf-"


@dataclass(frozen=True, slots=True)
class Sent:
    """One file; times UTC. `state` waiting, kept, refused, lost; `event_id` names the evidence that holds it."""

    id: str
    platform: str
    person_id: str
    kind: str
    name: str
    key: str
    sent_at: datetime
    state: str
    attempts: int
    next_at: datetime | None
    desk: str
    matter: str
    event_id: str
    media_type: str
    sha256: str
    size: int
    code: str


_COLUMNS = [table.c[name] for name in Sent.__dataclass_fields__]
c = table.c


def add(conn: Connection, row: Sent) -> None:
    """A file that was announced."""
    conn.execute(sa.insert(table).values({name: getattr(row, name) for name in Sent.__dataclass_fields__}))


def get(conn: Connection, file_id: str) -> Sent | None:
    """The file, or None."""
    found = conn.execute(sa.select(*_COLUMNS).where(c.id == file_id)).mappings().first()
    return Sent(**found) if found else None


def on_desk(conn: Connection, desk: str) -> list[Sent]:
    """What was kept there, oldest first."""
    rows = conn.execute(
        sa.select(*_COLUMNS).where(c.desk == desk, c.state == "kept").order_by(c.sent_at, c.id)
    ).mappings()
    return [Sent(**row) for row in rows]


def since(conn: Connection, person_id: str, moment: datetime) -> int:
    """How many files of a person were announced since."""
    mine = sa.select(sa.func.count()).where(c.person_id == person_id, c.sent_at > moment)
    return conn.execute(mine.select_from(table)).scalar_one()


def claim(engine: Engine, now: datetime) -> Sent | None:
    """The next file to be fetched, for us alone until LEASE is over; its attempt is counted."""
    with db.begin(engine) as conn:
        due = sa.select(c.id).where(c.state == "waiting", c.next_at <= now).order_by(c.next_at, c.id).limit(1)
        file_id = conn.execute(due.with_for_update(skip_locked=True)).scalar()
        if file_id is None:
            return None
        values = {"next_at": now + LEASE, "attempts": c.attempts + 1}
        conn.execute(sa.update(table).where(c.id == file_id).values(values))
        return get(conn, file_id)


def later(engine: Engine, file_id: str, at: datetime, code: str) -> None:
    """Try again at `at`."""
    with db.begin(engine) as conn:
        mine = sa.update(table).where(c.id == file_id, c.state == "waiting")
        conn.execute(mine.values(next_at=at, code=code[:80]))


def settle(conn: Connection, file_id: str, state: str, **values: object) -> bool:
    """End a file that waited; False when somebody else did. The platform's key is of no more use to anybody."""
    mine = sa.update(table).where(c.id == file_id, c.state == "waiting")
    return conn.execute(mine.values(state=state, next_at=None, key="", **values)).rowcount == 1


def mark(conn: Connection, file_id: str, **values: object) -> None:
    """Write down where a kept file is."""
    conn.execute(sa.update(table).where(c.id == file_id).values(**values))


def unseen(conn: Connection, person_id: str, kind: str) -> str:
    """The desk of the person's files that HR was asked to look at and has not yet, or empty."""
    mine = (c.person_id == person_id, c.state == "kept")
    waits = (ask.c.matter == c.desk, ask.c.kind == kind, ask.c.state == "open")
    return str(conn.execute(sa.select(c.desk).where(*mine, sa.exists().where(*waits)).limit(1)).scalar() or "")


def asked(conn: Connection, desk: str, kind: str) -> bool:
    """Whether somebody is being asked to look there."""
    waits = (ask.c.matter == desk, ask.c.kind == kind, ask.c.state == "open")
    return conn.execute(sa.select(ask.c.ref).where(*waits).limit(1)).first() is not None
