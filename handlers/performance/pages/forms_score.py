"""The scoring form between what was typed and what is kept. Pure: nothing typed is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from handlers.performance import rules
from handlers.performance.rules import Problem, scoring as rules_scoring
from handlers.performance.rules.scoring import Line, Ruled, Scored
from handlers.performance.store import Dimension

NO_NUMBER = Decimal("NaN")
_PLAIN = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,8})?")
MOST_ROWS = 8
"""Deductions of one dimension."""


@dataclass(frozen=True, slots=True)
class Row:
    """One deduction as typed."""

    deduction: str = ""
    fact: str = ""
    clause: str = ""
    goal: str = ""

    @property
    def empty(self) -> bool:
        return not (self.deduction or self.fact or self.clause or self.goal)


@dataclass(frozen=True, slots=True)
class Part:
    """One dimension as typed: `points` and its deductions."""

    dimension: Dimension
    points: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What the form would come to now. `scored` None while a dimension has no points."""

    problems: tuple[Problem, ...]
    scored: Scored | None
    formula: str
    clause: Ruled | None


def from_lines(dimensions: Sequence[Dimension], lines: Iterable[Line]) -> list[Part]:
    """A kept review as a form, with one empty row for each dimension."""
    every, found = list(lines), []
    for each in dimensions:
        mine = [line for line in every if line.dimension == each.code]
        rows = [
            Row(rules.plain(line.deduction) if line.deduction else "", line.fact, line.clause, line.goal_id)
            for line in mine
        ]
        points = rules.plain(mine[0].points) if mine else ""
        found.append(Part(each, points, _padded([row for row in rows if not row.empty])))
    return found


def from_form(dimensions: Sequence[Dimension], form: Mapping[str, str], *, more: bool = False) -> list[Part]:
    """What was typed, as it was typed; `more`: with another empty row."""
    found = []
    for each in dimensions:
        rows = [
            Row(*(form.get(f"{each.code}.{no}.{name}", "").strip() for name in ("deduction", "fact", "clause", "goal")))
            for no in range(MOST_ROWS)
        ]
        rows = [row for row in rows if not row.empty]
        found.append(Part(each, form.get(f"{each.code}.points", "").strip(), _padded(rows, 2 if more else 1)))
    return found


def _padded(rows: Sequence[Row], extra: int = 1) -> tuple[Row, ...]:
    return (*rows, *[Row()] * extra)[:MOST_ROWS]


def lines(parts: Iterable[Part]) -> tuple[list[Line], list[Problem]]:
    """(lines, what could not be read). Points that were left out are what the deductions leave of the maximum."""
    found: list[Line] = []
    wrong: list[Problem] = []
    for part in parts:
        rows = [row for row in part.rows if not row.empty]
        points, deductions = number(part.points), [number(row.deduction) for row in rows]
        wrong += [Problem("points", "no_number", part.points)] if points is not None and not points.is_finite() else []
        wrong += [
            Problem("deduction", "no_number", row.deduction)
            for row, each in zip(rows, deductions, strict=True)
            if each is not None and not each.is_finite()
        ]
        if points is None and rows and all(each is not None and each.is_finite() for each in deductions):
            points = part.dimension.max - sum((each for each in deductions if each is not None), Decimal(0))
        if points is None:
            continue
        if not rows:
            found.append(Line(part.dimension.code, points))
        for row, each in zip(rows, deductions, strict=True):
            found.append(Line(part.dimension.code, points, each or Decimal(0), row.fact, row.clause, row.goal))
    return found, wrong


def unsaved(parts: Iterable[Part]) -> list[Part]:
    """Dimensions of which something was typed that a draft cannot hold: it stays on the page only."""
    found = []
    for part in parts:
        kept, wrong = lines([part])
        if wrong or (not kept and any(not row.empty for row in part.rows)):
            found.append(part)
    return found


def number(text: str) -> Decimal | None:
    """A typed number; None for nothing, NaN for what is none. No exponents: they are numbers nobody means."""
    text = text.strip().rstrip("%％").replace("，", "").replace(",", "").strip()
    if not text:
        return None
    return Decimal(text) if _PLAIN.fullmatch(text) else NO_NUMBER


def preview(
    side: str,
    given: Sequence[Line],
    dimensions: Sequence[Dimension],
    places: int,
    clauses: Sequence[Ruled],
    goals: Sequence[str],
) -> Preview:
    """The score, the formula and the band, and everything that still keeps it from being handed in."""
    done = rules_scoring.completed(given, dimensions)
    problems = rules_scoring.line_problems(side, done, dimensions, {each.no for each in clauses}, goals)
    good = all(each.points.is_finite() for each in done)
    if not good or {each.code for each in dimensions} - {each.dimension for each in done}:
        return Preview(tuple(problems), None, "", None)
    scored = rules_scoring.scored(done, dimensions, places)
    return Preview(tuple(problems), scored, rules_scoring.formula(scored), rules_scoring.band_of(clauses, scored.score))
