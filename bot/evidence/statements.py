"""What appending runs, as SQL text compiled once per process: building it costs more than running it."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    bindparam,
    insert,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from bot.evidence.tables import ev_event, ev_object, ev_part


@dataclass(frozen=True, slots=True)
class Statement:
    """`order`: the columns. `arrays`: each column of all rows is one parameter (PostgreSQL), else each row is a tuple
    of positional parameters (SQLite)."""

    sql: str
    order: tuple[str, ...]
    arrays: bool = False

    def given(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        """The parameters for all these rows, in their order: one call of the driver writes them."""
        made: Any = list(map(itemgetter(*self.order), rows))
        if self.arrays:
            return tuple(map(list, zip(*made, strict=True)))
        return made[0] if len(made) == 1 else made


Batch = tuple[Statement, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Statements:
    """`heads(conn, ids)`: the objects' last events, new objects may be absent; keeps others from following them.
    `write(conn, batches)`: each statement with its rows, in this order; sqlalchemy.exc.DBAPIError as from `execute`."""

    heads: Callable[[Connection, Sequence[str]], Sequence[Row[Any]]]
    write: Callable[[Connection, Sequence[Batch]], None]
    event: Statement
    part: Statement
    move: Statement


@functools.cache
def statements(dialect_name: str, paramstyle: str) -> Statements:
    """For "sqlite" or "postgresql" and the driver's parameter style."""
    if dialect_name == "postgresql":
        moved = " ON CONFLICT (object_id) DO UPDATE SET head_seq = excluded.head_seq, head_leaf = excluded.head_leaf"
        event, part, move = (_unnested(each) for each in (ev_event, ev_part, ev_object))
        return Statements(_hold, _piped, event, part, replace(move, sql=move.sql + moved))
    dialect: Dialect = sqlite.dialect(paramstyle=paramstyle)

    def compiled(statement: ClauseElement) -> Statement:
        made = statement.compile(dialect=dialect)
        return Statement(str(made), tuple(getattr(made, "positiontup", None) or ()))

    def into(table: Table) -> Statement:
        # inline: no RETURNING for a key that nobody reads.
        return compiled(insert(table).inline().values({name: bindparam(name) for name in _columns(table)}))

    return Statements(_look, _in_turn, into(ev_event), into(ev_part), compiled(_moved()))


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.c if column.name not in ("n", "log_index")]


def _unnested(table: Table) -> Statement:
    """One statement for any number of rows: `executemany` would send a message, and run the planner, for each."""
    names = _columns(table)
    columns = ", ".join(names)
    given = ", ".join(f"%b::{_ARRAYS[table.c[name].type.__class__]}[]" for name in names)
    return Statement(
        f"INSERT INTO {table.name} ({columns}) SELECT {columns}"  # noqa: S608 - names of ours
        f" FROM unnest({given}) WITH ORDINALITY AS v({columns}, place) ORDER BY place",
        tuple(names),
        arrays=True,
    )


def _look(conn: Connection, objects: Sequence[str]) -> Sequence[Row[Any]]:
    # SQLite has one writer and the caller is it: reading is enough.
    if len(objects) == 1:
        return conn.exec_driver_sql(_LOOK_ONE, (objects[0],)).all()
    return conn.exec_driver_sql(_LOOK, (json.dumps(list(objects)),)).all()


def _hold(conn: Connection, objects: Sequence[str]) -> Sequence[Row[Any]]:
    # Makes rows that are new and locks all of them, in one round trip. It changes nothing: should this append fail
    # and the caller commit all the same, the chain has no hole.
    return conn.exec_driver_sql(_HOLD, (list(objects),)).all()


def _in_turn(conn: Connection, batches: Sequence[Batch]) -> None:
    for statement, rows in batches:
        if rows:
            conn.exec_driver_sql(statement.sql, statement.given(rows))


def _piped(conn: Connection, batches: Sequence[Batch]) -> None:
    # One wait for all of them: the server inserts the events while we put the parts into its format.
    driver: Any = conn.connection.driver_connection
    dbapi = conn.dialect.loaded_dbapi
    try:
        with driver.pipeline():
            for statement, rows in batches:
                if rows:
                    driver.execute(statement.sql, statement.given(rows))
    except dbapi.Error as error:
        text = "; ".join(statement.sql for statement, _ in batches)
        raise DBAPIError.instance(text, None, error, dbapi.Error, dialect=conn.dialect) from error


_LOOK_ONE = "SELECT object_id, head_seq, head_leaf FROM ev_object WHERE object_id = ?"
_LOOK = "SELECT object_id, head_seq, head_leaf FROM ev_object WHERE object_id IN (SELECT value FROM json_each(?))"
_HOLD = (
    "INSERT INTO ev_object (object_id, head_seq) SELECT id, 0 FROM unnest(%s::text[]) AS id"
    " ON CONFLICT (object_id) DO UPDATE SET head_seq = ev_object.head_seq RETURNING object_id, head_seq, head_leaf"
)


_ARRAYS: dict[type, str] = {
    String: "text", Text: "text", Integer: "integer", BigInteger: "bigint", LargeBinary: "bytea"
}  # fmt: skip


def _moved() -> ClauseElement:
    new = sqlite.insert(ev_object).values({name: bindparam(name) for name in _columns(ev_object)})
    return new.on_conflict_do_update(
        index_elements=["object_id"], set_={"head_seq": new.excluded.head_seq, "head_leaf": new.excluded.head_leaf}
    )
