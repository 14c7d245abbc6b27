"""Append an event to the log, inside the caller's transaction."""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from sqlalchemy import Connection, Dialect, Row, Table, bindparam, insert, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement

from bot.evidence import notes
from bot.evidence.keys import Keys
from bot.evidence.tables import ev_event, ev_object, ev_part
from bot.evidence.tree import leaf_hash

SALT = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Salts = Callable[[int], bytes]
"""Given a length, that many unguessable bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes an event is about: what was shown, said, answered by a vendor. `name` is unique in its event."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """`leaf_hash`: 32 bytes. `promise`: signed note for the employee, valid before the event is in the tree."""

    event_id: str
    leaf_hash: bytes
    promise: str


def commit(salt: bytes, content: bytes) -> bytes:
    """SHA-256(salt || content). The salt is exactly 32 bytes: only a fixed length makes it binding."""
    if len(salt) != SALT:
        raise ValueError("a salt must be exactly 32 bytes")
    return hashlib.sha256(salt + content).digest()


def entry_of(salt: bytes, envelope: bytes) -> bytes:
    """The 53 bytes that enter the tree; they hold no name, type or time."""
    return f"hrlog/1\n{notes.b64(commit(salt, envelope))}\n".encode()


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds of an aware datetime; ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be evidence")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def stamp(moment: datetime) -> str:
    """`2026-11-20T01:00:05.510Z`."""
    milliseconds(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def promise_text(origin: str, leaf: bytes, seen_ms: int) -> str:
    """What a promise signs: this leaf, seen at this Unix millisecond, will be in the log."""
    return f"huizhi-promise/1\n{origin}\n{notes.b64(leaf)}\n{seen_ms}\n"


def append(
    conn: Connection,
    keys: Keys,
    *,
    event_id: str,
    type: str,
    at: datetime,
    seen: datetime,
    actor: str,
    subject: str,
    object_id: str,
    parts: Sequence[Part],
    source: Mapping[str, str],
    salts: Salts = secrets.token_bytes,
) -> Appended:
    """Write one event, chained to the last one of its object. Does not commit.

    `at` is what the source claims, `seen` our clock, both aware. `actor` and `subject` are pseudonyms, never names.
    The object's row stays locked until the caller ends the transaction; on SQLite the caller holds BEGIN IMMEDIATE.
    Raises ValueError for duplicate part names or naive times, IntegrityError when `event_id` exists.
    """
    if len({part.name for part in parts}) != len(parts):
        raise ValueError("part names must be unique in an event")
    ready = _statements(conn.dialect.name, conn.dialect.paramstyle)
    head_seq, head_leaf = ready.head.one(conn, {"object_id": object_id}) or (0, None)
    seq, sealed = head_seq + 1, [(part, salt, commit(salt, part.content)) for part in parts for salt in [salts(SALT)]]
    envelope = rfc8785.dumps(
        {
            "v": 1,
            "log": keys.origin,
            "id": event_id,
            "type": type,
            "at": stamp(at),
            "seen": stamp(seen),
            "actor": actor,
            "subject": subject,
            "source": dict(source),
            "object": {"id": object_id, "seq": seq, "prev": None if head_leaf is None else head_leaf.hex()},
            "parts": [
                {"name": part.name, "mt": part.media_type, "len": len(part.content), "c": notes.b64(commitment)}
                for part, _, commitment in sealed
            ],
        }
    )
    salt = salts(SALT)
    entry = entry_of(salt, envelope)
    leaf, seen_ms = leaf_hash(entry), milliseconds(seen)
    promise = notes.sign(promise_text(keys.origin, leaf, seen_ms), keys.promise_vkey.name, keys.promise)
    row = {"event_id": event_id, "type": type, "at_ms": milliseconds(at), "seen_ms": seen_ms, "actor": actor}
    row |= {"subject": subject, "object_id": object_id, "object_seq": seq, "envelope": envelope, "salt": salt}
    ready.event.each(conn, [row | {"entry": entry, "leaf_hash": leaf, "promise": promise, "epoch": keys.epoch}])
    ready.part.each(conn, [_part_row(event_id, position, *each) for position, each in enumerate(sealed)])
    ready.move.each(conn, [{"object_id": object_id, "head_seq": seq, "head_leaf": leaf}])
    return Appended(event_id, leaf, promise)


def _part_row(event_id: str, position: int, part: Part, salt: bytes, commitment: bytes) -> dict[str, object]:
    row = {"event_id": event_id, "position": position, "name": part.name, "media_type": part.media_type}
    return row | {
        "length": len(part.content),
        "commitment": commitment,
        "salt": salt,
        "content": part.content,
        "sealed_for": None,
    }


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL text compiled once per process: building it from the tables costs more than running it.

    `order` names the columns of positional parameters (SQLite); None where the driver takes names.
    """

    sql: str
    order: tuple[str, ...] | None

    def one(self, conn: Connection, row: Mapping[str, Any]) -> Row[Any] | None:
        """The row it finds, or None."""
        return conn.exec_driver_sql(self.sql, self._given(row)).one_or_none()

    def each(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write all rows with one call of the driver."""
        if rows:
            given = [self._given(row) for row in rows]
            conn.exec_driver_sql(self.sql, given[0] if len(given) == 1 else given)

    def _given(self, row: Mapping[str, Any]) -> Any:
        return dict(row) if self.order is None else tuple(row[name] for name in self.order)


@dataclass(frozen=True, slots=True)
class _Statements:
    """What one append runs. `head` finds the object's last event and keeps others from following it too."""

    head: _Statement
    event: _Statement
    part: _Statement
    move: _Statement


@functools.cache
def _statements(dialect_name: str, paramstyle: str) -> _Statements:
    dialect: Dialect = (postgresql if dialect_name == "postgresql" else sqlite).dialect(paramstyle=paramstyle)

    def compiled(statement: ClauseElement) -> _Statement:
        made = statement.compile(dialect=dialect)
        order = getattr(made, "positiontup", None)
        return _Statement(str(made), tuple(order) if order is not None else None)

    def into(table: Table, *but: str) -> _Statement:
        # inline: no RETURNING for a key that nobody reads.
        return compiled(
            insert(table).inline().values({c.name: bindparam(c.name) for c in table.c if c.name not in but})
        )

    held = _hold() if dialect_name == "postgresql" else _look()
    return _Statements(compiled(held), into(ev_event, "n", "log_index"), into(ev_part), compiled(_moved(dialect_name)))


def _look() -> ClauseElement:
    # SQLite has one writer and the caller is it: reading is enough.
    return select(ev_object.c.head_seq, ev_object.c.head_leaf).where(ev_object.c.object_id == bindparam("object_id"))


def _hold() -> ClauseElement:
    # Makes the row if it is new and locks it either way, in one round trip. It changes nothing: should this append
    # fail and the caller commit all the same, the chain has no hole.
    blank = postgresql.insert(ev_object).values(object_id=bindparam("object_id"), head_seq=literal_column("0"))
    held = blank.on_conflict_do_update(index_elements=["object_id"], set_={"head_seq": ev_object.c.head_seq})
    return held.returning(ev_object.c.head_seq, ev_object.c.head_leaf)


def _moved(dialect_name: str) -> ClauseElement:
    values: dict[str, Any] = {name: bindparam(name) for name in ("object_id", "head_seq", "head_leaf")}
    write = postgresql.insert(ev_object) if dialect_name == "postgresql" else sqlite.insert(ev_object)
    new = write.values(values)
    return new.on_conflict_do_update(
        index_elements=["object_id"], set_={"head_seq": new.excluded.head_seq, "head_leaf": new.excluded.head_leaf}
    )
