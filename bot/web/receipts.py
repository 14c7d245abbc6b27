"""The receipt of one event for one person: what it says, what they may see of it, and the proof that it is logged."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from bot.evidence import notes, tree
from bot.evidence.notes import b64
from bot.evidence.tables import ev_checkpoint, ev_event, ev_part, ev_token
from bot.evidence.tiles import Tiles
from bot.evidence.vault import salt_of
from bot.people import Person
from bot.web.record import ReadPart, may_read

FORMAT = "huizhi-receipt/1"


def receipt(conn: Connection, holder: Person, event_id: str, read: ReadPart) -> dict[str, object] | None:
    """The receipt as a JSON object, or None when there is no such event for this person.

    All values are base64 but `promise` and `proof`, which are texts (c2sp.org/signed-note, c2sp.org/tlog-proof).
    `disclosed` holds the contents themselves; an event whose contents were erased has null `envelope` and `salt`.
    """
    event = conn.execute(sa.select(ev_event).where(ev_event.c.event_id == event_id)).one_or_none()
    if event is None or holder.ref not in (event.actor, event.subject):
        return None
    kept = event.envelope is not None and event.salt is not None
    disclosed = _disclosed(conn, event, read) if kept and may_read(conn, holder, event.subject) else []
    return {
        "format": FORMAT,
        "epoch": event.epoch,
        "index": event.log_index,
        "entry": b64(event.entry),
        "envelope": b64(event.envelope) if kept else None,
        "salt": b64(event.salt) if kept else None,
        "disclosed": disclosed,
        "promise": event.promise,
        "proof": proof(conn, event),
        "tst": _token(conn, event),
    }


def _disclosed(conn: Connection, event: Row[Any], read: ReadPart) -> list[dict[str, str]]:
    statement = sa.select(ev_part).where(ev_part.c.event_id == event.event_id).order_by(ev_part.c.position)
    found = [(part.name, read(conn, salt_of(part)), read(conn, part)) for part in conn.execute(statement).all()]
    return [
        {"name": name, "salt": b64(salt), "content": b64(content)}
        for name, salt, content in found
        if salt is not None and content is not None
    ]


def proof(conn: Connection, event: Row[Any]) -> str | None:
    """Inclusion in the newest checkpoint of the event's epoch; None until the event is sequenced."""
    if event.log_index is None:
        return None
    mine = ev_checkpoint.c.epoch == event.epoch
    newest = sa.select(ev_checkpoint).where(mine).order_by(ev_checkpoint.c.size.desc()).limit(1)
    checkpoint = conn.execute(newest).one()
    path = tree.inclusion_path(Tiles(conn, event.epoch).read, event.log_index, checkpoint.size)
    return notes.proof_text(event.log_index, path, checkpoint.note)


def _token(conn: Connection, event: Row[Any]) -> list[dict[str, object]]:
    """The first outside time over a checkpoint that covers the event, with that checkpoint's note."""
    if event.log_index is None:
        return []
    covers = (ev_token.c.epoch == event.epoch, ev_token.c.size > event.log_index)
    first = sa.select(ev_token).where(*covers).order_by(ev_token.c.size, ev_token.c.gen_ms).limit(1)
    token = conn.execute(first).one_or_none()
    if token is None:
        return []
    place = (ev_checkpoint.c.epoch == token.epoch, ev_checkpoint.c.size == token.size)
    note = conn.execute(sa.select(ev_checkpoint.c.note).where(*place)).scalar_one()
    return [{"over": note, "tsa": token.authority, "der": b64(token.token), "gen_ms": token.gen_ms}]
