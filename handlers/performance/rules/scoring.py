"""Rules of scores, answers and appeals: facts in, decisions out. Pure. Scores are Decimal, days are local days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol, TypeVar

from handlers.performance.rules import Problem, plain
from handlers.performance.rules.policy import Banded, Weighed

SELF, MANAGER, HR = "self", "manager", "hr"
TURNS = (SELF, MANAGER, HR)
LONGEST_FACT, LONGEST_COMMENT = 2_000, 5_000
READERS: Mapping[str, Sequence[str]] = {SELF: (MANAGER, HR), MANAGER: (HR,), HR: ()}
"""side -> who may read its submitted review before the result, where the cycle says nothing."""
MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Line:
    """What one side gives for a dimension: `points` of its maximum; what is missing is the `deduction`.

    A dimension with several deductions has several lines with the same `points`; their deductions add up to what is
    missing. One line with deduction 0 stands for all that is missing. `goal_id` of the goal it is about, or empty.
    """

    dimension: str
    points: Decimal
    deduction: Decimal = Decimal(0)
    fact: str = ""
    clause: str = ""
    goal_id: str = ""


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What a side fills in. `reason` of a change after the submission."""

    lines: tuple[Line, ...]
    comment: str = ""
    reason: str = ""


class Ruled(Banded, Protocol):
    """A clause with what follows from it, see store.Clause."""

    @property
    def consequence(self) -> str: ...


