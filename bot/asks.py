"""An ask: one card, one person, one answer. Rows only; cards are built by the handlers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


# Built once: every callback runs some of these, and putting a statement together costs more than running it. `open` is
# written out: a partial index is used only where its condition is spelled like this.
_COLUMNS = [table.c[name] for name in ("ref", "kind", "matter", "person_id", "state", "answer")]
_INSERT = sa.insert(table)
_BY_REF = sa.select(*_COLUMNS).where(table.c.ref == sa.bindparam("ref"))
_OPEN = (
    sa.select(*_COLUMNS)
    .where(table.c.person_id == sa.bindparam("person_id"), table.c.state == sa.literal_column("'open'"))
    .order_by(table.c.created_at.desc(), table.c.ref)
)
_COUNT = sa.select(sa.func.count()).where(
    table.c.person_id == sa.bindparam("person_id"), table.c.state == sa.literal_column("'open'")
)
# Two who answer questions of one matter in the same moment would each hold one row and close the other's: both lock all
# of them, in one order. SQLite has one writer.
_LOCK = (
    sa.select(table.c.ref)
    .where(table.c.matter == sa.select(table.c.matter).where(table.c.ref == sa.bindparam("ref")).scalar_subquery())
    .order_by(table.c.ref)
    .with_for_update()
)
_TAKE = (
    sa.update(table)
    .where(table.c.ref == sa.bindparam("its_ref"), table.c.state == "open")
    .values(state="answered", answer=sa.bindparam("words"), answered_at=sa.bindparam("moment"))
)


def row_of(ask: Ask, now: datetime, deadline: datetime | None) -> dict[str, object]:
    """An open ask as a row for `insert`."""
    row = {"ref": ask.ref, "kind": ask.kind, "matter": ask.matter, "person_id": ask.person_id, "state": ask.state}
    return row | {"created_at": now, "deadline": deadline}


def insert(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert open asks."""
    connection.execute(_INSERT, list(rows))


def get(connection: Connection, ref: str) -> Ask | None:
    """The ask of a ref, or None for a forged or unknown one."""
    row = connection.execute(_BY_REF, {"ref": ref}).mappings().first()
    return Ask(**row) if row else None


def open_of(connection: Connection, person_id: str, kind_prefix: str) -> list[Ask]:
    """A person's open asks, newest first."""
    rows = connection.execute(_OPEN, {"person_id": person_id}).mappings()
    return [Ask(**row) for row in rows if row["kind"].startswith(kind_prefix)]


def newest_of(connection: Connection, person_id: str, most: int) -> tuple[list[Ask], int]:
    """The newest of a person's open asks, and how many there are: somebody may have thousands."""
    rows = connection.execute(_OPEN.limit(most), {"person_id": person_id}).mappings().all()
    count = len(rows) if len(rows) < most else connection.execute(_COUNT, {"person_id": person_id}).scalar_one()
    return [Ask(**row) for row in rows], int(count)


def of_matter(connection: Connection, matter: str, kinds: Sequence[str] | None) -> list[Ask]:
    """All asks of a matter, in every state."""
    where = table.c.matter == matter if kinds is None else sa.and_(table.c.matter == matter, table.c.kind.in_(kinds))
    return [Ask(**row) for row in connection.execute(sa.select(*_COLUMNS).where(where)).mappings()]


def answer(connection: Connection, ref: str, words: str, now: datetime) -> bool:
    """Conditional update: of two answers in the same moment exactly one returns True."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"ref": ref})
    return connection.execute(_TAKE, {"its_ref": ref, "words": words[:80], "moment": now}).rowcount == 1


def close(connection: Connection, refs: Sequence[str]) -> None:
    """Close those that are still open."""
    connection.execute(sa.update(table).where(table.c.ref.in_(refs), table.c.state == "open").values(state="closed"))
