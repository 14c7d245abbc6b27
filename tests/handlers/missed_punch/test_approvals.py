"""Chains, stand-ins, reminders, bulk and drafts, as the people in them see it, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.approvals import org as approvals_org
from bot.approvals.sweep import sweep
from bot.card import Card, as_text
from bot.db import begin
from bot.errors import PlatformError
from bot.evidence.forget import forget
from bot.evidence.tables import ev_event
from bot.people import People, sync
from bot.ports import DirectoryPerson, Leave, Shift
from bot.tables import approval, approval_step, delegate, person as person_table
from handlers.missed_punch import approving, store, tables as t
from handlers.missed_punch.cards import approval as cards_approval
from handlers.missed_punch.flow import leave as flow_leave
from tests.handlers.missed_punch.story import DAY, NINE, Story, at
from tests.world import FIRM


def shift_of(who: str, days_ago: int = 0) -> Shift:
    start = NINE - timedelta(days=days_ago)
    return Shift(who, start.date(), start, start + timedelta(hours=9), f"plan-{who}-{days_ago}")


def firm_of(story: Story, *more: DirectoryPerson, roles: dict[str, str] | None = None, **managers: str) -> None:
    people = [replace(each, manager=managers.get(each.user_id, each.manager)) for each in (*FIRM, *more)]
    with begin(story.firm.app.engine) as connection:
        sync(connection, "fake", people, roles or {"wang": "hr"})


def claim(story: Story, who: str = "zhang", words: str = "忘打卡了", shift: Shift | None = None) -> str:
    """A case of the person that claims 09:02, handed to its chain; returns the case's id."""
    planned = shift or shift_of(who)
    with story.firm.app.context() as ctx:
        person = People(ctx.db).find("fake", who)
        assert person is not None
        row = {"person_id": person.id, "platform": "fake", "user_id": who, "day": planned.day, "site": ""}
        times = {"start_at": planned.start, "end_at": planned.end, "early_at": planned.start - store.EARLY}
        ctx.db.execute(sa.insert(t.shift).values(**row, **times, plan_ref=planned.plan_ref))
        shift_row = ctx.db.execute(sa.select(t.shift).order_by(t.shift.c.id.desc())).mappings().first()
        assert shift_row is not None
        case = store.open_case(ctx, shift_row, planned.start + timedelta(minutes=15))
        claimed = planned.start + timedelta(minutes=2)
        store.move(ctx.db, case, state="approval", claimed_at=claimed, words=words, reason="forgot", next_at=None)
        approving.request_correction(ctx, store.get(ctx.db, case.id) or case, person, words)
    story.firm.courier.drain()
    return case.id


def state(story: Story, case_id: str) -> tuple[str, str]:
    row = next(each for each in story.firm.rows(t.case) if each["id"] == case_id)
    return str(row["state"]), str(row["outcome"])


def absent(story: Story, who: str, until: datetime) -> None:
    with begin(story.firm.app.engine) as connection:
        row = {"person_id": f"fake:{who}", "start_at": NINE - timedelta(hours=1), "end_at": until, "kind": "年假"}
        connection.execute(sa.insert(t.leave).values(**row, pending=False))


def turn(story: Story, when: datetime) -> None:
    story.firm.now = when
    sweep(story.firm.app)
    story.firm.courier.drain()


def facts(card: Card) -> dict[str, str]:
    return {fact.label: fact.value for fact in card.facts}


def sources(story: Story, kind: str) -> list[str]:
    with story.firm.app.engine.connect() as connection:
        rows = connection.execute(sa.select(ev_event.c.envelope).where(ev_event.c.type == kind))
        return [bytes(row.envelope).decode() if isinstance(row.envelope, bytes) else str(row.envelope) for row in rows]


def test_the_card_holds_what_is_needed_to_decide(story: Story) -> None:
    for days_ago in (2, 3):
        claim(story, shift=shift_of("zhang", days_ago))
        story.tap("li", "同意")
    with begin(story.firm.app.engine) as connection:
        row = {"person_id": "fake:zhang", "start_at": NINE, "end_at": NINE + timedelta(hours=2), "kind": "事假"}
        connection.execute(sa.insert(t.leave).values(**row, pending=True))
    claim(story, words="在医院急诊")
    card = story.seen("li")[-1]
    assert facts(card) == {
        "班次": "09:00–18:00",
        "打卡": "没有记录 → 09:02",
        "本月补卡": "第 3 次，每月 3 次",
        "冲突": "当天有请假待批",
        "之前": "6-9、6-8",
    }
    assert "医院" not in as_text(card)
    assert [button.label for button in card.buttons] == ["同意", "驳回"]


