"""A question that waits behind an outage is not asked any more once its person has spoken."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.event import TEXT
from bot.ports import Leave
from bot.tables import outbox
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import polling
from handlers.missed_punch.jobs import JOBS
from handlers.missed_punch.ladder import steps
from tests.handlers.missed_punch.story import Story, at


def jobs_at(story: Story, clock: str) -> None:
    """Everything that runs by itself, while nothing leaves the house."""
    story.firm.now = at(clock)
    for _seconds, job in JOBS.values():
        job(story.firm.app)


@pytest.mark.parametrize("words", ["???", "1"])
def test_what_waits_is_not_said_after_a_sign_of_life(story: Story, words: str) -> None:
    jobs_at(story, "9:16")
    story.firm.courier.drain()
    first = len(story.seen("zhang"))
    jobs_at(story, "9:46")
    waiting = sa.select(sa.func.count()).where(outbox.c.state == "queued", outbox.c.kind == "send")
    with story.firm.app.engine.connect() as db:
        assert db.execute(waiting).scalar_one() == 1
    story.firm.dispatch(story.firm.event("zhang", TEXT, text=words))
    story.firm.courier.drain()
    later = story.seen("zhang")[first:]
    assert [card.title for card in later if card.title == story.seen("zhang")[0].title] == []
    assert len(later) == 1  # the answer to these words
    with story.firm.app.context() as ctx:
        person = ctx.people.get("fake:zhang")
        assert person is not None
        assert words == "1" or ctx.open_asks(person.id, steps.CHECKIN)  # unclear words leave it answerable


@pytest.mark.parametrize("clock", ["9:46", "10:16"])
def test_what_waits_is_not_said_once_a_leave_is_known(story: Story, clock: str) -> None:
    jobs_at(story, "9:16")
    story.firm.courier.drain()
    first = {who: len(story.seen(who)) for who in ("zhang", "li")}
    jobs_at(story, "9:46")  # this question waits behind an outage
    if clock == "10:16":
        jobs_at(story, clock)
    story.firm.platform.leave_list = [Leave("zhang", at("9:00"), at("18:00"), "事假", pending=True)]
    story.firm.now += polling.REFRESH
    JOBS["poll"][1](story.firm.app)
    story.firm.courier.drain()
    said = [card for who, count in first.items() for card in story.seen(who)[count:]]
    assert [card.title for card in said if card.buttons] == []
    assert {row["outcome"] for row in story.firm.rows(t.case)} == {"leave"}
