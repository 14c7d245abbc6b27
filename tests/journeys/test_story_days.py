"""Days 0 to 4 of the acceptance story, row by row, on both platforms through the sandbox.

D0 is Thursday 11 June 2026; 13 and 14 are the weekend, 19 is a public holiday. 张三 is not heard of.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from handlers.missed_punch import tables as t
from tests.journeys.theatre import STAFF, Theatre

STAGES = pytest.mark.parametrize(
    ("platform", "journey_database", "days"),
    [("wecom", "sqlite", 4), ("dingtalk", "sqlite", 4), ("wecom", "postgresql", 0), ("dingtalk", "postgresql", 0)],
    indirect=["journey_database"],
)
Enter = Callable[..., Theatre]
PHONE, MAIL, KIN = "13900000001", "zhangsan@example.net", "13800000000"
FORBIDDEN = ("旷工", "处分", "扣", "罚", "解除")
"""What no message of these days may say to the one who is missing."""


def morning(play: Theatre) -> None:
    """He has left his numbers on joining; it is ten to nine and everybody else is in."""
    play.people(*STAFF)
    zhang = play.phone("zhangsan")
    for words in (f"提醒手机 {PHONE}", f"提醒邮箱 {MAIL}", f"紧急联系人 张母 {KIN}"):
        zhang.say(words)
    zhang.click("张母", "同意")
    play.at("08:50")
    play.everybody_but("zhangsan")


@STAGES
def test_days_zero_to_four(enter: Enter, platform: str, days: int) -> None:
    play = enter(platform)
    morning(play)
    first_hour(play)
    manager_and_hr(play)
    evening(play)
    for day in (second_day, weekend, third_day, letter)[:days]:
        day(play)
    told = [each.text for each in play.phone("zhangsan").all()]
    told += [text for to, text in play.gateway.texts if to == PHONE]
    assert not [(word, text) for text in told for word in FORBIDDEN if word in text]
    groups = ("appchat/update", "appchat/create", "chat/update", "user/delete", "chat/create")
    assert play.wire(*groups) == []  # nobody was removed from a group


def first_hour(play: Theatre) -> None:
    zhang = play.phone("zhangsan")
    before = len(zhang.all())
    play.through("09:14:30", "09:15:30")
    missed = play.one("expectation.missed")
    assert missed.clock == "06-11 09:15"
    guards = {name.removeprefix("guard."): value for name, value in missed.parts.items()}
    assert guards["site_missing"] == "1" and guards["leave"] == "none" and guards["device_down"] == "false"
    assert 0 <= int(guards["feed_age_seconds"]) <= 600 and guards["day"] == "work"
    card = zhang.all()[before]
    assert card.title == "早上好，还没看到你的打卡，一切还好吗？"
    labels = "".join(label for _key, label in card.buttons) + card.text
    assert all(word in labels for word in ("忘打卡", "在路上", "请假", "外勤", "设备故障", "需要帮助"))
    accepted = play.events("delivery.accepted")[-1]
    assert accepted.clock == "06-11 09:15" and accepted.source["ch"] == play.platform
    assert "delivery.delivered" not in play.types()  # the platform took it, that is all
    play.through("09:30", "09:44:30")
    assert len(zhang.all()) == before + 1  # one rung, one message
    play.at("09:46")
    again = zhang.last
    assert again.title == "还是有点惦记你" and "回个 1" in again.text
    assert [to for to, _ in play.gateway.texts] == [PHONE]
    wordings = [card.title, again.title, play.gateway.texts[-1][1]]
    assert len(set(wordings)) == 3  # never the same text twice in a day
    assert [each.source["ch"] for each in play.events("delivery.accepted")][-2:].count("sms") == 1


def manager_and_hr(play: Theatre) -> None:
    play.through("10:14", "10:15:30")
    li, wang = play.phone("li"), play.phone("wang")
    assert li.titles() == ["张三未打卡未回复，你知道情况吗？"] and wang.titles() == []
    play.at("10:21", jobs=False)
    li.click("你知道情况吗", "不清楚")
    answered = play.one("checkin.manager_answered")
    assert answered.clock == "06-11 10:21" and answered.parts["answer"] == "known_unclear"
    assert answered.actor == play.ref("li") and li.last.title == "已记下：张三 不清楚"
    assert not li.sees("医院") and not li.sees("紧急联系人")
    play.through("11:14", "11:15:30")
    card = wang.find("请关心一下张三")
    assert all(line in card.text for line in ("09:15 问过本人", "09:46 再次问候本人", "李总监 答：不清楚"))
    rung = next(each for each in play.events("checkin.escalated") if each.source.get("rung") == "3")
    if play.platform == "dingtalk":
        assert rung.parts["channel.voice"] == "not offered by the platform"
        return
    play.through("11:16:30", "11:40", "12:10")
    call = play.one("delivery.call_outcome")
    assert "reason=8" in call.parts["outcome"] and call.at.hour == 11  # asked for in the same hour
    assert len(play.wire("pstncc/call")) <= 3


def evening(play: Theatre) -> None:
    wang = play.phone("wang")
    play.through("16:59")
    assert not wang.sees("紧急联系人") and KIN not in str(play.gateway.texts)
    play.at("17:00")
    play.at("17:03", jobs=False)
    assert KIN not in [to for to, _ in play.gateway.texts]  # a human decides first
    wang.click("要联系张三的紧急联系人吗", "同意联系")
    approved = play.one("contact.approved")
    assert approved.clock == "06-11 17:03" and approved.actor == play.ref("wang")
    told = [text for to, text in play.gateway.texts if to == KIN]
    assert told == [approved.parts["told"]] and "请协助联系张三" in told[0]
    assert not any(word in told[0] for word in ("绩效", "考勤", "打卡", "未到岗", "缺勤"))
    play.at("17:20")
    wang.say("不在家，不清楚")
    answer = play.one("contact.answered")
    assert answer.parts["words"] == "不在家，不清楚" and answer.source["weight"] == "hearsay"
    assert "absence.run" not in play.types()


def second_day(play: Theatre) -> None:
    heard = {who: len(play.phone(who).all()) for who in ("li", "wang", "chen")}
    play.at("06-12 08:50")
    play.everybody_but("zhangsan")
    play.through("06-12 09:14:30", "06-12 09:16")
    run = play.one("absence.run")
    assert run.parts["counted"] == "2026-06-11, 2026-06-12" and run.clock == "06-12 09:16"
    for who in heard:
        assert len(play.phone(who).titles("张三 已连续 2 个工作日没有消息")) == 1
    play.through("06-12 10:29", "06-12 10:30")
    chen = play.phone("chen")
    chen.click("建议报警或走访", "登记报警")
    chen.say("6月12日 10:40 在朝阳派出所，报警人 陈总")
    assert "还缺" in chen.last.text and "absence.registered" not in play.types()
    chen.say("6月12日 10:40 朝阳派出所 回执编号 A2026061200123，报警人 陈总")
    police = play.one("absence.registered")
    assert police.parts["at"] == "6月12日 10:40" and police.parts["station"] == "朝阳派出所"
    assert police.parts["receipt"] == "A2026061200123" and police.parts["caller"] == "陈总"
    assert {row["state"] for row in play.rows(t.case)} == {"waiting"}  # told to the police is not found
    play.through("06-12 13:59", "06-12 14:00")
    takeover(play)


def takeover(play: Theatre) -> None:
    """14:00: two agree, either takes it back; safety and continuity, nothing else."""
    play.phone("li").click("重要事项接管：张三", "同意接管")
    assert "continuity.on" not in play.types()  # one is not enough
    play.phone("chen").click("重要事项接管：张三", "同意接管")
    on = play.one("continuity.on")
    assert on.parts["reason"] == "安全与连续性" and on.parts["by"] in ("李总监、陈总", "陈总、李总监")
    assert not play.phone("zhangsan").sees("接管")
    play.phone("li").click("重要事项接管：张三", "恢复")
    assert play.one("continuity.ended").actor == play.ref("li")


def weekend(play: Theatre) -> None:
    play.through("06-12 18:00", "06-12 21:00")
    phones = dict.fromkeys(("zhangsan", "li", "wang", "chen"), 0)
    before = {who: len(play.phone(who).all()) for who in phones}
    for day in ("06-13", "06-14"):
        play.through(*(f"{day} {clock}" for clock in ("00:30", "09:16", "10:01", "10:31", "14:01", "17:01", "22:00")))
    assert {who: len(play.phone(who).all()) for who in phones} == before
    gentle = [mail for mail in play.sink.mails if mail["To"] == MAIL]
    assert len(gentle) == 1 and "请报个平安" in str(gentle[0].get_content())
    asked = [each for each in play.events("checkin.missed_punch_asked") if each.source.get("rung") == "weekend"]
    assert [each.clock for each in asked] == ["06-13 10:01"]
    assert len(play.events("absence.run")) == 1  # a weekend counts nothing
    assert {row["state"] for row in play.rows(t.case)} == {"waiting"}  # still listening


def third_day(play: Theatre) -> None:
    chen = play.phone("chen")
    play.at("06-15 08:50")
    play.everybody_but("zhangsan")
    play.through("06-15 09:14:30", "06-15 09:16")
    run = play.events("absence.run")[-1]
    assert run.parts["counted"] == "2026-06-11, 2026-06-12, 2026-06-15"
    assert run.parts["skipped"] == "2026-06-13 weekend, 2026-06-14 weekend"
    report, drafted = chen.find("风险报告：张三"), play.one("absence.letter_drafted")
    assert "06-11、06-12、06-15" in report.text and "2026-06-18 18:00" in drafted.parts["letter"]
    assert play.phone("wang").sees("张三 已连续 3 个工作日没有消息")
    play.at("06-15 09:50")
    assert "letter.attempted" not in play.types()  # nothing legal goes out by itself
    assert len(play.sink.mails) == 1


def letter(play: Theatre) -> None:
    chen, zhang = play.phone("chen"), play.phone("zhangsan")
    play.at("06-15 10:00", jobs=False)
    chen.click("风险报告：张三", "批准草稿")
    assert "letter.attempted" not in play.types() and not zhang.sees("限期返岗通知书")
    ways = chen.find("确认送达方式", "现在发送").text
    assert "139****0001" in ways and "z***@example.net" in ways
    chen.click("确认送达方式", "现在发送")
    play.phone("wang").say("EMS EB123456789CN")
    attempts = {each.source["ch"]: each for each in play.events("letter.attempted")}
    assert set(attempts) == {"chat", "sms", "mail", "ems"}
    digest = play.one("absence.letter_drafted").source["sha256"]
    assert {each.source["sha256"] for each in attempts.values()} == {digest}
    assert all(each.parts["pedigree"] for each in attempts.values())
    assert attempts["ems"].parts["number"] == "EB123456789CN"
    shown = zhang.find("限期返岗通知书", "我已收到")
    labels = "".join(label for _key, label in shown.buttons) + shown.text
    wanted = ("我已收到", "我遇到困难", "无法返岗，说明原因", digest)
    assert [word for word in wanted if word not in labels] == [], labels
    sms = [text for to, text in play.gateway.texts if to == PHONE][-1]
    mail = [each for each in play.sink.mails if each["To"] == MAIL][-1]
    assert digest in sms and digest in str(mail.get_content()) and mail["Subject"] == "限期返岗通知书"
    assert "未到岗" not in sms  # whoever reads over a shoulder learns nothing
    assert not {"letter.opened", "letter.acknowledged", "delivery.delivered"} & set(play.types())
    assert play.rows(t.letter)[0]["opened_at"] is None  # taken by the channels is not received
