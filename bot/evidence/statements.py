"""What appending runs, as SQL text compiled once per process: building it costs more than running it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Row, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement

from bot.evidence.tables import ev_event, ev_object, ev_part


@dataclass(frozen=True, slots=True)
class Statement:
    """`order` names the columns of positional parameters (SQLite); None where the driver takes names."""

    sql: str
    order: tuple[str, ...] | None

    def each(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write all rows with one call of the driver."""
        if rows:
            given = [self._given(row) for row in rows]
            conn.exec_driver_sql(self.sql, given[0] if len(given) == 1 else given)

    def _given(self, row: Mapping[str, Any]) -> Any:
        return dict(row) if self.order is None else tuple([row[name] for name in self.order])


@dataclass(frozen=True, slots=True)
class Statements:
    """`heads(conn, ids)`: the objects' last events, new objects may be absent; keeps others from following them."""

    heads: Callable[[Connection, Sequence[str]], Sequence[Row[Any]]]
    event: Statement
    part: Statement
    move: Statement


@functools.cache
def statements(dialect_name: str, paramstyle: str) -> Statements:
    """For "sqlite" or "postgresql" and the driver's parameter style."""
    dialect: Dialect = (postgresql if dialect_name == "postgresql" else sqlite).dialect(paramstyle=paramstyle)

    def compiled(statement: ClauseElement) -> Statement:
        made = statement.compile(dialect=dialect)
        order = getattr(made, "positiontup", None)
        return Statement(str(made), tuple(order) if order is not None else None)

    def into(table: Table, *but: str) -> Statement:
        # inline: no RETURNING for a key that nobody reads.
        return compiled(
            insert(table).inline().values({c.name: bindparam(c.name) for c in table.c if c.name not in but})
        )

    heads = _hold if dialect_name == "postgresql" else _look
    return Statements(heads, into(ev_event, "n", "log_index"), into(ev_part), compiled(_moved(dialect_name)))


def _look(conn: Connection, objects: Sequence[str]) -> Sequence[Row[Any]]:
    # SQLite has one writer and the caller is it: reading is enough.
    if len(objects) == 1:
        return conn.exec_driver_sql(_LOOK_ONE, (objects[0],)).all()
    return conn.exec_driver_sql(_LOOK, (json.dumps(list(objects)),)).all()


def _hold(conn: Connection, objects: Sequence[str]) -> Sequence[Row[Any]]:
    # Makes rows that are new and locks all of them, in one round trip. It changes nothing: should this append fail
    # and the caller commit all the same, the chain has no hole.
    return conn.exec_driver_sql(_HOLD, (list(objects),)).all()


_LOOK_ONE = "SELECT object_id, head_seq, head_leaf FROM ev_object WHERE object_id = ?"
_LOOK = "SELECT object_id, head_seq, head_leaf FROM ev_object WHERE object_id IN (SELECT value FROM json_each(?))"
_HOLD = (
    "INSERT INTO ev_object (object_id, head_seq) SELECT id, 0 FROM unnest(%s::text[]) AS id"
    " ON CONFLICT (object_id) DO UPDATE SET head_seq = ev_object.head_seq RETURNING object_id, head_seq, head_leaf"
)


def _moved(dialect_name: str) -> ClauseElement:
    values: dict[str, Any] = {name: bindparam(name) for name in ("object_id", "head_seq", "head_leaf")}
    write = postgresql.insert(ev_object) if dialect_name == "postgresql" else sqlite.insert(ev_object)
    new = write.values(values)
    return new.on_conflict_do_update(
        index_elements=["object_id"], set_={"head_seq": new.excluded.head_seq, "head_leaf": new.excluded.head_leaf}
    )
