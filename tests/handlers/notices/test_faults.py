"""What goes wrong in the middle of a send: somebody is told, nobody is lost, every number still adds up."""

from __future__ import annotations

import pytest

from bot.errors import PlatformError
from bot.tables import outbox
from handlers.notices import board
from handlers.notices.board import Tally
from handlers.notices.sending import sending
from tests.handlers.notices import office
from tests.world import Firm

PEOPLE = 10
REVOKED = PlatformError("48002", "应用没有此接口的权限", retry_after=600, alarm=True)
SPENT = PlatformError("90020", "本月接口调用量已用完", retry_after=21600, alarm=True)


def tally(firm: Firm) -> Tally:
    """The board's numbers, which add up to the frozen list whatever has happened."""
    with firm.app.engine.connect() as db:
        found = board.tally(db, office.get(firm))
        listed = {name: board.lines(db, office.get(firm), name) for name in board.GROUPS}
    assert found.adds_up and found.total == PEOPLE
    assert {name: len(lines) for name, lines in listed.items()} == dict(found.counts)
    return found


def told(firm: Firm) -> list[str]:
    return [str(row["body"]) for row in firm.rows(outbox) if str(row["matter"]).startswith("alarm:")]


def handed(firm: Firm) -> int:
    return sum(len(users) for _route, users, _card, _key in firm.platform.handed)


@pytest.mark.parametrize("fault", [REVOKED, SPENT], ids=["permission", "quota"])
def test_a_right_that_is_lost_in_mid_send_and_comes_back(firm: Firm, fault: PlatformError) -> None:
    office.compose(firm, office.crowd(firm, PEOPLE), importance="inform", answers="[]")
    office.start(firm)
    sending.send_due(firm.app)
    firm.platform.fail = [fault] * 2
    firm.courier.drain()
    assert 0 < handed(firm) < PEOPLE
    before = tally(firm)
    assert before.reached["accepted"] == handed(firm)
    (said,) = told(firm)
    assert fault.hint in said and fault.code in said
    firm.pass_time(seconds=301)
    office.carry(firm)
    assert handed(firm) == PEOPLE and tally(firm).reached["accepted"] == PEOPLE
    assert len({user for _route, users, _card, _key in firm.platform.handed for user in users}) == PEOPLE


def test_a_right_that_stays_lost_leaves_everybody_on_a_list(firm: Firm) -> None:
    office.compose(firm, office.crowd(firm, PEOPLE), importance="inform", answers="[]")
    office.start(firm)
    sending.send_due(firm.app)
    firm.platform.fail = [REVOKED] * 200
    for _ in range(12):
        firm.courier.drain()
        firm.pass_time(seconds=301)
    found = tally(firm)
    assert handed(firm) == 0 and found.reached["accepted"] == 0
    assert found.counts["rejected"] == PEOPLE
    assert {each["code"] for each in office.attempts(firm)} == {"48002"}
    assert len(told(firm)) == 1


def test_success_with_everybody_invalid_is_no_success(firm: Firm) -> None:
    people = office.crowd(firm, PEOPLE)
    office.compose(firm, people, importance="inform", answers="[]")
    firm.platform.refusing = {each.split(":")[1]: "invaliduser" for each in people}
    office.send(firm)
    found = tally(firm)
    assert found.reached["accepted"] == 0 and found.counts["rejected"] == PEOPLE
