"""First half of the self-audit: every entry, in log order, against hash tiles, checkpoints and head."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from bot.evidence import notes
from bot.evidence.findings import Report
from bot.evidence.notes import VKey
from bot.evidence.tables import ev_checkpoint, ev_head, ev_tile
from bot.evidence.tree import HASH, Head, empty_root

WIDTH = 256
_SIGNATURES = 1000
_NEWEST = select(
    func.max(ev_checkpoint.c.size).filter(ev_checkpoint.c.epoch == bindparam("epoch")), func.max(ev_checkpoint.c.epoch)
)


def rows(conn: Connection, sql: str) -> Iterator[Any]:
    """Plain tuples from a cursor that holds a thousand rows at a time. `sql` holds no values from outside."""
    raw: Any = conn.connection.driver_connection
    if conn.dialect.name != "postgresql":
        yield from raw.execute(sql)
        return
    with raw.cursor(name=f"audit_{secrets.token_hex(4)}") as cursor:
        cursor.itersize = 1000
        yield from cursor.execute(sql)


class Range:
    """Compact range [0, size) that also keeps the roots of complete tiles, by tile level."""

    def __init__(self) -> None:
        self.size = 0
        self.nodes: list[bytes] = []
        self.above: dict[int, list[bytes]] = {}

    def push(self, node: bytes) -> None:
        """One more leaf hash."""
        size, level, nodes = self.size, 0, self.nodes
        while size & 1:
            node = hashlib.sha256(b"\x01" + nodes.pop() + node).digest()
            size >>= 1
            level += 1
            if not level & 7:
                self.above.setdefault(level >> 3, []).append(node)
        nodes.append(node)
        self.size += 1

    def head(self) -> Head:
        """Size and root now."""
        if not self.nodes:
            return Head(0, empty_root())
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return Head(self.size, node)


def check_tree(conn: Connection, epoch: int, key: VKey, report: Report) -> Head:
    """Recompute one epoch from its rows; returns the head they lead to. Memory does not grow with the log."""
    tree, leaf_at = Range(), _leaves(conn, epoch)
    check = _marks(conn, epoch, key, report)
    columns = "SELECT log_index, event_id, entry, leaf_hash FROM ev_event"
    order = f"{columns} WHERE epoch = {int(epoch)} AND log_index IS NOT NULL ORDER BY log_index"
    for index, event_id, entry, stored in rows(conn, order):
        while tree.size < index:
            zh, en = f"第 {tree.size} 位的记录不见了", f"the record at place {tree.size} is gone"
            report.add("missing", zh, en, epoch=epoch, index=tree.size)
            tree.push(leaf_at(tree.size) or bytes(HASH))
            check(tree)
        own, held = hashlib.sha256(b"\x00" + entry).digest(), leaf_at(index)
        if own != stored or own != held:
            report.add(
                "entry", "记录与日志的树不符，入库后被改动", "the record differs from the tree: it was changed",
                event_id=event_id, epoch=epoch, index=index,
            )  # fmt: skip
        tree.push(held or own)
        check(tree)
        report.events += 1
    _check_tail(conn, epoch, tree, leaf_at, check, report=report)
    _check_tiles(conn, epoch, tree, report)
    return tree.head()


def _check_tail(
    conn: Connection, epoch: int, tree: Range, leaf_at: Callable[[int], bytes], check: Callable[[Range], None],
    *, report: Report,
) -> None:  # fmt: skip
    """Places the tiles know and no row has any more."""
    while held := leaf_at(tree.size):
        zh, en = f"第 {tree.size} 位的记录不见了", f"the record at place {tree.size} is gone"
        report.add("missing", zh, en, epoch=epoch, index=tree.size)
        tree.push(held)
        check(tree)
    stored = conn.execute(select(ev_head.c.size, ev_head.c.root).where(ev_head.c.epoch == epoch)).one_or_none()
    if stored and Head(stored.size, bytes(stored.root)) != tree.head():
        report.add(
            "head", "日志头与记录不符", "the stored head differs from the records", epoch=epoch, index=stored.size
        )
    size, last = conn.execute(_NEWEST, {"epoch": epoch}).one()
    if stored is None and epoch == last:  # written together with each checkpoint
        report.add("head", "日志头不见了", "the stored head is gone", epoch=epoch, index=tree.size)
    if (size := size or 0) != tree.size:
        zh = f"记录有 {tree.size} 条，最新检查点为 {size} 条"
        en = f"{tree.size} records, but the newest checkpoint covers {size}"
        report.add("checkpoint", zh, en, epoch=epoch, index=tree.size)


def _leaves(conn: Connection, epoch: int) -> Callable[[int], bytes]:
    """index -> leaf hash in the tiles, empty when there is none."""
    now: tuple[int, bytes] = (-1, b"")

    def leaf_at(index: int) -> bytes:
        nonlocal now
        if now[0] != index // WIDTH:
            now = index // WIDTH, _tile(conn, epoch, 0, index // WIDTH)
        place = index % WIDTH * HASH
        return now[1][place : place + HASH]

    return leaf_at


def _tile(conn: Connection, epoch: int, level: int, n: int) -> bytes:
    where = (ev_tile.c.epoch == epoch, ev_tile.c.level == level, ev_tile.c.n == n)
    return bytes(conn.execute(select(ev_tile.c.data).where(*where)).scalar() or b"")


def _marks(conn: Connection, epoch: int, key: VKey, report: Report) -> Callable[[Range], None]:
    """Compares every checkpoint when the tree has its size. A tree that went wrong is reported once."""
    where = f"FROM ev_checkpoint WHERE epoch = {int(epoch)}"
    count = conn.exec_driver_sql(f"SELECT count(*) {where}").scalar() or 0
    every, wrong = max(1, count // _SIGNATURES), False
    found = rows(conn, f"SELECT size, root, note {where} ORDER BY size")
    mark = next(found, None)

    def check(tree: Range) -> None:
        nonlocal mark, wrong
        if mark is None or mark[0] != tree.size:
            return
        report.checkpoints += 1
        head, note = tree.head(), mark[2]
        good = head.root == bytes(mark[1]) and note.startswith(notes.checkpoint_text(key.name, head) + "\n")
        last, mark = report.checkpoints, next(found, None)
        if good and (last % every == 0 or mark is None):
            report.signatures += 1
            good = _signed(note, key, head)
        if not good and not wrong:
            wrong = True
            zh = f"检查点 {head.size} 与日志内容不符：此前有记录被改动、调换或删除"
            en = f"checkpoint {head.size} does not fit: something before it was changed, moved or removed"
            report.add("checkpoint", zh, en, epoch=epoch, index=head.size)

    return check


def _signed(note: str, key: VKey, head: Head) -> bool:
    try:
        return notes.open_checkpoint(note, key) == head
    except ValueError:
        return False


def _check_tiles(conn: Connection, epoch: int, tree: Range, report: Report) -> None:
    """Tiles above the leaves, and their number."""
    levels = {level: len(hashes) for level, hashes in tree.above.items()} | {0: tree.size}
    counts = f"SELECT level, count(*) FROM ev_tile WHERE epoch = {int(epoch)} GROUP BY level"  # noqa: S608 - an integer
    held: dict[int, int] = {row[0]: row[1] for row in conn.exec_driver_sql(counts)}
    if held != {level: -(-count // WIDTH) for level, count in levels.items() if count}:
        report.add("tile", "散列瓦片多出或缺少", "hash tiles are missing or too many", epoch=epoch)
    for level, hashes in tree.above.items():
        for n in range(-(-len(hashes) // WIDTH)):
            if _tile(conn, epoch, level, n) != b"".join(hashes[n * WIDTH : (n + 1) * WIDTH]):
                zh, en = f"散列瓦片 {level}/{n} 被改动", f"hash tile {level}/{n} was changed"
                report.add("tile", zh, en, epoch=epoch, index=n * WIDTH * WIDTH**level)
