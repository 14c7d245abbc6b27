"""From the frozen list to messages: nobody twice, nobody lost, wherever the process dies."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from bot.card import Card
from bot.db import begin
from bot.errors import Refused
from bot.tables import outbox, person
from handlers.notices import tables as tb
from handlers.notices.sending import reminding, sending
from tests.handlers.notices import office
from tests.world import Firm


class Killed(BaseException):
    """The process is gone."""


def reached(firm: Firm) -> Counter[str]:
    """How often each user id was written to."""
    found = Counter(user for _route, users, _card, _key in firm.platform.handed for user in users)
    return found + Counter(user for user, _card, _key in firm.platform.sent if user.startswith("p0"))


def test_one_text_goes_to_many_in_as_few_calls_as_the_route_allows(firm: Firm) -> None:
    people = office.crowd(firm, 10)
    office.compose(firm, people, importance="inform", answers="[]")
    office.send(firm)
    assert [len(users) for _, users, _, _ in firm.platform.handed] == [3, 3, 3, 1]
    assert office.get(firm).state == "sent"
    assert {each["state"] for each in office.attempts(firm)} == {"accepted"}
    with firm.app.engine.connect() as db:
        done = sending.progress(db, office.ID)
    assert (done.people, done.accepted, done.untouched, done.done) == (10, 10, 0, 10)
    card: Card = firm.platform.handed[0][2]
    said = [each.value for each in card.facts]
    assert "A1B2C3" in said
    assert "06-11" in said


def test_a_confirmation_from_few_comes_as_personal_cards_with_its_buttons(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang", "fake:li"])
    office.send(firm)
    cards = [(user, card) for user, card, _ in firm.platform.sent]
    assert [user for user, _ in cards] == ["li", "zhang"]
    assert [each.label for each in cards[0][1].buttons] == ["收到", "同意", "收到但有异议", "申诉"]
    assert {each.ref for each in cards[0][1].buttons} == {office.ID}


@pytest.mark.parametrize("size", [2, 4])
def test_killed_at_any_statement_nobody_is_lost_and_nobody_gets_it_twice(
    firm: Firm, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CHUNK", size)
    monkeypatch.setattr(sending.step, "__defaults__", (size,))
    people = office.crowd(firm, 9)
    office.compose(firm, people, importance="read", answers="[]")
    office.start(firm)
    left = [0]

    @sa.event.listens_for(firm.app.engine, "before_cursor_execute")
    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    deaths = 0
    for after in range(1, 400):
        left[0] = after % 23 + 1
        try:
            sending.send_due(firm.app)
            break
        except Killed:
            deaths += 1
    else:
        pytest.fail("it never came to an end")
    left[0] = 0
    sa.event.remove(firm.app.engine, "before_cursor_execute", count)
    office.carry(firm)
    assert deaths > 3
    assert reached(firm) == Counter({each.split(":")[1]: 1 for each in people})
    assert sorted(each["person_id"] for each in office.attempts(firm, step=0)) == people
    assert office.get(firm).state == "sent"


def test_paused_nothing_goes_out_resumed_the_rest_does_stopped_nothing_more(firm: Firm) -> None:
    people = office.crowd(firm, 6)
    office.compose(firm, people, importance="inform", answers="[]")
    office.start(firm)
    sending.step(firm.app, office.ID, 3)
    with firm.app.context() as ctx:
        assert sending.pause(ctx, office.get(firm), "看一下")
        assert not sending.pause(ctx, office.get(firm), "再看一下")
    office.carry(firm)
    assert firm.platform.handed == []
    with firm.app.context() as ctx:
        assert sending.resume(ctx, office.get(firm))
    sending.step(firm.app, office.ID, 3)
    firm.courier.drain()
    assert sum(reached(firm).values()) == 6
    with firm.app.context() as ctx:
        assert sending.emergency_stop(ctx, "写错了") == 1
    assert office.get(firm).state == "stopped"
    assert office.events(firm, "notice.stopped")


def test_stopped_before_anything_went_out_everybody_is_accounted_for(firm: Firm) -> None:
    people = office.crowd(firm, 5)
    office.compose(firm, people, importance="inform", answers="[]")
    office.start(firm)
    sending.step(firm.app, office.ID, 3)
    with firm.app.context() as ctx:
        sending.stop(ctx, office.get(firm), "写错了")
    office.carry(firm)
    with firm.app.engine.connect() as db:
        done = sending.progress(db, office.ID)
    assert (done.stopped, done.untouched, done.queued) == (3, 2, 0)
    assert firm.platform.handed == []


def test_urgent_and_small_ones_come_first(firm: Firm) -> None:
    people = office.crowd(firm, 4)
    office.compose(firm, people, "nt-big0000000000000000000001", importance="inform", answers="[]", people=99_999)
    office.compose(firm, people[:1], "nt-urgent00000000000000000002", importance="inform", answers="[]", urgent=True)
    for each in ("nt-big0000000000000000000001", "nt-urgent00000000000000000002"):
        office.start(firm, each)
    sending.send_due(firm.app)
    found = {str(row["matter"]): int(str(row["priority"])) for row in firm.rows(outbox) if row["kind"] == "crowd"}
    assert found["nt-urgent00000000000000000002"] < found["nt-big0000000000000000000001"]


def test_who_has_no_active_account_is_said_to_be_unreachable(firm: Firm) -> None:
    with begin(firm.app.engine) as db:
        db.execute(sa.update(person).where(person.c.id == "fake:zhang").values(active=False))
    office.compose(firm, ["fake:zhang", "fake:li"])
    office.send(firm)
    assert office.row(firm, "fake:zhang").trouble == "unreached"
    assert office.attempts(firm, person_id="fake:zhang")[0]["code"] == "inactive"
    assert office.events(firm, "notice.unreached")


def test_a_notice_without_a_frozen_list_or_begun_before_is_not_sent(firm: Firm) -> None:
    notice = office.compose(firm, ["fake:zhang"], frozen_at=None)
    with firm.app.context() as ctx, pytest.raises(Refused, match="名单"):
        sending.start(ctx, notice)
    office.compose(firm, ["fake:zhang"], "nt-twice00000000000000000001")
    office.start(firm, "nt-twice00000000000000000001")
    with firm.app.context() as ctx, pytest.raises(Refused, match="已经开始"):
        sending.start(ctx, office.get(firm, "nt-twice00000000000000000001"))


def test_a_late_joiner_gets_it_after_everybody_else(firm: Firm) -> None:
    office.compose(firm, ["fake:li"], joiners="deadline")
    office.send(firm)
    late = {"notice_id": office.ID, "person_id": "fake:zhang", "platform": "fake", "user_id": "zhang"}
    with begin(firm.app.engine) as db:
        db.execute(sa.insert(tb.recipient).values(**late, late_joiner=True))
    office.carry(firm)
    assert [user for user, _, _ in firm.platform.sent] == ["li", "zhang"]


def test_a_reminder_skips_who_is_done_and_never_says_the_same(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang", "fake:li"])
    office.send(firm)
    firm.dispatch(firm.event("li", "notices.received", office.ID))
    for count in range(3):
        firm.pass_time(hours=5 if count else 1)
        found = reminding.due_again(firm.app, office.ID)
        firm.courier.drain()
        if count < 2:
            assert found == reminding.Reminded(1, {"done": ("fake:li",)})
    texts = [card.title + card.text for user, card, _ in firm.platform.sent if user == "zhang"]
    assert len(texts) == len(set(texts)) == 4
    firm.pass_time(hours=5)
    assert reminding.due_again(firm.app, office.ID).skipped["quiet"] == ("fake:zhang",)


def test_a_second_reminder_within_hours_is_skipped(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    reminding.due_again(firm.app, office.ID)
    firm.courier.drain()
    firm.pass_time(minutes=10)
    assert reminding.due_again(firm.app, office.ID) == reminding.Reminded(0, {"recent": ("fake:zhang",)})
