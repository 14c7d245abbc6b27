"""Branches of the acceptance story that belong to day 0 to 4, each on both platforms through the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.missed_punch import tables as t
from handlers.missed_punch.ladder import reach
from tests.journeys.test_story_days import morning
from tests.journeys.theatre import STAFF, Theatre

BOTH = pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
Enter = Callable[..., Theatre]
STEPS = ("09:44:30", "09:46", "10:15:30", "11:15:30", "17:00")


def states(play: Theatre) -> set[str]:
    return {str(row["state"]) for row in play.rows(t.case)}


def asked(play: Theatre) -> None:
    """Quarter past nine: 张三 has the first card."""
    morning(play)
    play.through("09:14:30", "09:15:30")
    assert play.phone("zhangsan").sees("一切还好吗")


@BOTH
def test_1_in_hospital_stops_everything_and_nobody_reads_why(enter: Enter, platform: str) -> None:
    play = enter(platform)
    asked(play)
    play.at("09:18", jobs=False)
    play.phone("zhangsan").say("在医院，急诊")
    replied = play.one("checkin.replied")
    assert replied.clock == "06-11 09:18" and replied.parts["words"] == "在医院，急诊"
    assert play.rows(t.case)[0]["next_at"] is None  # stopped in the very transaction of the words
    assert play.events("leave.drafted")
    li = play.phone("li")
    assert li.sees("病假（待补）")
    before = play.said(but=("zhangsan",))
    play.through(*STEPS)
    play.phone("li").say("待办")
    for who in ("li", "wang", "chen"):
        shown = [each.text for each in play.phone(who).all()]
        assert not [text for text in shown if "医院" in text or "急诊" in text]
    assert [each for each in play.said(but=("zhangsan", "li")) if each not in before] == []
    assert "checkin.escalated" not in play.types()


@BOTH
def test_2_a_manager_corrects_a_wrong_tap_and_both_stay_on_record(enter: Enter, platform: str) -> None:
    play = enter(platform)
    asked(play)
    play.through("09:46", "10:15:30")
    li = play.phone("li")
    li.click("你知道情况吗", "在外勤")
    assert states(play) == {"alive"}
    play.at("10:20", jobs=False)
    li.click("已记下：张三 在外勤", "点错了")
    assert states(play) == {"waiting"}
    li.click("你知道情况吗", "不清楚")
    answers = [each.parts["answer"] for each in play.events("checkin.manager_answered")]
    assert answers == ["known_field", "known_unclear"] and play.one("checkin.undone").source["was"] == "known_field"
    play.at("11:15:30")
    assert play.phone("wang").sees("请关心一下张三")  # the ladder went on where it was


@BOTH
def test_3_fourteen_of_fifteen_is_one_card_to_the_store_manager(enter: Enter, platform: str) -> None:
    play = enter(platform, roles="wu=hr")
    clerks = [{"id": f"c{n}", "name": f"店员{n}", "manager": "sun", "department": "门店"} for n in range(14)]
    bosses = {"id": "sun", "name": "孙店长", "department": "门店"}, {"id": "wu", "name": "吴HR", "department": "人事部"}
    play.people(*clerks, *bosses)
    play.at("08:50")
    play.punch("sun", "wu")
    play.through("09:14:30", "09:15:30", "09:46", "10:15:30")
    assert [user for user, _title in play.said()] == ["sun"]
    assert "14" in play.phone("sun").last.text and states(play) == set()
    assert play.one("checkin.held").source["missing"] == "14/15"


@BOTH
def test_4_a_tap_from_the_outage_counts_from_when_it_was_made(enter: Enter, platform: str) -> None:
    """DingTalk's card callback carries no time of its own, so there the person types; WeCom's tap carries it."""
    play = enter(platform)
    play.people(*STAFF)
    with play.app.context() as ctx:
        zhang = ctx.people.find(platform, "zhangsan")
        assert zhang
        reach.keep(ctx.db, zhang.id, profile="lone_worker")
    play.at("08:50")
    play.everybody_but("zhangsan")
    play.through("09:14:30", "09:15:30")
    play.at("09:17", jobs=False)
    play.ask("faults", kind="reorder_callbacks", times=1)
    if platform == "wecom":
        play.phone("zhangsan").click("一切还好吗", "在路上")
    else:
        play.phone("zhangsan").say("在路上")
    play.through("09:26", "09:36")
    assert play.phone("li").sees("你知道情况吗") and states(play) == {"waiting"}
    play.at("09:51", jobs=False)
    while play.running.courier.held:
        play.running.courier.held.pop(0)()
    play.courier.drain()
    replied = play.one("checkin.replied")
    assert replied.clock == "06-11 09:17" and replied.parts["kind"] == "on_my_way"
    assert platform == "dingtalk" or replied.parts["said"] == "在路上"  # as it stood on the button
    assert play.one("checkin.retracted").source["life_at"].startswith("2026-06-11T01:17")
    assert play.phone("li").sees("09:17") and "抱歉" in play.phone("li").last.text
    said = len(play.said())
    play.through("09:56", "10:30", "12:30")
    assert len(play.said()) == said


@BOTH
def test_5_after_a_downtime_one_message_that_fits_now(enter: Enter, platform: str) -> None:
    play = enter(platform)
    morning(play)
    before = play.said()
    play.at("11:20")
    fresh = [each for each in play.said() if each not in before]
    assert [user for user, _title in fresh] == ["wang"] and "请关心一下张三" in fresh[0][1]
    play.through("11:21", "11:30")
    assert [each for each in play.said() if each not in before] == fresh
    assert play.gateway.texts == []


@BOTH
def test_7_who_stands_in_for_hr_gets_the_cards_and_the_record_says_for_whom(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.people(*STAFF)
    play.at("06-10 18:05", jobs=False)
    play.phone("wang").say("我休假到6月12日，由赵IT代理")
    play.phone("wang").click("赵IT", "确认")
    play.at("08:50")
    play.everybody_but("zhangsan", "wang")
    play.ask("leave", user="wang", start="2026-06-11T00:00:00", end="2026-06-13T00:00:00", kind="年假")
    quiet = len(play.phone("wang").all())
    play.through("09:14:30", "09:15:30", "09:46", "10:15:30", "11:15:30")
    assert len(play.phone("wang").all()) == quiet
    play.phone("zhao").click("请关心一下张三", "我来跟进")
    answer = play.one("checkin.hr_answered")
    assert answer.actor == play.ref("zhao") and answer.source["for"] == play.ref("wang")
    assert "赵IT 代 王HR" in play.phone("zhao").last.text
    assert "赵IT 代 王HR" in str(play.rows(t.case)[0]["timeline"])


@BOTH
def test_9_two_approvers_in_the_same_moment(enter: Enter, platform: str) -> None:
    play = enter(platform, roles="wang=hr,zhao=hr,chen=hr_head")
    play.people(*STAFF)
    for user in ("li", "chen"):  # his managers are away, so both of HR are asked
        play.ask("leave", user=user, start="2026-06-11T00:00:00", end="2026-06-12T00:00:00", kind="年假")
    play.at("08:50")
    play.everybody_but("zhangsan", "li", "chen")
    play.through("09:14:30", "09:15:30")
    play.phone("zhangsan").click("一切还好吗", "忘打卡")
    play.phone("zhangsan").say("9:02")
    both = [(play.phone(user), *play.phone(user).key("申请补卡", "同意")) for user in ("wang", "zhao")]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(phone.press, bubble, key) for phone, bubble, key in both]:
            done.result()
    play.courier.drain()
    approved = play.one("checkin.approved")
    winner, loser = ("wang", "zhao") if approved.actor == play.ref("wang") else ("zhao", "wang")
    name = {"wang": "王HR", "zhao": "赵IT"}[winner]
    assert any(name in each.text for each in play.phone(loser).all())
    assert len(play.events("checkin.correction_written")) == 1
    corrections = [each for each in play.running.world.people if each.id == "zhangsan"][0].punches
    assert len([each for each in corrections if each.source == "correction"]) == 1


@BOTH
def test_11_without_consent_the_rung_is_skipped_and_the_next_comes_earlier(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.people(*STAFF)
    play.phone("zhangsan").say("紧急联系人 张母 13800000000")  # named, never agreed
    play.at("08:50")
    play.everybody_but("zhangsan")
    play.through("09:14:30", "09:15:30", "09:46", "10:15:30", "11:15:30", "16:59")
    assert not play.phone("chen").sees("建议报警或走访")
    play.at("17:00")
    assert play.phone("chen").sees("建议报警或走访") and not play.phone("wang").sees("紧急联系人")
    assert play.one("checkin.rung_skipped").source["rung"] == "4"
    assert "13800000000" not in str(play.gateway.texts)


@BOTH
def test_14_four_hundred_on_a_snow_day_is_one_question_to_one_human(enter: Enter, platform: str) -> None:
    play = enter(platform)
    crowd = [{"id": f"p{n}", "name": f"员工{n}", "manager": "li", "department": "研发部"} for n in range(400)]
    play.people(*STAFF, *crowd)
    play.at("08:50")
    play.punch("li", "wang", "chen", "zhao")
    play.through("09:15:30", "10:15:30")
    assert [user for user, _title in play.said()] == ["li"]
    assert states(play) == set() and play.gateway.texts == []
    li = play.phone("li")
    li.click("没有打卡记录", "逐个关心")
    assert play.one("checkin.storm_decided").parts["decision"] == "ask"