def test_the_fourth_correction_of_a_month_needs_hr_too(story: Story) -> None:
    firm_of(story, DirectoryPerson("chen", "陈总监"), roles={"wang": "hr", "chen": "hr_head"})
    for days_ago in (3, 2, 1):
        claim(story, shift=shift_of("zhang", days_ago))
        story.tap("li", "同意")
    case_id = claim(story)
    clicked = story.tap("li", "同意")
    assert state(story, case_id) == ("approval", "")
    assert clicked is not None and clicked.closed == "李主管 已同意，等待下一步"
    assert clicked.text == "已请 王HR 再确认。"
    second = story.tap("li", "同意")
    assert second is not None and "李主管" in as_text(second)
    card = story.seen("wang")[-1]
    assert "超过每月 3 次" in card.text and facts(card)["已同意"] == "李主管"
    assert len(story.firm.platform.corrections) == 3
    story.tap("wang", "同意")
    assert state(story, case_id) == ("closed", "corrected")
    assert story.copies("li")[-1] == "王HR 已同意，已补卡"
    assert len(sources(story, "approval.step_agreed")) == 1


def test_a_stand_in_by_words_decides_for_the_manager_and_every_copy_says_so(story: Story) -> None:
    story.write("li", "我休假到6月20日，由王HR代理")
    echo = next(card for card in story.seen("li") if card.buttons)
    assert facts(echo) == {"代理人": "王HR", "时间": "6-11 至 6-20（含当天）"}
    assert [row["state"] for row in story.firm.rows(delegate)] == ["asked"]
    story.tap("li", "确认")
    assert story.titles("wang") == ["李主管 请您代理审批"]
    case_id = claim(story)
    assert "张三 申请补卡" not in story.titles("li")
    assert story.seen("wang")[-1].text == "您代 李主管 审批。"
    story.tap("wang", "同意")
    assert state(story, case_id) == ("closed", "corrected")
    assert story.copies("wang")[-1] == "王HR 代 李主管 已同意，已补卡"
    assert facts(story.seen("zhang")[-1])["同意人"] == "王HR 代 李主管"
    li = next(row["ref"] for row in story.firm.rows(person_table) if row["id"] == "fake:li")
    assert str(li) in sources(story, "checkin.approved")[0]


def test_a_stand_in_whose_time_is_over_gives_it_back(story: Story) -> None:
    story.write("li", "我休假到6月12日，由王HR代理")
    story.tap("li", "确认")
    case_id = claim(story)
    story.firm.now = at("9:00") + timedelta(days=4)
    card = story.tap("wang", "同意")
    assert card is not None and "已转回给对方" in card.text
    assert state(story, case_id) == ("approval", "")
    story.tap("li", "同意")
    assert state(story, case_id) == ("closed", "corrected")


def test_cancelling_sends_requests_to_the_manager_again(story: Story) -> None:
    story.write("li", "休假时由王HR代理")
    story.tap("li", "确认")
    claim(story, shift=shift_of("zhang", 1))
    assert story.titles("li")[-1] == "张三 申请补卡"  # a standing wish rests until there is leave
    absent(story, "li", NINE + timedelta(days=3))
    claim(story, shift=shift_of("zhang", 2))
    assert story.seen("wang")[-1].text == "您代 李主管 审批。"
    story.write("li", "取消代理")
    assert story.titles("wang")[-1] == "代理已结束"
    assert [row["state"] for row in story.firm.rows(delegate)] == ["ended"]


def test_nobody_stands_in_for_whoever_stands_in_for_them(story: Story) -> None:
    story.write("li", "我休假到6月20日，由王HR代理")
    story.tap("li", "确认")
    story.write("wang", "我出差到6月15日，由李主管代理")
    assert "不能再请对方代理您" in story.seen("wang")[-1].text
    story.write("wang", "我出差到6月15日，由王HR代理")
    assert story.seen("wang")[-1].text == "不能请自己代理。"
    story.write("wang", "我出差到6月15日，由诸葛亮代理")
    assert "没有找到「诸葛亮」" in story.seen("wang")[-1].text
    assert len(story.firm.rows(delegate)) == 1


