"""The log as a directory of static files (c2sp.org/tlog-tiles): any tlog client can read it, no personal data in it."""

from __future__ import annotations

import struct
from pathlib import Path

from sqlalchemy import Connection, select

from bot.evidence.audit_tree import rows
from bot.evidence.notes import BadNote, open_checkpoint, parse_vkey
from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_tile
from bot.evidence.tiles import WIDTH
from bot.evidence.tree import HASH


def write(conn: Connection, epoch: int, folder: Path) -> int:
    """Write `checkpoint`, `tile/<L>/<N>[.p/<W>]` and `tile/entries/…` of an epoch's newest checkpoint; its size.

    Existing files are replaced. Raises LookupError when nothing of the epoch was signed, BadNote when what is stored
    does not fit the signed size.
    """
    place = select(ev_epoch.c.log_vkey).where(ev_epoch.c.epoch == epoch)
    newest = select(ev_checkpoint.c.note).where(ev_checkpoint.c.epoch == epoch).order_by(ev_checkpoint.c.size.desc())
    key, note = conn.execute(place).scalar(), conn.execute(newest.limit(1)).scalar()
    if key is None or note is None:
        raise LookupError(f"nothing was signed in epoch {epoch}")
    size = open_checkpoint(note, parse_vkey(key)).size
    _tiles(conn, epoch, size, folder)
    _entries(conn, epoch, size, folder)
    _put(folder / "checkpoint", note.encode())  # last: readers never see a checkpoint without its tiles
    return size


def path_of(kind: str, n: int, width: int = WIDTH) -> str:
    """`tile/<kind>/x001/x234/067` with `.p/<width>` behind it for a partial tile."""
    parts = [f"{n % 1000:03d}"]
    while n >= 1000:
        n //= 1000
        parts.insert(0, f"x{n % 1000:03d}")
    return f"tile/{kind}/{'/'.join(parts)}" + (f".p/{width}" if width < WIDTH else "")


def _tiles(conn: Connection, epoch: int, size: int, folder: Path) -> None:
    level, count = 0, size
    while count:
        for n in range(-(-count // WIDTH)):
            width = min(WIDTH, count - n * WIDTH)
            where = (ev_tile.c.epoch == epoch, ev_tile.c.level == level, ev_tile.c.n == n)
            data = bytes(conn.execute(select(ev_tile.c.data).where(*where)).scalar() or b"")[: width * HASH]
            if len(data) != width * HASH:
                raise BadNote(f"hash tile {level}/{n} is missing or short")
            _put(folder / path_of(str(level), n, width), data)
        level, count = level + 1, count // WIDTH


def _entries(conn: Connection, epoch: int, size: int, folder: Path) -> None:
    """Bundles of 256 entries, each behind its length in two bytes, big-endian."""
    bundle, done = bytearray(), 0
    placed = f"epoch = {int(epoch)} AND log_index < {int(size)}"
    for (entry,) in rows(conn, f"SELECT entry FROM ev_event WHERE {placed} ORDER BY log_index"):  # noqa: S608 - integers
        bundle += struct.pack(">H", len(entry)) + entry
        done += 1
        if done % WIDTH == 0 or done == size:
            _put(folder / path_of("entries", (done - 1) // WIDTH, (done - 1) % WIDTH + 1), bytes(bundle))
            bundle.clear()
    if done != size:
        raise BadNote(f"{done} entries are stored, {size} are signed")


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
