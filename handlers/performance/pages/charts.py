"""Charts as SVG coordinates, computed by hand. Pure: the template draws, with classes for colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT, LEFT, FOOT, TOP = 600, 190, 8, 24, 18
STEP, BINS = 10, 10
"""A distribution has ten bins of ten points; a score of 100 is in the last."""


@dataclass(frozen=True, slots=True)
class Column:
    """One bin: its rectangle, how many are in it, `label` such as `70–80`, `middle` for texts."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str
    middle: float


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of small multiples: a department or a scorer with the shape of their scores.

    `blocks`: (x, width, strength 0 to 4, count) of the bins of a line 1000 wide.
    """

    key: str
    name: str
    count: int
    mean: str
    low: str
    high: str
    blocks: tuple[tuple[int, int, int, int], ...]


def bin_of(score: Decimal) -> int:
    """0 for below 10, 9 for 90 and more."""
    return min(max(int(score // STEP), 0), BINS - 1)


def bins(scores: Iterable[Decimal]) -> list[int]:
    """How many scores are in each bin."""
    found = [0] * BINS
    for each in scores:
        found[bin_of(each)] += 1
    return found


def columns(counts: Sequence[int]) -> list[Column]:
    """The distribution as columns; the highest fills the height, and whoever exists is visible."""
    most, inner = max(counts, default=0), HEIGHT - FOOT - TOP
    each_width = (WIDTH - 2 * LEFT) / len(counts)
    found = []
    for number, count in enumerate(counts):
        height = max(inner * count / most, 2) if count else 0
        x = LEFT + number * each_width
        label = f"{number * STEP}–{(number + 1) * STEP}"
        place = (round(x + 2, 1), round(HEIGHT - FOOT - height, 1), round(each_width - 4, 1), round(height, 1))
        found.append(Column(*place, count, label, round(x + each_width / 2, 1)))
    return found


def strip(key: str, name: str, scores: Sequence[Decimal]) -> Strip:
    """How one department or scorer scored. `scores` must not be empty."""
    counts = bins(scores)
    most = max(counts)
    blocks = tuple((number * 100, 96, -(-4 * count // most), count) for number, count in enumerate(counts))
    mean = (sum(scores, Decimal(0)) / len(scores)).quantize(Decimal("0.1"))
    return Strip(key, name, len(scores), str(mean), str(min(scores)), str(max(scores)), blocks)


def bar(percent: Decimal | None) -> int:
    """Width of a bar 1000 wide; what has begun is visible and only what is complete fills it."""
    if percent is None or percent <= 0:
        return 0
    return 1000 if percent >= 100 else min(max(int(percent * 10), 4), 996)


def share(part: int, whole: int) -> int:
    """The same for a part of a whole."""
    return bar(Decimal(100 * part) / whole) if whole else 0
