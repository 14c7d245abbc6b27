"""RFC 6962 vectors, every mutation a verifier must refuse, and properties against a naive tree."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from bot.evidence import tree
from bot.evidence.tree import Frontier, Head, verify_consistency, verify_inclusion

HEX = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [bytes.fromhex(text) for text in HEX]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
ZERO_IN_EIGHT = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
LEFT4 = ROOTS[4]
CA85 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
BC1A = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
EBC5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = {
    (0, 1): [],
    (0, 8): ZERO_IN_EIGHT,
    (5, 8): [BC1A, CA85, LEFT4],
    (2, 3): [ROOTS[2]],
    (1, 5): [ROOTS[1], ZERO_IN_EIGHT[1], BC1A],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): ZERO_IN_EIGHT,
    (6, 8): [EBC5, CA85, LEFT4],
    (2, 5): [ZERO_IN_EIGHT[1], BC1A],
    (6, 7): [EBC5, "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f", LEFT4],
}
GARBAGE = hashlib.sha256(b"garbage").digest()


def naive(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 writes it."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0]).digest() if leaves else hashlib.sha256(b"").digest()
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return hashlib.sha256(b"\1" + naive(leaves[:cut]) + naive(leaves[cut:])).digest()


def read(leaves: list[bytes]) -> tree.Nodes:
    return tree.reader([tree.leaf_hash(leaf) for leaf in leaves])


def head(size: int) -> Head:
    return Head(size, bytes.fromhex(ROOTS[size]))


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def flips(path: list[bytes]) -> Iterator[list[bytes]]:
    for position, step in enumerate(path):
        for bit in range(256):
            changed = bytearray(step)
            changed[bit // 8] ^= 1 << bit % 8
            yield [*path[:position], bytes(changed), *path[position + 1 :]]


def reshaped(path: list[bytes], *extra: bytes) -> Iterator[list[bytes]]:
    for value in (GARBAGE, b"", b"short", *extra):
        yield [*path, value]
        yield [value, *path]
        for position in range(1, len(path)):
            yield [*path[:position], value, *path[position:]]
    for position in range(len(path)):
        yield path[:position] + path[position + 1 :]
        yield path[:position] + [path[position][:31]] + path[position + 1 :]


def test_roots() -> None:
    frontier = Frontier()
    for size, root in enumerate(ROOTS):
        assert frontier.head() == Head(size, bytes.fromhex(root)) == tree.head_at(read(LEAVES), size)
        if size < 8:
            frontier = frontier.append(LEAVES[size])


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_inclusion_vectors_and_mutations(place: tuple[int, int], path: list[str]) -> None:
    (index, size), steps = place, unhex(path)
    assert tree.inclusion_path(read(LEAVES), index, size) == steps
    entry, good = LEAVES[index], head(size)
    assert verify_inclusion(entry, index, good, steps)
    for wrong in (b"wrong", LEAVES[(index + 1) % 8], tree.leaf_hash(entry)):
        assert not verify_inclusion(wrong, index, good, steps)
    assert not verify_inclusion(entry, index, Head(size, GARBAGE), steps)
    for other in {index - 1, index + 1, index ^ 2}:
        assert not verify_inclusion(entry, other, good, steps)
    # Index 0 of 8 or 16 leaves has another path length; halving puts index 5 outside and shortens the others.
    for wrong_size in {size * 2, size // 2} - {0}:
        assert not verify_inclusion(entry, index, Head(wrong_size, good.root), steps)
    for bad in (*flips(steps), *reshaped(steps, good.root)):
        assert not verify_inclusion(entry, index, good, bad)


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_consistency_vectors_and_mutations(sizes: tuple[int, int], path: list[str]) -> None:
    (old, new), steps = (head(size) for size in sizes), unhex(path)
    assert tree.consistency_path(read(LEAVES), *sizes) == steps
    assert verify_consistency(old, new, steps)
    changed = [(Head(old.size, GARBAGE), new), (old, Head(new.size, GARBAGE))]
    changed += [(Head(size, old.root), new) for size in {old.size - 1, old.size + 1, old.size ^ 2} if size >= 0]
    changed += [(old, Head(size, new.root)) for size in (new.size * 2, new.size // 2)]
    if sizes[0] != sizes[1]:
        changed.append((Head(old.size, new.root), Head(new.size, old.root)))
    for bad_old, bad_new in changed:
        assert not verify_consistency(bad_old, bad_new, steps)
    for bad in (*flips(steps), *reshaped(steps, old.root, new.root, *steps[:1])):
        assert not verify_consistency(old, new, bad)
    assert sizes == (1, 1) or not verify_consistency(old, new, [])


def test_edges_are_refused() -> None:
    assert not verify_consistency(head(0), head(8), [])
    assert not verify_consistency(head(8), head(6), [])
    assert not verify_consistency(head(6), Head(6, GARBAGE), [])
    assert not verify_inclusion(b"", 0, head(0), [])
    for root in (b"", b"dummy root12", GARBAGE + b"x"):
        with pytest.raises(ValueError, match="32 bytes"):
            Head(1, root)
        with pytest.raises(ValueError, match="32 bytes"):
            tree.node_hash(root, GARBAGE)
    with pytest.raises(ValueError, match="negative"):
        Head(-1, GARBAGE)
    for index, size in ((8, 8), (-1, 8), (0, 0)):
        with pytest.raises(ValueError, match="outside"):
            tree.inclusion_path(read(LEAVES), index, size)
    with pytest.raises(ValueError, match="1 <= old"):
        tree.consistency_path(read(LEAVES), 0, 8)
    with pytest.raises(ValueError, match="power of two"):
        tree.perfect_root([GARBAGE] * 3)
    with pytest.raises(ValueError, match="not complete"):
        tree.head_at(read(LEAVES), 9)


def test_interior_node_cannot_pass_for_a_leaf() -> None:
    """V3: with a leaf hash and half the size this would verify; the entry form and the signed size forbid it."""
    path = unhex(ZERO_IN_EIGHT)
    node = tree.node_hash(tree.leaf_hash(LEAVES[0]), path[0])
    assert tree.node_hash(tree.node_hash(node, path[1]), path[2]) == head(8).root
    assert not verify_inclusion(node, 0, Head(4, head(8).root), path[1:])
    assert not verify_inclusion(LEAVES[0] + LEAVES[1], 0, Head(4, head(8).root), path[1:])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_tree_proves_and_any_flipped_bit_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    leaves = [f"{data.draw(st.integers(0, 9))}/{number}".encode() for number in range(size)]
    frontier = Frontier()
    for count, leaf in enumerate(leaves, 1):
        frontier = frontier.append(leaf)
        assert frontier.head().root == naive(leaves[:count])
    now, index, old = frontier.head(), data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = tree.inclusion_path(read(leaves), index, size)
    assert verify_inclusion(leaves[index], index, now, path)
    before = tree.head_at(read(leaves), old)
    proof = tree.consistency_path(read(leaves), old, size)
    assert before.root == naive(leaves[:old]) and verify_consistency(before, now, proof)
    assert not any(verify_inclusion(leaves[index], index, now, bad) for bad in flips(path))
    assert not any(verify_consistency(before, now, bad) for bad in flips(proof))


def test_boundary_sizes() -> None:
    chance, frontier, hashes = random.Random(7), Frontier(), []
    for number in range(65_537):
        frontier = frontier.append(str(number).encode())
        hashes.append(tree.leaf_hash(str(number).encode()))
        size = number + 1
        if size in (255, 256, 257, 65_535, 65_536, 65_537):
            nodes = tree.reader(hashes)
            assert tree.head_at(nodes, size) == frontier.head()
            index, old = chance.randrange(size), chance.randrange(1, size)
            path = tree.inclusion_path(nodes, index, size)
            assert verify_inclusion(str(index).encode(), index, frontier.head(), path)
            proof = tree.consistency_path(nodes, old, size)
            assert verify_consistency(tree.head_at(nodes, old), frontier.head(), proof)