def test_the_employee_never_decides_their_own_request_as_a_stand_in(story: Story) -> None:
    story.write("li", "我休假到6月20日，由张三代理")
    story.tap("li", "确认")
    case_id = claim(story)
    assert "张三 申请补卡" not in story.titles("zhang")
    assert story.titles("wang")[-1] == "张三 申请补卡"
    story.do("zhang", "missed_punch.approve", story.seen("wang")[-1].buttons[0].ref)
    assert state(story, case_id) == ("approval", "")


def test_a_manager_on_leave_is_skipped_and_a_loop_ends_at_hr(story: Story) -> None:
    firm_of(story, DirectoryPerson("zhao", "赵总"), li="zhao")
    absent(story, "li", NINE + timedelta(days=2))
    claim(story)
    assert story.titles("zhao") == ["张三 申请补卡"]
    assert story.titles("li") == []
    firm_of(story, li="zhang")
    claim(story, shift=shift_of("zhang", 1))
    assert story.titles("wang") == ["张三 申请补卡"]


def test_one_reminder_in_working_time_then_the_next_one_up_then_hr(story: Story) -> None:
    firm_of(story, DirectoryPerson("zhao", "赵总"), li="zhao")
    story.firm.now = at("16:00")
    case_id = claim(story)  # Thursday 16:00: two hours today, two tomorrow
    turn(story, at("20:30"))
    assert story.titles("li") == ["张三 申请补卡"]
    turn(story, at("10:59") + timedelta(days=1))
    assert story.titles("li") == ["张三 申请补卡"]
    turn(story, at("11:00") + timedelta(days=1))
    turn(story, at("11:30") + timedelta(days=1))
    assert story.titles("li") == ["张三 申请补卡", "提醒：张三 申请补卡"]
    turn(story, at("18:30") + timedelta(days=1))
    turn(story, at("12:00") + timedelta(days=3))  # Sunday
    assert story.titles("zhao") == []
    turn(story, at("9:00") + timedelta(days=4))
    assert story.titles("zhao") == ["张三 申请补卡"]
    assert story.titles("wang") == []
    turn(story, at("9:00") + timedelta(days=6))
    assert story.titles("wang") == ["张三 申请补卡"]
    turn(story, at("10:00") + timedelta(days=20))
    assert (story.titles("wang").count("张三 申请补卡"), state(story, case_id)[0]) == (1, "approval")
    story.tap("wang", "同意")
    assert state(story, case_id) == ("closed", "corrected")
    assert story.copies("li")[-1] == story.copies("zhao")[-1] == "王HR 已同意，已补卡"


def test_a_reminder_missed_by_a_downtime_waits_for_working_time(story: Story) -> None:
    claim(story)
    turn(story, at("23:00"))
    assert story.titles("li") == ["张三 申请补卡"]
    turn(story, at("9:01") + timedelta(days=1))
    assert story.titles("li")[-1] == "提醒：张三 申请补卡"


def test_without_anybody_it_waits_and_the_first_hr_gets_it(story: Story) -> None:
    firm_of(story, roles={"stranger": "employee"}, zhang="")
    case_id = claim(story)
    assert [row["state"] for row in story.firm.rows(approval_step)] == ["open"]
    turn(story, at("9:30"))
    firm_of(story, roles={"wang": "hr"}, zhang="")
    turn(story, at("9:31"))
    assert story.titles("wang") == ["张三 申请补卡"]
    story.tap("wang", "同意")
    assert state(story, case_id) == ("closed", "corrected")


def test_a_refusal_needs_a_reason_and_the_employee_reads_it(story: Story) -> None:
    case_id = claim(story)
    story.tap("li", "驳回")
    assert state(story, case_id) == ("reason", "")
    story.write("li", "门禁显示 9:40 到")
    assert state(story, case_id) == ("closed", "rejected")
    assert story.seen("zhang")[-1].quote == "门禁显示 9:40 到"
    assert [row["state"] for row in story.firm.rows(approval)] == ["rejected"]


def together(*calls: Callable[[], object]) -> None:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_two_deciders_in_the_same_moment(story: Story) -> None:
    firm_of(story, DirectoryPerson("sun", "孙HR"), roles={"wang": "hr", "sun": "hr"}, zhang="")
    case_id = claim(story)
    events = [
        story.firm.event(who, "missed_punch.approve", story.seen(who)[-1].buttons[0].ref) for who in ("wang", "sun")
    ]
    cards: dict[str, Card | None] = {}

    def click(index: int) -> None:
        cards[events[index].actor] = story.firm.dispatch(events[index])

    together(lambda: click(0), lambda: click(1))
    story.firm.courier.drain()
    assert state(story, case_id) == ("closed", "corrected")
    assert len(story.firm.platform.corrections) == 1
    assert len(sources(story, "checkin.approved")) == 1
    late = next(card for card in cards.values() if card and card.title == "已经处理过了")
    row = next(each for each in story.firm.rows(t.case) if each["id"] == case_id)
    winner = {"fake:wang": "王HR", "fake:sun": "孙HR"}[str(row["decided_by"])]
    assert winner in as_text(late)


