"""Salts of commitments, drawn from the system for many events in one go."""

from __future__ import annotations

import secrets
from collections.abc import Callable

SALT = 32
"""Bytes; only a fixed length makes a commitment binding."""
Salts = Callable[[int], bytes]
"""Given a length, that many unguessable bytes."""


def drawn(count: int) -> Salts:
    """So many salts of `SALT` bytes; one call to the system, for each costs as much as a hash.

    The function it gives raises StopIteration when they are used up, ValueError for another length: no byte is given
    out twice.
    """
    block, places = secrets.token_bytes(count * SALT), iter(range(0, count * SALT, SALT))

    def salt(size: int) -> bytes:
        if size != SALT:
            raise ValueError("a salt has 32 bytes")
        start = next(places)
        return block[start : start + SALT]

    return salt
