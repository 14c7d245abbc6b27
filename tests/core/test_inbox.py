"""More events than can be answered at once: stored first, each answered once, nothing lost."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from bot import inbox, router
from bot.card import Card
from bot.context import Context
from bot.dispatch import Dispatcher
from bot.event import Event
from bot.tables import failed, inbox as table, outbox
from tests.world import Firm

ACT = "probe.act"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Event ids in the order their flow ran."""
    seen: list[str] = []

    def flow(event: Event, ctx: Context) -> Card | None:
        if event.data.get("boom"):
            raise RuntimeError("a bug in the flow")
        seen.append(event.id)
        assert ctx.actor
        ctx.say(ctx.actor, Card("收到", event.id), "case")
        return Card("shown at once")

    monkeypatch.setattr(router.routes, "hooks", [])
    monkeypatch.setitem(router.routes.flows, ACT, flow)
    return seen


@pytest.fixture
def crowded(firm: Firm) -> Dispatcher:
    """A hall in which everything counts as a crowd; `firm.nudges` is untouched."""
    return Dispatcher(firm.app, lambda: None, inline=0, late=lambda: None)


def states(firm: Firm) -> dict[object, object]:
    return {row["event_id"]: (row["state"], row["event"] is None) for row in firm.rows(table)}


def test_a_crowd_is_stored_and_acknowledged_then_answered_in_order(
    firm: Firm, crowded: Dispatcher, done: list[str]
) -> None:
    for number in range(5):
        firm.pass_time(seconds=1)
        assert crowded(firm.event("zhang", ACT, event_id=f"e{number}")) is None
    assert done == []
    assert set(states(firm).values()) == {("waiting", False)}
    assert crowded.answer_waiting() == 5
    assert done == [f"e{number}" for number in range(5)]
    assert set(states(firm).values()) == {("done", True)}
    assert crowded.answer_waiting() == 0
    assert len(firm.rows(outbox)) == 5


def test_twice_is_once_whichever_way_it_comes(firm: Firm, crowded: Dispatcher, done: list[str]) -> None:
    stored, answered = firm.event("zhang", ACT, event_id="a"), firm.event("zhang", ACT, event_id="b")
    firm.dispatch(answered)
    for event in (stored, answered, stored):
        crowded(event)
    firm.dispatch(stored)
    assert done == ["b"]
    assert [crowded.answer_waiting(), crowded.answer_waiting()] == [1, 0]
    firm.dispatch(stored)
    assert done == ["b", "a"]


def test_two_who_answer_the_same_stored_events_answer_each_once(
    firm: Firm, crowded: Dispatcher, done: list[str]
) -> None:
    for number in range(12):
        crowded(firm.event("zhang", ACT, event_id=f"e{number:02d}"))
    others = [threading.Thread(target=crowded.answer_waiting) for _ in range(3)]
    for each in others:
        each.start()
    for each in others:
        each.join()
    assert sorted(done) == [f"e{number:02d}" for number in range(12)]
    assert len(firm.rows(outbox)) == 12


def test_a_stored_event_that_fails_waits_for_replay_and_not_for_ever(
    firm: Firm, crowded: Dispatcher, done: list[str]
) -> None:
    crowded(firm.event("zhang", ACT, event_id="bad", boom="yes"))
    crowded(firm.event("zhang", ACT, event_id="good"))
    assert crowded.answer_waiting() == 2
    assert done == ["good"]
    assert [row["event_id"] for row in firm.rows(failed)] == ["bad"]
    assert set(states(firm).values()) == {("done", True)}


def test_the_last_place_is_answered_at_once_and_the_next_one_is_a_crowd(firm: Firm, done: list[str]) -> None:
    hall = Dispatcher(firm.app, lambda: None, inline=1)
    assert hall(firm.event("zhang", ACT, event_id="alone")) == Card("shown at once")
    inside = threading.Event()
    leave = threading.Event()

    def slow(event: Event, ctx: Context) -> Card | None:
        inside.set()
        assert leave.wait(10)
        return None

    router.routes.flows["probe.slow"] = slow
    try:
        first = threading.Thread(target=hall, args=(firm.event("zhang", "probe.slow"),))
        first.start()
        assert inside.wait(10)
        second = threading.Thread(target=hall, args=(firm.event("zhang", ACT, event_id="second"),))
        second.start()
        leave.set()  # SQLite has one writer: the second one stores when the first has left
        first.join(10)
        second.join(10)
    finally:
        del router.routes.flows["probe.slow"]
    assert done == ["alone"]
    assert states(firm)["second"] == ("waiting", False)


def test_many_share_one_commit_and_every_one_is_on_disk_when_told_so(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    porch, commits, lost = inbox.Porch(firm.app.engine), [], []
    write = porch._write

    def counted(rows: list[tuple[object, ...]]) -> None:
        commits.append(len(rows))
        write(rows)

    monkeypatch.setattr(inbox.Porch, "_write", lambda _self, rows: counted(rows))
    start = threading.Barrier(40)

    def keep(number: int) -> None:
        start.wait()
        porch.keep(firm.event("zhang", ACT, event_id=f"k{number}"), firm.now)
        with firm.app.engine.connect() as other:
            if not other.execute(sa.select(table.c.state).where(table.c.event_id == f"k{number}")).first():
                lost.append(number)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == []
    assert sum(commits) == 40
    assert len(commits) < 40


def test_when_the_database_refuses_everybody_in_the_share_hears_of_it(firm: Firm) -> None:
    porch, heard = inbox.Porch(firm.app.engine), []
    with firm.app.engine.begin() as connection:
        table.drop(connection)

    def keep(number: int) -> None:
        try:
            porch.keep(firm.event("zhang", ACT, event_id=f"k{number}"), firm.now)
        except sa.exc.DBAPIError:
            heard.append(number)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == list(range(6))
