"""The files that lie with a case: what HR added, what the person sent in the chat. Reads evidence, writes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.engine import Connection

from bot import filetypes
from bot.evidence.tables import ev_event, ev_part
from bot.web.record import ReadPart, moment, names_of

ADDED, SENT = "absence.proof_added", "chat.file_kept"
TYPES = (ADDED, SENT)
_HOLDS = ("proof.", "sent.")
"""How the part is named that holds the bytes; its ending is the file's."""
_MEDIA = {each.partition(";")[0] for each in filetypes.KINDS.values()}
_MEDIA |= {"audio/amr", "audio/ogg", "audio/mpeg", "video/mp4"}
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Proof:
    """One file. `at` is UTC; `what` in the words of whoever gave it, empty with `size` 0 once it was erased; `by` is a
    name; `name` and `media` are for the download."""

    id: str
    at: datetime
    by: str
    what: str
    name: str
    media: str
    size: int


def of_case(db: Connection, case_id: str, read: ReadPart) -> list[Proof]:
    """Oldest first. ValueError: tampered contents."""
    where = (ev_event.c.object_id == case_id, ev_event.c.type.in_(TYPES))
    rows = db.execute(sa.select(ev_event).where(*where).order_by(ev_event.c.n)).all()
    names = names_of(db, {row.actor for row in rows})
    return [_proof(db, row, names.get(row.actor, ""), read) for row in rows]


def content(db: Connection, event_id: str, read: ReadPart) -> bytes | None:
    """The bytes of one; None: erased."""
    held = next((part for part in _parts(db, event_id) if part.name.startswith(_HOLDS)), None)
    return read(db, held) if held else None


def _proof(db: Connection, row: Row[Any], by: str, read: ReadPart) -> Proof:
    parts = _parts(db, row.event_id)
    said = next((read(db, part) for part in parts if part.name == "file"), None)
    held = next((part for part in parts if part.name.startswith(_HOLDS)), None)
    what, ending = (said or b"").decode("utf-8", "replace"), held.name.rsplit(".", 1)[-1] if held else "bin"
    size = len(read(db, held) or b"") if held else 0
    source = json.loads(row.envelope).get("source", {}) if row.envelope else {}
    media = str(source.get("media", "")).partition(";")[0]
    safe = media if media in _MEDIA else UNKNOWN
    return Proof(row.event_id, moment(row.at_ms), by, what, _name(what, ending), safe, size)


def _name(what: str, ending: str) -> str:
    """A name to keep it under, out of the words with it."""
    stem = what.removesuffix(f".{ending}")
    if what.endswith(f".{ending}）"):  # what it is（the name of the file）
        stem = what.removesuffix(f".{ending}）") + "）"
    return f"{filetypes.bare(stem.replace('/', '_'))[: filetypes.LONGEST] or 'proof'}.{ending}"


def _parts(db: Connection, event_id: str) -> Sequence[Row[Any]]:
    return db.execute(sa.select(ev_part).where(ev_part.c.event_id == event_id).order_by(ev_part.c.position)).all()
