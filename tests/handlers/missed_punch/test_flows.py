"""The story of a missed punch on a real database, with a platform that only remembers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import router
from bot.card import Card, as_text
from bot.errors import PlatformError
from bot.event import PUNCHED, TEXT
from bot.ports import Leave, Punch, Shift
from bot.tables import outbox
from handlers.missed_punch import tables as t
from handlers.missed_punch.jobs import climb, poll, scan
from tests.world import Firm

DAY = date(2026, 6, 11)
NINE = datetime(2026, 6, 11, 1, 0, tzinfo=UTC)


def at(clock: str) -> datetime:
    """Shanghai wall clock of the day as UTC."""
    hour, minute = clock.split(":")
    return NINE + timedelta(hours=int(hour) - 9, minutes=int(minute))


class Story:
    """What people see and do."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        firm.platform.shift_list = [Shift("zhang", DAY, NINE, NINE + timedelta(hours=9), "plan-1")]

    def tick(self, clock: str, *, feed: bool = True) -> None:
        self.firm.now = at(clock)
        for job in (*((poll,) if feed else ()), scan, climb):
            job(self.firm.app)
        self.firm.courier.drain()

    def seen(self, who: str) -> list[Card]:
        return [card for to, card, _ in self.firm.platform.sent if to == who]

    def titles(self, who: str) -> list[str]:
        return [card.title for card in self.seen(who)]

    def tap(self, who: str, label: str, when: datetime | None = None) -> Card | None:
        button = next(b for card in reversed(self.seen(who)) for b in card.buttons if b.label.startswith(label))
        return self.do(who, button.action, button.ref, when)

    def do(self, who: str, action: str, ref: str = "", when: datetime | None = None, **data: str) -> Card | None:
        now = self.firm.now
        self.firm.now = when or now
        event = self.firm.event(who, action, ref, **data)
        self.firm.now = now
        card = self.firm.dispatch(event)
        self.firm.courier.drain()
        return card

    def write(self, who: str, text: str) -> None:
        self.do(who, TEXT, text=text)

    def case(self) -> dict[str, object]:
        rows = self.firm.rows(t.case)
        assert len(rows) == 1
        return rows[0]

    def copies(self, who: str) -> list[str]:
        return [card.closed for to, card, _ in self.firm.platform.updated if to == who]


@pytest.fixture
def story(firm: Firm) -> Story:
    router.discover("handlers", "flow")
    return Story(firm)


def test_forgot_time_approve_written_and_every_copy_shows_it(story: Story) -> None:
    story.tick("9:16")
    assert story.titles("zhang") == ["早上好，还没看到你的打卡，一切还好吗？"]
    story.tap("zhang", "忘打卡")
    assert "几点到" in story.seen("zhang")[-1].text
    story.write("zhang", "9:02 到的，忘了打卡")
    card = story.seen("li")[-1]
    assert "9:02 到的" in as_text(card)
    story.tap("li", "同意")
    assert [each.at for each in story.firm.platform.corrections] == [at("9:02")]
    assert story.case()["outcome"] == "corrected"
    assert story.copies("li")[-1] == "李主管 已同意，已补卡"
    assert story.copies("zhang")[-1] == "已补卡"
    assert story.titles("zhang")[-1] == "补卡已完成"
    story.tick("11:30")
    assert len(story.firm.rows(t.case)) == 1
    assert story.titles("wang") == []


def test_quick_button_takes_the_shift_time(story: Story) -> None:
    story.tick("9:16")
    story.tap("zhang", "忘打卡")
    story.tap("zhang", "按班次时间 09:00")
    assert story.case()["claimed_at"] == NINE
    assert story.case()["state"] == "approval"


