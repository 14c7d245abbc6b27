"""Export an evidence package a stranger can check offline: one reproducible zip with its own verifier."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.evidence import notes, tree
from bot.evidence.keys import Keys
from bot.evidence.log import stamp
from bot.evidence.tables import ev_checkpoint, ev_event, ev_head, ev_object, ev_part
from bot.evidence.tiles import Tiles
from bot.evidence.verify import MAX_BYTES, MAX_FILES, SAFE_NAME, canonical_zip, sums

FORMAT = "huizhi-package/1"
_BEIJING = timezone(timedelta(hours=8))


def export(
    conn: Connection, keys: Keys, object_ids: Sequence[str], out: Path, *, now: datetime, also: Mapping[str, str]
) -> int:
    """Write the package of these objects to `out`; returns how many events it holds.

    `also`: ASCII file name -> text, stored below `also/`. Same database, `now` and `also` give the same bytes.
    Events the sequencer has not reached yet go in with their promise and no proof.
    Raises KeyError for an unknown object, ValueError for an unusable name or a package over the verifier's limits.
    """
    wanted = sorted(set(object_ids))
    rows = conn.execute(select(ev_object).where(ev_object.c.object_id.in_(wanted)).order_by(ev_object.c.object_id))
    objects = {row.object_id: row for row in rows}
    if unknown := [name for name in wanted if name not in objects]:
        raise KeyError(f"no evidence about {', '.join(unknown)}")
    picked = select(ev_event).where(ev_event.c.object_id.in_(list(objects)))
    order = (ev_event.c.log_index.is_(None), ev_event.c.log_index, ev_event.c.n)
    # An object may grow between the two statements; its head was read first, so later events wait for the next export.
    found = conn.execute(picked.order_by(*order)).all()
    events = [event for event in found if event.object_seq <= objects[event.object_id].head_seq]
    files = {f"also/{name}": text.encode() for name, text in also.items()}
    listed = [_add_event(conn, files, number, event) for number, event in enumerate(events, 1)]
    _add_proofs(conn, files, events)
    files["policy.txt"] = f"log {keys.log_vkey}\nlog {keys.promise_vkey}\nquorum none\n".encode("ascii")
    files["timeline.zh.txt"] = _timeline(events).encode()
    package = resources.files("bot.evidence")
    for name in ("README.zh.txt", "README.en.txt"):
        files[name] = package.joinpath(name).read_bytes()
    files["verify/huizhi_verify.py"] = package.joinpath("verify.py").read_bytes()
    heads = {name: {"count": row.head_seq, "head": row.head_leaf.hex()} for name, row in objects.items()}
    _add_manifest(files, keys, now, heads, listed)
    if any(not SAFE_NAME.fullmatch(name) for name in files) or len({x.lower() for x in files}) != len(files):
        raise ValueError("a file name in the package is not plain ASCII or appears twice")
    data = canonical_zip(files)
    if len(files) > MAX_FILES or len(data) > MAX_BYTES:
        raise ValueError("the package is too large; export fewer objects at a time")
    out.write_bytes(data)
    return len(events)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _b64(value: bytes | None) -> str | None:
    return None if value is None else notes.b64(value)


def _add_event(conn: Connection, files: dict[str, bytes], number: int, event: Row[Any]) -> dict[str, object]:
    """Add the event and its parts; returns its line in the manifest."""
    disclosed = []
    parts = select(ev_part).where(ev_part.c.event_id == event.event_id).order_by(ev_part.c.position)
    for part in conn.execute(parts):
        if part.salt is None or part.content is None:
            continue  # erased: its commitment in the envelope stays
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", part.name)[-60:]
        name = f"parts/{number:06d}-{part.position:02d}-{plain}"
        files[name] = part.content
        disclosed.append({"name": part.name, "salt": _b64(part.salt), "file": name})
    name = f"events/{number:06d}.json"
    erased = event.envelope is None or event.salt is None
    files[name] = _json(
        {
            "format": "huizhi-receipt/1",
            "index": event.log_index,
            "entry": _b64(event.entry),
            "envelope": None if erased else _b64(event.envelope),
            "salt": None if erased else _b64(event.salt),
            "disclosed": disclosed,
            "promise": event.promise,
        }
    )
    proof = "" if event.log_index is None else f"proofs/{event.log_index}.tlog-proof"
    place = {"object": event.object_id, "seq": event.object_seq, "index": event.log_index}
    return {"id": event.event_id, "file": name, "proof": proof, **place}


def _add_proofs(conn: Connection, files: dict[str, bytes], events: Sequence[Row[Any]]) -> None:
    size = conn.execute(select(ev_head.c.size)).scalar()
    if not size:
        return
    note = conn.execute(select(ev_checkpoint.c.note).where(ev_checkpoint.c.size == size)).scalar_one()
    files[f"checkpoints/{size}.note"] = note.encode()
    tiles = Tiles(conn)
    for event in events:
        if event.log_index is not None:
            path = tree.inclusion_path(tiles.read, event.log_index, size)
            files[f"proofs/{event.log_index}.tlog-proof"] = notes.proof_text(event.log_index, path, note).encode()


def _timeline(events: Sequence[Row[Any]]) -> str:
    lines = ["时间线（北京时间）。时间为来源所称时间；“收录”为本系统收到的时间。", ""]
    for number, event in enumerate(events, 1):
        at, seen = (
            datetime.fromtimestamp(value / 1000, UTC).astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")
            for value in (event.at_ms, event.seen_ms)
        )
        where = "尚未编入日志" if event.log_index is None else f"日志第 {event.log_index} 位"
        if event.envelope is None:
            lines.append(f"{number:06d}  内容已依法删除  {where}")
            continue
        lines.append(
            f"{number:06d}  {at}  {event.type}  {event.object_id} 第 {event.object_seq} 条"
            f"  操作 {event.actor}  对象 {event.subject}  收录 {seen}  {where}  {event.event_id}"
        )
    return "\n".join(lines) + "\n"


def _add_manifest(
    files: dict[str, bytes], keys: Keys, now: datetime, heads: Mapping[str, object], listed: Sequence[object]
) -> None:
    facts = {name: {"sha256": hashlib.sha256(data).hexdigest(), "len": len(data)} for name, data in files.items()}
    manifest = {"format": FORMAT, "log": keys.origin, "made": stamp(now), "objects": heads, "events": listed}
    files["manifest.json"] = _json({**manifest, "files": facts})
    digest = notes.b64(hashlib.sha256(files["manifest.json"]).digest())
    text = f"huizhi-manifest/1\n{keys.origin}\n{digest}\n"
    files["manifest.note"] = notes.sign(text, keys.promise_vkey.name, keys.promise).encode()
    files["SHA256SUMS"] = sums(files)
