"""Where a file goes while somebody is asked something, and who can open it."""

from __future__ import annotations

import pytest

from bot import freshness, router
from bot.evidence.tables import ev_event
from bot.tables import ask
from handlers.chat_files import keeping
from handlers.notices import tables as notice_tables
from handlers.performance import tables as performance_tables
from tests.handlers.chat_files.hand import PDF, PNG, Hand
from tests.handlers.missed_punch.story import Story
from tests.handlers.notices import office as notice
from tests.handlers.notices.chat import Chat
from tests.handlers.performance.results_story import Month
from tests.web.office import Office

lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_what_is_sent_before_the_words_of_an_appeal_goes_with_them(hand: Hand) -> None:
    router.discover("handlers", "erasing")
    freshness.use(freshness.DEFAULT)
    hand.firm.pass_time(hours=1)
    month = Month(hand.firm)
    result = month.told()
    hand.firm.dispatch(hand.firm.event("zhang", "performance.result_appealed", _ask(hand, "zhang", result.id)))
    hand.firm.courier.drain()
    said = hand.give("zhang", "file", PDF, "邮件.pdf")
    assert "和您对2026 年 5 月结果的意见放在一起" in said and "经理看不到" in said
    assert [matter for matter, _ in hand.kept()] == [result.id]
    month.say("zhang", "项目延期因客户需求变更")
    [appeal] = hand.firm.rows(performance_tables.appeal)
    [file] = hand.firm.rows(performance_tables.file)
    assert file["matter"] == appeal["id"] and bytes(file["content"]) == PDF  # type: ignore[call-overload]
    assert "邮件.pdf" in hand.last("stranger")  # who decides the appeal
    assert not any("邮件" in each for each in hand.said("li"))


def _ask(hand: Hand, user: str, matter: str) -> str:
    """The newest open question about a matter."""
    mine = [each for each in hand.firm.rows(ask) if each["matter"] == matter and each["person_id"] == f"fake:{user}"]
    return str(next(each["ref"] for each in mine if each["state"] == "open"))


def test_a_paper_sent_instead_of_an_answer_is_kept_with_the_day_and_no_manager_sees_it(hand: Hand) -> None:
    story = Story(hand.firm)
    story.tick("09:16")
    said = hand.give("zhang", "image", PNG)
    case = story.case()
    assert "和这天的打卡情况放在一起" in said and "刚才的问题还没有答复" in said
    assert [matter for matter, _ in hand.kept()] == [case["id"]]
    assert "张三在聊天里发来了文件" in hand.last("wang")
    assert not any("文件" in each for each in hand.said("li"))
    story.tap("zhang", "忘打卡")  # the question still takes its answer
    assert story.case()["reason"] == "forgot"


def test_who_writes_a_notice_attaches_what_they_send(hand: Hand) -> None:
    chat = Chat(hand.firm)
    chat.say("wang", "发通知 端午放假\n**6 月 19 日**放假。")
    assert "已加为附件" in hand.give("wang", "file", PDF, "安排.pdf")
    assert [row["name"] for row in hand.firm.rows(notice_tables.file)] == ["安排.pdf"]
    assert "已收到您发的语音" in hand.give("wang", "voice", b"#!AMR\nsound")  # no attachment
    for _ in range(8):
        hand.send("wang", "image", PNG)
    assert "没有加为附件" in (said := hand.give("wang", "image", PNG)) and "最多 9 个附件" in said
    hand.firm.pass_time(hours=3)
    assert "已收到您发的图片" in hand.give("wang", "image", PNG)  # they are at something else by now
    assert len(hand.firm.rows(notice_tables.file)) == 9


def test_hr_and_the_sender_open_it_and_for_everybody_else_it_is_not_there(hand: Hand) -> None:
    office = Office(hand.firm, hand.platform)
    hand.give("zhang", "image", PNG)
    [row] = hand.rows()
    page, file = f"/chat-files/{row['desk']}", f"/chat-files/{row['desk']}/{row['id']}"
    for who in ("wang", "zhang"):
        browser = office.browser(who)
        assert "图片.png" in browser.get(page).text
        answer = browser.get(file)
        assert answer.data == PNG and answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for who in ("li", "stranger"):
        assert office.browser(who).get(page).status_code == 404
        assert office.browser(who).get(file).status_code == 404
    assert "Download" in office.browser("zhang").get(f"{page}?lang=en").text
    looks = [row for row in hand.firm.rows(ev_event) if row["type"] == "access.viewed"]
    assert len(looks) == 1  # HR's, not the sender's own


@lite
def test_what_is_not_there_is_not_found(hand: Hand) -> None:
    office = Office(hand.firm, hand.platform)
    hand.give("zhang", "image", PNG)
    desk = hand.rows()[0]["desk"]
    browser = office.browser("wang")
    for path in (f"/chat-files/{desk}/nothing", "/chat-files/nothing", "/chat-files/nothing/nothing"):
        assert browser.get(path).status_code == 404
    assert {row["kind"] for row in hand.firm.rows(ask)} == {keeping.LOOK}


def test_hr_finds_it_beside_the_objection_and_a_manager_who_wrote_the_notice_does_not(hand: Hand) -> None:
    notice.compose(hand.firm, ["fake:zhang"], author_id="fake:li")
    notice.send(hand.firm)
    hand.firm.dispatch(hand.firm.event("zhang", "notices.objected", notice.ID))
    hand.give("zhang", "file", PDF, "病假条.pdf")
    office, path = Office(hand.firm, hand.platform), f"/notices/{notice.ID}/people/fake:zhang"
    page = office.browser("wang").get(path, follow_redirects=True).text
    assert "病假条.pdf" in page and f"/chat-files/{hand.rows()[0]['desk']}" in page
    page = office.browser("li").get(path, follow_redirects=True).text
    assert "病假条" not in page and 'class="button" href="/chat-files' not in page
