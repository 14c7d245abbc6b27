"""Corrections: who may decide, what is written, what everybody sees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.approvals.sweep import sweep
from bot.card import as_text
from bot.errors import PlatformError
from bot.ports import Correction, Shift
from tests.handlers.missed_punch.story import DAY, NINE, Story, at


def test_nobody_approves_their_own_correction(story: Story) -> None:
    story.firm.platform.shift_list = [Shift("wang", DAY, NINE, NINE + timedelta(hours=9))]
    story.tick("9:16")
    story.write("wang", "忘打卡 9:02")
    assert story.case()["state"] == "alive"
    assert story.titles("wang")[-1] == "已记下你的到岗时间"


def test_the_second_click_sees_who_was_first(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.tap("li", "同意")
    card = story.tap("li", "同意")
    assert card is not None
    assert "李主管" in as_text(card)
    assert len(story.firm.platform.corrections) == 1


def test_a_failed_write_goes_to_hr_and_can_be_repeated(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")

    def refuse(correction: Correction) -> None:
        raise PlatformError("48002", "没有权限", permanent=True)

    with monkeypatch.context() as broken:
        broken.setattr(story.firm.platform, "correct", refuse)
        story.tap("li", "同意")
    assert story.case()["state"] == "write_failed"
    assert "没有权限" in story.seen("wang")[-1].text
    story.tap("wang", "重试")
    assert story.case()["outcome"] == "corrected"


def test_nobody_can_forge_the_systems_word(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.do("zhang", "missed_punch.corrected", str(story.case()["id"]), ok="true")
    assert story.case()["outcome"] == ""
    story.do("zhang", "missed_punch.approve", next(b.ref for c in story.seen("li") for b in c.buttons))
    assert story.case()["state"] == "approval"


def test_an_unanswered_approval_goes_to_hr_as_well(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.firm.now = at("9:00") + timedelta(days=4)  # the approver's next working day is over
    sweep(story.firm.app)
    story.firm.courier.drain()
    assert story.titles("wang") == ["张三 申请补卡"]
    story.tap("wang", "同意")
    assert story.copies("li")[-1] == "王HR 已同意，已补卡"
