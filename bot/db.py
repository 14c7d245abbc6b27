"""The database: one metadata, engines for SQLite (WAL, FULL) and PostgreSQL, one way to open a write transaction."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData()
PERSON = {"person": True}
"""`info` of a column that holds a person's id under a name of its own: erasing a person renames it as well."""


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC in the database; a naive value is refused rather than guessed."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Store UTC without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: times carry their zone in Huizhi")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give UTC back."""
        return None if value is None else value.replace(tzinfo=UTC)


def create_engine(url: str) -> Engine:
    """An engine for `sqlite:///path`, or `postgresql://…` (psycopg 3). The SQLite folder is created."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, pool_size=10)
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    sa_event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    # isolation_level None hands BEGIN to us: pysqlite's own late BEGIN would let two writers read the same state.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def begin(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed on return, rolled back on raise. SQLite takes its single writer lock at once."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            yield connection
        return
    with _writer(engine.url.database), engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with _manual(connection):
            yield connection


def for_many(connection: Connection) -> None:
    """This transaction names hundreds of people in one condition: PostgreSQL plans such statements for their values.

    The plan it would keep instead compares every row with every name, one by one. SQLite does without.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


@contextmanager
def _writer(database: str | None) -> Iterator[None]:
    """Writers of all threads and processes queue here: the kernel wakes the next one, where SQLite's own busy handler
    would poll and let some callers wait for a second."""
    if not database or database == ":memory:":
        yield
        return
    handle = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _manual(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # An interrupt in the middle of a statement invalidates the connection; closing it rolls back as well.
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
