"""A thousand random changes of the database by who owns it: found by the audit, or one of the stated limits."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.db import begin, create_engine, metadata
from bot.evidence.keys import load_or_create
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.selfaudit import examine
from bot.evidence.sequencer import sequence
from bot.evidence.tables import ev_checkpoint, ev_event, ev_head, ev_object, ev_part, ev_tile
from tests.evidence.conftest import NOW, ORIGIN, log_tables

EVENTS, CHANGES = 12, 1000
TABLES = (ev_event, ev_event, ev_part, ev_part, ev_checkpoint, ev_tile, ev_head, ev_object)
KINDS = ("alter", "alter", "alter", "swap", "delete", "back-date", "tail")

LIMITS = {
    "alter ev_checkpoint.created_ms": "our own clock, which nothing signed; the time that counts is a token's",
    "delete ev_checkpoint": "one of several: the later ones commit to the same records",
    "alter ev_part.sealed_for": "without the data keys nothing is opened, so nothing is missed",
}
"""What a database can be changed into without a finding, and why nothing is proven by it."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dozen events of three objects under four checkpoints; without triggers, as its owner could make it."""
    folder = tmp_path_factory.mktemp("random")
    engine, keys = create_engine(f"sqlite:///{folder}/log.db"), load_or_create(folder / "keys", ORIGIN)
    metadata.create_all(engine, tables=log_tables())
    for low in range(0, EVENTS, 3):
        with begin(engine) as conn:
            append_many(conn, keys, [_draft(number) for number in range(low, low + 3)])
        while sequence(engine, keys, NOW):
            continue
    assert examine(engine, start=0).ok
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "log.db"


def _draft(number: int) -> Draft:
    part = Part("body.txt", "text/plain", f"第 {number} 条".encode())
    return Draft(f"evt_{number}", "notice.created", NOW, NOW, "p:hr", "p:e1", f"ntc_{number % 3}", [part])


def _other(chance: random.Random, value: Any) -> Any:
    """Nearly the same: one bit, one character, or one more or less."""
    if isinstance(value, bytes):
        changed = bytearray(value or b"\0")
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        return bytes(changed)
    if isinstance(value, str):
        at = chance.randrange(len(value) or 1)
        return value[:at] + chr(ord(value[at : at + 1] or "a") ^ 1) + value[at + 1 :]
    return 1 if value is None else value + chance.choice([-1, 1])


def _row(table: sa.Table, row: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == row._mapping[column] for column in table.primary_key))


def change(chance: random.Random, conn: Connection) -> tuple[str, str]:
    """(kind, place) of one random change; "" when nothing came of it."""
    kind, table = chance.choice(KINDS), chance.choice(TABLES)
    rows = conn.execute(sa.select(table).order_by(*table.primary_key)).all()
    one, two = chance.choice(rows), chance.choice(rows)
    column = chance.choice([each for each in table.c if not each.primary_key])
    if kind == "delete":
        conn.execute(sa.delete(table).where(_row(table, one)))
        return kind, table.name
    if kind == "tail":
        many = chance.randrange(1, 4)
        gone = list(conn.execute(sa.select(ev_event.c.event_id).order_by(ev_event.c.n.desc()).limit(many)).scalars())
        conn.execute(sa.delete(ev_part).where(ev_part.c.event_id.in_(gone)))
        conn.execute(sa.delete(ev_event).where(ev_event.c.event_id.in_(gone)))
        return kind, "ev_event"
    if kind == "back-date":
        at = chance.randrange(EVENTS)
        new = {"at_ms": ev_event.c.at_ms - 86_400_000, "seen_ms": ev_event.c.seen_ms - 86_400_000}
        conn.execute(sa.update(ev_event).where(ev_event.c.log_index == at).values(new))
        return kind, "ev_event"
    old, new_value = one._mapping[column], two._mapping[column]
    value = new_value if kind == "swap" else _other(chance, old)
    if value == old:
        return "", ""
    conn.execute(sa.update(table).where(_row(table, one)).values({column: value}))
    return kind, f"{table.name}.{column.name}"


def test_random_changes_are_found_or_are_a_stated_limit(template: Path) -> None:
    chance, tried, survived = random.Random(20261126), Counter[str](), Counter[str]()
    whole, engine = sqlite3.connect(template), create_engine("sqlite:///:memory:")
    with engine.connect() as held:
        raw: Any = held.connection.driver_connection
        while tried.total() < CHANGES:
            whole.backup(raw)
            try:
                with begin(engine) as conn:
                    kind, place = change(chance, conn)
            except IntegrityError:
                continue  # the database itself refused
            if not kind:
                continue
            tried[kind] += 1
            if examine(engine, start=0).ok:
                survived[f"{kind} {place}"] += 1
    whole.close()
    engine.dispose()
    assert set(survived) <= set(LIMITS), survived
    assert survived.total() < CHANGES / 20
    assert all(tried[kind] >= 50 for kind in set(KINDS)), tried
