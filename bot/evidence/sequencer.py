"""Give pending events their place in the log and sign a checkpoint. Any number may run; one works at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select

from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence import notes, sidecar
from bot.evidence.keys import Keys, family, newest, predecessor
from bot.evidence.log import Draft, Part, append_many, milliseconds
from bot.evidence.sidecar import SIDECAR
from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_event, ev_head
from bot.evidence.tiles import Tiles
from bot.evidence.tree import Head, empty_root, head_at, leaf_hash

__all__ = ["SIDECAR", "Checkpoint", "sequence"]
Pending = Row[tuple[int, str, bytes, bytes]]
ROTATED = "log.key_rotated"
COSIGN = timedelta(days=30)
"""How long a rotated key keeps signing beside its successor."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A committed, signed head. `note` is the signed text, `added` how many events it placed."""

    size: int
    root: bytes
    note: str
    added: int


def sequence(engine: Engine, keys: Keys, now: datetime, limit: int = 1000) -> Checkpoint | None:
    """Place up to `limit` pending events of the newest epoch and sign; None when nothing is pending.

    Signs with the keys of the newest epoch in `key_dir`, whichever are passed. Raises Misconfigured, and signs
    nothing, when the database is behind the sidecar (an old backup was restored), contradicts it, no longer fits its
    own head, or belongs to another epoch. The sidecar is written after the commit: a checkpoint that could still be
    rolled back must never leave the database.
    """
    keys = newest(keys)
    with begin(engine) as conn:
        hold(conn, keys)
        tiles = Tiles(conn, keys.epoch)
        check_epoch(conn, keys, behind=True)  # behind, the sidecar says more
        head = _trusted_head(conn, keys, tiles)
        check_epoch(conn, keys)
        if keys.epoch > 1:
            adopt(conn, keys, now)
        pending = pending_of(conn, keys.epoch, limit)
        done = extend(conn, keys, tiles, head, pending, now=now) if pending else None
        latest = done.note if done else stored_note(conn, keys.epoch, head.size)
    if latest:
        sidecar.save(keys, latest)
    return done


def hold(conn: Connection, keys: Keys) -> None:
    """Be the only one who changes this log, all its epochs, until the transaction ends."""
    if conn.dialect.name == "postgresql":
        digest = hashlib.sha256(b"huizhi sequencer\n" + family(keys.origin).encode()).digest()
        conn.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], "big", signed=True))))


def pending_of(conn: Connection, epoch: int, limit: int) -> Sequence[Pending]:
    """Events without a place, in the order of `n`: within one object its row lock makes `n` grow with the sequence."""
    columns = select(ev_event.c.n, ev_event.c.event_id, ev_event.c.entry, ev_event.c.leaf_hash)
    waiting = columns.where(ev_event.c.epoch == epoch, ev_event.c.log_index.is_(None))
    return conn.execute(waiting.order_by(ev_event.c.n).limit(limit)).all()


def stored_note(conn: Connection, epoch: int, size: int) -> str | None:
    """The signed checkpoint of that size."""
    place = (ev_checkpoint.c.epoch == epoch) & (ev_checkpoint.c.size == size)
    return conn.execute(select(ev_checkpoint.c.note).where(place)).scalar()


def check_epoch(conn: Connection, keys: Keys, *, behind: bool = False) -> None:
    """Misconfigured unless the newest epoch in the database is the one of these keys, or nothing was signed yet.

    `behind`: an older database passes.
    """
    order = ev_epoch.c.epoch.desc()
    row = conn.execute(select(ev_epoch.c.epoch, ev_epoch.c.log_vkey).order_by(order).limit(1)).one_or_none()
    known = row.epoch if row else 1
    if behind and known < keys.epoch:
        return
    if known != keys.epoch:
        raise Misconfigured(
            f"存证日志已停止签名：数据库在第 {known} 期，密钥目录在第 {keys.epoch} 期。"
            "若刚才开启新一期时中断，请再执行一次同样的命令；否则请核对 HUIZHI_KEY_DIR 与数据库是否配套。"
            f" The log refuses to sign: the database is in epoch {known}, the keys are of epoch"
            f" {keys.epoch}. If beginning an epoch was interrupted, run the same command again; otherwise check that"
            " HUIZHI_KEY_DIR and the database belong together."
        )
    if row and row.log_vkey != str(keys.log_vkey):
        raise Misconfigured(
            "存证日志已停止签名：现有日志密钥不是本期开始时的那一把。请从密钥备份恢复；找不回时开启新一期。"
            " The log refuses to sign: this is not the log key its epoch began with. Restore the keys, or begin a new"
            " epoch when they are lost."
        )


