"""Stopping in chat, in the words people use in a hurry; what only follows up on a notice stops as well."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.notices.sending import climbing
from tests.handlers.notices import office
from tests.handlers.notices.chat import Chat
from tests.world import Firm

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def follow_up(firm: Firm) -> int:
    """How many messages go out when the plan has its turn a day later."""
    before = len(office.attempts(firm))
    firm.pass_time(hours=25)
    climbing.climb(firm.app)
    return len(office.attempts(firm)) - before


@lite
@pytest.mark.parametrize("words", ["全部停止", "紧急停止！", "急停", "Emergency stop"])
def test_the_emergency_stop_also_ends_what_is_followed_up(firm: Firm, words: str) -> None:
    office.compose(firm, ["fake:zhang"], deadline=firm.now + timedelta(days=9))
    office.send(firm)
    assert office.get(firm).state == "sent"
    answer = Chat(firm).say("wang", words)
    assert "已停止 1 份" in answer, answer
    assert office.get(firm).state == "stopped"
    assert follow_up(firm) == 0


@lite
def test_a_notice_with_nothing_to_follow_up_is_left_as_it_is(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], importance="inform", answers="[]")
    office.send(firm)
    assert "已停止 0" in Chat(firm).say("wang", "紧急停止")
    assert office.get(firm).state == "sent"


@lite
def test_one_that_all_have_is_stopped_by_its_title(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"])
    office.send(firm)
    assert "已停止" in Chat(firm).say("wang", "停止《考勤制度》")
    assert follow_up(firm) == 0
