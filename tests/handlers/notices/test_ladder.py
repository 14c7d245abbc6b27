"""The ladder comes out the same in whatever order, and however often, its facts arrive; and nothing is overstated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from bot.db import begin
from handlers.notices import store
from handlers.notices.rules import ANSWERS, RANKED, RUNGS, TROUBLES, Fact, Receipt, learn
from tests.handlers.notices import office
from tests.world import Firm

START = datetime(2026, 6, 11, 1, tzinfo=UTC)
moments = st.integers(0, 20).map(lambda minutes: START + timedelta(minutes=minutes))
facts = st.one_of(
    st.builds(Fact, st.sampled_from(("accepted", "delivered", "opened", *TROUBLES[1:])), moments),
    st.builds(Fact, st.just("acknowledged"), moments, st.sampled_from((*ANSWERS, "declined"))),
    st.builds(Fact, st.just("signed"), moments, st.just("signed")),
)


def told(news: list[Fact]) -> Receipt:
    known = Receipt()
    for fact in news:
        known = learn(known, fact)
    return known


@given(st.lists(facts, max_size=12), st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(news: list[Fact], random: object) -> None:
    other = news + news[: len(news) // 2]
    random.shuffle(other)  # type: ignore[attr-defined]
    assert told(other) == told(news)


@given(st.lists(facts, max_size=12))
def test_no_rung_is_claimed_without_its_fact(news: list[Fact]) -> None:
    known, kinds = told(news), {fact.kind for fact in news}
    assert (known.signed_at is not None) == ("signed" in kinds)
    assert (known.answered_at is not None) == bool(kinds & {"acknowledged", "signed"})
    assert (known.opened_at is not None) == bool(kinds & {"opened", "acknowledged", "signed"})
    assert (known.delivered_at is not None) == ("delivered" in kinds)
    assert not known.trouble or known.rung < RUNGS.index("delivered")
    times = [known.accepted_at, known.opened_at, known.answered_at, known.signed_at]
    reached = [each for each in times if each]
    assert reached == sorted(reached)
    assert None not in times[: len(reached)]


@given(st.lists(facts, min_size=1, max_size=12))
def test_whoever_ever_objected_never_counts_as_agreeing(news: list[Fact]) -> None:
    said = {fact.answer for fact in news}
    if said & {"objected", "appealed", "declined"}:
        assert told(news).answer in ("objected", "appealed", "declined")
    assert RANKED.index(told(news).answer) == max(RANKED.index(each) for each in said)


@pytest.mark.parametrize("order", list(permutations(("unreached", "rejected", "accepted"))))
def test_a_refusal_before_an_acceptance_stays_known_and_unreachable_does_not(order: tuple[str, ...]) -> None:
    assert told([Fact(kind, START) for kind in order]).trouble == "rejected"
    assert told([Fact(kind, START) for kind in order if kind != "rejected"]).trouble == ""


def test_an_unknown_kind_or_answer_is_refused() -> None:
    with pytest.raises(KeyError):
        learn(Receipt(), Fact("liked", START))
    with pytest.raises(ValueError, match="tuple"):
        learn(Receipt(), Fact("acknowledged", START, "maybe"))


def test_random_histories_reconcile_to_the_frozen_list_on_both_databases(firm: Firm) -> None:
    import random

    people = office.crowd(firm, 40)
    notice, dice = office.compose(firm, people), random.Random(7)
    kinds = ("accepted", "delivered", "opened", "acknowledged", "signed", *TROUBLES[1:])
    expected = {each: Receipt() for each in people}
    for _ in range(30):
        news = []
        for each in dice.choices(people, k=12):
            kind = dice.choice(kinds)
            answer = {"acknowledged": dice.choice(ANSWERS), "signed": "signed"}.get(kind, "")
            news.append((each, Fact(kind, START + timedelta(minutes=dice.randrange(50)), answer)))
        with begin(firm.app.engine) as db:
            store.learned(db, store.recipients(db, notice.id, {each for each, _ in news}), news)
        for each, fact in news:
            expected[each] = learn(expected[each], fact)
        with firm.app.engine.connect() as db:
            counted = store.counts(db, notice.id)
        assert sum(count for *_, count in counted) == len(people)
    with firm.app.engine.connect() as db:
        rows = store.recipients(db, notice.id, people)
    assert {each: row.receipt for each, row in rows.items()} == expected
    assert all(row.rung == row.receipt.rung for row in rows.values())
