"""Append events to the log, inside the caller's transaction."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from bot.evidence import notes
from bot.evidence.keys import Keys
from bot.evidence.salts import SALT, Salts, drawn
from bot.evidence.statements import Statements, statements
from bot.evidence.tree import leaf_hash

SAFE_INTEGER = 2**53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes an event is about: what was shown, said, answered by a vendor. `name` is unique in its event."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it is written. `at` is what the source claims, `seen` our clock, both aware; `actor` and
    `subject` are pseudonyms, never names."""

    event_id: str
    type: str
    at: datetime
    seen: datetime
    actor: str
    subject: str
    object_id: str
    parts: Sequence[Part] = ()
    source: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appended:
    """`leaf_hash`: 32 bytes. `promise`: signed note for the employee, valid before the event is in the tree."""

    event_id: str
    leaf_hash: bytes
    promise: str


class Sealer(Protocol):
    """Encrypts what is stored for one person; `vault.Vault` is one."""

    def seal(self, conn: Connection, subject: str, plain: bytes, aad: bytes) -> bytes: ...


class Vault(Protocol):
    """Prepares a sealer for several people in one go; `vault.Vault` is one."""

    def prepared(self, conn: Connection, subjects: Iterable[str]) -> Sealer: ...


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
    return (moment - _EPOCH) // _MILLISECOND


def stamp(moment: datetime) -> str:
    """`2026-11-20T01:00:05.510Z`."""
    milliseconds(moment)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def promise_text(origin: str, leaf: bytes, seen_ms: int) -> str:
    """What a promise signs: this leaf, seen at this Unix millisecond, will be in the log."""
    return f"huizhi-promise/1\n{origin}\n{notes.b64(leaf)}\n{seen_ms}\n"


def canonical(value: Mapping[str, object]) -> bytes:
    """RFC 8785 bytes of an object whose keys are ASCII and whose numbers are whole: then sorting by code point,
    Python's shortest escapes and UTF-8 are what the RFC asks for. ValueError for lone surrogates."""
    return _canonical_json(value).encode()


_canonical_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


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
    salts: Salts | None = None,
    vault: Vault | None = None,
) -> Appended:
    """Write one event, chained to the last one of its object. See `Draft` and `append_many`."""
    draft = Draft(event_id, type, at, seen, actor, subject, object_id, parts, source)
    return append_many(conn, keys, [draft], vault=vault, salts=salts)[0]


def append_many(
    conn: Connection,
    keys: Keys,
    drafts: Sequence[Draft],
    *,
    vault: Vault | None = None,
    salts: Salts | None = None,
) -> list[Appended]:
    """Write events in this order, each chained to the last one of its object. Does not commit.

    The objects' rows stay locked until the caller ends the transaction; on SQLite the caller holds BEGIN IMMEDIATE.
    With a `vault` parts and salts are stored encrypted for the person they are about; commitments are over plain bytes.
    Raises ValueError for duplicate part names or naive times, IntegrityError when an `event_id` exists.
    """
    ready = statements(conn.dialect.name, conn.dialect.paramstyle)
    heads = _heads(conn, ready, {draft.object_id for draft in drafts})
    events, parts, done = [], [], []
    salts = salts or drawn(sum(1 + len(draft.parts) for draft in drafts))
    sealer = (
        vault.prepared(conn, {each for draft in drafts if draft.parts and (each := _holder(draft))}) if vault else None
    )
    for draft in drafts:
        seq, prev = heads[draft.object_id]
        event, mine, appended = _seal(keys, draft, (seq + 1, prev), salts)
        heads[draft.object_id] = seq + 1, appended.leaf_hash
        holder = _holder(draft) if sealer else None
        if sealer and holder:
            mine = [row | _encrypted(conn, sealer, holder, row) for row in mine]
        events.append(event)
        parts += mine
        done.append(appended)
    moved = [{"object_id": name, "head_seq": seq, "head_leaf": leaf} for name, (seq, leaf) in heads.items()]
    ready.write(conn, [(ready.event, events), (ready.part, parts), (ready.move, moved)])
    return done


def aad_of(event_id: str, position: int | str) -> bytes:
    """What ties a stored ciphertext to its place: a part's number, or `0/salt` for its salt."""
    return f"{event_id}/{position}".encode()


