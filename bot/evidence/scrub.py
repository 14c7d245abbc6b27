"""What was erased must not stay in the database's own files: journal, free pages, dead rows.

SQLite zeroes what it frees (`secure_delete`, set on every connection), so its write-ahead log is what is left to empty.
PostgreSQL keeps the old version of a row until a vacuum, and its bytes in the page after one (storage page layout,
"Database Page Layout" and "VACUUM" in its manual): tables are written anew, unless they are too large for that.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine

from bot.db import begin, metadata
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_scrub
from bot.store import new_ref

log = structlog.get_logger("huizhi.scrub")
REWRITTEN = 64 * 2**20
"""Bytes up to which a table is written anew; nobody reads or writes it meanwhile, so it has to be quick."""
WAIT = 5.0
_PAUSE = 0.05
_SKELETON = frozenset(
    {"ev_anchor", "ev_authority", "ev_checkpoint", "ev_cosignature", "ev_epoch", "ev_head"}
    | {"ev_hold", "ev_object", "ev_post", "ev_tile", "ev_token", "ev_scrub"}
)
"""Tables from which no erasure takes anything."""


def owe(conn: Connection, now: datetime) -> None:
    """In the transaction that erases: the files are to be cleaned once it is committed."""
    conn.execute(sa.insert(ev_scrub).values(id=new_ref(), made_ms=milliseconds(now)))


def owed(engine: Engine) -> bool:
    """True while an erasure waits for its clean-up."""
    with engine.connect() as conn:
        return conn.execute(sa.select(ev_scrub.c.id).limit(1)).first() is not None


def scrub(engine: Engine, *, wait: float = WAIT) -> bool:
    """After the commit. False: for `wait` seconds somebody who still reads the old state was in the way; what is owed
    stays owed and the next call does it.

    Copies elsewhere are out of reach (backups, PostgreSQL's write-ahead log until it is recycled, archives, tables over
    `REWRITTEN`, which are only vacuumed); for what is sealed for a person the destroyed key is the erasure.
    """
    with engine.connect() as conn:
        done = list(conn.execute(sa.select(ev_scrub.c.id)).scalars())
    clean = _sqlite(engine, wait) if engine.dialect.name == "sqlite" else _postgresql(engine, wait)
    if clean and done:
        with begin(engine) as conn:
            conn.execute(sa.delete(ev_scrub).where(ev_scrub.c.id.in_(done)))
    if not clean:
        log.warning("scrub.postponed", owed=len(done))
    return clean


def _sqlite(engine: Engine, wait: float) -> bool:
    with engine.connect() as conn:
        before = conn.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        conn.exec_driver_sql(f"PRAGMA busy_timeout={int(wait * 1000)}")
        try:
            return bool(conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0] == 0)
        finally:
            conn.exec_driver_sql(f"PRAGMA busy_timeout={int(before)}")


def _postgresql(engine: Engine, wait: float) -> bool:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        # A transaction older than this one may still see the erased rows; they would be copied along.
        clean = _readers_gone(conn, wait)
        conn.exec_driver_sql(f"SET lock_timeout = {max(1, int(wait * 1000))}")
        try:
            for table, size in _tables(conn):
                clean = _vacuum(conn, table, size <= REWRITTEN) and clean
        finally:
            conn.exec_driver_sql("RESET lock_timeout")
    return clean


def _tables(conn: Connection) -> Iterator[tuple[str, int]]:
    for table in metadata.sorted_tables:
        if table.name not in _SKELETON:
            size = conn.execute(sa.select(sa.func.pg_total_relation_size(table.name))).scalar_one()
            yield table.name, int(size)


def _vacuum(conn: Connection, table: str, anew: bool) -> bool:
    try:
        conn.exec_driver_sql(f'VACUUM {"(FULL) " if anew else ""}"{table}"')
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        return False
    return True


def _readers_gone(conn: Connection, wait: float) -> bool:
    begun = conn.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    older = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND xact_start < :begun"
    )
    until = time.monotonic() + wait
    while conn.execute(older, {"begun": begun}).scalar_one():
        if time.monotonic() >= until:
            return False
        time.sleep(_PAUSE)
    return True
