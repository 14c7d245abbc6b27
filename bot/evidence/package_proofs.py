"""Checkpoints, proofs, tokens, cosignatures and anchors as files of a package."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from bot.evidence import notes, tree
from bot.evidence.package_rows import chunks
from bot.evidence.revocation import lists_of
from bot.evidence.tables import ev_anchor, ev_checkpoint, ev_cosignature, ev_tile, ev_token

_WIDTH, _BITS = 256, 8


@dataclass(slots=True)
class Proofs:
    """Rows that went in. `covers`: event id -> size of the smallest checkpoint that holds it."""

    checkpoints: list[Row[Any]] = field(default_factory=list)
    tokens: list[Row[Any]] = field(default_factory=list)
    cosignatures: list[Row[Any]] = field(default_factory=list)
    anchors: list[Row[Any]] = field(default_factory=list)
    covers: dict[str, int] = field(default_factory=dict)
    alarms: list[dict[str, str]] = field(default_factory=list)


def add_proofs(
    conn: Connection, files: dict[str, bytes], events: Sequence[Row[Any]], include: Collection[tuple[int, int]]
) -> Proofs:
    """Write `proofs/`, `checkpoints/` and `consistency/`.

    Per epoch: the first checkpoint over each event, the first over it that each authority stamped and each witness
    signed, those shown in public since the first event, those in `include`, and the newest.
    """
    made = Proofs()
    placed: dict[int, list[Row[Any]]] = {}
    for event in events:
        if event.log_index is not None:
            placed.setdefault(event.epoch, []).append(event)
    for epoch in sorted(placed):
        _add_epoch(conn, files, made, placed[epoch], {size for number, size in include if number == epoch})
    return made


def _add_epoch(
    conn: Connection, files: dict[str, bytes], made: Proofs, events: Sequence[Row[Any]], include: set[int]
) -> None:
    epoch, indexes = events[0].epoch, sorted(event.log_index for event in events)
    at = ev_checkpoint.c
    sizes = list(
        conn.execute(select(at.size).where(at.epoch == epoch, at.size > indexes[0]).order_by(at.size)).scalars()
    )
    tokens, signed = (_later(conn, table, epoch, indexes[0]) for table in (ev_token, ev_cosignature))
    anchors = _later(conn, ev_anchor, epoch, indexes[0])
    chosen = {first for index in indexes for first in _first(sizes, index)} | set(sizes[-1:])
    for rows, name in ((tokens, "authority"), (signed, "witness")):
        chosen |= _needed(rows, name, indexes)
    chosen |= {row.size for row in anchors} | include
    rows = _rows(conn, epoch, sorted(chosen))
    kept = [row.size for row in rows]
    read = nodes(conn, epoch, [*indexes, *(size - 1 for size in kept)])
    made.checkpoints += rows
    by_size = {row.size: row for row in rows}
    for row in rows:
        files[f"checkpoints/{epoch}-{row.size}.note"] = row.note.encode()
    for event in events:
        if covering := _first(kept, event.log_index):
            made.covers[event.event_id] = covering[0]
            text = _proof(made, event, read, by_size[covering[0]])
            files |= {f"proofs/{epoch}-{event.log_index}.tlog-proof": text.encode()} if text else {}
    for old, new in zip(kept, kept[1:], strict=False):
        files[f"consistency/{epoch}-{old}-{new}.txt"] = _link(made, read, old, new)
    made.tokens += [row for row in tokens if row.size in by_size]
    made.cosignatures += [row for row in signed if row.size in by_size]
    made.anchors += [row for row in anchors if row.size in by_size]
    _add_stamps(files, made, epoch)


def _first(sizes: Sequence[int], index: int) -> list[int]:
    """The smallest size over `index`, if any."""
    at = bisect_right(sizes, index)
    return list(sizes[at : at + 1])


def _needed(rows: Iterable[Row[Any]], name: str, indexes: Sequence[int]) -> set[int]:
    """Sizes of the first row over each index, for each authority or witness, and of the newest."""
    sizes: dict[str, list[int]] = {}
    for row in rows:
        sizes.setdefault(row._mapping[name], []).append(row.size)
    found = {first for each in sizes.values() for index in indexes for first in _first(each, index)}
    return found | {each[-1] for each in sizes.values()}


def _later(conn: Connection, table: Table, epoch: int, index: int) -> list[Row[Any]]:
    order = [*(table.c[name] for name in ("authority", "witness", "id") if name in table.c)]
    wanted = select(*(column for column in table.c if column.name not in ("token", "chain")))
    wanted = wanted.where(table.c.epoch == epoch, table.c.size > index)
    return list(conn.execute(wanted.order_by(table.c.size, *order)))


def _rows(conn: Connection, epoch: int, sizes: Sequence[int]) -> list[Row[Any]]:
    at = ev_checkpoint.c
    found = list[Row[Any]]()
    for some in chunks(sizes):
        found += conn.execute(select(ev_checkpoint).where(at.epoch == epoch, at.size.in_(some)).order_by(at.size)).all()
    return found


def _proof(made: Proofs, event: Row[Any], read: tree.Nodes, checkpoint: Row[Any]) -> str:
    try:
        path = tree.inclusion_path(read, event.log_index, checkpoint.size)
    except ValueError:
        made.alarms.append(_alarm(event.event_id))
        return ""
    return notes.proof_text(event.log_index, path, checkpoint.note)


def _link(made: Proofs, read: tree.Nodes, old: int, new: int) -> bytes:
    try:
        path = tree.consistency_path(read, old, new)
    except ValueError:
        made.alarms.append(_alarm(""))
        return b""
    return "".join(f"{notes.b64(step)}\n" for step in path).encode()


def _alarm(event_id: str) -> dict[str, str]:
    return {
        "event": event_id,
        "file": "",
        "zh": "日志的哈希表缺失或被改动，无法给出证明",
        "en": "hash tiles of the log are missing or changed: no proof can be made",
    }


def _add_stamps(files: dict[str, bytes], made: Proofs, epoch: int) -> None:
    lines: dict[int, list[str]] = {}
    for row in made.cosignatures:
        if row.epoch == epoch:
            lines.setdefault(row.size, []).append(row.line.rstrip("\n") + "\n")
    for size, each in lines.items():
        files[f"checkpoints/{epoch}-{size}.cosig"] = "".join(each).encode()


def add_tokens(conn: Connection, files: dict[str, bytes], made: Proofs) -> None:
    """The tokens' own bytes: read apart, because most of a log's tokens are not needed; and their authorities' newest
    revocation lists, where some were kept."""
    for authority in sorted({row.authority for row in made.tokens}):
        if lists := lists_of(conn, authority):
            files[f"checkpoints/{authority}.crl.pem"] = lists
    wanted = {(row.epoch, row.size) for row in made.tokens}
    for epoch in sorted({epoch for epoch, _ in wanted}):
        for some in chunks(sorted(size for number, size in wanted if number == epoch)):
            at = ev_token.c
            for row in conn.execute(select(ev_token).where(at.epoch == epoch, at.size.in_(some))):
                files[f"checkpoints/{epoch}-{row.size}.{row.authority}.tst"] = bytes(row.token)
                files[f"checkpoints/{epoch}-{row.size}.{row.authority}.chain.pem"] = bytes(row.chain)


def nodes(conn: Connection, epoch: int, leaves: Iterable[int]) -> tree.Nodes:
    """A `tree.Nodes` that reads the tiles of `leaves` in few statements and remembers every hash it computes."""
    tiles = _tiles(conn, epoch, sorted({leaf // _WIDTH for leaf in leaves}))
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if (level, index) not in known:
            known[level, index] = compute(level, index)
        return known[level, index]

    def compute(level: int, index: int) -> bytes:
        if level % _BITS:
            return tree.node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))
        key = level // _BITS, index // _WIDTH
        if key not in tiles:
            at = ev_tile.c
            place = (at.epoch == epoch) & (at.level == key[0]) & (at.n == key[1])
            tiles[key] = conn.execute(select(at.data).where(place)).scalar() or b""
        start = index % _WIDTH * tree.HASH
        found = bytes(tiles[key][start : start + tree.HASH])
        if len(found) != tree.HASH:
            raise ValueError("hash tile is missing or short")
        return found

    return read


def _tiles(conn: Connection, epoch: int, numbers: Sequence[int]) -> dict[tuple[int, int], bytes]:
    at = ev_tile.c
    every = select(ev_tile).where(at.epoch == epoch)
    found = {(row.level, row.n): row.data for row in conn.execute(every.where(at.level > 0))}
    for some in chunks(numbers):
        found |= {(0, row.n): row.data for row in conn.execute(every.where(at.level == 0, at.n.in_(some)))}
    return found
