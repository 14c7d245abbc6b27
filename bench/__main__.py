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
    receipts,
    signing,
    understanding,
)

ROWS = 100_000
"""Of the import; alone it takes a million."""


def main() -> None:
    """Measure and print; a wrong answer of any contender ends it with an AssertionError."""
    begun = time.perf_counter()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("medians of interleaved rounds, lower is better except req/s; peak memory of ours / plain")
    for part in (evidence, casefile, receipts, callback, missing, judging, understanding, signing, broadcast):
        for row in part.compare():
            print(row, flush=True)
    for line in (*imports.compare(ROWS), *board.compare()):
        print(line, flush=True)
    for larger in (cycle, cockpit):
        larger.main()
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
