"""What a policy and a template must be like: every score in one band, weights that add up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from handlers.performance.rules import WHOLE, Problem, plain


class Banded(Protocol):
    """A clause of a policy, see store.Clause."""

    @property
    def no(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def at_least(self) -> Decimal | None: ...
    @property
    def below(self) -> Decimal | None: ...
    @property
    def band(self) -> str: ...
    @property
    def factor(self) -> Decimal | None: ...


class Weighed(Protocol):
    """A dimension of a template, see store.Dimension."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def weight(self) -> Decimal: ...
    @property
    def max(self) -> Decimal: ...


def clause_problems(clauses: Sequence[Banded], deemed: str) -> list[Problem]:
    """Bands must cover every score from 0 to 100 once: no gap, no overlap."""
    found: list[Problem] = []
    numbers = [each.no for each in clauses]
    found += [Problem("no", "clause_twice", no) for no in sorted({each for each in numbers if numbers.count(each) > 1})]
    found += [
        Problem("text", "clause_empty", each.no) for each in clauses if not each.no.strip() or not each.text.strip()
    ]
    found += [Problem("factor", "factor", each.no) for each in clauses if each.factor is not None and each.factor < 0]
    if deemed and deemed not in numbers:
        found.append(Problem("deemed_clause", "deemed_unknown", deemed))
    return found + _band_problems([each for each in clauses if each.at_least is not None or each.below is not None])


def _band_problems(bands: list[Banded]) -> list[Problem]:
    if not bands:
        return [Problem("clauses", "no_band")]
    found = [Problem("band", "band_unnamed", each.no) for each in bands if not each.band.strip()]
    lowest = Decimal("-Infinity")
    ordered = sorted(bands, key=lambda each: lowest if each.at_least is None else each.at_least)
    if ordered[0].at_least is not None and ordered[0].at_least > 0:
        found.append(Problem("at_least", "band_gap", f"0–{plain(ordered[0].at_least)}"))
    reached: Decimal | None = None
    for number, each in enumerate(ordered):
        if each.at_least is not None and each.below is not None and each.at_least >= each.below:
            found.append(Problem("below", "band_empty", each.no))
        if number and (reached is None or each.at_least is None or each.at_least < reached):
            found.append(Problem("at_least", "band_overlap", each.no))
        elif number and reached is not None and each.at_least is not None and each.at_least > reached:
            found.append(Problem("at_least", "band_gap", f"{plain(reached)}–{plain(each.at_least)}"))
        reached = each.below
    if reached is not None and reached <= WHOLE:
        found.append(Problem("below", "band_gap", f"{plain(reached)}–100"))
    return found


def template_problems(dimensions: Sequence[Weighed], places: int) -> list[Problem]:
    """Weights must add up to 100, codes differ, maxima be above 0."""
    codes = [each.code for each in dimensions]
    found = [Problem("code", "dimension_twice", code) for code in sorted({c for c in codes if codes.count(c) > 1})]
    found += [
        Problem("code", "dimension_code", each.code) for each in dimensions if not 0 < len(each.code.strip()) <= 20
    ]
    found += [Problem("max", "dimension_max", each.code) for each in dimensions if not each.max > 0]
    found += [Problem("weight", "weight_range", each.code) for each in dimensions if not 0 < each.weight <= WHOLE]
    total = sum((each.weight for each in dimensions), Decimal(0))
    if total != WHOLE:
        found.append(Problem("weight", "weights_sum", plain(total)))
    if not 0 <= places <= 4:
        found.append(Problem("places", "places", str(places)))
    return found