def _trusted_head(conn: Connection, keys: Keys, tiles: Tiles) -> Head:
    """The database's head, once tiles, signature and sidecar agree with it."""
    row = conn.execute(select(ev_head.c.size, ev_head.c.root).where(ev_head.c.epoch == keys.epoch)).one_or_none()
    head = Head(row.size, row.root) if row else Head(0, empty_root())
    outside = sidecar.read(keys)
    if outside and outside.size > head.size:
        raise Misconfigured(
            f"存证日志已停止签名：数据库只到第 {head.size} 条，而 {SIDECAR} 记着第 {outside.size} 条，"
            "像是恢复了旧备份。请恢复较新的备份；没有时执行 huizhi evidence new-epoch。"
            "继续签名会造出两份互相矛盾的历史。"
            f" The log refuses to sign: the database has {head.size} entries but {sidecar.path_of(keys)}"
            f" knows {outside.size}; an old backup seems to be restored. Restore a newer one; if there is none, run"
            " huizhi evidence new-epoch."
        )
    note = stored_note(conn, keys.epoch, head.size) if head.size else None
    try:
        sound = head == head_at(tiles.read, head.size)
        sound = sound and (not outside or outside == head or outside == head_at(tiles.read, outside.size))
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


def adopt(conn: Connection, keys: Keys, now: datetime) -> None:
    """Commit to events an ended epoch never placed: `log.adopted` in the same object, with their promise as a part.

    Its chain link and the promise prove them in this epoch; their own rows stay as they were promised.
    """
    ended = select(ev_event).where(ev_event.c.epoch.in_(range(1, keys.epoch)), ev_event.c.log_index.is_(None))
    strays = {_adopted(row.event_id): row for row in conn.execute(ended.order_by(ev_event.c.n))}
    if not strays:
        return
    found = set(conn.execute(select(ev_event.c.event_id).where(ev_event.c.event_id.in_(list(strays)))).scalars())
    append_many(
        conn,
        keys,
        [
            Draft(
                name, "log.adopted", at=now, seen=now, actor="p:system", subject=row.subject, object_id=row.object_id,
                parts=[Part("promise.note", "text/plain; charset=utf-8", row.promise.encode())],
                source={"event": row.event_id, "epoch": str(row.epoch)},
            )
            for name, row in strays.items()
            if name not in found
        ],
    )  # fmt: skip


def _adopted(event_id: str) -> str:
    return f"adopted_{hashlib.sha256(event_id.encode()).hexdigest()[:40]}"


def extend(
    conn: Connection, keys: Keys, tiles: Tiles, head: Head, pending: Sequence[Pending], *, now: datetime
) -> Checkpoint:
    """Place `pending` behind `head`, sign and store; the caller commits and only then shows the note to anybody."""
    for row in pending:
        if leaf_hash(row.entry) != row.leaf_hash:
            raise Misconfigured(
                f"存证记录 {row.event_id} 在入库后被改动，已停止签名。"
                f" Evidence record {row.event_id} was changed after it was stored; the log refuses to sign."
            )
    tiles.extend(head.size, [row.leaf_hash for row in pending])
    _place(conn, [row.n for row in pending], head.size)
    tiles.flush()
    new = head_at(tiles.read, head.size + len(pending))
    note = _sign(conn, keys, new, now)
    if head.size == 0:
        _begin_epoch(conn, keys, now)
    conn.execute(delete(ev_head))
    conn.execute(insert(ev_head).values(id=1, epoch=keys.epoch, size=new.size, root=new.root))
    values = {"epoch": keys.epoch, "size": new.size, "root": new.root, "note": note, "created_ms": milliseconds(now)}
    conn.execute(insert(ev_checkpoint).values(values))
    return Checkpoint(new.size, new.root, note, len(pending))


def _place(conn: Connection, rows: Sequence[int], first: int) -> None:
    end = first + len(rows)
    if conn.dialect.name == "postgresql":  # one statement instead of one message per row
        conn.exec_driver_sql(
            "UPDATE ev_event SET log_index = %s + v.place - 1"
            " FROM unnest(CAST(%s AS bigint[])) WITH ORDINALITY AS v(n, place) WHERE ev_event.n = v.n",
            (first, list(rows)),
        )
        return
    conn.exec_driver_sql("UPDATE ev_event SET log_index = ? WHERE n = ?", [*zip(range(first, end), rows, strict=True)])


def _sign(conn: Connection, keys: Keys, head: Head, now: datetime) -> str:
    """The note; for 30 days after a rotation the old key signs too, under its own name, so that it never is a
    checkpoint of the old log."""
    words = notes.checkpoint_text(keys.origin, head)
    note = notes.sign(words, keys.origin, keys.log)
    if keys.epoch == 1:
        return note
    mine = select(ev_epoch.c.reason, ev_epoch.c.began_ms).where(ev_epoch.c.epoch == keys.epoch)
    row = conn.execute(mine).one_or_none()
    recent = row is not None and milliseconds(now - COSIGN) < row.began_ms and row.reason.startswith(ROTATED)
    old = predecessor(keys) if recent else None
    return note + notes.signature_line(words, old.origin, old.log) if old else note


def _begin_epoch(conn: Connection, keys: Keys, now: datetime) -> None:
    """The row of an epoch that nobody began on purpose: the first one."""
    if conn.execute(select(ev_epoch.c.epoch).where(ev_epoch.c.epoch == keys.epoch)).one_or_none() is None:
        row = {"epoch": keys.epoch, "origin": keys.origin, "began_ms": milliseconds(now), "reason": ""}
        row |= {"log_vkey": str(keys.log_vkey), "promise_vkey": str(keys.promise_vkey)}
        conn.execute(insert(ev_epoch).values(row))
