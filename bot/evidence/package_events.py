"""Events and their disclosed parts as files of a package."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bot.evidence import notes
from bot.evidence.facts import PartFact
from bot.evidence.package_rows import Chosen, chunks
from bot.evidence.tables import ev_part
from bot.evidence.vault import PartRow, salt_of
from bot.evidence.verify import MAX_BYTES

Read = Callable[[Connection, Any], bytes | None]
"""The plain bytes of an `ev_part` row or of its `salt_of`; None: erased. ValueError: the stored bytes were changed."""
Opened = tuple[bytes, bytes]
"""(content, salt), both plain."""
Withhold = Collection[str | tuple[str, str]]


@dataclass(slots=True)
class Added:
    """`listed`: lines of the manifest; by event id: `envelopes` (parsed), `parts` disclosed, names `withheld`."""

    listed: list[dict[str, Any]] = field(default_factory=list)
    envelopes: dict[str, dict[str, Any]] = field(default_factory=dict)
    parts: dict[str, list[PartFact]] = field(default_factory=dict)
    withheld: dict[str, list[str]] = field(default_factory=dict)
    alarms: list[dict[str, str]] = field(default_factory=list)


def plain(_conn: Connection, row: PartRow) -> bytes | None:
    """`Read` for parts that are not sealed; a sealed one stays closed."""
    return None if row.content is None or row.sealed_for is not None else bytes(row.content)


def pretty(value: object) -> bytes:
    """JSON as packages write it: sorted keys, one blank of indentation, UTF-8. The README's recipe relies on it."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def add_events(
    conn: Connection, files: dict[str, bytes], chosen: Chosen, *, withhold: Withhold = (), read: Read = plain
) -> Added:
    """Write `events/` and `parts/`. ValueError when the parts are more than a package may hold."""
    added, found = Added(), dict[str, list[Row[Any]]]()
    ids = [row.event_id for row in chosen.events]
    size = select(func.coalesce(func.sum(ev_part.c.length), 0))
    if sum(conn.execute(size.where(ev_part.c.event_id.in_(some))).scalar_one() for some in chunks(ids)) > MAX_BYTES:
        raise ValueError("证据包超过 1 GiB，请分开导出。 The package is over 1 GiB; export fewer events at a time.")
    for some in chunks(ids):
        wanted = select(ev_part).where(ev_part.c.event_id.in_(some))
        for row in conn.execute(wanted.order_by(ev_part.c.event_id, ev_part.c.position)):
            found.setdefault(row.event_id, []).append(row)
    for number, event in enumerate(chosen.events, 1):
        gone = event.envelope is None or event.salt is None  # nothing would tell what its parts were
        rows = [] if gone else found.get(event.event_id, [])
        opened = [_opened(conn, added, row, chosen, withhold=withhold, read=read) for row in rows]
        _add(files, added, number, event, list(zip(rows, opened, strict=True)))
    return added


def _opened(
    conn: Connection, added: Added, row: Row[Any], chosen: Chosen, *, withhold: Withhold, read: Read
) -> Opened | None:
    secret = row.name in withhold or (row.event_id, row.name) in withhold or row.event_id not in chosen.open
    if secret or row.salt is None or row.content is None:
        return None  # erased or withheld: its commitment in the envelope stays
    try:
        content, salt = read(conn, row), read(conn, salt_of(row))
        return None if content is None or salt is None else (content, salt)
    except ValueError:
        en = f"the stored bytes of a part were changed: {row.name}"
        alarm = {"event": row.event_id, "file": "", "zh": f"附件在数据库中被改动：{row.name}", "en": en}
        added.alarms.append(alarm)
        return None


def _add(
    files: dict[str, bytes],
    added: Added,
    number: int,
    event: Row[Any],
    parts: Sequence[tuple[Row[Any], Opened | None]],
) -> None:
    disclosed = []
    for part, opened in parts:
        if opened is None:
            continue
        content, salt = opened
        ascii_name = re.sub(r"[^A-Za-z0-9._-]", "_", part.name)[-60:]
        name = f"parts/{number:06d}-{part.position:02d}-{ascii_name}"
        files[name] = content
        disclosed.append({"name": part.name, "salt": _b64(salt), "file": name})
        fact = PartFact(part.name, part.media_type, content, hashlib.sha256(content).hexdigest())
        added.parts.setdefault(event.event_id, []).append(fact)
    erased = event.envelope is None or event.salt is None
    if not erased and (envelope := _parsed(event.envelope)) is not None:
        added.envelopes[event.event_id] = envelope
        shown = {each["name"] for each in disclosed}
        missing = [str(part["name"]) for part in envelope["parts"] if part["name"] not in shown]
        added.withheld[event.event_id] = missing
    file = f"events/{number:06d}.json"
    files[file] = pretty(
        {
            "format": "huizhi-receipt/1",
            "epoch": event.epoch,
            "index": event.log_index,
            "entry": _b64(event.entry),
            "envelope": None if erased else _b64(event.envelope),
            "salt": None if erased else _b64(event.salt),
            "disclosed": disclosed,
            "promise": event.promise,
        }
    )
    proof = "" if event.log_index is None else f"proofs/{event.epoch}-{event.log_index}.tlog-proof"
    place = {"object": event.object_id, "seq": event.object_seq, "epoch": event.epoch, "index": event.log_index}
    added.listed.append({"id": event.event_id, "file": file, "proof": proof, **place})


def _parsed(envelope: bytes) -> dict[str, Any] | None:
    """None for bytes that were tampered with; the verifier says so about the event."""
    try:
        found = json.loads(envelope)
        complete = isinstance(found, Mapping) and {"type", "at", "seen", "actor", "subject", "source"} <= found.keys()
        return dict(found) if complete and {"object", "parts"} <= found.keys() else None
    except ValueError:
        return None


def _b64(value: bytes) -> str:
    return notes.b64(bytes(value))
