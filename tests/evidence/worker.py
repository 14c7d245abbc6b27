"""Run by the concurrency tests in processes of their own: `python -m tests.evidence.worker KIND URL KEY_DIR NUMBER`."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

from bot.db import begin, create_engine
from bot.evidence.keys import load_or_create
from bot.evidence.sequencer import sequence
from tests.evidence.conftest import NOW, ORIGIN, add

OBJECTS = 3
WRITES = 40


class RolledBack(Exception):
    """The business transaction failed after it had recorded its event."""


def write(url: str, key_dir: str, number: int) -> None:
    engine, keys, chance = create_engine(url), load_or_create(key_dir, ORIGIN), random.Random(number)
    for step in range(WRITES):
        try:
            with begin(engine) as conn:
                add(conn, keys, number * 1000 + step, f"ntc_{chance.randrange(OBJECTS)}")
                if chance.random() < 0.1:
                    raise RolledBack
        except RolledBack:
            continue


def order(url: str, key_dir: str, number: int) -> None:
    """Sequence without end; say each size. The test kills it."""
    engine, keys = create_engine(url), load_or_create(key_dir, ORIGIN)
    print("ready", flush=True)
    while True:
        done = sequence(engine, keys, NOW, limit=number)
        if done:
            print(done.size, flush=True)


def make_keys(url: str, key_dir: str, number: int) -> None:
    sys.stdin.read(1)
    print(load_or_create(key_dir, ORIGIN).log_vkey, load_or_create(key_dir, ORIGIN).promise_vkey)


KINDS: dict[str, Callable[[str, str, int], None]] = {"write": write, "order": order, "keys": make_keys}

if __name__ == "__main__":
    KINDS[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4]))
