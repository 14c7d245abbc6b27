"""Give pending events their place in the log and sign a checkpoint. Any number may run; one works at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, select, update

from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence import notes
from bot.evidence.keys import Keys, sync_folder, write_private
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_checkpoint, ev_event, ev_head
from bot.evidence.tiles import Tiles
from bot.evidence.tree import Head, empty_root, head_at, leaf_hash

Pending = Row[tuple[str, bytes, bytes]]
SIDECAR = "last-checkpoint"
"""File in `key_dir`: the newest checkpoint known outside the database."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A committed, signed head. `note` is the signed text, `added` how many events it placed."""

    size: int
    root: bytes
    note: str
    added: int


def sequence(engine: Engine, keys: Keys, now: datetime, limit: int = 256) -> Checkpoint | None:
    """Place up to `limit` pending events and sign; None when nothing is pending.

    Raises Misconfigured, and signs nothing, when the database is behind the sidecar (an old backup was restored),
    contradicts it, or no longer fits its own head. The sidecar is written after the commit: a checkpoint that
    could still be rolled back must never leave the database.
    """
    with begin(engine) as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(select(func.pg_advisory_xact_lock(_lock_number(keys.origin))))
        tiles = Tiles(conn)
        head = _trusted_head(conn, keys, tiles)
        pending = _pending(conn, limit)
        done = _extend(conn, keys, tiles, head, pending, now) if pending else None
        latest = done.note if done else _stored_note(conn, head.size)
    if latest:
        _save_sidecar(keys, latest)
    return done


def _lock_number(origin: str) -> int:
    """A signed 64-bit lock key per log."""
    return int.from_bytes(hashlib.sha256(b"huizhi sequencer\n" + origin.encode()).digest()[:8], "big", signed=True)


def _pending(conn: Connection, limit: int) -> Sequence[Pending]:
    # By `n`: within one object the row lock makes it grow with the sequence number.
    columns = select(ev_event.c.event_id, ev_event.c.entry, ev_event.c.leaf_hash)
    return conn.execute(columns.where(ev_event.c.log_index.is_(None)).order_by(ev_event.c.n).limit(limit)).all()


def _stored_note(conn: Connection, size: int) -> str | None:
    return conn.execute(select(ev_checkpoint.c.note).where(ev_checkpoint.c.size == size)).scalar()


def _trusted_head(conn: Connection, keys: Keys, tiles: Tiles) -> Head:
    """The database's head, once tiles, signature and sidecar agree with it."""
    row = conn.execute(select(ev_head.c.size, ev_head.c.root)).one_or_none()
    head = Head(row.size, row.root) if row else Head(0, empty_root())
    outside = _read_sidecar(keys)
    if outside and outside.size > head.size:
        raise Misconfigured(
            f"存证日志已停止签名：数据库只到第 {head.size} 条，而 {SIDECAR} 记着第 {outside.size} 条，"
            "像是恢复了旧备份。请恢复较新的备份；继续签名会造出两份互相矛盾的历史。"
            f" The log refuses to sign: the database has {head.size} entries but {keys.key_dir / SIDECAR}"
            f" knows {outside.size}; an old backup seems to be restored. Restore a newer one."
        )
    note = _stored_note(conn, head.size) if head.size else None
    try:
        sound = head == head_at(tiles.read, head.size)
        sound = sound and (not outside or outside == head_at(tiles.read, outside.size))
        if head.size:
            sound = sound and note is not None and notes.open_checkpoint(note, keys.log_vkey) == head
    except ValueError:
        sound = False  # a hash tile is missing or short, or the checkpoint is not signed by our key
    if not sound:
        raise Misconfigured(
            f"存证日志已停止签名：数据库中的日志（{head.size} 条）与已签名的检查点或现有密钥不符。"
            "请核对 HUIZHI_KEY_DIR 与数据库是否配套，并保留现场。"
            f" The log refuses to sign: its {head.size} stored entries do not match the signed checkpoint or the"
            " present key. Check that HUIZHI_KEY_DIR and the database belong together, and keep both as they are."
        )
    return head


def _extend(
    conn: Connection, keys: Keys, tiles: Tiles, head: Head, pending: Sequence[Pending], now: datetime
) -> Checkpoint:
    for index, row in enumerate(pending, head.size):
        if leaf_hash(row.entry) != row.leaf_hash:
            raise Misconfigured(
                f"存证记录 {row.event_id} 在入库后被改动，已停止签名。"
                f" Evidence record {row.event_id} was changed after it was stored; the log refuses to sign."
            )
        tiles.append(index, row.leaf_hash)
    placed = [{"which": row.event_id, "place": index} for index, row in enumerate(pending, head.size)]
    conn.execute(
        update(ev_event).where(ev_event.c.event_id == bindparam("which")).values(log_index=bindparam("place")), placed
    )
    tiles.flush()
    new = head_at(tiles.read, head.size + len(pending))
    note = notes.sign(notes.checkpoint_text(keys.origin, new), keys.origin, keys.log)
    conn.execute(delete(ev_head))
    conn.execute(insert(ev_head).values(id=1, size=new.size, root=new.root))
    stored = insert(ev_checkpoint).values(size=new.size, root=new.root, note=note, created_ms=milliseconds(now))
    conn.execute(stored)
    return Checkpoint(new.size, new.root, note, len(pending))


def _read_sidecar(keys: Keys) -> Head | None:
    path = keys.key_dir / SIDECAR
    try:
        return notes.open_checkpoint(path.read_text(encoding="utf-8"), keys.log_vkey)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Misconfigured(
            f"{path} 损坏，或由另一把密钥签署（{error}）；存证日志已停止签名。"
            f" {path} is damaged or signed by another key; the log refuses to sign."
        ) from error


def _save_sidecar(keys: Keys, note: str) -> None:
    """Replace the sidecar unless it is already as new: sequencers may arrive here out of order."""
    size = notes.open_checkpoint(note, keys.log_vkey).size
    path = keys.key_dir / SIDECAR
    handle = os.open(keys.key_dir / f".{SIDECAR}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        known = _read_sidecar(keys)
        if known is None or known.size < size:
            draft = keys.key_dir / f".{SIDECAR}.{secrets.token_hex(8)}"
            write_private(draft, note.encode())
            draft.replace(path)
            sync_folder(keys.key_dir)
    finally:
        os.close(handle)
