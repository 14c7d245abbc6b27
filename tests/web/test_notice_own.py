"""What an employee opens: bound to the person, recorded once, text before buttons, four different answers, a copy."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest

from bot.signing.tables import document
from handlers.notices import store
from handlers.notices.sending import recall
from tests.web.noticed import TEXTS, compose, lite, notice, office, press, send, sent, standing, text, types
from tests.web.office import Office, csrf

__all__ = ["office", "sent"]


@lite
def test_a_forwarded_link_shows_nothing(office: Office, sent: str) -> None:
    page = text(office, "stranger", f"/notices/{sent}", 404)
    assert "考勤制度" not in page and "这里没有您的通知" in page
    none = text(office, "stranger", "/notices/nt-none", 404).replace("nt-none", sent)
    assert page.replace(csrf(page), "") == none.replace(csrf(none), "")
    for path in ("copy", "files/any"):
        assert "考勤制度" not in text(office, "stranger", f"/notices/{sent}/{path}", 404)
    press(office, "stranger", f"/notices/{sent}/answer", answer="agreed")
    assert "notice.agreed" not in types(office, sent)
    assert "notice.content_shown" not in types(office, sent)
    with office.firm.app.engine.connect() as db:
        assert store.recipient(db, sent, office.person("stranger").id) is None


def test_opening_is_recorded_once_and_is_no_answer(office: Office, sent: str) -> None:
    for _ in range(3):
        page = text(office, "zhang", f"/notices/{sent}")
        office.firm.pass_time(minutes=1)
    assert types(office, sent).count("notice.content_shown") == 1
    row = standing(office, sent, "zhang")
    assert row.opened_at and not row.answered_at
    assert page.index("第三条") < page.index('name="answer"')
    assert "&lt;script&gt;" in page and "<script>alert" not in page and "<strong>迟到</strong>" in page
    assert "没有答复不会被当作同意" in page
    assert "Attendance rules v4" in text(office, "zhang", f"/notices/{sent}?lang=en")


@lite
@pytest.mark.parametrize("answer", ["received", "agreed", "objected", "appealed"])
def test_each_answer_stays_what_it_is(office: Office, sent: str, answer: str) -> None:
    words = "第三条不清楚" if answer in ("objected", "appealed") else ""
    page = press(office, "zhang", f"/notices/{sent}/answer", answer=answer, words=words).text
    assert "已记下" in page and "已经记录" in page
    row = standing(office, sent, "zhang")
    assert (row.answer, row.words) == (answer, words)
    again = press(office, "zhang", f"/notices/{sent}/answer", answer=answer, words="")
    if not words:
        assert "不用重复" in again.text


def test_everything_that_was_answered_is_shown_in_its_order(office: Office, sent: str) -> None:
    given = (("received", ""), ("objected", "第三条不清楚"), ("agreed", ""), ("objected", "第五条也不清楚"))
    for answer, words in given:
        office.firm.pass_time(minutes=1)
        press(office, "zhang", f"/notices/{sent}/answer", answer=answer, words=words)
    page = text(office, "zhang", f"/notices/{sent}")
    shown = page.split("已经记录")[1].split("</section>")[0]
    labels = ("收到", "收到但有异议", "同意", "收到但有异议")
    assert re.findall(r"<b>([^<]+)</b> <time>", shown) == list(labels)
    assert shown.index("第三条不清楚") < shown.index("<b>同意</b>") < shown.index("第五条也不清楚")
    assert len(set(re.findall(r"<time>([^<]+)</time>", shown))) == 4


@lite
def test_an_objection_needs_words_and_loses_none(office: Office, sent: str) -> None:
    empty = press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words=" ")
    assert empty.status_code == 422 and "请写下您的话" in empty.text
    long = press(office, "zhang", f"/notices/{sent}/answer", answer="appealed", words="长" * 2001)
    assert long.status_code == 422 and "长" * 2001 in long.text
    assert standing(office, sent, "zhang").answer == ""
    none = press(office, "zhang", f"/notices/{sent}/answer", answer="signed")
    assert "什么都没有记下" in none.text
    assert office.browser("zhang").post(f"/notices/{sent}/answer", data={"answer": "agreed"}).status_code == 403


@lite
def test_the_copy_holds_the_exact_text_its_hash_and_the_receipts(office: Office, sent: str) -> None:
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="第三条不清楚")
    for _ in range(2):
        copy = office.browser("zhang").get(f"/notices/{sent}/copy").get_data().decode().replace("\r\n", "\n")
    exact = copy.split("-" * 24)[1].strip("\n")
    assert exact == "\n".join(TEXTS["zh"])
    assert hashlib.sha256(exact.encode()).hexdigest() in copy
    assert "收到但有异议" in copy and "第三条不清楚" in copy and "不证明" in copy and "evt_" in copy
    assert types(office, sent).count("notice.copy_delivered") == 1


def test_old_links_answer_politely(office: Office, sent: str) -> None:
    office.firm.pass_time(days=8)
    assert "期限之后" in text(office, "zhang", f"/notices/{sent}")
    late = press(office, "zhang", f"/notices/{sent}/answer", answer="received")
    assert "标明是期限之后说的" in late.text
    with office.firm.app.context(office.person("wang")) as ctx:
        recall.recall(ctx, notice(office, sent), "发错了人")
    page = text(office, "zhang", f"/notices/{sent}")
    assert "已在" in page and "撤回" in page and "发错了人" in page and "第三条" in page
    unread = text(office, "li", f"/notices/{sent}")
    assert "撤回" in unread and "第三条" not in unread and 'name="answer"' not in unread
    assert not standing(office, sent, "li").opened_at


@lite
def test_a_replaced_notice_leads_to_the_newer_one(office: Office, sent: str) -> None:
    newer = compose(office, replaces_id=sent)
    send(office, newer)
    with office.firm.app.context(office.person("wang")) as ctx:
        old, new = store.get(ctx.db, sent), store.get(ctx.db, newer)
        assert old and new
        if not old.replaced_id:
            recall.supersede(ctx, old, new)
    page = text(office, "zhang", f"/notices/{sent}")
    assert "由新的一版代替" in page and f"/notices/{newer}" in page


@lite
def test_what_is_not_sent_yet_is_not_shown(office: Office) -> None:
    early = compose(office, deadline=office.firm.now + timedelta(days=1))
    assert "考勤制度" not in text(office, "zhang", f"/notices/{early}", 404)
    assert office.browser("wang").get(f"/notices/{early}").headers["Location"].endswith("/edit")


@lite
def test_a_signature_is_given_on_the_signing_page(office: Office) -> None:
    paper = compose(office, importance="sign", answers=())
    send(office, paper)
    assert "去签署" in text(office, "zhang", f"/notices/{paper}")
    for _ in range(2):
        there = press(office, "zhang", f"/notices/{paper}/sign", follow=False)
        assert there.headers["Location"].startswith("/sign/")
    assert [row["matter"] for row in office.firm.rows(document)] == [paper]
    assert press(office, "stranger", f"/notices/{paper}/sign").status_code == 404


@lite
def test_the_page_is_light_and_brings_nothing_inline(office: Office, sent: str) -> None:
    browser = office.browser("zhang")
    page = browser.get(f"/notices/{sent}")
    weight = len(page.data) + sum(len(browser.get(f"/static/{each}").data) for each in ("pages.css", "form.css"))
    assert weight < 20_000, weight
    assert "style=" not in page.text and "<script" not in page.text and "onclick" not in page.text
