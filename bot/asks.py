"""An ask: one card, one person, one answer. Rows only; cards are built by the handlers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.tables import ask as table


@dataclass(frozen=True, slots=True)
class Ask:
    """`state` is open, answered (by `answer`) or closed (the matter ended without this answer)."""

    ref: str
    kind: str
    matter: str
    person_id: str
    state: str
    answer: str | None


_COLUMNS = [table.c[name] for name in ("ref", "kind", "matter", "person_id", "state", "answer")]


def create(connection: Connection, ask: Ask, now: datetime, deadline: datetime | None) -> None:
    """Insert an open ask."""
    connection.execute(
        sa.insert(table).values(
            ref=ask.ref,
            kind=ask.kind,
            matter=ask.matter,
            person_id=ask.person_id,
            state=ask.state,
            created_at=now,
            deadline=deadline,
        )
    )


def get(connection: Connection, ref: str) -> Ask | None:
    """The ask of a ref, or None for a forged or unknown one."""
    row = connection.execute(sa.select(*_COLUMNS).where(table.c.ref == ref)).mappings().first()
    return Ask(**row) if row else None


def open_of(connection: Connection, person_id: str, kind_prefix: str) -> list[Ask]:
    """A person's open asks, newest first."""
    where = sa.and_(
        table.c.person_id == person_id, table.c.state == "open", table.c.kind.startswith(kind_prefix, autoescape=True)
    )
    rows = connection.execute(
        sa.select(*_COLUMNS).where(where).order_by(table.c.created_at.desc(), table.c.ref)
    ).mappings()
    return [Ask(**row) for row in rows]


def of_matter(connection: Connection, matter: str, kinds: Sequence[str] | None) -> list[Ask]:
    """All asks of a matter, in every state."""
    where = table.c.matter == matter if kinds is None else sa.and_(table.c.matter == matter, table.c.kind.in_(kinds))
    return [Ask(**row) for row in connection.execute(sa.select(*_COLUMNS).where(where)).mappings()]


def answer(connection: Connection, ref: str, words: str, now: datetime) -> bool:
    """Conditional update: of two answers in the same moment exactly one returns True."""
    statement = (
        sa.update(table)
        .where(table.c.ref == ref, table.c.state == "open")
        .values(state="answered", answer=words[:80], answered_at=now)
    )
    return connection.execute(statement).rowcount == 1


def close(connection: Connection, refs: Sequence[str]) -> None:
    """Close those that are still open."""
    connection.execute(sa.update(table).where(table.c.ref.in_(refs), table.c.state == "open").values(state="closed"))
