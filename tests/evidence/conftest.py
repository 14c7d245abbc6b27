"""Engines for the log's tests: SQLite always, and a real PostgreSQL started once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from bot import db
from bot.evidence import tables
from bot.evidence.keys import Keys, load_or_create
from bot.evidence.log import Appended, Part, append

ORIGIN = "acme.example/hr-log/1"
NOW = datetime(2026, 11, 20, 1, 0, 5, 510000, tzinfo=UTC)
Made = tuple[Engine, str]


def log_tables() -> list[sa.Table]:
    return [table for table in db.metadata.sorted_tables if table.name.startswith("ev_")]


def salts() -> Callable[[int], bytes]:
    """Deterministic salts, all different."""
    count = iter(range(10**9))
    return lambda size: hashlib.sha256(f"test salt {next(count)}".encode()).digest()[:size]


def add(conn: Connection, keys: Keys, number: int, object_id: str = "ntc_1", **more: object) -> Appended:
    """One event with one part; everything follows from `number`."""
    at = NOW + timedelta(seconds=number)
    return append(
        conn,
        keys,
        event_id=f"evt_{object_id}_{number}",
        type="notice.created",
        at=at,
        seen=at,
        actor="p:hr",
        subject="p:e1",
        object_id=object_id,
        parts=[Part("正文 body.txt", "text/plain", f"第 {number} 条".encode())],
        source={"ch": "wecom", "how": "test"},
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """(engine with fresh log tables, its URL for other processes)."""
    url = f"sqlite:///{tmp_path}/log.db" if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    engine = db.create_engine(url)
    assert tables.ev_event.metadata is db.metadata
    db.metadata.create_all(engine, tables=log_tables())
    yield engine, url
    db.metadata.drop_all(engine, tables=log_tables())
    engine.dispose()


@pytest.fixture
def engine(made: Made) -> Engine:
    return made[0]


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Engine]:
    engine = db.create_engine(f"sqlite:///{tmp_path}/lite.db")
    db.metadata.create_all(engine, tables=log_tables())
    yield engine
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return load_or_create(tmp_path / "keys", ORIGIN)
