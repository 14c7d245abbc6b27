"""One message to many: rows, lists, hooks, pausing, erasing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.db import begin
from bot.delivery import claim as outbox_claim, crowds, deliver, outbox
from bot.delivery.crowds import Count
from bot.delivery.outbox import Row
from bot.delivery.pacing import Ceilings
from bot.errors import PlatformError
from bot.evidence.forget import forget
from bot.evidence.tables import ev_event
from bot.people import sync
from bot.ports import DirectoryPerson
from bot.replay import replay
from bot.router import Carried, routes
from bot.tables import failed, outbox as table, person
from bot.wire import dump_card
from tests.world import Firm

STAFF = [DirectoryPerson(f"u{n:03}", f"员工{n}", "", ("门店",)) for n in range(10)]
CARD = Card("通知", "明天停水")
Told = list[tuple[list[str], Carried]]


@pytest.fixture
def staff(firm: Firm) -> list[tuple[str, str]]:
    """(person id, user id) of ten people more."""
    with begin(firm.app.engine) as connection:
        sync(connection, "fake", [*STAFF, DirectoryPerson("wang", "王HR")], {"wang": "hr"})
    return [(f"fake:{each.user_id}", each.user_id) for each in STAFF]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the carrier of `crowd:` heard: whom each row was for, and its result."""
    heard: Told = []

    def carry(ctx: Context, row: Row, result: Carried) -> None:
        heard.append(([user for _, user in crowds.members(ctx.db, row)], result))

    monkeypatch.setattr(routes, "carriers", {"crowd:": carry})
    return heard


def queue(firm: Firm, people: list[tuple[str, str]], matter: str = "crowd:1") -> list[str]:
    with firm.app.context() as ctx:
        return crowds.queue(ctx, firm.platform, "shared", people, CARD, matter)


def progress(firm: Firm, matter: str = "crowd:1") -> Mapping[str, Count]:
    with firm.app.engine.connect() as connection:
        return {state: count for state, count in crowds.progress(connection, matter).items() if count.rows}


def test_a_row_is_a_call_and_the_feature_hears_of_each(firm: Firm, staff: list[tuple[str, str]], told: Told) -> None:
    firm.platform.refusing = {"u004": "60111"}
    ids = queue(firm, staff)
    assert len(ids) == 4
    assert progress(firm) == {"queued": Count(4, 10)}
    assert firm.courier.drain() == 4
    assert [(route, len(to), key) for route, to, _, key in firm.platform.handed] == [
        ("shared", 3, ids[0]), ("shared", 3, ids[1]), ("shared", 3, ids[2]), ("shared", 1, ids[3])
    ]  # fmt: skip
    assert [user for users, _ in told for user in users] == [user for _, user in staff]
    assert [dict(result.refused) for _, result in told] == [{}, {"u004": "60111"}, {}, {}]
    assert {result.state for _, result in told} == {"sent"}
    assert progress(firm) == {"sent": Count(4, 10)}
    assert firm.rows(ev_event) == []  # a crowd's evidence is its feature's


def test_a_crowd_that_cannot_be_sent_is_reported_failed(firm: Firm, staff: list[tuple[str, str]], told: Told) -> None:
    queue(firm, staff[:2])
    firm.platform.fail = [PlatformError("90020", permanent=True)]
    firm.courier.drain()
    assert [(result.state, result.code) for _, result in told] == [("failed", "90020")]
    with firm.app.context() as ctx, pytest.raises(ValueError, match="no route"):
        crowds.queue(ctx, firm.platform, "pigeon", staff, CARD, "crowd:1")


def test_personal_cards_and_channels_are_reported_too_and_recorded_here(
    firm: Firm, staff: list[tuple[str, str]], told: Told
) -> None:
    with firm.app.context() as ctx:
        people = [found for each, _ in staff if (found := ctx.people.get(each))]
        said = (outbox.Saying(each, dump_card(CARD)) for each in people)
        assert outbox.queue_many(ctx.db, ctx.now, "crowd:2", said) == 10
    assert firm.courier.drain() == 10
    assert [result.message_id for _, result in told] == [f"m-{key}" for _, _, key in firm.platform.sent]
    assert [row["type"] for row in firm.rows(ev_event)] == ["delivery.accepted"] * 10


def test_what_is_urgent_goes_before_what_is_for_many(firm: Firm, staff: list[tuple[str, str]]) -> None:
    queue(firm, staff)
    with firm.app.context() as ctx:
        wang = ctx.people.find("fake", "wang")
        assert wang
        ctx.say(wang, Card("急"), "chat")
    with firm.app.engine.connect() as connection:
        first = outbox_claim.due(connection, firm.now)[0]
        row = outbox.get(connection, first)
    assert row is not None
    assert row.user_id == "wang"


