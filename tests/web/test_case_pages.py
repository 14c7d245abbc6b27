"""One case: who sees it and what of it, and what HR can do there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from bot.errors import PlatformError
from bot.people import sync
from bot.tables import outbox
from handlers.missed_punch import tables as t
from handlers.missed_punch.flow import case as flow_case
from handlers.missed_punch.jobs import JOBS
from handlers.missed_punch.ladder import reach
from tests.handlers.missed_punch.story import Story, at
from tests.web.absent import REASON, SECRET, case_id, events, lite, office, press, story, text
from tests.web.office import Office, csrf
from tests.world import FIRM

__all__ = ["office", "story"]


@lite
def test_a_case_opens_for_whom_it_concerns_and_nobody_else(office: Office, story: Story) -> None:
    path = f"/absences/{case_id(office)}"
    codes = {who: office.browser(who).get(path).status_code for who in ("zhang", "li", "wang", "stranger")}
    assert codes == {"zhang": 200, "li": 200, "wang": 200, "stranger": 404}
    boards = {who: office.browser(who).get("/absences").status_code for who in ("zhang", "li", "wang", "stranger")}
    assert boards == {"zhang": 404, "li": 200, "wang": 200, "stranger": 404}
    for who in ("zhang", "li", "stranger"):
        browser = office.browser(who)
        form = {"csrf": csrf(browser.get("/me").text), "seen": "0.0", "reason": REASON}
        refused = browser.post(f"{path}/stop", data=form)
        assert refused.status_code == 404, who
    assert office.web.test_client().get(path).status_code == 302
    assert office.browser("wang").get("/absences/mp-none").status_code == 404
    assert events(office, "checkin.stopped") == []


@lite
def test_the_timeline_tells_what_was_asked_where_and_what_the_platform_said(office: Office, story: Story) -> None:
    page = text(office, "wang")
    assert "未见打卡" in page and "问之前核对过" in page and "还没看到你的打卡" in page
    assert "平台已接收 09:16:00，消息号 m-" in page and "还没有回音" in page
    assert "等本人回音" in page and "09:45 再次问候本人" in page
    office.firm.now = at("09:45")
    for job in ("poll", "climb"):
        JOBS[job][1](office.firm.app)
    office.platform.fail = [PlatformError("fake.60111", permanent=True, hint="没有这个人")]
    office.firm.courier.drain()
    assert "没能发出" in text(office, "wang") and "fake.60111" in text(office, "wang")
    assert "fake.60111" not in text(office, "li")


@lite
def test_a_message_that_may_have_gone_out_twice_says_so(office: Office, story: Story) -> None:
    with office.writing() as connection:
        connection.execute(sa.update(outbox).values(ambiguous=True))
    assert "按同一编号重发过" in text(office, "wang")


def test_private_words_are_for_the_person_alone(office: Office, story: Story) -> None:
    story.write("zhang", SECRET)
    assert SECRET in text(office, "zhang")
    for who in ("wang", "li"):
        page = text(office, who)
        assert SECRET not in page and "急诊" not in page and "医院" not in page
        assert "病假（待补）" in page, who


@lite
def test_a_call_for_help_is_between_the_person_and_hr(office: Office, story: Story) -> None:
    story.tap("zhang", "需要帮助")
    assert "需要帮助" in text(office, "wang") and "需要帮助" in text(office, "zhang")
    assert "需要帮助" not in text(office, "li")


@lite
def test_a_manager_reads_no_words_but_their_own(office: Office, story: Story) -> None:
    story.tick("10:15")
    story.write("li", "不清楚，没联系上")
    story.write("zhang", "路上堵车，大概9点40到")
    assert "不清楚，没联系上" in text(office, "li") and "路上堵车" not in text(office, "li")
    assert "在路上" in text(office, "li") and "路上堵车" in text(office, "wang")


def test_hold_go_on_advance_stop_each_with_its_reason_and_receipt(office: Office, story: Story) -> None:
    page = press(office, "wang", "hold").text
    assert "已暂停。" in page and REASON in page and "继续" in page
    story.tick("10:30")
    assert story.titles("zhang") == ["早上好，还没看到你的打卡，一切还好吗？"] and story.seen("li") == []
    assert "已暂停" in text(office, "wang", "/absences?state=held")
    assert "已继续。" in press(office, "wang", "resume").text
    (row,) = office.firm.rows(t.case)
    assert row["next_at"] == at("10:59")  # half an hour of the ladder was left of 09:16 to 09:45, it goes on from now
    assert "下一步已经走出" in press(office, "wang", "advance").text
    story.tick("10:31")
    assert story.titles("zhang")[-1] == "还是有点惦记你" and "已停止" in press(office, "wang", "stop").text
    story.tick("15:00")
    assert story.seen("li") == []
    recorded = [type for type in flow_case.TYPES if events(office, type)]
    assert recorded == list(flow_case.TYPES)
    given = [card for to, card, _ in office.platform.receipts if to == "wang"]
    assert len(given) >= 4
    assert REASON in text(office, "zhang") and REASON not in text(office, "li")


@lite
def test_stop_takes_back_what_others_were_asked_and_leaves_the_person_their_word(office: Office, story: Story) -> None:
    story.tick("10:15")
    press(office, "wang", "stop")
    office.firm.courier.drain()
    assert "停止了追问" in story.copies("li")
    assert "HR 已停止追问" in text(office, "wang")
    story.tap("zhang", "忘打卡")
    assert "等本人补时间" in text(office, "wang")


@lite
def test_nothing_happens_without_a_reason(office: Office, story: Story) -> None:
    for reason in ("", "  ", "。。", "好"):
        assert "请写明理由" in press(office, "wang", "stop", reason).text
    assert events(office, "checkin.stopped") == []


@lite
def test_the_second_is_told_who_was_first(office: Office, story: Story) -> None:
    with office.writing() as connection:
        sync(connection, "fake", FIRM, {"wang": "hr", "stranger": "hr"})
    page = text(office, "stranger")
    press(office, "wang", "hold")
    late = press(office, "stranger", "stop", page=page).text
    assert "没有执行：王HR 在 09:16:00 先选择了「暂停」" in late
    assert events(office, "checkin.stopped") == []


def test_of_two_in_the_same_moment_one_wins(office: Office, story: Story) -> None:
    with office.writing() as connection:
        sync(connection, "fake", FIRM, {"wang": "hr", "stranger": "hr"})
    case, app = case_id(office), office.firm.app

    def act(who: str, what: flow_case.What) -> flow_case.Outcome:
        with app.context(office.person(who)) as ctx:
            return flow_case.act(ctx, case, what, "0.0", REASON)

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(act, "wang", "hold"), pool.submit(act, "stranger", "stop")]
        outcomes = [each.result() for each in done]
    assert sorted(each.done for each in outcomes) == [False, True]
    assert next(each.key for each in outcomes if not each.done) == "late"
    assert len(events(office, "checkin.held_by_hr")) + len(events(office, "checkin.stopped")) == 1


@lite
def test_an_advance_looks_for_a_punch_first(office: Office, story: Story) -> None:
    row = {"person_id": "fake:zhang", "at": at("09:14"), "kind": "on", "source": "door", "fetched_at": at("09:16")}
    with office.writing() as connection:
        connection.execute(sa.insert(t.punch).values(**row))
    assert "刚看到打卡" in press(office, "wang", "advance").text
    assert "已看到打卡" in text(office, "wang") and events(office, "checkin.advanced") == []


@lite
def test_a_page_of_an_earlier_rung_does_not_advance_twice(office: Office, story: Story) -> None:
    page = text(office, "wang")
    story.tick("09:45")
    assert "情况刚刚变了" in press(office, "wang", "advance", page=page).text
    assert len(story.seen("zhang")) == 2


@lite
def test_nobody_is_asked_early_while_the_feed_is_down(office: Office, story: Story) -> None:
    page = text(office, "wang")
    office.firm.now = at("10:10")
    assert "提前" not in text(office, "wang")
    assert "考勤数据已断，看不到有没有打卡" in press(office, "wang", "advance", page=page).text
    assert events(office, "checkin.advanced") == [] and len(story.seen("zhang")) == 1


@lite
def test_an_advance_respects_quiet_hours_and_says_so(office: Office, story: Story) -> None:
    story.tick("09:46")
    with office.writing() as connection:
        reach.keep(connection, "fake:li", quiet="00:00-23:00")
    assert "免打扰时段" in press(office, "wang", "advance").text
    assert story.seen("li") == [] and office.firm.rows(t.case)[0]["rung"] == 1


@lite
def test_an_alert_shows_which_days_were_counted_and_why_others_were_not(office: Office, story: Story) -> None:
    parts = {"counted": "2026-06-12, 2026-06-15", "skipped": "2026-06-13 weekend, 2026-06-14 weekend"}
    office.record(None, "absence.run", case_id(office), "zhang", **parts)
    for who in ("wang", "li", "zhang"):
        page = text(office, who)
        assert "2026-06-12, 2026-06-15" in page and "2026-06-13 周末、2026-06-14 周末" in page, who
