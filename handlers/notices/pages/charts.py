"""Charts as SVG coordinates, computed by hand. Pure: the template draws, with classes for colours, no inline style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

SPANS = tuple(
    timedelta(minutes=each)
    for each in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2160, 2880, 4320, 7200, 10080, 20160, 43200)
)
"""Where the curve of time-to-read is measured: finer at the beginning, when most people read."""
WIDTH, HEIGHT, LEFT, FOOT = 360, 220, 44, 26
MARKS = (1, 15, 240, 1440, 4320, 20160)
"""Minutes that are named below the curve, so far apart that the names do not touch."""


@dataclass(frozen=True, slots=True)
class Curve:
    """`points`: for a polyline. `dots`: (x, y, span, people). `ticks`: (x, span). `grid`: (y, label).

    `rows`: (span, people, share) of every dot, for a table.
    """

    points: str
    dots: tuple[tuple[float, float, timedelta, int], ...]
    ticks: tuple[tuple[float, timedelta], ...]
    grid: tuple[tuple[float, str], ...]
    half: timedelta | None
    rows: tuple[tuple[timedelta, int, str], ...]


def curve(opened: Sequence[int], people: int, elapsed: timedelta) -> Curve:
    """The share that had opened the text after each of SPANS, up to `elapsed`, which is now."""
    known = [(n, span, count) for n, (span, count) in enumerate(zip(SPANS, opened, strict=True)) if span <= elapsed]
    points = [(_x(n), _y(count, people), span, count) for n, span, count in known]
    ticks = tuple((_x(n), span) for n, span in enumerate(SPANS) if _minutes(span) in MARKS)
    grid = tuple((_y(each, 100), f"{each}%") for each in (0, 25, 50, 75, 100))
    half = next((span for _, span, count in known if people and 2 * count >= people), None)
    line = " ".join(f"{x:g},{y:g}" for x, y in [(LEFT, _y(0, 1)), *((x, y) for x, y, *_ in points)])
    rows = tuple((span, count, percent(count, people)) for _, span, count in known)
    return Curve(line, tuple(points), ticks, grid, half, rows)


def _x(number: int) -> float:
    return round(LEFT + (number + 1) * (WIDTH - LEFT - 18) / len(SPANS), 1)


def _y(count: int, people: int) -> float:
    inner = HEIGHT - FOOT - 10
    return round(10 + inner * (1 - count / people), 1) if people else float(HEIGHT - FOOT)


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


def width(part: int, whole: int, full: int = 1000) -> int:
    """Of a bar. Whoever is there is seen, and only everybody fills it."""
    if not part or not whole:
        return 0
    return full if part >= whole else min(max(round(full * part / whole), 4), full - 4)


def percent(part: int, whole: int) -> str:
    """`100%` only for everybody, `0%` only for nobody."""
    if not whole or not part:
        return "0%"
    if part >= whole:
        return "100%"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}%"
