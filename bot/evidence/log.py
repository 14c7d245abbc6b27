"""Append an event to the log, inside the caller's transaction."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import rfc8785
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

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
    head_seq, head_leaf = _lock_object(conn, object_id)
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
    conn.execute(insert(ev_event).values(**row, entry=entry, leaf_hash=leaf, promise=promise))
    _store_parts(conn, event_id, sealed)
    moved = update(ev_object).where(ev_object.c.object_id == object_id)
    conn.execute(moved.values(head_seq=seq, head_leaf=leaf))
    return Appended(event_id, leaf, promise)


def _lock_object(conn: Connection, object_id: str) -> tuple[int, bytes | None]:
    """Make the object's row if it is new, then hold it: two writers must not both be number n."""
    blank = {"object_id": object_id, "head_seq": 0, "head_leaf": None}
    if conn.dialect.name == "postgresql":
        conn.execute(postgresql.insert(ev_object).values(blank).on_conflict_do_nothing())
    else:
        conn.execute(sqlite.insert(ev_object).values(blank).on_conflict_do_nothing())
    held = select(ev_object.c.head_seq, ev_object.c.head_leaf).where(ev_object.c.object_id == object_id)
    row = conn.execute(held.with_for_update()).one()
    return row.head_seq, row.head_leaf


def _store_parts(conn: Connection, event_id: str, sealed: Sequence[tuple[Part, bytes, bytes]]) -> None:
    if sealed:
        conn.execute(
            insert(ev_part),
            [
                {
                    "event_id": event_id,
                    "position": position,
                    "name": part.name,
                    "media_type": part.media_type,
                    "length": len(part.content),
                    "commitment": commitment,
                    "salt": salt,
                    "content": part.content,
                }
                for position, (part, salt, commitment) in enumerate(sealed)
            ],
        )
