"""What processes share and may lose: tokens, locks, counters. Redis; nothing here that the database cannot rebuild."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from redis.exceptions import LockNotOwnedError

from bot.errors import PlatformError

if TYPE_CHECKING:
    from redis import Redis

# Deletes only when the value is still the one that failed, so a fresh token of another process survives.
_COMPARE_AND_DELETE = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"


class RedisStore:
    """`bot.ports.SharedStore` over a Redis connection."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def get(self, key: str) -> str | None:
        """The value, or None when absent or expired."""
        value = self._redis.get(f"huizhi:{key}")
        return value.decode() if isinstance(value, bytes) else None

    def set(self, key: str, value: str, ttl: float) -> None:
        """Keep `value` for `ttl` seconds."""
        self._redis.set(f"huizhi:{key}", value, px=max(1, int(ttl * 1000)))

    def compare_and_delete(self, key: str, value: str) -> None:
        """Drop the key only while it still holds `value`."""
        self._redis.eval(_COMPARE_AND_DELETE, 1, f"huizhi:{key}", value)

    @contextmanager
    def lock(self, name: str, ttl: float) -> Iterator[None]:
        """Mutual exclusion between processes for at most `ttl` seconds; waits as long, then PlatformError."""
        lock = self._redis.lock(f"huizhi:lock:{name}", timeout=ttl, blocking_timeout=ttl)
        if not lock.acquire():
            raise PlatformError("lock.busy", f"another process holds {name}", retry_after=1)
        try:
            yield
        finally:
            # Held longer than ttl: somebody else may have it by now, and theirs must stay.
            with suppress(LockNotOwnedError):
                lock.release()

    def count(self, key: str, ttl: float) -> int:
        """Add one and return the total; the counter lives `ttl` seconds from its first use."""
        name = f"huizhi:{key}"
        total = self._redis.incr(name)
        if total == 1:
            self._redis.expire(name, int(ttl))
        return int(total)

    def ping(self) -> bool:
        """True when Redis answers."""
        return bool(self._redis.ping())


def ordered_ref() -> str:
    """An opaque reference that sorts by when it was made: 64 bits of real nanoseconds, 64 random bits."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"


def new_ref() -> str:
    """An opaque reference: 96 random bits, letters and digits only."""
    return secrets.token_hex(12)
