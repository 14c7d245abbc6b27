"""A notice through the sandbox on each platform: read, confirmed, objected to, and never overstated."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa

from bot.delivery import custody
from bot.evidence.tables import ev_event
from handlers.notices import store, tables as tb
from handlers.notices.sending import climbing, drops, sending
from tests.journeys.theatre import STAFF, Theatre

BOTH = pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
Enter = Callable[..., Theatre]


def composed(play: Theatre, *users: str, **fields: object) -> str:
    """Written on the page by HR for these people by a list, looked through and handed in; the notice's id."""
    play.people(*STAFF)
    desk = play.phone("wang").browse("/notices/new")
    form: dict[str, object] = {"title_zh": "考勤制度", "body_zh": "**第一条** 全文。", "importance": "confirm"}
    form |= {"answers": ["received", "agreed", "objected", "appealed"], "joiners": "none", "do": "check"} | fields
    rows = "".join(f"{user},{play.platform},,\n" for user in users)
    files = {"list": ("list.csv", f"账号,平台,姓名,备注\n{rows}".encode(), "text/csv")}
    checked = desk.post(
        f"{play.bot}/notices/new", data=form | {"csrf": secret_of(desk, play, "new")}, files=files, timeout=10
    )
    assert "还不能发送" not in checked.text and f"<b>{len(users)}</b>名单总人数" in checked.text, checked.url
    notice_id = checked.url.split("/")[-2]
    sent = desk.post(f"{play.bot}/notices/{notice_id}/submit", data={"csrf": secret_of(desk, play, "new")}, timeout=10)
    assert sent.ok, sent.text
    return notice_id


def run(play: Theatre) -> None:
    for job in (sending.send_due, drops.find, climbing.climb, climbing.close_due):
        job(play.app)
        play.courier.drain()


def stand(play: Theatre, user: str) -> tuple[int, str, str]:
    found = {row["user_id"]: row for row in play.rows(tb.recipient)}[user]
    return found["rung"], found["trouble"], found["answer"]


def opens(play: Theatre, notice_id: str, user: str) -> requests.Session:
    """The person follows the link in their own chat."""
    reader = play.phone(user).browse(f"/notices/{notice_id}")
    assert "第一条" in reader.get(f"{play.bot}/notices/{notice_id}", timeout=10).text
    return reader


def secret_of(reader: requests.Session, play: Theatre, notice_id: str) -> str:
    found = re.search(
        r'name="csrf" value="([0-9a-f]+)"', reader.get(f"{play.bot}/notices/{notice_id}", timeout=10).text
    )
    assert found
    return found[1]


def recorded(play: Theatre, notice_id: str) -> list[str]:
    with play.app.engine.connect() as db:
        mine = sa.select(ev_event.c.type).where(ev_event.c.object_id == notice_id).order_by(ev_event.c.n)
        return list(db.execute(mine).scalars())


