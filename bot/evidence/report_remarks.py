"""What many verdicts of a report say alike is said once and referred to by number: nobody reads it two thousand times,
and setting it costs more than all the rest. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

OFTEN = 20
"""Verdicts that say the same, from which it becomes a remark."""
_MARK, _END = "；", "。"


def remarked(verdicts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(the verdicts with `（注 1、3）` for what is said `OFTEN`, the remarks from number 1 on).

    A verdict is clauses between `；` and a `。`; the first clause, the verdict itself, always stays.
    """
    clauses = [verdict.removesuffix(_END).split(_MARK) for verdict in verdicts]
    counts = Counter(each for first, *more in clauses for each in dict.fromkeys(more))
    numbers = {each: n for n, each in enumerate((each for each, many in counts.items() if many >= OFTEN), 1)}
    return [_with_numbers(each, numbers) for each in clauses], list(numbers)


def _with_numbers(clauses: Sequence[str], numbers: dict[str, int]) -> str:
    first, *more = clauses
    kept = [first, *(each for each in more if each not in numbers)]
    named = [str(numbers[each]) for each in more if each in numbers]
    return _MARK.join(kept) + (f"（注 {'、'.join(named)}）" if named else "") + _END
