"""Epochs: how a log that cannot or should not go on is followed by another one, with keys of its own.

Rotation is a new epoch as well. Two log keys inside one epoch would ask every verifier to know which key speaks for
which size; with one key per origin (c2sp.org/tlog-checkpoint) an old verifier simply keeps working, and the first
leaf of the new log commits to the last checkpoint of the old one.

Events that waited in the old epoch are placed there first when it may still sign; otherwise `log.adopted` events of
the new epoch commit to them (`sequencer.adopt`). A crash at any step is repaired by the same call again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence import notes, sidecar
from bot.evidence.hsm import ModuleSigner
from bot.evidence.keys import Keys, newest, of_epoch, record_epoch
from bot.evidence.log import Part, append, milliseconds
from bot.evidence.sequencer import ROTATED, adopt, extend, hold, pending_of, sequence, stored_note
from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_event
from bot.evidence.tiles import Tiles
from bot.evidence.tree import Head, empty_root

OBJECT = "log:epochs"
REVOKED = "log.key_revoked"
_TEXT = "text/plain; charset=utf-8"
_ALL = 1 << 30


def new_epoch(engine: Engine, keys: Keys, reason: str, now: datetime) -> Keys:
    """Go on in a new epoch with new keys; returns them. `reason` is stored and shown to everybody who verifies.

    Its first leaf is the event `log.epoch`, whose parts are the reason and the last known checkpoint of the old
    epoch. Works when the database is behind the sidecar or the old key is lost. Raises ValueError for an empty reason
    and Misconfigured when the new keys cannot be made.
    """
    keys = newest(keys)
    if done := _unfinished(engine, keys):
        return done
    _place_rest(engine, keys, now)
    return _begin(engine, keys, reason, now)


def rotate(engine: Engine, keys: Keys, now: datetime) -> Keys:
    """Replace the keys while the old ones are still trusted; returns the new ones.

    `log.key_rotated`, signed by the old key, names the new one; a new epoch begins, and for 30 days the old key signs
    its checkpoints too. Raises Misconfigured when the old log cannot sign.
    """
    keys = newest(keys)
    if done := _unfinished(engine, keys):
        return done
    fresh = _fresh(keys)
    with begin(engine) as conn:
        hold(conn, keys)
        _once(conn, keys, ROTATED, f"log_rotated_{fresh.epoch}", _vkeys(fresh), now=now)
    while sequence(engine, keys, now):
        continue
    return _begin(engine, keys, f"{ROTATED}: {fresh.log_vkey}", now)


def revoke(engine: Engine, keys: Keys, reason: str, now: datetime) -> Keys:
    """Stop trusting the present keys, from now: the old key signs nothing more. Returns the new keys.

    The new epoch's second leaf is `log.key_revoked`. Time-stamped checkpoints from before the incident stay good.
    """
    keys = newest(keys)
    return _unfinished(engine, keys) or _begin(engine, keys, f"{REVOKED}: {reason}", now)


def _fresh(keys: Keys) -> Keys:
    return of_epoch(keys.key_dir, keys.origin, keys.epoch + 1, keys.module)


def _unfinished(engine: Engine, keys: Keys) -> Keys | None:
    """The next epoch, when it was committed and the process died before it recorded that in the key directory."""
    with engine.connect() as conn:
        row = conn.execute(select(ev_epoch).where(ev_epoch.c.epoch == keys.epoch + 1)).one_or_none()
    if row is None:
        return None
    fresh = _fresh(keys)
    if row.log_vkey != str(fresh.log_vkey):
        raise Misconfigured(
            f"数据库已在第 {row.epoch} 期，而这里没有它的密钥。请从密钥备份恢复 HUIZHI_KEY_DIR。"
            f" The database is in epoch {row.epoch} and its keys are not here; restore HUIZHI_KEY_DIR from its backup."
        )
    with engine.connect() as conn:
        return _release(conn, fresh)


def _place_rest(engine: Engine, keys: Keys, now: datetime) -> None:
    try:
        while sequence(engine, keys, now):
            continue
    except Misconfigured:
        return  # why it cannot sign is what the new epoch is for; its events are adopted


def _begin(engine: Engine, keys: Keys, reason: str, now: datetime) -> Keys:
    if not reason.strip():
        raise ValueError("a new epoch needs a reason")
    fresh = _fresh(keys)
    with begin(engine) as conn:
        hold(conn, keys)
        parts = {"reason.txt": reason.encode(), **_last_known(conn, keys), **_vkeys(fresh)}
        _rows(conn, keys, fresh, reason, now)
        _once(conn, fresh, "log.epoch", f"log_epoch_{fresh.epoch}", parts, now=now)
        if reason.startswith(REVOKED):
            revoked = {"log_vkey.txt": str(keys.log_vkey).encode(), "promise_vkey.txt": str(keys.promise_vkey).encode()}
            _once(conn, fresh, REVOKED, f"log_revoked_{keys.epoch}", revoked, now=now)
        adopt(conn, fresh, now)
        pending = pending_of(conn, fresh.epoch, _ALL)
        extend(conn, fresh, Tiles(conn, fresh.epoch), Head(0, empty_root()), pending, now=now)
    with engine.connect() as conn:
        return _release(conn, fresh)


def _release(conn: Connection, fresh: Keys) -> Keys:
    """After the commit: the checkpoint to the sidecar, then the epoch to everybody."""
    size = (
        select(ev_checkpoint.c.size).where(ev_checkpoint.c.epoch == fresh.epoch).order_by(ev_checkpoint.c.size.desc())
    )
    sidecar.save(fresh, stored_note(conn, fresh.epoch, conn.execute(size.limit(1)).scalar_one()) or "")
    record_epoch(fresh.key_dir, fresh.epoch)
    return fresh


def _last_known(conn: Connection, keys: Keys) -> Mapping[str, bytes]:
    """`old-checkpoint.note`: the newest one anybody has; `other-checkpoint.note`: when file and database differ."""
    newest_first = ev_checkpoint.c.size.desc()
    stored = conn.execute(
        select(ev_checkpoint.c.note).where(ev_checkpoint.c.epoch == keys.epoch).order_by(newest_first).limit(1)
    ).scalar()
    path = sidecar.path_of(keys)
    outside = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
    found = sorted({note for note in (stored, outside) if note}, key=_size, reverse=True)
    return {
        name: note.encode() for name, note in zip(("old-checkpoint.note", "other-checkpoint.note"), found, strict=False)
    }


def _size(note: str) -> int:
    """The size it claims, -1 when it is none: the key that signed it may be the one that was lost."""
    try:
        return notes.parse_checkpoint(notes.split(note)[0])[1].size
    except ValueError:
        return -1


def _vkeys(keys: Keys) -> Mapping[str, bytes]:
    return {"new_log_vkey.txt": str(keys.log_vkey).encode(), "new_promise_vkey.txt": str(keys.promise_vkey).encode()}


def _rows(conn: Connection, keys: Keys, fresh: Keys, reason: str, now: datetime) -> None:
    at = milliseconds(now)
    ended = update(ev_epoch).where(ev_epoch.c.epoch == keys.epoch, ev_epoch.c.ended_ms.is_(None))
    if conn.execute(ended.values(ended_ms=at)).rowcount == 0:  # its beginning was lost with the database
        conn.execute(insert(ev_epoch).values(_row(keys, 0, "") | {"ended_ms": at}))
    conn.execute(insert(ev_epoch).values(_row(fresh, at, reason)))


def _row(keys: Keys, began_ms: int, reason: str) -> dict[str, object]:
    row = {"epoch": keys.epoch, "origin": keys.origin, "began_ms": began_ms, "reason": reason}
    return row | {"log_vkey": str(keys.log_vkey), "promise_vkey": str(keys.promise_vkey)}


def _once(conn: Connection, keys: Keys, kind: str, event_id: str, parts: Mapping[str, bytes], *, now: datetime) -> None:
    """One event about the log itself; nothing when an interrupted call has already written it."""
    if conn.execute(select(ev_event.c.n).where(ev_event.c.event_id == event_id)).one_or_none() is None:
        append(
            conn, keys, event_id=event_id, type=kind, at=now, seen=now, actor="p:system", subject="p:none",
            object_id=OBJECT, parts=[Part(name, _TEXT, content) for name, content in parts.items()],
            source={"kind": "log"},
        )  # fmt: skip


def custody(keys: Keys) -> str:
    """What `huizhi evidence keys` says: public keys, where the private ones are, who should keep what."""
    where = "硬件模块 hardware module" if isinstance(keys.log, ModuleSigner) else f"{keys.key_dir} (0600)"
    return "\n".join(
        [
            f"第 {keys.epoch} 期 epoch {keys.epoch}: {keys.origin}",
            f"日志公钥 log key:     {keys.log_vkey}",
            f"承诺公钥 promise key: {keys.promise_vkey}",
            f"日志私钥在 log key is in: {where}",
            "请把日志公钥印在同意书、员工手册与每日公示中；员工据此识别真伪。",
            "Print the log key in the consent, the handbook and the daily post: staff tell a genuine log by it.",
            "保管密钥的人不应是数据库管理员；密钥与数据库分开备份，两人姓名写入保管记录。",
            "Whoever keeps the keys should not administer the database; back both up apart, and name both people.",
        ]
    )