def test_refusal_needs_a_reason_and_the_reason_arrives(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.tap("li", "驳回")
    assert story.titles("li")[-1] == "请直接回复驳回原因"
    assert story.case()["state"] == "reason"
    story.write("li", "门禁显示 9:40 到")
    assert story.case()["outcome"] == "rejected"
    assert story.seen("zhang")[-1].quote == "门禁显示 9:40 到"
    assert story.firm.platform.corrections == []


def test_silence_climbs_by_its_own_delays(story: Story) -> None:
    for clock in ("9:10", "9:16", "9:20", "9:45", "9:50", "10:15", "10:40", "11:15", "12:00"):
        story.tick(clock)
    assert len(story.titles("zhang")) == 2
    assert story.titles("li") == ["张三未打卡未回复，你知道情况吗？"]
    assert story.titles("wang") == ["请关心一下张三"]
    assert "09:45 再次问候本人" in story.seen("wang")[0].text


@pytest.mark.parametrize("sign", ["words", "punch", "feed", "leave"])
def test_any_sign_of_life_stops_everything(story: Story, sign: str) -> None:
    story.tick("9:16")
    story.tick("10:15")
    story.firm.now = at("10:20")
    if sign == "words":
        story.write("zhang", "1")
    elif sign == "punch":
        story.do("zhang", PUNCHED, when=at("10:19"), kind="on")
    elif sign == "feed":
        story.firm.platform.punch_list = [Punch("zhang", at("10:19"), "on", "device")]
    else:
        story.firm.platform.leave_list = [Leave("zhang", NINE, NINE + timedelta(hours=9), "年假")]
    story.tick("11:16")
    story.tick("12:30")
    assert story.titles("wang") == []
    assert story.copies("li")[-1] == "已有平安信号"


def test_late_callback_is_dated_by_its_own_time_and_earns_an_apology(story: Story) -> None:
    story.tick("9:16")
    story.tick("10:15")
    story.firm.now = at("10:20")
    story.tap("zhang", "在路上", when=at("9:17"))
    assert story.titles("li")[-1] == "刚才打扰了，抱歉"
    assert "09:17" in story.seen("li")[-1].text
    assert story.titles("li").count("刚才打扰了，抱歉") == 1


def test_medical_words_stay_with_the_employee(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "在医院，急诊")
    assert story.titles("li") == ["张三：病假（待补）"]
    assert not [card for card in story.seen("li") + story.seen("wang") if "医院" in as_text(card)]
    story.tick("12:00")
    assert len(story.titles("li")) == 1


def test_help_goes_to_hr_at_once_and_not_to_the_manager(story: Story) -> None:
    story.tick("9:16")
    story.tap("zhang", "需要帮助")
    assert story.titles("wang") == ["张三 需要帮助"]
    assert story.titles("li") == []
    story.tap("wang", "联系上了")
    assert story.copies("wang")[-1] == "联系上了"


def test_manager_answers_wrongly_and_takes_it_back(story: Story) -> None:
    story.tick("9:16")
    story.tick("10:15")
    card = story.tap("li", "在外勤")
    assert card is not None
    story.do("li", card.buttons[0].action, card.buttons[0].ref)
    assert story.case()["state"] == "waiting"
    story.tap("li", "不清楚")
    story.tick("11:16")
    assert story.titles("wang") == ["请关心一下张三"]


def test_after_a_downtime_exactly_one_message(story: Story) -> None:
    story.tick("11:20")
    sent = [row for row in story.firm.rows(outbox) if row["kind"] == "send"]
    assert len(sent) == 1
    assert story.titles("wang") == ["请关心一下张三"]
    story.tap("wang", "现在问本人")
    assert len(story.titles("zhang")) == 1


def test_stale_feed_asks_the_administrator_only(story: Story) -> None:
    story.tick("8:50")
    story.firm.platform.fail = [PlatformError("50001") for _ in range(2)]
    story.tick("9:16")
    story.tick("9:18")
    assert story.titles("zhang") == []
    assert story.titles("wang") == ["考勤数据中断"]
    story.tick("9:30")
    assert len(story.titles("zhang")) == 1


def test_leave_holds_before_anybody_is_asked(story: Story) -> None:
    story.firm.platform.leave_list = [Leave("zhang", NINE, NINE + timedelta(hours=9), "事假", pending=True)]
    story.tick("9:16")
    story.tick("12:00")
    assert story.firm.rows(outbox) == []


def test_nobody_approves_their_own_correction(story: Story) -> None:
    story.firm.platform.shift_list = [Shift("wang", DAY, NINE, NINE + timedelta(hours=9))]
    story.tick("9:16")
    story.write("wang", "忘打卡 9:02")
    assert story.case()["state"] != "approval"


def test_the_second_click_sees_who_was_first(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.tap("li", "同意")
    card = story.tap("li", "同意")
    assert card is not None
    assert "李主管" in as_text(card)
    assert len(story.firm.platform.corrections) == 1


def test_a_failed_write_goes_to_hr_and_can_be_repeated(story: Story) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    # The manager's card is one update away from the write: the write is what must fail.
    story.firm.platform.correct = lambda _c: (_ for _ in ()).throw(PlatformError("48002", "没有权限", permanent=True))  # type: ignore[method-assign]
    story.tap("li", "同意")
    assert story.case()["state"] == "write_failed"
    assert "没有权限" in story.seen("wang")[-1].text
    del story.firm.platform.correct  # type: ignore[attr-defined]
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
    story.tick("11:20")
    assert story.titles("wang") == ["张三 申请补卡"]
    story.tap("wang", "同意")
    assert story.copies("li")[-1] == "王HR 已同意，已补卡"


def test_undo_brings_the_choice_back(story: Story) -> None:
    story.tick("9:16")
    card = story.tap("zhang", "请假")
    assert card is not None
    story.do("zhang", card.buttons[0].action, card.buttons[0].ref)
    story.tap("zhang", "外勤")
    assert story.case()["reason"] == "field"
