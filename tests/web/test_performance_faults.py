"""Bad input on the pages of a real result: too large a file, two devices, the back button, a page left open over night,
a version that was replaced meanwhile, a link passed on. Clear words; nothing lost, nothing unseen signed."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from bot.evidence.tables import ev_event
from bot.signing.tables import signature
from handlers.performance import tables as t
from handlers.performance.store import Result
from handlers.performance.telling import answering, results_rows
from tests.handlers.performance.results_story import Month
from tests.web.appraisal import lite, month, office, send, text, types
from tests.web.office import Office, csrf

__all__ = ["month", "office"]
MB = 1 << 20
WORDS = "验收晚是客户改期，邮件为证"


def sign_page(office: Office, browser: FlaskClient, result: Result) -> tuple[str, dict[str, str]]:  # noqa: F811
    """(path, form) of the page on which this result is signed, opened now."""
    here = f"/performance/results/{result.id}"
    where = send(browser, f"{here}/sign", {}, here).headers["Location"]
    page = text(browser, where)
    token = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert token and "绩效结果确认" in page and result.text.splitlines()[0] in page
    return where, {"csrf": csrf(page), "do": "sign", "token": token[1], "how": "typed", "typed": "张三"}


def press(browser: FlaskClient, where: str, form: dict[str, str]) -> str:
    return browser.post(where, data=form, follow_redirects=True).text


@lite
@pytest.mark.parametrize("size", [11 * MB, 50 * MB, 60 * MB], ids=["11 MB", "50 MB", "60 MB"])
def test_too_large_a_file_is_refused_in_words_and_the_words_stay(office: Office, month: Month, size: int) -> None:
    result = month.told()
    zhang, here = office.browser("zhang"), f"/performance/results/{result.id}"
    form = {"answer": "appealed", "words": WORDS, "files": (io.BytesIO(b"%PDF-" + b"\0" * size), "录像.pdf")}
    refused = send(zhang, f"{here}/answer", form, here)
    if size <= 50 * MB:
        assert refused.status_code == 422 and "10 MB" in refused.text and WORDS in refused.text
    else:  # more than five files may be together: not even read, so that the browser must keep the words
        assert refused.status_code == 413 and "什么都没有保存" in refused.text and "刚才填写的内容还在" in refused.text
    assert office.firm.rows(t.file) == [] and office.firm.rows(t.appeal) == []
    assert month.again(result).state == "published"


def test_two_devices_and_the_back_button_leave_one_signature(office: Office, month: Month) -> None:
    result = month.told()
    phone, desk = office.browser("zhang"), office.browser("zhang")
    where, on_phone = sign_page(office, phone, result)
    _, on_desk = sign_page(office, desk, result)
    answers = f"/performance/results/{result.id}"
    objecting = {"csrf": csrf(text(desk, answers)), "answer": "objected", "words": "等一下"}
    assert "已签署" in press(phone, where, on_phone)
    assert "已签署" in press(phone, where, on_phone)  # back, and pressed once more
    assert "已签署" in press(desk, where, on_desk)
    late = desk.post(f"{answers}/answer", data=objecting)
    assert late.status_code == 422 and "您已经签字" in late.text
    declined = press(desk, where, {"csrf": on_desk["csrf"], "do": "decline", "words": "等一下"})
    assert "已签署" in declined
    assert len(office.firm.rows(signature)) == 1 and month.again(result).answer == "signed"
    assert types(office).count("result.signed") == types(office).count("document.signed") == 1


@lite
def test_a_page_left_open_over_night_signs_nothing_and_says_so(office: Office, month: Month) -> None:
    result = month.told()
    zhang = office.browser("zhang")
    where, form = sign_page(office, zhang, result)
    office.firm.pass_time(hours=14)
    gone = zhang.post(where, data=form)
    assert gone.status_code == 302 and gone.headers["Location"].startswith("/in?next=")
    office.sign_in(zhang, "zhang")
    fresh = csrf(text(zhang, where))
    assert "没有签上" in press(zhang, where, form | {"csrf": fresh})
    assert office.firm.rows(signature) == [] and month.again(result).answer == ""


@lite
def test_a_version_that_was_replaced_while_its_page_was_open_is_not_signed(office: Office, month: Month) -> None:
    result = month.told()
    zhang = office.browser("zhang")
    where, form = sign_page(office, zhang, result)
    with month.ctx("zhang") as ctx:
        answering.take(ctx, result, "appealed", WORDS)
    month.firm.courier.drain()
    assert "申诉" in press(zhang, where, form) and office.firm.rows(signature) == []
    month.tap("stranger", month.card("stranger", "请处理申诉"), "调整")
    month.say("stranger", "80，客户改期有邮件为证")
    new = month.newest(result)
    assert new.id != result.id and new.score == 80
    assert "已签署" not in press(zhang, where, form) and office.firm.rows(signature) == []
    old = text(zhang, f"/performance/results/{result.id}")
    assert "已被新版本取代" in old and f"/performance/results/{new.id}" in old and "/answer" not in old
    there, now = sign_page(office, zhang, new)
    assert there != where and "已签署" in press(zhang, there, now)
    (made,) = office.firm.rows(signature)
    with month.ctx() as ctx:
        assert made["document_ref"] == results_rows.again(ctx, new).document_ref


@lite
def test_a_link_that_was_passed_on_shows_nothing_to_anybody_else(office: Office, month: Month) -> None:
    result = month.told()
    where, form = sign_page(office, office.browser("zhang"), result)
    looks = len([each for each in office.firm.rows(ev_event) if each["type"] in ("result.opened", "document.opened")])
    for who in ("stranger", "li", "wang"):
        browser = office.browser(who)
        assert browser.get(where).status_code == 404
        secret = csrf(text(browser, "/performance"))
        assert browser.post(where, data=form | {"csrf": secret}).status_code == 404
        answered = browser.post(f"/performance/results/{result.id}/answer", data={"csrf": secret, "answer": "received"})
        assert answered.status_code == 404
    nobody = office.browser()
    assert nobody.get(where).headers["Location"].startswith("/in?next=")
    assert office.firm.rows(signature) == [] and month.again(result).answer == ""
    now = [each for each in office.firm.rows(ev_event) if each["type"] in ("result.opened", "document.opened")]
    assert len(now) == looks
