"""Hash tiles in the database: the inner nodes of one epoch's tree, 256 to a row (c2sp.org/tlog-tiles)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.evidence.tables import ev_tile
from bot.evidence.tree import HASH, perfect_root

WIDTH = 256
_BITS = 8
_FIND = select(ev_tile.c.data).where(
    ev_tile.c.epoch == bindparam("epoch"), ev_tile.c.level == bindparam("level"), ev_tile.c.n == bindparam("n")
)
_GROW = (
    update(ev_tile)
    .where(ev_tile.c.epoch == bindparam("e"), ev_tile.c.level == bindparam("at"), ev_tile.c.n == bindparam("which"))
    .values(data=bindparam("data"))
)


class Tiles:
    """One epoch's tiles seen through one transaction. `read` is a `tree.Nodes`."""

    def __init__(self, conn: Connection, epoch: int = 1) -> None:
        self._conn, self._epoch = conn, epoch
        self._cache: dict[tuple[int, int], bytes] = {}
        self._dirty: set[tuple[int, int]] = set()
        self._fresh: set[tuple[int, int]] = set()

    def read(self, level: int, index: int) -> bytes:
        """Hash of a complete subtree; ValueError when the tiles do not hold it."""
        row, inside = divmod(level, _BITS)
        first = index << inside
        data = self._tile(row, first // WIDTH)
        start = first % WIDTH * HASH
        piece = data[start : start + (HASH << inside)]
        if len(piece) != HASH << inside:
            raise ValueError("hash tile is missing or short")
        return perfect_root([piece[i : i + HASH] for i in range(0, len(piece), HASH)])

    def extend(self, index: int, hashes: Sequence[bytes], level: int = 0) -> None:
        """Add hashes number `index` and following; tiles that fill up pass their roots to the level above."""
        roots, done = list[bytes](), 0
        while done < len(hashes):
            key, inside = (level, (index + done) // WIDTH), (index + done) % WIDTH
            data = self._tile(*key)
            if len(data) != inside * HASH:
                raise ValueError("hash tile has another length than the tree")
            piece = hashes[done : done + WIDTH - inside]
            self._cache[key] = data = data + b"".join(piece)
            self._dirty.add(key)
            done += len(piece)
            if len(data) == WIDTH * HASH:
                roots.append(perfect_root([data[i : i + HASH] for i in range(0, len(data), HASH)]))
        if roots:
            self.extend(index // WIDTH, roots, level + 1)

    def flush(self) -> None:
        """Write what `extend` changed: one statement for new tiles, one for those that grew."""
        place = {"epoch": self._epoch}
        new = [
            {**place, "level": each[0], "n": each[1], "data": self._cache[each]} for each in self._dirty & self._fresh
        ]
        grown = [
            {"e": self._epoch, "at": each[0], "which": each[1], "data": self._cache[each]}
            for each in self._dirty - self._fresh
        ]
        if new:
            self._conn.execute(insert(ev_tile), new)
        if grown:
            self._conn.execute(_GROW, grown)
        self._fresh -= self._dirty
        self._dirty.clear()

    def _tile(self, level: int, n: int) -> bytes:
        key = level, n
        if key not in self._cache:
            found = self._conn.execute(_FIND, {"epoch": self._epoch, "level": level, "n": n}).scalar()
            if found is None:
                self._fresh.add(key)
            self._cache[key] = found or b""
        return self._cache[key]