def test_many_plain_ones_from_one_card_each_recorded_by_itself(story: Story) -> None:
    more = [DirectoryPerson(f"w{number}", f"员工{number}", "li") for number in range(4)]
    firm_of(story, *more)
    cases = [claim(story, each.user_id) for each in more]
    absent(story, "w3", NINE + timedelta(hours=3))
    odd = claim(story, "w3", shift=shift_of("w3", 1))
    with begin(story.firm.app.engine) as connection:
        row = {"person_id": "fake:zhang", "start_at": NINE, "end_at": NINE + timedelta(hours=2), "kind": "事假"}
        connection.execute(sa.insert(t.leave).values(**row, pending=True))
    clash = claim(story)
    turn(story, at("9:40"))
    turn(story, at("9:41"))
    summaries = [card for card in story.seen("li") if card.title.endswith("补卡待批")]
    assert [card.title for card in summaries] == ["5 件补卡待批"]
    story.tap("li", "全部同意")
    assert [state(story, each) for each in (*cases, odd)] == [("closed", "corrected")] * 5
    assert state(story, clash) == ("approval", "")
    assert len(sources(story, "checkin.approved")) == 5
    assert "李主管 同意了 5 件" in story.copies("li")
    again = story.tap("li", "全部同意")
    assert again is not None and again.title == "已经处理过了"


def test_one_by_one_sends_the_cards_again(story: Story) -> None:
    more = [DirectoryPerson(f"w{number}", f"员工{number}", "li") for number in range(3)]
    firm_of(story, *more)
    for each in more:
        claim(story, each.user_id)
    turn(story, at("9:40"))
    before = len(story.seen("li"))
    story.tap("li", "逐件查看")
    assert sorted(story.titles("li")[before:]) == [f"员工{number} 申请补卡" for number in range(3)]


def drafted(story: Story, reason: str, words: str = "") -> str:
    """The employee answered with a reason; the room drafts what follows from it."""
    story.tick("9:16")
    story.write("zhang", words) if words else story.tap("zhang", reason)
    with story.firm.app.context() as ctx:
        case = store.get(ctx.db, str(story.case()["id"]))
        person = ctx.people.find("fake", "zhang")
        assert case is not None and person is not None
        approving.draft(ctx, case, person, case.reason, words)
    story.firm.courier.drain()
    return str(story.case()["id"])


def test_leave_drafted_from_a_reply_is_submitted_by_the_person_and_decided(story: Story) -> None:
    case_id = drafted(story, "", "家里有事，请假")
    card = next(card for card in story.seen("zhang") if card.title == "帮你拟了一份请假")
    assert facts(card)["时间"] == "6-11 09:00 – 6-11 18:00"
    assert story.firm.rows(approval) == []
    story.tap("zhang", "提交")
    assert story.titles("li")[-1] == "张三 申请请假"
    story.tap("li", "同意")
    assert story.titles("zhang")[-1] == "请假已同意"
    assert story.titles("wang")[-1] == "张三 的请假已同意"
    assert state(story, case_id) == ("closed", "leave")
    with story.firm.app.engine.connect() as connection:
        assert "fake:zhang" in approvals_org.sources[-1](connection, {"fake:zhang"}, at("10:00"))


def test_long_leave_needs_the_hr_head_and_the_manager_reads_no_illness(story: Story) -> None:
    firm_of(story, DirectoryPerson("chen", "陈总监"), roles={"wang": "hr", "chen": "hr_head"})
    drafted(story, "", "住院了，请5天病假")
    story.tap("zhang", "提交")
    card = story.seen("li")[-1]
    assert facts(card)["天数"] == "5 天" and "住院" not in as_text(card)
    story.tap("li", "同意")
    assert "李主管" in facts(story.seen("chen")[-1])["已同意"]
    story.tap("chen", "驳回")
    story.write("chen", "请补一份证明再提交")
    assert story.seen("zhang")[-1].quote == "请补一份证明再提交"
    assert story.copies("li")[-1] == "陈总监 已驳回"


