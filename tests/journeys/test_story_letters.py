"""Branches 8 and 12 of the acceptance story: a letter that the chat does not take, and one that is opened at night."""

from __future__ import annotations

from bot.jobs import sync_people
from handlers.missed_punch import tables as t
from tests.journeys.test_story_branches import BOTH, Enter, asked, states
from tests.journeys.test_story_days import MAIL, PHONE
from tests.journeys.theatre import STAFF


@BOTH
def test_8_deleted_from_the_directory_the_other_channels_take_over_and_say_why(enter: Enter, platform: str) -> None:
    play = enter(platform)
    asked(play)
    play.through("09:46", "10:15:30", "11:15:30", "17:00", "06-12 08:50")
    play.everybody_but("zhangsan")
    play.through("06-12 09:14:30", "06-12 09:16", "06-12 10:30")
    play.at("06-14 23:30", jobs=False)
    play.ask("people", people=[{"platform": platform, **each} for each in STAFF if each["id"] != "zhangsan"])
    sync_people(play.app)
    play.run()
    wang, chen = play.phone("wang"), play.phone("chen")
    assert not wang.sees("已不在通讯录")  # not at night
    play.at("06-15 09:00")
    assert "waiting" in states(play)  # nothing ended by itself
    wang.click("张三 已不在通讯录", "仍按失联处理")
    chen.click("风险报告：张三", "批准草稿")
    chen.click("确认送达方式", "现在发送")
    play.at("06-15 09:05")
    failed = play.events("delivery.failed")[-1]
    assert failed.parts["error.txt"] and failed.source["ch"] == platform
    assert [mail["To"] for mail in play.sink.mails][-1] == MAIL and play.gateway.texts[-1][0] == PHONE
    why = play.one("letter.unreached").parts["why"]
    for who in (wang, chen):
        card = who.find("工作聊天收不到通知书")
        assert why[:20] in card.text and all(word in card.text for word in ("短信", "邮件", "快递"))
    assert {each.source["ch"] for each in play.events("letter.attempted")} == {"chat", "sms", "mail"}


@BOTH
def test_12_a_letter_opened_at_night_is_a_sign_of_life_and_hr_hears_in_the_morning(enter: Enter, platform: str) -> None:
    play = enter(platform)
    asked(play)
    play.through("09:46", "10:15:30", "11:15:30")
    for day in ("06-12", "06-15"):
        play.at(f"{day} 08:50")
        play.everybody_but("zhangsan")
        play.through(f"{day} 09:14:30", f"{day} 09:16")
    chen, wang = play.phone("chen"), play.phone("wang")
    chen.click("风险报告：张三", "批准草稿")
    chen.click("确认送达方式", "现在发送")
    letter = play.rows(t.letter)[0]
    play.at("06-15 23:41", jobs=False)
    path = f"{play.bot}/letters/{letter['id']}"
    assert play.phone("li").browse("/me").get(path, timeout=10).status_code == 404
    assert play.phone("wang").browse("/me").get(path, timeout=10).status_code == 200
    assert "letter.opened" not in play.types()  # HR looking is not the person opening
    assert play.phone("zhangsan").browse("/me").get(path, timeout=10).status_code == 200
    opened = play.one("letter.opened")
    assert opened.clock == "06-15 23:41" and opened.actor == play.ref("zhangsan")
    assert opened.source["sha256"] == letter["sha256"] and "waiting" not in states(play) and "alive" in states(play)
    assert not {"letter.acknowledged", "letter.answered"} & set(play.types())  # opened is not agreed
    play.at("06-15 23:50")
    assert not wang.sees("打开了限期返岗通知书")
    play.at("06-16 07:01")
    told = wang.find("打开了限期返岗通知书")
    assert "06-15 23:41" in told.text and "先问候" in told.text and chen.sees("打开了限期返岗通知书")
    play.at("06-16 07:30")
    assert len(wang.titles("打开了限期返岗通知书")) == 1
