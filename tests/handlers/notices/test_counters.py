"""Whatever happens to a notice in whatever order, every person of the frozen list is in exactly one number.

`ORDERS=1000` plays that many orders of up to twenty happenings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st

from bot.db import begin
from bot.delivery import crowds, outbox
from bot.errors import Refused
from bot.ports.crowds import Outcome
from bot.router import Carried
from bot.tables import outbox as said
from handlers.notices import board, store, tables as tb
from handlers.notices.receiving import answers, hearing
from handlers.notices.rules import ANSWERS
from handlers.notices.sending import climbing, drops, recall, reminding, sending
from tests.handlers.notices import office
from tests.world import Firm

PEOPLE, ORDERS = 6, int(os.environ.get("ORDERS", "20"))
STATES = ("delivered", "opened", "dropped", "rejected", "expired", "unknown", "unopened")
whom = st.integers(0, PEOPLE - 1)
happening = st.one_of(
    st.tuples(st.just("report"), whom, st.sampled_from(STATES)),
    st.tuples(st.just("carried"), whom, st.sampled_from(("sent", "failed"))),
    st.tuples(st.just("open"), whom, st.just("")),
    st.tuples(st.just("answer"), whom, st.sampled_from(ANSWERS)),
    st.tuples(st.just("job"), whom, st.sampled_from(("send", "drops", "climb", "close", "recalls"))),
    st.tuples(st.just("hr"), whom, st.sampled_from(("pause", "resume", "stop", "recall", "remind"))),
    st.tuples(st.just("time"), st.integers(1, 40), st.just("")),
)
JOBS: dict[str, Callable[[Firm], object]] = {
    "send": office.carry,
    "drops": lambda firm: drops.find(firm.app),
    "climb": lambda firm: climbing.climb(firm.app),
    "close": lambda firm: climbing.close_due(firm.app),
    "recalls": lambda firm: recall.carry(firm.app),
}


@contextmanager
def fresh(firm: Firm) -> Iterator[str]:
    """A new notice for the same people; what an earlier example left behind is gone."""
    with begin(firm.app.engine) as db:
        for table in (tb.notice, tb.text, tb.recipient, tb.attempt, said):
            db.execute(sa.delete(table))
    due = firm.now + timedelta(hours=60)
    office.compose(firm, [f"fake:p{at:04}" for at in range(PEOPLE)], importance="read", deadline=due)
    office.start(firm)
    yield office.ID


def happen(firm: Firm, what: str, who: int, how: str) -> None:
    """One thing; a polite refusal is one of the outcomes."""
    person = f"fake:p{who:04}"
    if what == "time":
        firm.pass_time(hours=who)
    elif what == "job":
        JOBS[how](firm)
    elif what in ("report", "carried"):
        _told(firm, what, person, how)
    elif what == "hr":
        _steered(firm, how)
    else:
        reader = office.who(firm, f"p{who:04}")
        with firm.app.context(reader) as ctx:
            notice = office.get(firm)
            if what == "open":
                answers.opened(ctx, notice, reader)
            else:
                answers.take(ctx, notice, reader, how)


def _told(firm: Firm, what: str, person: str, how: str) -> None:
    """About any message of the notice, at any time and again: the platform does not keep an order."""
    rows = [each["id"] for each in firm.rows(said) if each["kind"] in (crowds.KIND, "send")]
    with firm.app.context() as ctx:
        for row_id in rows[:2]:
            row = outbox.get(ctx.db, str(row_id))
            assert row
            if what == "report":
                hearing.reported(ctx, row, {person: Outcome(how)})  # type: ignore[arg-type]
            else:
                hearing.carried_out(ctx, row, Carried(how, "m", {}))  # type: ignore[arg-type]


def _steered(firm: Firm, how: str) -> None:
    with firm.app.context(office.who(firm, "wang")) as ctx:
        notice = office.get(firm)
        try:
            if how == "recall":
                recall.recall(ctx, notice, "文字有误")
            elif how == "remind":
                reminding.remind(ctx, notice, platforms=firm.app.platforms)
            elif how == "pause":
                sending.pause(ctx, notice, "再看一看")
            elif how == "resume":
                sending.resume(ctx, notice)
            else:
                sending.stop(ctx, notice, "不发了")
        except Refused:
            return


def adds_up(firm: Firm) -> None:
    notice = office.get(firm)
    with firm.app.engine.connect() as db:
        found = board.tally(db, notice)
        lists = {name: board.lines(db, notice, name) for name in board.GROUPS}
        done = sending.progress(db, notice.id)
        rows = store.recipients(db, notice.id, [f"fake:p{at:04}" for at in range(PEOPLE)])
    assert found.adds_up and found.total == notice.people == PEOPLE
    assert {name: len(lines) for name, lines in lists.items()} == dict(found.counts)
    assert sorted(each.row.person_id for lines in lists.values() for each in lines) == sorted(rows)
    assert done.people == PEOPLE == sum(getattr(done, each.name) for each in fields(done) if each.name != "people")
    order = [found.reached[each] for each in ("accepted", "opened", "acknowledged", "signed")]
    assert order == sorted(order, reverse=True), "acted implies opened implies accepted"
    assert all(row.rung == row.receipt.rung for row in rows.values())


@pytest.mark.parametrize(("database_url", "orders"), [("sqlite", ORDERS), ("postgresql", 5)], indirect=["database_url"])
def test_every_number_reconciles_after_anything_in_any_order(firm: Firm, orders: int) -> None:
    office.crowd(firm, PEOPLE)

    @settings(max_examples=orders, deadline=None, suppress_health_check=list(HealthCheck), derandomize=ORDERS < 100)
    @given(st.lists(happening, min_size=4, max_size=20))
    def tell(news: list[tuple[str, int, str]]) -> None:
        with fresh(firm):
            for what, who, how in news:
                happen(firm, what, who, how)
                adds_up(firm)

    tell()
