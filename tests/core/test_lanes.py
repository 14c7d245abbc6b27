"""How much a lane takes at a time, and what goes first of what waits."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import given, strategies as st

from bot.card import Card
from bot.delivery import claim as outbox_claim, outbox
from bot.delivery.deliver import AHEAD, Lane
from bot.delivery.moves import Result
from bot.delivery.outbox import BULK, NORMAL, SOON, Row
from bot.delivery.pacing import Ceilings, Rate
from bot.tables import outbox as table
from bot.wire import dump_card
from tests.world import Firm

POOL = ThreadPoolExecutor(1)


def row(number: int, priority: int, route: str = "") -> Row:
    return Row(
        f"r{number}", "send", "fake", None, f"u{number}", "case:1", None, None, "", 1, False, priority, route=route
    )


def item(at: float, row: Row) -> tuple[float, Row, object]:
    return at, row, lambda: Result(row, "sent")


def lane(calls: float | None = 100.0) -> Lane:
    return Lane(Ceilings(Rate(calls, 1) if calls else None), POOL)


@given(st.lists(st.sampled_from([SOON, NORMAL, BULK]), max_size=40), st.lists(st.sampled_from([SOON, BULK])))
def test_the_most_urgent_take_the_first_moments_and_no_moment_is_used_twice(first: list[int], then: list[int]) -> None:
    mine, number = lane(), 0
    for batch in (first, then):
        mine.add([item(at, row(at, each)) for at, each in enumerate(batch, number)])  # type: ignore[misc]
        number += len(batch)
    moments = [at for at, _, _ in mine.waiting]
    assert moments == sorted(set(moments)) and len(moments) == len(first) + len(then)
    found = [(each.priority, each.id) for _, each, _ in mine.waiting]
    assert [priority for priority, _ in found] == sorted(first + then)
    for priority in (SOON, NORMAL, BULK):
        same = [int(name[1:]) for at, name in found if at == priority]
        assert same == sorted(same), "those of one priority keep their order"


def test_calls_that_cost_differently_keep_their_moments() -> None:
    mine = lane()
    mine.add([item(5.0, row(1, BULK, "shared")), item(9.0, row(2, SOON))])  # type: ignore[list-item]
    assert [(at, each.id) for at, each, _ in mine.waiting] == [(5.0, "r1"), (9.0, "r2")]


@pytest.mark.parametrize(
    ("calls", "took", "most"), [(100.0, 0.0, 25), (100.0, 0.03, 25), (100.0, 4.0, 17), (8.0, 9.0, 2)]
)
def test_a_lane_takes_what_it_can_send_soon_and_nothing_while_half_of_that_waits(
    calls: float, took: float, most: int
) -> None:
    mine = lane(calls)
    mine.took = took
    assert mine.room(16) == most
    while mine.room(16):
        mine.add([item(time.monotonic(), row(len(mine.waiting), BULK))])  # type: ignore[list-item]
    assert most / 2 <= len(mine.waiting) <= most / 2 + 1
    if took:
        assert len(mine.waiting) * took / 16 <= AHEAD + took, "more would only wait for a free place"


def queue(firm: Firm, user: str, number: int, priority: int) -> str:
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", user)
        body = dump_card(Card(f"第 {number} 件", "请看"))
        return outbox.queue(ctx.db, ctx.now, "send", "fake", person, "case:1", body, priority=priority)


def test_thousands_to_one_person_hold_up_nobody_behind_them(firm: Firm) -> None:
    first = [queue(firm, "zhang", number, BULK) for number in range(3)]
    with firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        assert person
        more = (outbox.Saying(person, dump_card(Card("又一件", str(number)))) for number in range(300))
        outbox.queue_many(ctx.db, ctx.now, "case:1", more)
    last = queue(firm, "li", 1, BULK)
    with firm.app.engine.connect() as db:
        assert outbox_claim.due(db, firm.now, {"fake": 2}) == [first[0], last]
        assert outbox_claim.due(db, firm.now, {"fake": 2}, ["fake"]) == [first[0], last]
        assert outbox_claim.due(db, firm.now, {"fake": 2}, []) == []


def test_rows_for_nobody_in_particular_are_claimed_once(firm: Firm) -> None:
    with firm.app.context() as ctx:
        for number in range(40):
            outbox.queue(ctx.db, ctx.now, "request", "fake", None, f"case:{number}", "{}", priority=BULK)
        ids = sorted(ctx.db.execute(sa.select(table.c.id)).scalars())
        found = outbox_claim.due(ctx.db, firm.now, {"fake": 100})
    assert sorted(found) == ids


def test_what_is_asked_of_many_waits_behind_what_answers_somebody(firm: Firm) -> None:
    with firm.app.context() as ctx:
        zhang, li = ctx.people.find("fake", "zhang"), ctx.people.find("fake", "li")
        assert zhang and li
        ctx.ask(zhang, "test.many", "case:1", lambda ref: Card("请填写", ref), priority=BULK)
        ctx.say(zhang, Card("计划", ""), "case:1", priority=NORMAL)
        ctx.say(li, Card("答复", ""), "case:1")
        ctx.ask(li, "test.one", "case:1", lambda ref: Card("请确认", ref))
        rows = ctx.db.execute(sa.select(table.c.priority).order_by(table.c.id)).scalars()
        assert list(rows) == [BULK, NORMAL, SOON, SOON]
