"""RFC 6962 / RFC 9162 Merkle tree over SHA-256. Pure: no I/O.

Verifiers take the entry bytes, never a leaf hash: with a hash an interior node could pass for a leaf.
Size and root travel together as `Head`: take one from a signed checkpoint (`notes.open_checkpoint`), nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HASH = 32
Nodes = Callable[[int, int], bytes]
"""(level, index) -> 32-byte hash of the complete subtree over leaves [index * 2**level, (index + 1) * 2**level)."""


@dataclass(frozen=True, slots=True)
class Head:
    """Tree size in leaves and its 32-byte root."""

    size: int
    root: bytes

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("tree size is negative")
        _check(self.root)


def _check(value: bytes) -> bytes:
    if len(value) != HASH:
        raise ValueError("a hash must be exactly 32 bytes")
    return value


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right); ValueError unless both are 32 bytes."""
    return hashlib.sha256(b"\x01" + _check(left) + _check(right)).digest()


def empty_root() -> bytes:
    """Root of a tree without leaves."""
    return hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """Compact range [0, size): roots of the complete subtrees, largest first."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def append(self, entry: bytes) -> Frontier:
        """The frontier after one more entry (entry bytes, not its hash)."""
        node, nodes, size = leaf_hash(entry), list(self.nodes), self.size
        while size & 1:
            node, size = node_hash(nodes.pop(), node), size >> 1
        return Frontier(self.size + 1, (*nodes, node))

    def head(self) -> Head:
        """Size and root now."""
        return Head(self.size, _fold(self.nodes))


def _fold(nodes: Sequence[bytes]) -> bytes:
    if not nodes:
        return empty_root()
    node = _check(nodes[-1])
    for left in reversed(nodes[:-1]):
        node = node_hash(left, node)
    return node


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Root over 2**k hashes of equal level."""
    level = [_check(value) for value in hashes]
    if not level or len(level) & (len(level) - 1):
        raise ValueError("needs a power of two of hashes")
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def reader(leaf_hashes: Sequence[bytes]) -> Nodes:
    """A `Nodes` over leaf hashes held in memory."""

    def read(level: int, index: int) -> bytes:
        low, high = index << level, (index + 1) << level
        if high > len(leaf_hashes):
            raise ValueError("subtree is not complete")
        return perfect_root(leaf_hashes[low:high])

    return read


def _range(read: Nodes, low: int, high: int) -> bytes:
    """Root of leaves [low, high) where low is a multiple of the largest subtree inside."""
    nodes: list[bytes] = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append(read(level, low >> level))
        low += 1 << level
    return _fold(nodes)


def head_at(read: Nodes, size: int) -> Head:
    """The head the tree had with `size` leaves."""
    return Head(size, _range(read, 0, size))


def _split(count: int) -> int:
    """Largest power of two smaller than count (count >= 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_path(read: Nodes, index: int, size: int) -> list[bytes]:
    """Audit path of leaf `index` (from 0) in a tree of `size`, leaf side first."""
    if not 0 <= index < size:
        raise ValueError("index outside the tree")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(read, middle, high))
            high = middle
        else:
            path.append(_range(read, low, middle))
            low = middle
    return path[::-1]


def consistency_path(read: Nodes, old: int, new: int) -> list[bytes]:
    """Proof that the tree of `new` leaves extends the one of `old` (1 <= old <= new)."""
    if not 1 <= old <= new:
        raise ValueError("needs 1 <= old <= new")
    low, high, path, whole = 0, new, list[bytes](), True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_range(read, middle, high))
            high = middle
        else:
            path.append(_range(read, low, middle))
            low, whole = middle, False
    return ([] if whole else [_range(read, low, high)]) + path[::-1]


def verify_inclusion(entry: bytes, index: int, head: Head, path: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.3.2: is `entry` leaf `index` of the tree `head`? Never raises on bad proofs."""
    if not 0 <= index < head.size or any(len(step) != HASH for step in path):
        return False
    at, last, node = index, head.size - 1, leaf_hash(entry)
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(step, node)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    return last == 0 and hmac.compare_digest(node, head.root)


def verify_consistency(old: Head, new: Head, path: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2: is `new` an extension of `old`? Size 0 is refused: it proves nothing."""
    if not 1 <= old.size <= new.size or any(len(step) != HASH for step in path):
        return False
    if old.size == new.size:
        return not path and hmac.compare_digest(old.root, new.root)
    if not path:
        return False
    steps = [old.root, *path] if old.size & (old.size - 1) == 0 else list(path)
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while at & 1 == 0 and at != 0:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and hmac.compare_digest(first, old.root) and hmac.compare_digest(second, new.root)