def _heads(conn: Connection, ready: Statements, objects: set[str]) -> dict[str, tuple[int, bytes | None]]:
    # In one order everywhere: two transactions that lock the same objects must not wait for each other.
    known = {row.object_id: (row.head_seq, row.head_leaf) for row in ready.heads(conn, sorted(objects))}
    return {name: known.get(name, (0, None)) for name in sorted(objects)}


def _holder(draft: Draft) -> str | None:
    """Whose key seals the parts: the person it is about, else the person who acted, else nobody's."""
    people = (each for each in (draft.subject, draft.actor) if each.startswith("p:"))
    return next((each for each in people if each not in ("p:none", "p:system")), None)


def _encrypted(conn: Connection, sealer: Sealer, holder: str, row: Mapping[str, Any]) -> dict[str, object]:
    event_id, position = row["event_id"], row["position"]
    content = sealer.seal(conn, holder, row["content"], aad_of(event_id, position))
    # A plain salt beside it, and a short content (a yes, a score) could be guessed from its commitment for ever.
    salt = sealer.seal(conn, holder, row["salt"], aad_of(event_id, f"{position}/salt"))
    return {"content": content, "salt": salt, "sealed_for": holder}


def _seal(
    keys: Keys, draft: Draft, place: tuple[int, bytes | None], salts: Salts
) -> tuple[dict[str, object], list[dict[str, object]], Appended]:
    """(event row, part rows, result) of a draft at `place` (sequence number, previous leaf) in its object's chain."""
    if len({part.name for part in draft.parts}) != len(draft.parts):
        raise ValueError("part names must be unique in an event")
    sealed = [(part, salt, commit(salt, part.content)) for part in draft.parts for salt in [salts(SALT)]]
    envelope, salt = _envelope(keys.origin, draft, place, sealed), salts(SALT)
    entry = entry_of(salt, envelope)
    leaf, seen_ms = leaf_hash(entry), milliseconds(draft.seen)
    promise = _pen(keys)(promise_text(keys.origin, leaf, seen_ms))
    row = {"event_id": draft.event_id, "type": draft.type, "at_ms": milliseconds(draft.at), "seen_ms": seen_ms}
    row |= {"actor": draft.actor, "subject": draft.subject, "object_id": draft.object_id, "object_seq": place[0]}
    row |= {"envelope": envelope, "salt": salt, "entry": entry, "leaf_hash": leaf, "promise": promise}
    parts = [_part_row(draft.event_id, position, *each) for position, each in enumerate(sealed)]
    return row | {"epoch": keys.epoch}, parts, Appended(draft.event_id, leaf, promise)


def _envelope(
    origin: str, draft: Draft, place: tuple[int, bytes | None], sealed: Sequence[tuple[Part, bytes, bytes]]
) -> bytes:
    seq, prev = place
    return canonical(
        {
            "v": 1,
            "log": origin,
            "id": draft.event_id,
            "type": draft.type,
            "at": stamp(draft.at),
            "seen": stamp(draft.seen),
            "actor": draft.actor,
            "subject": draft.subject,
            "source": dict(draft.source),
            "object": {"id": draft.object_id, "seq": seq, "prev": None if prev is None else prev.hex()},
            "parts": [
                {"name": part.name, "mt": part.media_type, "len": len(part.content), "c": notes.b64(commitment)}
                for part, _, commitment in sealed
            ],
        }
    )


def _part_row(event_id: str, position: int, part: Part, salt: bytes, commitment: bytes) -> dict[str, object]:
    row = {"event_id": event_id, "position": position, "name": part.name, "media_type": part.media_type}
    row |= {"length": len(part.content), "commitment": commitment, "salt": salt, "content": part.content}
    return row | {"sealed_for": None}


@functools.lru_cache(maxsize=8)
def _pen(keys: Keys) -> Callable[[str], str]:
    """Signs promises. Names and key ids are derived once: doing it per event costs more than the signature."""
    key = keys.promise_vkey
    sign, name, number = keys.promise.sign, key.name, key.id
    return lambda text: f"{text}\n\u2014 {name} {notes.b64(number + sign(text.encode()))}\n"
