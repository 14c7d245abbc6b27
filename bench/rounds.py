"""What every comparison shares: interleaved rounds, medians, and memory that belongs to one process."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ours` and `plain` are medians in `unit`; memory is the peak in MB over all rounds."""

    name: str
    unit: str
    ours: float
    plain: float
    ours_mb: float
    plain_mb: float
    note: str = ""

    def __str__(self) -> str:
        return (
            f"{self.name:<34} ours {self.ours:>11,.3f}   plain {self.plain:>11,.3f} {self.unit:<6}"
            f" ours/plain {self.ours / self.plain:>7.2f}   peak {self.ours_mb:.0f} / {self.plain_mb:.0f} MB"
            + (f"   {self.note}" if self.note else "")
        )


def own_peak() -> float:
    """Peak resident MB of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peak_of(pid: int) -> float:
    """Peak resident MB of another process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def apart(task: Callable[..., Result], *arguments: object) -> Result:
    """Run in a fresh process, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result()


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)