R = TypeVar("R", bound=Ruled)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the formula: `points` of `max`, times `weight` %, makes `value` (exact, not rounded)."""

    name: str
    points: Decimal
    max: Decimal
    weight: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Scored:
    """`exact` before and `score` after rounding to `places` decimals, halves up; of 100."""

    steps: tuple[Step, ...]
    exact: Decimal
    score: Decimal
    places: int


def completed(lines: Iterable[Line], dimensions: Iterable[Weighed]) -> tuple[Line, ...]:
    """The lines with what is missing written as a deduction where the form left it out; texts without blanks."""
    given = [replace(each, fact=each.fact.strip(), clause=each.clause.strip()) for each in lines]
    most = {each.code: each.max for each in dimensions}
    alone = {each.dimension for each in given if sum(other.dimension == each.dimension for other in given) == 1}
    return tuple(
        replace(each, deduction=most[each.dimension] - each.points)
        if each.dimension in alone and each.dimension in most and not each.deduction and each.points.is_finite()
        else each
        for each in given
    )


def line_problems(
    side: str, lines: Sequence[Line], dimensions: Sequence[Weighed], clauses: Collection[str], goals: Collection[str]
) -> list[Problem]:
    """Everything that keeps these (`completed`) lines from being submitted, each with the number of its row.

    What a person takes off for themself needs no clause; what others take off needs a fact and a clause.
    """
    known = {each.code: each for each in dimensions}
    found = [Problem("dimension", "line_missing", each.name) for each in dimensions if not _of(lines, each.code)]
    if len(lines) > MOST_LINES:
        found.append(Problem("lines", "lines_many", str(MOST_LINES)))
    for row, each in enumerate(lines, 1):
        if each.dimension not in known:
            found.append(Problem("dimension", "dimension_unknown", each.dimension, row))
            continue
        found += _number_problems(each, known[each.dimension], row)
        found += _cited(side, each, clauses, goals, row)
    for code, dimension in known.items():
        found += _sum_problems(_of(lines, code), dimension)
    return found


def _of(lines: Iterable[Line], code: str) -> list[Line]:
    return [each for each in lines if each.dimension == code]


def _number_problems(line: Line, dimension: Weighed, row: int) -> list[Problem]:
    if not line.points.is_finite() or not 0 <= line.points <= dimension.max:
        return [Problem("points", "points_range", f"{dimension.name} 0–{plain(dimension.max)}", row)]
    if not line.deduction.is_finite() or not 0 <= line.deduction <= dimension.max:
        return [Problem("deduction", "deduction_range", f"{dimension.name} 0–{plain(dimension.max)}", row)]
    return []


def _cited(side: str, line: Line, clauses: Collection[str], goals: Collection[str], row: int) -> list[Problem]:
    found = []
    if side != SELF and line.deduction and len(line.fact) < 4:
        found.append(Problem("fact", "no_fact", plain(line.deduction), row))
    if side != SELF and line.deduction and not line.clause:
        found.append(Problem("clause", "no_clause", plain(line.deduction), row))
    if line.clause and line.clause not in clauses:
        found.append(Problem("clause", "clause_unknown", line.clause, row))
    if line.goal_id and line.goal_id not in goals:
        found.append(Problem("goal_id", "goal_unknown", line.goal_id, row))
    if len(line.fact) > LONGEST_FACT:
        found.append(Problem("fact", "fact_long", str(LONGEST_FACT), row))
    return found


def _sum_problems(lines: Sequence[Line], dimension: Weighed) -> list[Problem]:
    if not lines or not all(each.points.is_finite() and each.deduction.is_finite() for each in lines):
        return []
    if len({each.points for each in lines}) > 1:
        return [Problem("points", "points_differ", dimension.name)]
    missing, explained = dimension.max - lines[0].points, sum((each.deduction for each in lines), Decimal(0))
    if explained == missing:
        return []
    return [Problem("deduction", "deduction_sum", f"{dimension.name} {plain(explained)} / {plain(missing)}")]


def scored(lines: Iterable[Line], dimensions: Iterable[Weighed], places: int) -> Scored:
    """Points / maximum x weight, added up; only the sum is rounded. ValueError when a dimension has no line."""
    given = {each.dimension: each.points for each in lines}
    steps = []
    for each in dimensions:
        if each.code not in given:
            raise ValueError(f"no line for {each.code}")
        value = given[each.code] * each.weight / each.max
        steps.append(Step(each.name, given[each.code], each.max, each.weight, value))
    exact = sum((each.value for each in steps), Decimal(0))
    return Scored(tuple(steps), exact, rounded(exact, places), places)


def rounded(value: Decimal, places: int) -> Decimal:
    """To `places` decimals, halves away from zero; written without an exponent."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def formula(found: Scored) -> str:
    """`80/100×60% + 55/100×40% = 70.00 → 70.0`, as a person can check it with a pocket calculator."""
    parts = (f"{plain(each.points)}/{plain(each.max)}×{plain(each.weight)}%" for each in found.steps)
    exact = plain(found.exact.quantize(Decimal("0.0001"), ROUND_HALF_UP))
    return f"{' + '.join(parts)} = {exact} → {format(found.score, 'f')}"


def band_of(clauses: Iterable[R], score: Decimal) -> R | None:
    """The clause whose band holds the score; None when the policy has a hole there."""
    for each in clauses:
        low, high = each.at_least, each.below
        if low is None and high is None:
            continue
        if (low is None or score >= low) and (high is None or score < high):
            return each
    return None


def turn(sides: Sequence[str], submitted: Collection[str], over: Collection[str]) -> str:
    """Whose turn it is: the first side without a submission whose time is not `over`; empty: all are through.

    The last side is never passed over: without it there is no score.
    """
    for each in sides:
        if each not in submitted and (each not in over or each == sides[-1]):
            return each
    return ""


def changeable(sides: Sequence[str], side: str, submitted: Collection[str]) -> bool:
    """A submission may get a new version until the next side has built on it."""
    later = sides[sides.index(side) + 1 :] if side in sides else sides
    return side in sides and not any(each in submitted for each in later)


def may_read(side: str, readers: Collection[str], visibility: Mapping[str, Sequence[str]], *, told: bool) -> bool:
    """May somebody who is one of `readers` (self, manager, hr) read the submitted review of `side`?

    Their own always; others as the cycle says, else READERS; after the result was `told` everybody of the three.
    """
    return side in readers or told or bool(set(readers) & set(visibility.get(side, READERS.get(side, ()))))
