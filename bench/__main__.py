"""`python -m bench`: every comparison, one table. Takes about fifteen minutes; each part also runs alone and larger."""

from __future__ import annotations

import os
import platform
import time

from bench import (
    board,
    broadcast,
    callback,
    casefile,
    cockpit,
    cycle,
    evidence,
    imports,
    judging,
    missing,
    polling,
    receipts,
    signing,
    understanding,
)

ROWS, POLLED = 100_000, 10_000
"""Rows of the import and people that are asked about; alone they take a million and 100,000."""


def main() -> None:
    """Measure and print; a wrong answer of any contender ends it with an AssertionError."""
    begun = time.perf_counter()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("medians of interleaved rounds, lower is better except req/s; peak memory of ours / plain")
    for part in (evidence, casefile, receipts, callback, missing, judging, understanding, signing, broadcast):
        for row in part.compare():
            print(row, flush=True)
    for line in (*polling.compare(POLLED, 1), *imports.compare(ROWS), *board.compare()):
        print(line, flush=True)
    for larger in (cycle, cockpit):
        larger.main()
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
