"""What a new user stumbles over: odd input, forms sent at the wrong moment, pages that say too little or overflow."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.web.words import Lang
from handlers.missed_punch import tables as absences
from handlers.notices.pages import charts, words as page_words
from tests.handlers.missed_punch.story import Story
from tests.web.noticed import compose, lite, notice, office, press, sent, text
from tests.web.office import Office, csrf

__all__ = ["office", "sent"]
HTML = {"Accept": "text/html"}


@lite
def test_a_form_sent_after_signing_out_says_that_nothing_was_done(office: Office, sent: str) -> None:
    browser, here = office.browser("zhang"), f"/notices/{sent}"
    secret = csrf(browser.get(here).text)
    browser.post("/out", data={"csrf": secret})
    for lang, sentence in (("zh", "没有执行"), ("en", "nothing was done")):
        answer = browser.post(f"{here}/answer?lang={lang}", data={"csrf": secret, "answer": "agreed"})
        assert answer.status_code == 401 and sentence in answer.text
        assert 'href="/in?next=%2Fme"' in answer.text
    assert "已经记录" not in text(office, "zhang", f"{here}?lang=zh")


@lite
def test_words_that_are_far_too_long_are_not_called_a_file(office: Office, sent: str) -> None:
    answer = press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="长" * 70_000)
    assert answer.status_code == 413 and "文字太长" in answer.text and "文件" not in answer.text


@lite
def test_the_address_of_a_form_opened_as_a_page_is_answered_with_a_page(office: Office, sent: str) -> None:
    answer = office.browser("zhang").get(f"/notices/{sent}/answer", headers=HTML)
    assert answer.status_code == 405 and "没有找到这个页面" in answer.text
    assert "POST" in answer.headers["Allow"]
    machine = office.browser("zhang").get(f"/notices/{sent}/answer", headers={"Accept": "application/json"})
    assert machine.status_code == 405 and "没有找到" not in machine.text


@lite
def test_a_reason_that_is_too_long_is_not_cut_but_sent_back(office: Office, sent: str) -> None:
    told = press(office, "wang", f"/notices/{sent}/stop", reason="长" * 201)
    assert "没有执行：理由最多 200 字。" in told.text and notice(office, sent).state == "sent"
    Story(office.firm).tick("09:16")
    (case,) = office.firm.rows(absences.case)
    page = office.browser("wang").get(f"/absences/{case['id']}").text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    told = press(office, "wang", f"/absences/{case['id']}/hold", seen=seen[1], reason="长" * 501)
    assert "没有执行：理由最多 500 字。" in told.text
    (after,) = office.firm.rows(absences.case)
    assert after["next_at"] == case["next_at"]


@lite
def test_a_parcel_without_a_number_is_asked_for_one(office: Office, sent: str) -> None:
    answer = press(office, "wang", f"/notices/{sent}/people/fake:zhang/parcel", company="EMS", address="北京路 1 号")
    assert answer.status_code == 422 and "请填写快递单号" in answer.text and "「」" not in answer.text
    assert 'value="北京路 1 号"' in answer.text


@lite
def test_a_problem_names_the_language_and_not_its_code(office: Office) -> None:
    draft = compose(office)
    page = text(office, "wang", f"/notices/{draft}/check?lang=zh")
    assert "中文：正文里有 HTML" in page and "zh:" not in page
    page = text(office, "wang", f"/notices/{draft}/check?lang=en")
    assert "Chinese text: " in page and "zh:" not in page


def test_the_chart_can_be_read_without_seeing_it(office: Office, sent: str) -> None:
    office.firm.pass_time(minutes=20)
    text(office, "zhang", f"/notices/{sent}")
    office.firm.pass_time(hours=30)
    page = text(office, "wang", f"/notices/{sent}/charts?lang=zh")
    table = page[page.index("<table") : page.index("</table>")]
    assert "从开始发送到打开的曲线：1 天后，1 人打开（33.3%）" in page
    rows = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in table.split("<tr>")[2:]]
    assert (
        ["15", "分钟", "0", "0%"] in rows and ["30", "分钟", "1", "33.3%"] in rows and ["1", "天", "1", "33.3%"] in rows
    )
    assert not re.search(r">\d+[mhd]<", page)
    assert "30 min" in text(office, "wang", f"/notices/{sent}/charts?lang=en")


def test_spans_are_said_in_words() -> None:
    said: list[tuple[int, Lang, str]] = [
        (1, "zh", "1 分钟"),
        (60, "zh", "1 小时"),
        (2160, "zh", "1.5 天"),
        (45, "en", "45 min"),
        (60, "en", "1 hour"),
        (240, "en", "4 hours"),
        (1440, "en", "1 day"),
        (2160, "en", "1.5 days"),
    ]
    for minutes, lang, words in said:
        assert page_words.span(lang, timedelta(minutes=minutes)) == words
    assert charts.curve([0] * len(charts.SPANS), 0, timedelta()).rows == ()


@lite
def test_codes_of_a_receipt_are_folded_away_and_channels_have_names(office: Office, sent: str) -> None:
    page = text(office, "wang", f"/notices/{sent}/people/fake:zhang?lang=zh")
    shown = re.sub(r"(?s)<details>.*?</details>", "", page)
    assert "ambiguous=" in page and "ambiguous=" not in shown
    assert page_words.channel("zh", "wecom.shared") == "企业微信 · 统一文字"
    assert page_words.channel("en", "dingtalk.card") == "DingTalk · personal card"
    assert page_words.channel("zh", "ems") == "ems"


@lite
def test_who_has_answered_is_not_urged_to_say_received(office: Office, sent: str) -> None:
    assert "primary" in text(office, "zhang", f"/notices/{sent}").split('id="answers"')[1]
    office.firm.pass_time(minutes=2)
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="第三条不清楚")
    assert "primary" not in text(office, "zhang", f"/notices/{sent}").split('id="answers"')[1]


@lite
def test_the_start_page_does_not_say_the_same_twice(office: Office) -> None:
    page = text(office, "wang", "/?lang=en")
    about = re.findall(r'<span class="soft under">([^<]+)</span></span><span class="tag end">([^<]*)', page)
    assert len(about) >= 2
    assert all(words != status for words, status in about)


@lite
def test_a_deadline_has_no_seconds_and_the_other_language_is_marked(office: Office) -> None:
    Story(office.firm).tick("09:16")
    page = text(office, "zhang", "/todo?lang=zh")
    assert re.search(r"请在 2026-06-11 \d\d:\d\d 前", page), page
    assert re.search(r'<a [^>]*lang="en"[^>]*>English</a>', page)
    assert re.search(r'<a [^>]*lang="zh-CN"[^>]*>中文</a>', text(office, "zhang", "/todo?lang=en"))


@lite
def test_the_other_language_shows_the_same_list(office: Office, sent: str) -> None:
    page = text(office, "wang", f"/notices/{sent}/people?in=waiting&lang=zh")
    assert f'href="/notices/{sent}/people?in=waiting&amp;lang=en"' in page
    for where in ("board", "charts", "people/fake%3Azhang"):
        assert f'href="/notices/{sent}/{where}?lang=en"' in text(office, "wang", f"/notices/{sent}/{where}?lang=zh")


@lite
def test_departments_of_a_large_list_are_counted_on_request(
    office: Office, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/notices/{sent}/charts?lang=zh"
    assert "2 人 · 打开 0（0%）" in text(office, "wang", path)
    monkeypatch.setattr("handlers.notices.pages.board.DIRECT", 2)
    page = text(office, "wang", path)
    assert "打开 0（0%）" not in page and "按部门统计（3 人，要稍等一会儿）" in page
    assert "2 人 · 打开 0（0%）" in text(office, "wang", f"{path}&sites=1")


@lite
def test_a_source_of_punches_is_named_as_people_call_it(office: Office) -> None:
    Story(office.firm).tick("09:16")
    at = office.firm.now - timedelta(hours=20)
    row: dict[str, object] = {"person_id": "fake:zhang", "kind": "out", "fetched_at": at}
    with office.writing() as db:
        for number, source in enumerate(("USER", "wecom", "gate-7")):
            db.execute(sa.insert(absences.punch).values(**row, at=at + timedelta(minutes=number), source=source))
    page = text(office, "wang", "/absences?lang=zh")
    assert "手机打卡 " in page and "企业微信 " in page and "gate-7 " in page and "USER" not in page


@lite
def test_renewing_a_page_keeps_its_filter_in_old_web_views(office: Office) -> None:
    script = office.browser("wang").get("/static/live.js").text
    assert ".size" not in script and "catch {" not in script
