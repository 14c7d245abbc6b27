"""Half a site missing is one question to one person."""

from __future__ import annotations

import pytest

from bot import people, router
from bot.db import begin
from bot.ports import DirectoryPerson, Punch, Shift
from handlers.missed_punch import tables as t
from tests.handlers.missed_punch.story import DAY, NINE, Story, at
from tests.world import FIRM, Firm

STAFF = [f"s{number}" for number in range(15)]


@pytest.fixture
def store_story(firm: Firm) -> Story:
    """Fifteen people of one store and its manager, who is there."""
    router.discover("handlers", "flow")
    crew = [DirectoryPerson(user, f"店员{user}", "keeper", ("一号店",)) for user in STAFF]
    with begin(firm.app.engine) as connection:
        everybody = [*FIRM, *crew, DirectoryPerson("keeper", "孙店长", "", ("一号店",))]
        people.sync(connection, "fake", everybody, {"wang": "hr"})
    story = Story(firm)
    firm.platform.shift_list = [Shift(user, DAY, NINE, at("18:00")) for user in STAFF]
    firm.platform.punch_list = [Punch("s0", at("8:50"), "on", "device")]
    return story


def test_fourteen_of_fifteen_is_one_card_to_the_manager(store_story: Story) -> None:
    for clock in ("9:16", "9:17", "9:50", "11:20"):
        store_story.tick(clock)
    assert store_story.titles("keeper") == ["一号店有 14/15 人没有打卡记录"]
    assert {to for to, _, _ in store_story.firm.platform.sent} == {"keeper"}


def test_the_manager_says_it_is_the_device_and_nobody_is_asked(store_story: Story) -> None:
    store_story.tick("9:16")
    store_story.tap("keeper", "特殊情况")
    store_story.firm.platform.punch_list += [Punch(user, at("9:20"), "on", "device") for user in STAFF[1:10]]
    store_story.tick("9:40")
    store_story.tick("11:30")
    assert {to for to, _, _ in store_story.firm.platform.sent} == {"keeper"}
    assert store_story.copies("keeper")[-1] == "不询问"


def test_the_manager_says_ask_and_everybody_gets_the_first_card_only(store_story: Story) -> None:
    store_story.tick("9:16")
    store_story.firm.now = at("10:30")
    store_story.tap("keeper", "情况正常")
    store_story.tick("10:31")
    assert len(store_story.firm.rows(t.case)) == 14
    assert store_story.titles("s5") == ["早上好，还没看到你的打卡，一切还好吗？"]
    assert store_story.titles("wang") == []


def test_one_of_fifteen_is_asked_as_usual(store_story: Story) -> None:
    store_story.firm.platform.punch_list = [Punch(user, at("8:50"), "on", "device") for user in STAFF[:14]]
    store_story.tick("9:16")
    assert store_story.titles("keeper") == []
    assert len(store_story.titles("s14")) == 1
