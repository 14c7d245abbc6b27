"""The rules of scores, answers and appeals: figures to check, nothing taken off without a fact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from bot.statutory import office_day
from handlers.performance import words_results
from handlers.performance.rules.results import after, barred, score_problems, working_deadline
from handlers.performance.rules.scoring import (
    HR,
    MANAGER,
    SELF,
    Line,
    band_of,
    changeable,
    completed,
    formula,
    line_problems,
    may_read,
    rounded,
    scored,
    turn,
)
from handlers.performance.store import Clause, Dimension
from handlers.performance.telling import documents

D = Decimal
SIDES = (SELF, MANAGER, HR)
DIMENSIONS = (Dimension("a", "交付", D(60), D(100)), Dimension("b", "协作", D(40), D(5)))
CLAUSES = (Clause("1", "好", D(75), None, "好", "", D(1)), Clause("8", "差", D(0), D(75), "差", "减半", D("0.5")))
points = st.tuples(st.decimals(0, 100, places=2), st.decimals(0, 5, places=2))


def problems(side: str, *lines: Line) -> set[str]:
    done = completed(lines, DIMENSIONS)
    return {each.code for each in line_problems(side, done, DIMENSIONS, {"1", "8"}, {"g1"})}


@given(points, st.integers(0, 4))
def test_the_score_is_the_weighted_sum_rounded_half_up_once(given_: tuple[Decimal, Decimal], places: int) -> None:
    found = scored((Line("a", given_[0]), Line("b", given_[1])), DIMENSIONS, places)
    exact = Fraction(given_[0]) * 60 / 100 + Fraction(given_[1]) * 40 / 5
    assert Fraction(found.exact) == exact
    assert Fraction(found.score) == Fraction((exact * 10**places * 2 + 1) // 2, 10**places)
    assert 0 <= found.score <= 100 and str(found.score) in formula(found)


def test_the_formula_can_be_followed_and_halves_go_up() -> None:
    found = scored((Line("a", D("70.25")), Line("b", D(4))), DIMENSIONS, 1)
    assert formula(found) == "70.25/100×60% + 4/5×40% = 74.15 → 74.2"
    assert [str(rounded(D(each), 0)) for each in ("0.5", "1.5", "2.5", "2.49")] == ["1", "2", "3", "2"]


@given(st.lists(st.decimals(0, 100, places=1), min_size=1, max_size=5))
def test_every_score_is_in_one_band(scores: list[Decimal]) -> None:
    for each in scores:
        found = band_of(CLAUSES, each)
        assert found is not None and found.no == ("1" if each >= 75 else "8")
    assert band_of((Clause("9", "无"),), D(50)) is None


@given(
    st.decimals(0, 100, places=1),
    st.booleans(),
    st.booleans(),
)
def test_nothing_is_taken_off_by_others_without_fact_and_clause(given_: Decimal, fact: bool, clause: bool) -> None:
    line = Line("a", given_, D(0), "项目 A 晚 12 天" if fact else "", "8" if clause else "")
    found = problems(MANAGER, line, Line("b", D(5)))
    assert ("no_fact" in found) == (given_ < 100 and not fact)
    assert ("no_clause" in found) == (given_ < 100 and not clause)
    assert not problems(SELF, line, Line("b", D(5)))  # what one takes off for oneself needs neither


def test_all_problems_come_at_once_and_have_sentences() -> None:
    lines = (Line("a", D(120)), Line("x", D(1)), Line("a", D(90), D(3), "晚了十二天", "77", "g2"))
    done = completed(lines, DIMENSIONS)
    found = line_problems(MANAGER, done, DIMENSIONS, {"8"}, {"g1"})
    codes = [each.code for each in found]
    assert set(codes) == {
        "line_missing", "points_range", "dimension_unknown", "clause_unknown", "goal_unknown", "points_differ",
    }  # fmt: skip
    assert all(words_results.problem(each) != each.code for each in found)
    several = (Line("a", D(70), D(20), "项目 A 晚 12 天", "8"), Line("a", D(70), D(10), "项目 B 返工", "8"))
    assert not problems(MANAGER, *several, Line("b", D(5)))
    assert problems(MANAGER, several[0], Line("a", D(70), D(5), "项目 B 返工", "8"), Line("b", D(5))) == {
        "deduction_sum"
    }


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1"])
def test_what_is_no_number_is_no_score(value: str) -> None:
    assert "points_range" in problems(MANAGER, Line("a", D(value)), Line("b", D(5)))
    assert score_problems(D(value), D(70), 1)


@given(st.sets(st.sampled_from(SIDES)), st.sets(st.sampled_from(SIDES)))
def test_sides_take_turns(submitted: set[str], over: set[str]) -> None:
    found = turn(SIDES, submitted, over)
    if found:
        before = SIDES[: SIDES.index(found)]
        assert found not in submitted and all(each in submitted or each in over for each in before)
    else:
        assert HR in submitted  # the last side is never passed over
    for side in SIDES:
        later = SIDES[SIDES.index(side) + 1 :]
        assert changeable(SIDES, side, submitted) == (not submitted & set(later))
    assert not changeable(SIDES, "peer", submitted)


def test_who_reads_what_before_the_result() -> None:
    assert may_read(SELF, {MANAGER}, {}, told=False) and may_read(MANAGER, {HR}, {}, told=False)
    assert not may_read(MANAGER, {SELF}, {}, told=False) and may_read(MANAGER, {SELF}, {}, told=True)
    assert may_read(MANAGER, {SELF}, {MANAGER: [SELF]}, told=False)
    assert not may_read(SELF, {MANAGER}, {SELF: []}, told=False) and may_read(SELF, {SELF}, {SELF: []}, told=False)


people = st.sampled_from("abcdefg")


@given(people, st.sets(people, min_size=1, max_size=2), st.dictionaries(people, people, max_size=6))
def test_nobody_tied_to_a_scorer_hears_the_appeal(subject: str, scorers: set[str], stands: dict[str, str]) -> None:
    found = barred(subject, scorers, stands)
    assert {subject, *scorers} <= found
    for principal, stand_in in stands.items():
        if subject not in (principal, stand_in):  # tied to a scorer over any number of hops: both or neither
            assert (principal in found) == (stand_in in found)


@pytest.mark.parametrize(
    ("state", "answer", "wanted", "may", "found"),
    [
        ("published", "", "received", True, "ok"),
        ("published", "", "objected", False, "ok"),
        ("published", "", "appealed", False, "late"),
        ("answered", "received", "received", True, "same"),
        ("answered", "received", "objected", True, "ok"),
        ("answered", "objected", "received", True, "kept"),
        ("answered", "objected", "appealed", True, "ok"),
        ("answered", "deemed", "objected", True, "ok"),
        ("answered", "signed", "objected", True, "signed"),
        ("appealed", "appealed", "received", True, "appealed"),
        ("superseded", "", "received", True, "over"),
        ("approving", "", "received", True, "over"),
    ],
)
def test_what_may_follow_what(state: str, answer: str, wanted: str, may: bool, found: str) -> None:
    assert after(state, answer, wanted, may_appeal=may) == found


def test_deadlines_count_working_days_of_the_calendar() -> None:
    def local(day: date, days: int) -> str:
        return f"{working_deadline(day, days, 'Asia/Shanghai', office_day):%m-%d %H:%M}"

    assert local(date(2026, 6, 2), 3) == "06-05 10:00"  # Tuesday to Friday 18:00 in Shanghai
    assert local(date(2026, 6, 5), 1) == "06-08 10:00"  # over the weekend
    assert local(date(2026, 6, 18), 1) == "06-22 10:00"  # Friday the 19th is a public holiday


def test_an_adjustment_is_another_score_of_the_same_kind() -> None:
    assert not score_problems(D("72.0"), D("70.0"), 1)
    codes = [score_problems(each, D("70.0"), 1)[0].code for each in (None, D("70.0"), D("70"), D("72.05"), D("101"))]
    assert codes == ["score_range", "score_same", "score_same", "score_places", "score_range"]


def test_a_reason_is_shown_with_its_clause() -> None:
    line = Line("a", D(60), D(40), "项目 A 晚 12 天", "8")
    text = "\n".join(documents.reasons((line, Line("b", D(5))), DIMENSIONS, {"8": "按期交付"}))
    assert text == "· 交付：60/100\n  扣 40 分：项目 A 晚 12 天\n  依据第 8 条：按期交付\n· 协作：5/5"
