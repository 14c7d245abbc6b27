"""The platforms' own approval apps are followed: a leave filed there stops the ladder at once, a decision ends ours."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.db import begin
from bot.errors import PlatformError
from bot.event import SLIP
from bot.evidence.forget import forget
from bot.ports import Leave, Punch
from bot.ports.slips import Slip, State
from bot.tables import approval, person
from handlers.missed_punch import tables as t
from tests.handlers.missed_punch.story import Story, at
from tests.world import FakePlatform


class Office(FakePlatform):
    """A platform with an approval app; `slips` by number, `down` while it cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.slips: dict[str, Slip] = {}
        self.down: list[PlatformError] = []

    def slip(self, number: str) -> Slip | None:
        if self.down:
            raise self.down[0]
        return self.slips.get(number)


@pytest.fixture
def office(story: Story) -> Office:
    found = Office()
    found.shift_list = story.firm.platform.shift_list
    story.firm.platform = found
    story.firm.app.platforms = {"fake": found}
    return found


def leave(state: State, start: str = "9:00", end: str = "18:00") -> Slip:
    span = (Leave("zhang", at(start), at(end), "年假", state == "pending"),) if state in ("pending", "approved") else ()
    return Slip("zhang", state, leaves=span)


def push(story: Story, state: str, number: str = "n1", about: str = "", actor: str = "") -> None:
    story.firm.dispatch(story.firm.event(actor, SLIP, number=number, user_id="zhang", state=state, about=about))


def leaves(story: Story) -> list[tuple[datetime, bool]]:
    return [(row["start_at"], row["pending"]) for row in story.firm.rows(t.leave)]  # type: ignore[misc]


def test_a_leave_filed_before_the_shift_is_enough_although_the_attendance_knows_nothing(
    story: Story, office: Office
) -> None:
    office.slips["n1"] = leave("pending")
    push(story, "pending", actor="zhang")
    for clock in ("9:16", "9:46", "11:16"):
        story.tick(clock)
    assert story.titles("zhang") == story.titles("li") == story.titles("wang") == []
    assert leaves(story) == [(at("9:00"), True)]


def test_a_leave_approved_mid_ladder_stops_it_at_once(story: Story, office: Office) -> None:
    story.tick("9:16")
    office.slips["n1"] = leave("approved")
    push(story, "approved")
    story.tick("9:46")
    assert story.case()["outcome"] == "leave"
    assert story.titles("li") == []
    assert story.copies("zhang")[-1] == "已结束"


def test_what_is_refused_natively_covers_nothing_any_more(story: Story, office: Office) -> None:
    office.slips["n1"] = leave("pending")
    push(story, "pending")
    story.tick("9:16")
    assert story.titles("zhang") == []
    office.slips["n1"] = leave("rejected")
    push(story, "rejected")
    story.tick("9:31")
    assert leaves(story) == [] and len(story.titles("zhang")) == 1


def test_while_a_slip_cannot_be_read_nobody_is_asked_and_then_it_is_caught_up(story: Story, office: Office) -> None:
    office.down = [PlatformError("503", "away")]
    push(story, "pending")
    story.tick("9:16")
    story.tick("9:46")
    assert story.titles("zhang") == []
    office.down = []
    office.slips["n1"] = leave("approved", "7:00", "8:00")
    story.tick("9:47")
    assert len(story.titles("zhang")) == 1


def test_a_slip_that_may_not_be_read_leaves_it_to_the_attendance(story: Story, office: Office) -> None:
    push(story, "pending", number="secret")
    story.tick("9:16")
    assert len(story.titles("zhang")) == 1
    (row,) = story.firm.rows(t.slip)
    assert row["read_at"] is not None and row["start_at"] is None


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_a_native_decision_ends_ours_everywhere(story: Story, office: Office, state: State) -> None:
    story.tick("9:16")
    story.write("zhang", "家里有事，今天请假")
    story.tap("zhang", "提交")
    assert story.titles("li")[-1].startswith("张三 申请")
    office.slips["n1"] = leave("pending")
    push(story, "pending", actor="zhang")
    story.tick("9:20")
    office.slips["n1"] = leave(state)
    push(story, state)
    story.tick("9:21")
    assert [row["state"] for row in story.firm.rows(approval)] == ["elsewhere"]
    assert story.copies("li")[-1] == "已在考勤平台审批"
    assert story.titles("zhang")[-1] == "请假已处理"


def test_a_make_up_punch_approved_natively_is_fetched_and_ends_our_request(story: Story, office: Office) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡了，9:02 到的")
    office.punch_list = [Punch("zhang", at("9:02"), "on", "APPROVE")]
    office.slips["n1"] = Slip("zhang", "approved", "correction")
    push(story, "approved", about="correction")
    story.tick("9:20")
    assert [row["state"] for row in story.firm.rows(approval)] == ["elsewhere"]
    assert story.case()["outcome"] == "punched"
    assert office.corrections == []


def test_filing_is_a_sign_of_life_and_being_decided_about_is_none(story: Story, office: Office) -> None:
    story.tick("9:16")
    office.slips["n1"] = leave("approved", "13:00", "14:00")
    push(story, "approved")
    story.tick("9:17")
    assert story.case()["state"] == "waiting"
    push(story, "pending", number="n2", actor="zhang")
    assert story.case()["state"] == "alive"


def test_the_same_event_twice_and_a_lost_decision(story: Story, office: Office) -> None:
    office.slips["n1"] = leave("pending")
    push(story, "pending")
    push(story, "pending")
    story.tick("9:16")
    assert len(leaves(story)) == 1
    office.slips["n1"] = leave("approved")
    story.tick("9:50")
    assert leaves(story) == [(at("9:00"), False)]


def test_an_erased_person_leaves_no_slip(story: Story, office: Office) -> None:
    push(story, "pending")
    with begin(story.firm.app.engine) as connection:
        ref = next(row["ref"] for row in story.firm.rows(person) if row["id"] == "fake:zhang")
        forget(connection, str(ref))
    assert story.firm.rows(t.slip) == []
