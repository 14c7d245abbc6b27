"""The board of absences, one's own cases, the start page, and what all absence pages have in common."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from bot.context import Context
from bot.people import People
from bot.ports import Leave, Punch, Shift
from handlers.missed_punch import store, tables as t
from handlers.missed_punch.ladder import standing
from handlers.missed_punch.pages import words as page_words
from tests.handlers.missed_punch.story import DAY, NINE, Story, at
from tests.web.absent import case_id, events, lite, office, press, story, text
from tests.web.office import Office
from tests.world import FIRM

__all__ = ["office", "story"]


def test_looking_is_recorded_once_in_ten_minutes(office: Office, story: Story) -> None:
    for minutes in (0, 9, 2):
        office.firm.pass_time(minutes=minutes)
        text(office, "wang")
        text(office, "wang", "/absences")
    text(office, "zhang")
    looks = [(row["actor"], row["subject"]) for row in events(office, "access.viewed")]
    wang, zhang = office.person("wang").ref, office.person("zhang").ref
    assert sorted(looks) == sorted([(wang, zhang), (wang, "p:none")] * 2)
    assert "王HR" in text(office, "zhang", "/me")


def test_the_board_shows_state_next_step_owner_and_filters(office: Office, story: Story) -> None:
    story.tick("10:15")
    page = text(office, "wang", "/absences")
    assert "张三" in page and "等上级回音" in page and "11:15 请 HR 关心" in page and "现在等 李主管" in page
    assert "张三" in text(office, "li", "/absences")
    assert "没有符合条件的个案" in text(office, "wang", "/absences?state=held")
    assert case_id(office) in text(office, "wang", "/absences?state=manager&site=fake/研发")
    assert "没有符合条件的个案" in text(office, "wang", "/absences?site=fake/门店&state=manager")
    english = text(office, "wang", "/absences?lang=en")
    assert "Waiting for the manager" in english and "Ask HR at 11:15" in english


@lite
def test_a_manager_sees_own_people_only(office: Office) -> None:
    story = Story(office.firm)
    office.platform.shift_list = [Shift(who, DAY, NINE, NINE + timedelta(hours=9)) for who in ("zhang", "stranger")]
    story.tick("09:16")
    assert len(office.firm.rows(t.case)) == 2
    assert "外人" in text(office, "wang", "/absences")
    page = text(office, "li", "/absences")
    assert "张三" in page and "外人" not in page


def counts(page: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"</i>(\S+) <b>(\d+)</b>", page)}


def test_who_is_in_out_or_not_seen(office: Office) -> None:
    story = Story(office.firm)
    people = [each.user_id for each in FIRM]
    office.platform.shift_list = [Shift(who, DAY, NINE, NINE + timedelta(hours=9)) for who in people]
    office.platform.punch_list = [Punch("li", at("08:55"), "on", "door-1"), Punch("wang", at("08:50"), "on", "door-1")]
    office.platform.punch_list += [Punch("wang", at("09:10"), "off", "door-1")]
    office.platform.leave_list = [Leave("stranger", at("08:00"), at("12:00"), "事假")]
    story.tick("09:16")
    page = text(office, "wang", "/absences")
    assert counts(page) == {"已打卡": 1, "请假或已下班": 2, "未见打卡": 1}
    assert "door-1" in page and "数据 0 秒前更新" in page
    office.firm.now = at("09:05")
    assert counts(text(office, "wang", "/absences")).get("未见打卡") is None


@lite
def test_a_stale_feed_is_shown_as_stale_and_never_as_absence(office: Office, story: Story) -> None:
    office.firm.now = at("10:10")
    page = text(office, "wang", "/absences")
    assert counts(page) == {"未知": 1}
    assert "数据已停 54 分钟" in page and "不算未到岗" in page
    assert 'class="state blind">未知' in page and "数据恢复之前不会发出" in page
    assert "考勤数据已断" in text(office, "wang")


@lite
def test_own_cases_and_the_start_page(office: Office, story: Story) -> None:
    assert "等本人回音" in text(office, "zhang", "/absences/mine")
    assert "您没有缺卡记录" in text(office, "stranger", "/absences/mine")
    start = text(office, "zhang", "/")
    assert (
        "张三，您好" in start and "有 1 件事等您回答" in start and "/absences/mine" in start and "/people" not in start
    )
    hr = text(office, "wang", "/?lang=en")
    assert "1 not heard from" in hr and 'href="/absences"' in hr and 'href="/people"' in hr


@lite
def test_pages_are_complete_in_both_languages_and_bring_nothing_inline(office: Office, story: Story) -> None:
    press(office, "wang", "hold")
    for who in ("wang", "li", "zhang"):
        for path in ("/absences", "/absences/mine", "", "/"):
            for lang in ("zh", "en"):
                answer = office.browser(who).get(f"{path or f'/absences/{case_id(office)}'}?lang={lang}")
                if answer.status_code == 200:
                    assert "style=" not in answer.text and "onclick" not in answer.text
                    assert re.findall(r"<script[^>]*>[^<]", answer.text) == [] and "://" not in answer.text
    for catalogue in (page_words.WORDS, page_words.STATES, page_words.HINTS):
        for zh, en in catalogue.values():
            assert zh and en and sorted(re.findall(r"{\w+}", zh)) == sorted(re.findall(r"{\w+}", en))


@lite
def test_every_state_has_a_name(office: Office, story: Story) -> None:
    with office.firm.app.context() as ctx:
        for state in (*store.OPEN, "closed"):
            case = _case(ctx, office, state)
            for fresh in (True, False):
                assert standing.standing(case, held=False, fresh=fresh) in page_words.STATES
    assert set(standing.FILTERS) <= page_words.STATES.keys()


def _case(ctx: Context, office: Office, state: str) -> store.Case:
    ctx.db.execute(sa.update(t.case).values(state=state))
    found = store.get(ctx.db, case_id_of(ctx))
    assert found and People(ctx.db).get(found.person_id)
    return found


def case_id_of(ctx: Context) -> str:
    return str(ctx.db.execute(sa.select(t.case.c.id)).scalar_one())
