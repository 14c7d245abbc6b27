"""The board says of every source how old its newest row is, and which one has probably stopped."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from bot.db import begin
from bot.ports import Punch, Shift
from handlers.missed_punch import tables as t
from handlers.missed_punch.pages import board
from tests.handlers.missed_punch.story import DAY, NINE, Story, at


def seen(story: Story) -> board.Presence:
    with story.firm.app.engine.connect() as db:
        known = board.feeds(db, story.firm.now, story.firm.app.platforms)
        (found,) = board.presence(db, story.firm.now, known)
    return found


def test_each_source_has_its_own_age_and_a_silent_one_is_marked(story: Story) -> None:
    end = NINE + timedelta(hours=9)
    story.firm.platform.shift_list = [Shift(who, DAY, NINE, end) for who in ("zhang", "li", "wang")]
    story.tick("8:30")
    rows = [
        {"person_id": "fake:zhang", "at": at("8:20") - timedelta(days=1), "source": "一号门"},
        {"person_id": "fake:li", "at": at("8:58"), "source": "二号门"},
    ]
    with begin(story.firm.app.engine) as db:
        for row in rows:
            db.execute(sa.insert(t.punch).values(**row, kind="on", fetched_at=row["at"] + timedelta(minutes=1)))
    story.firm.now = at("9:10")
    found = seen(story)
    assert [(each.name, each.last, each.down) for each in found.sources] == [
        ("二号门", at("8:59"), False),
        ("一号门", at("8:21") - timedelta(days=1), True),
    ]
    assert found.planned_at == at("8:30")


def test_a_source_that_everybody_uses_is_not_called_down(story: Story) -> None:
    story.tick("8:30")
    story.firm.platform.punch_list = [Punch("zhang", at("8:50"), "on", "一号门")]
    story.tick("9:15")
    found = seen(story)
    assert [(each.name, each.down) for each in found.sources] == [("一号门", False)] and found.fresh


def test_an_outage_of_the_feed_is_one_of_the_whole_platform(story: Story) -> None:
    story.tick("8:30")
    story.tick("9:15")
    story.firm.now = at("9:40")
    found = seen(story)
    assert not found.fresh and found.fetched_at == at("9:15")
    assert found.counts["unseen"] == 1 and found.counts["missing"] == 0
