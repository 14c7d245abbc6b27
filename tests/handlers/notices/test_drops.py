"""What a platform took and dropped is found within ten minutes and served again another way, in other words."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from bot.db import begin
from bot.ports.crowds import Outcome
from bot.store import new_ref
from bot.tables import outbox
from handlers.notices.sending import drops
from tests.handlers.notices import office
from tests.handlers.notices.test_hearing import sent, tell
from tests.world import Firm


def test_a_dropped_one_gets_other_words_by_another_way_and_once(firm: Firm) -> None:
    row = sent(firm)
    tell(firm, row, p0001=Outcome("dropped", code="143106"))
    firm.pass_time(minutes=2)
    assert drops.find(firm.app) == 1
    assert drops.find(firm.app) == 0
    firm.courier.drain()
    again = [(user, card) for user, card, _ in firm.platform.sent]
    assert [user for user, _ in again] == ["p0001"]
    first = firm.platform.handed[0][2]
    assert (again[0][1].title, again[0][1].text) != (first.title, first.text)
    assert [each["channel"] for each in office.attempts(firm, person_id="fake:p0001", step=51)] == ["fake.card"]
    assert len(office.events(firm, "notice.dropped")) == len(office.events(firm, "notice.served_again")) == 1


def test_an_opening_later_clears_the_trouble(firm: Firm) -> None:
    row = sent(firm, 1)
    tell(firm, row, p0000=Outcome("dropped", code="143105"))
    drops.find(firm.app)
    tell(firm, row, p0000=Outcome("opened", firm.now))
    assert (office.row(firm, "fake:p0000").rung, office.row(firm, "fake:p0000").trouble) == (3, "")


def test_our_own_count_finds_who_got_more_than_the_ceiling(firm: Firm) -> None:
    sent(firm, 2)
    rows = [
        {"id": new_ref(), "kind": "send", "platform": "fake", "person_id": "fake:p0000", "user_id": "p0000",
         "matter": "other", "body": "{}", "state": "sent", "due": firm.now, "created_at": firm.now,
         "sent_at": firm.now - timedelta(seconds=at)}
        for at in range(30)
    ]  # fmt: skip
    with begin(firm.app.engine) as db:
        db.execute(sa.insert(outbox), rows)
    people = {"fake:p0000": firm.now, "fake:p0001": firm.now}
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    with firm.app.engine.connect() as db:
        assert drops.dropped(db, "fake", people, [(30, minute), (1000, hour)]) == ["fake:p0000"]
        assert drops.dropped(db, "fake", people, [(31, minute), (1000, hour)]) == []
        assert drops.dropped(db, "fake", {}, [(31, minute)]) == []