@BOTH
def test_one_confirms_one_objects_in_words_one_never_opens(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    notice_id = composed(play, "zhangsan", "zhou", "he")
    run(play)
    play.phone("zhou").click("考勤制度", "收到")
    reader = opens(play, notice_id, "zhangsan")
    answer = {"answer": "objected", "words": "第三条与合同不符", "csrf": secret_of(reader, play, notice_id)}
    assert reader.post(f"{play.bot}/notices/{notice_id}/answer", data=answer, timeout=10).ok
    play.courier.drain()
    assert stand(play, "zhou") == (4, "", "received")
    assert stand(play, "zhangsan") == (4, "", "objected")
    assert play.phone("wang").sees("第三条与合同不符")
    play.at("06-12 09:31", jobs=False)
    run(play)
    assert play.phone("he").sees("跟进 1")
    assert not play.phone("zhou").sees("跟进 1")
    assert stand(play, "he") == (1, "", "")
    with play.app.engine.connect() as db:
        assert sum(count for *_, count in store.counts(db, notice_id)) == 3
    assert recorded(play, notice_id).count("notice.frozen") == 1


@BOTH
def test_6_one_text_to_all_and_its_reading_is_told_where_the_platform_tells_it(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    notice_id = composed(play, "zhangsan", "zhou", importance="read", answers=[])
    run(play)
    assert {row["state"] for row in play.rows(tb.attempt)} == {"accepted"}
    assert play.phone("zhou").sees("考勤制度")
    play.now += timedelta(minutes=2)
    custody.harvest(play.app)
    assert stand(play, "zhou")[0] in (1, 2)
    opens(play, notice_id, "zhou")
    assert stand(play, "zhou") == (3, "", "")
    assert stand(play, "zhangsan")[2] == ""


@BOTH
def test_8_somebody_deleted_from_the_directory_is_said_to_be_out_of_reach(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    composed(play, "zhangsan", "zhou")
    play.people(*[each for each in STAFF if each["id"] != "zhangsan"])
    run(play)
    assert stand(play, "zhangsan")[1] in ("unreached", "rejected")
    assert stand(play, "zhou") == (1, "", "")


@BOTH
def test_12_opened_late_at_night_hr_hears_it_in_the_morning(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    notice_id = composed(play, "zhangsan", importance="read", answers=[])
    run(play)
    play.at("06-12 09:31", jobs=False)
    run(play)
    play.at("06-12 23:41", jobs=False)
    opens(play, notice_id, "zhangsan")
    play.courier.drain()
    assert not play.phone("wang").sees("23:41")
    play.at("06-13 08:01", jobs=False)
    run(play)
    assert play.phone("wang").sees("23:41")


@pytest.mark.parametrize(
    ("platform", "journey_database"), [("wecom", "postgresql"), ("dingtalk", "sqlite")], indirect=["journey_database"]
)
def test_a_second_person_checks_what_goes_to_many_and_the_author_cannot(enter: Enter, platform: str) -> None:
    play = enter(platform, HUIZHI_NOTICE_TWO_FROM="3")
    play.at("09:30", jobs=False)
    notice_id = composed(play, "zhangsan", "zhou", "he")
    play.courier.drain()
    assert (play.rows(tb.notice)[0]["state"], play.rows(tb.recipient)) == ("approving", [])
    assert not play.phone("wang").sees("请核对通知")
    play.phone("chen").click("请核对通知｜考勤制度", "同意发送")
    run(play)
    assert len(play.rows(tb.recipient)) == 3
    assert play.phone("he").sees("通知｜考勤制度")
    known = recorded(play, notice_id)
    assert known.index("notice.approved") < known.index("notice.frozen") < known.index("notice.submitted")


@BOTH
def test_13_agreeing_for_a_silent_person_is_refused_and_deemed_receipt_needs_its_clause(
    enter: Enter, platform: str
) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    notice_id = composed(play, "zhangsan", "zhou")
    run(play)
    hr = play.phone("wang")
    hr.say("视为同意 张三《考勤制度》")
    assert hr.sees("不能替别人同意")
    hr.say("视为收到 张三《考勤制度》")
    assert hr.sees("必须说明凭什么")
    hr.say("视为收到 李四《考勤制度》第十二条")
    assert hr.sees("什么都没有记下")
    play.phone("zhou").say("视为收到 张三《考勤制度》第十二条")
    assert "notice.deemed_received" not in recorded(play, notice_id)
    hr.say("视为收到 张三《考勤制度》第十二条：公示三日视为送达")
    assert hr.sees("已标明：视为收到")
    assert stand(play, "zhangsan") == (1, "", "")
    stamped = play.one("notice.deemed_received")
    assert stamped.parts == {"clause": "第十二条：公示三日视为送达", "stamp": "视为收到"}
    page = hr.browse("/notices").get(f"{play.bot}/notices/{notice_id}/people/{platform}:zhangsan", timeout=10).text
    assert "视为收到" in page and "第十二条：公示三日视为送达" in page and "平台已接收" in page
    board = hr.browse("/notices").get(f"{play.bot}/notices/{notice_id}/people?in=agreed", timeout=10).text
    assert "张三" not in board


@BOTH
def test_a_preview_goes_to_its_author_alone_and_says_what_the_platform_shows(enter: Enter, platform: str) -> None:
    play = enter(platform)
    play.at("09:30", jobs=False)
    play.people(*STAFF)
    desk = play.phone("wang").browse("/notices/new")
    form = {"title_zh": "考勤制度", "body_zh": "全文。", "importance": "confirm", "answers": ["received", "objected"]}
    more = {"title_en": "Attendance", "body_en": "Text.", "do": "preview", "csrf": secret_of(desk, play, "new")}
    page = desk.post(f"{play.bot}/notices/new", data=form | more, timeout=10).text
    assert "已发到您自己的聊天里" in page
    play.courier.drain()
    hr = play.phone("wang")
    assert hr.find("通知｜考勤制度", "收到但有异议") and hr.find("Notice | Attendance", "Received")
    words = hr.find("上的样子").text.translate(str.maketrans("［］", "[]"))
    assert "[收到] [收到但有异议]" in words and "[Received]" in words
    assert [user for user, title in play.said(but=("wang",)) if "考勤制度" in title] == []
    hr.click("通知｜考勤制度", "收到")
    assert hr.sees("这里没有您的通知") and play.rows(tb.recipient) == []
