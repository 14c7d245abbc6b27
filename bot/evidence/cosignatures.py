"""The firm's side of witnessing: what goes out to a witness, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from bot.evidence import notes, tree, witness
from bot.evidence.log import milliseconds
from bot.evidence.notes import BadNote
from bot.evidence.tables import ev_checkpoint, ev_cosignature, ev_epoch
from bot.evidence.tiles import Tiles


def offer(conn: Connection, epoch: int, since: int = 0) -> str:
    """The newest checkpoint with the proof from size `since`, as an add-checkpoint request (c2sp.org/tlog-witness).

    LookupError when nothing was signed in the epoch, ValueError when `since` is beyond it.
    """
    newest = select(ev_checkpoint).where(ev_checkpoint.c.epoch == epoch).order_by(ev_checkpoint.c.size.desc())
    row = conn.execute(newest.limit(1)).one_or_none()
    if row is None:
        raise LookupError(f"nothing was signed in epoch {epoch}")
    if not 0 <= since <= row.size:
        raise ValueError(f"the newest checkpoint has size {row.size}")
    proof = tree.consistency_path(Tiles(conn, epoch).read, since, row.size) if since else []
    return witness.request(since, proof, row.note)


def add(conn: Connection, cosigned: str, witnesses: Sequence[str], now: datetime) -> list[str]:
    """Store the lines of known witnesses on a cosigned checkpoint; returns the names that were new.

    `cosigned`: the checkpoint with cosignature lines below. `witnesses`: their keys (HUIZHI_WITNESSES). Nothing is
    stored unless at least one line is theirs and every line of theirs is right: BadNote. LookupError when the
    checkpoint is none of ours.
    """
    text, lines = notes.split(cosigned)
    row = _ours(conn, text)
    good: list[tuple[str, str]] = []
    for key in map(witness.parse_key, witnesses):
        for line in lines:
            if line[0] == key.name and line[1][:4] == key.id:
                witness.verify_line(text, line, key)
                good.append((key.name, notes.line_of(*line)))
                break
    if not good:
        raise BadNote("no cosignature of a known witness")
    place = {"epoch": row[0], "size": row[1], "received_ms": milliseconds(now)}
    same = (ev_cosignature.c.epoch == row[0]) & (ev_cosignature.c.size == row[1])
    known = set(conn.execute(select(ev_cosignature.c.witness).where(same)).scalars())
    new = [(name, line) for name, line in good if name not in known]
    if new:
        conn.execute(insert(ev_cosignature), [{**place, "witness": name, "line": line} for name, line in new])
    return [name for name, _ in new]


def _ours(conn: Connection, text: str) -> tuple[int, int]:
    origin, head = notes.parse_checkpoint(text)
    found = select(ev_checkpoint.c.epoch, ev_checkpoint.c.size, ev_checkpoint.c.note)
    found = found.join(ev_epoch, ev_epoch.c.epoch == ev_checkpoint.c.epoch)
    row = conn.execute(found.where(ev_epoch.c.origin == origin, ev_checkpoint.c.size == head.size)).one_or_none()
    if row is None or notes.split(row.note)[0] != text:
        raise LookupError("this checkpoint is not in the database")
    return row.epoch, row.size
