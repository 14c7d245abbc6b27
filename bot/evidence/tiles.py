"""Hash tiles in the database: the inner nodes of the tree, 256 to a row (c2sp.org/tlog-tiles)."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from bot.evidence.tables import ev_tile
from bot.evidence.tree import HASH, perfect_root

WIDTH = 256
_BITS = 8


class Tiles:
    """Tiles seen through one transaction. `read` is a `tree.Nodes`."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
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

    def append(self, index: int, leaf: bytes) -> None:
        """Add leaf hash number `index`; a tile that fills up passes its root to the level above."""
        level, node = 0, leaf
        while True:
            key = level, index // WIDTH
            data = self._tile(*key)
            if len(data) != index % WIDTH * HASH:
                raise ValueError("hash tile has another length than the tree")
            self._cache[key] = data = data + node
            self._dirty.add(key)
            if len(data) < WIDTH * HASH:
                return
            node = perfect_root([data[i : i + HASH] for i in range(0, len(data), HASH)])
            level, index = level + 1, index // WIDTH

    def flush(self) -> None:
        """Write what `append` changed."""
        for level, n in sorted(self._dirty):
            if (level, n) in self._fresh:
                self._conn.execute(insert(ev_tile).values(level=level, n=n, data=self._cache[level, n]))
            else:
                place = (ev_tile.c.level == level) & (ev_tile.c.n == n)
                self._conn.execute(update(ev_tile).where(place).values(data=self._cache[level, n]))
        self._fresh -= self._dirty
        self._dirty.clear()

    def _tile(self, level: int, n: int) -> bytes:
        key = level, n
        if key not in self._cache:
            found = self._conn.execute(
                select(ev_tile.c.data).where((ev_tile.c.level == level) & (ev_tile.c.n == n))
            ).scalar()
            if found is None:
                self._fresh.add(key)
            self._cache[key] = found or b""
        return self._cache[key]