def test_hold_release_and_cancel_count_people(firm: Firm, staff: list[tuple[str, str]], told: Told) -> None:
    queue(firm, staff)
    with firm.app.context() as ctx:
        assert crowds.hold(ctx, "crowd:1") == 10
        assert crowds.hold(ctx, "crowd:1") == 0
    queue(firm, staff[:2])  # more of a matter that is held
    assert firm.courier.drain() == 0
    assert progress(firm) == {"held": Count(5, 12)}
    with firm.app.context() as ctx:
        assert crowds.release(ctx, "crowd:1") == 12
        assert crowds.cancel(ctx, "crowd:2") == 0
        assert crowds.cancel(ctx, "crowd:1") == 12
    assert firm.courier.drain() == 0
    assert progress(firm) == {"stopped": Count(5, 12)}
    assert firm.platform.handed == []
    assert told == []


@pytest.mark.parametrize(("stop", "state"), [("hold", "held"), ("cancel", "stopped")])
def test_what_fails_while_everything_is_paused_does_not_go_out_behind_the_back(
    firm: Firm, staff: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, stop: str, state: str
) -> None:
    queue(firm, staff[:3])

    def slow(*_: object) -> object:
        with firm.app.context() as ctx:
            {"hold": crowds.hold, "cancel": crowds.cancel}[stop](ctx, "crowd:1")
        raise PlatformError("-1", retry_after=5)

    monkeypatch.setattr(firm.platform, "send_many", slow)
    firm.courier.drain()
    monkeypatch.undo()
    firm.pass_time(minutes=10)
    firm.courier.drain()
    assert firm.platform.handed == []
    assert progress(firm) == {state: Count(1, 3)}


def test_who_got_too_much_waits_in_a_row_of_their_own(firm: Firm, staff: list[tuple[str, str]], told: Told) -> None:
    courier = deliver.Courier(firm.app, firm.dispatch, ceilings=lambda _: Ceilings(members=((2, 60),)))
    for _ in range(2):
        queue(firm, [staff[0]])
        courier.drain()
    queue(firm, staff[:3])
    courier.drain()
    assert [to for _, to, _, _ in firm.platform.handed] == [("u000",), ("u000",), ("u001", "u002")]
    assert progress(firm)["queued"] == Count(1, 1)
    firm.pass_time(seconds=61)
    courier.drain()
    assert firm.platform.handed[-1][1] == ("u000",)
    assert [users for users, _ in told] == [["u000"], ["u000"], ["u001", "u002"], ["u000"]]


def test_an_erased_person_is_in_no_list(firm: Firm, staff: list[tuple[str, str]], told: Told) -> None:
    queue(firm, staff[:3])
    with begin(firm.app.engine) as connection:
        ref = connection.execute(sa.select(person.c.ref).where(person.c.id == "fake:u001")).scalar_one()
        forget(connection, ref)
    assert not [row for row in firm.rows(table) if "u001" in str(row["crowd"])]
    firm.courier.drain()
    assert firm.platform.handed[0][1] == ("u000", "u002")


def test_a_failing_hook_loses_neither_the_result_nor_the_others(
    firm: Firm, staff: list[tuple[str, str]], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[datetime | None] = []

    def sound(ctx: Context, row: Row, result: Carried) -> None:
        ctx.record("probe.carried", row.matter, source={"state": result.state})
        heard.append(result.at)

    def broken(ctx: Context, row: Row, result: Carried) -> None:
        if row.people == 1:
            raise RuntimeError("a bug in a feature")
        sound(ctx, row, result)

    monkeypatch.setitem(routes.carriers, "crowd:", broken)
    queue(firm, staff)
    assert firm.courier.drain() == 4
    assert progress(firm) == {"sent": Count(4, 10)}
    assert len(firm.rows(ev_event)) == 3
    assert len(firm.rows(failed)) == 1
    monkeypatch.setitem(routes.carriers, "crowd:", sound)
    took = firm.now
    firm.pass_time(hours=3)
    assert list(replay(firm.app, None).values()) == ["done"]
    assert [row["type"] for row in firm.rows(ev_event)] == ["probe.carried"] * 4
    assert set(heard) == {took}  # the platform took it then, however late the feature hears of it


def test_a_row_somebody_else_has_taken_over_is_theirs(firm: Firm, staff: list[tuple[str, str]], told: Told) -> None:
    queue(firm, staff[:3])
    inner = firm.platform.send_many

    def stall(route: str, to: list[str], card: Card, key: str) -> object:
        monkey.undo()
        firm.pass_time(seconds=61)  # the lease runs out in the middle of the call
        assert deliver.Courier(firm.app, firm.dispatch).drain() == 1
        return inner(route, to, card, key)

    monkey = pytest.MonkeyPatch()
    monkey.setattr(firm.platform, "send_many", stall)
    firm.courier.drain()
    assert len(firm.platform.handed) == 1
    assert [(result.state, result.ambiguous) for _, result in told] == [("sent", True)]


def test_a_route_of_one_person_is_a_row_each(firm: Firm, staff: list[tuple[str, str]]) -> None:
    with firm.app.context() as ctx:
        due = ctx.now + timedelta(hours=1)
        ids = crowds.queue(ctx, firm.platform, "card", staff, lambda: replace(CARD, text="水"), "crowd:3", due=due)
    assert len(ids) == 10
    assert firm.courier.drain() == 0
    firm.pass_time(hours=1)
    assert firm.courier.drain() == 10