def test_field_work_and_a_draft_that_is_not_wanted(story: Story) -> None:
    drafted(story, "外勤")
    story.tap("zhang", "提交")
    assert story.titles("li")[-1] == "张三 申请外勤"
    story.tap("li", "同意")
    assert story.titles("zhang")[-1] == "外勤已同意"


def test_a_dropped_draft_leaves_nothing(story: Story) -> None:
    drafted(story, "请假")
    story.tap("zhang", "先不用")
    assert story.firm.rows(approval) == []
    again = story.tap("zhang", "提交")
    assert again is not None and again.title == "已经处理过了"


def test_leave_granted_on_the_platform_ends_ours(story: Story) -> None:
    drafted(story, "请假")
    story.tap("zhang", "提交")
    flow_leave.follow(story.firm.app)
    assert [row["state"] for row in story.firm.rows(approval)] == ["open"]
    story.firm.platform.leave_list = [Leave("zhang", NINE, NINE + timedelta(hours=9), "事假")]
    with begin(story.firm.app.engine) as connection:
        row = {"person_id": "fake:zhang", "start_at": NINE, "end_at": NINE + timedelta(hours=9), "kind": "事假"}
        connection.execute(sa.insert(t.leave).values(**row, pending=False))
    flow_leave.follow(story.firm.app)
    story.firm.courier.drain()
    assert [row["state"] for row in story.firm.rows(approval)] == ["elsewhere"]
    assert story.copies("li")[-1] == "已在考勤平台审批"
    late = story.tap("li", "同意")
    assert late is not None and late.closed == "已在考勤平台审批"


def test_how_many_days_the_words_say(story: Story) -> None:
    said = {"请假": 1, "请三天假": 3, "请假3天": 3, "第2天": 1, "off for 4 days": 4, "3 days ago": 1}
    case_id = claim(story)
    with story.firm.app.context() as ctx:
        case, person = store.need(ctx, case_id)
        for words, days in said.items():
            start, end, found = approving.span_of(case, person, words)
            assert (found, start.date(), end - case.end_at) == (days, DAY, timedelta(days=days - 1)), words


def test_the_limit_is_shown_before_anything_is_applied_for(story: Story) -> None:
    for days_ago in (3, 2, 1):
        claim(story, shift=shift_of("zhang", days_ago))
    with story.firm.app.context() as ctx:
        person = ctx.people.find("fake", "zhang")
        assert person is not None
        assert approving.allowance(ctx, person, DAY) == (4, 3)
        assert approving.allowance(ctx, person, DAY.replace(month=7)) == (1, 3)
    used, left = (cards_approval.with_allowance(Card("补卡"), count, 3).facts[-1].value for count in (4, 2))
    assert (used, left) == ("已用完 3 次，还要请 HR 看一下", "还可补 2 次")


def test_hr_that_repairs_at_the_same_moment(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    firm_of(story, DirectoryPerson("sun", "孙HR"), roles={"wang": "hr", "sun": "hr"})
    case_id = claim(story)

    def refuse(_correction: object) -> None:
        raise PlatformError("48002", "没有权限", permanent=True)

    with monkeypatch.context() as broken:
        broken.setattr(story.firm.platform, "correct", refuse)
        story.tap("li", "同意")
    events = [
        story.firm.event(who, "missed_punch.retry", story.seen(who)[-1].buttons[0].ref) for who in ("wang", "sun")
    ]
    together(lambda: story.firm.dispatch(events[0]), lambda: story.firm.dispatch(events[1]))
    story.firm.courier.drain()
    assert state(story, case_id) == ("closed", "corrected")
    assert len(sources(story, "checkin.correction_retried")) == 1


def test_an_erased_person_leaves_no_words(story: Story) -> None:
    drafted(story, "", "家里有事，请假")
    story.tap("zhang", "提交")
    with begin(story.firm.app.engine) as connection:
        forget(connection, str(next(row["ref"] for row in story.firm.rows(person_table) if row["id"] == "fake:zhang")))
    row = story.firm.rows(approval)[0]
    assert row["details"] == "{}" and str(row["person_id"]).startswith("erased:")
    flow_leave.follow(story.firm.app)
    turn(story, at("9:00") + timedelta(days=9))
    assert story.titles("li").count("提醒：张三 申请请假") == 0
    late = story.tap("li", "同意")
    assert late is not None and late.title == "已经处理过了"
