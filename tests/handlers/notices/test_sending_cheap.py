"""The fewest calls, and a list that is read once however long it is."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from bot.db import begin
from handlers.notices import tables as tb
from handlers.notices.sending import sending
from tests.handlers.notices import office
from tests.world import Firm

LONG = "**第一条** 全文。" * 400


def test_a_confirmation_that_does_not_fit_a_card_goes_to_few_in_shared_calls_without_buttons(firm: Firm) -> None:
    people = office.crowd(firm, 5)
    office.compose(firm, people)
    with begin(firm.app.engine) as db:
        db.execute(sa.update(tb.text).where(tb.text.c.notice_id == office.ID).values(body=LONG))
    office.send(firm)
    assert [len(users) for _, users, _, _ in firm.platform.handed] == [3, 2]
    assert all(not card.buttons and card.link for _, _, card, _ in firm.platform.handed)
    assert not [user for user, _, _ in firm.platform.sent if user.startswith("p0")]


def test_the_list_is_looked_through_from_where_the_last_step_was(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending.step, "__defaults__", (4,))
    people = office.crowd(firm, 40)
    office.compose(firm, people, importance="inform", answers="[]")
    mine = tb.recipient.c.person_id.in_(people[::7])
    with begin(firm.app.engine) as db:
        db.execute(sa.update(tb.recipient).where(mine).values(locale="en"))
    office.start(firm)
    real, seen = sending._head, list[str]()

    def head(db: sa.Connection, notice_id: str, after: str = "") -> object:
        seen.append(after)
        return real(db, notice_id, after)

    monkeypatch.setattr(sending, "_head", head)
    sending.send_due(firm.app)
    assert seen.count("") <= 3, "from the beginning only at the beginning, and at the end"
    begun = [each for each in seen if each]
    assert begun == sorted(begun) and len(begun) >= 11
    assert Counter(each["person_id"] for each in office.attempts(firm)) == Counter(people)
    firm.courier.drain()
    sending.send_due(firm.app)
    assert office.get(firm).state == "sent"


def test_somebody_who_joined_before_the_others_is_not_forgotten(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    people = office.crowd(firm, 6)
    office.compose(firm, people, importance="inform", answers="[]")
    office.start(firm)
    seen = {office.ID: people[3]}
    assert sending.step(firm.app, office.ID, 10, seen=seen) == 3
    assert sending.step(firm.app, office.ID, 10, seen=seen) == 3
    assert sorted(each["person_id"] for each in office.attempts(firm)) == people
