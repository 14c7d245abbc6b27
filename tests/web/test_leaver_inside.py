"""Behind the leaver's link: the own record, a copy to take away, requests and their answers, and nothing else."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from bot.evidence.erase import erase_person
from bot.evidence.verify import main as verify
from bot.tables import leaver_link, outbox, person as person_table
from tests.web.leaving import FLAGS, MOBILE, ZHANG, Leaving, gone, lite
from tests.web.office import csrf, ticket
from tests.world import Firm


@pytest.fixture
def leaving(firm: Firm) -> Iterator[Leaving]:
    with gone(firm) as found:
        yield found


def test_the_session_shows_the_own_record_and_every_other_page_is_polite(leaving: Leaving) -> None:
    other = leaving.office.record("li", "checkin.replied", "case-9", "li", words="别人的话")
    leaving.enter()
    page = leaving.visitor.get("/leaver").text
    for words in (
        "张三",
        "我的记录",
        "机房抢修，9:02 到的",
        "下载我的副本",
        "要求更正",
        "申请证明补发",
        "王HR",
        "查看了记录",
    ):
        assert (words in page) == (words != "查看了记录"), words  # HR has opened the form, not the record
    assert "李主管的事" not in page and "/todo" not in page and "/people" not in page
    for path in ("/", "/me", "/todo", "/people", ZHANG, "/people/fake:li", "/absences", f"/me/receipts/{other}.json"):
        answer = leaving.visitor.get(path)
        assert answer.status_code == 403 and "只能打开您本人的记录" in answer.text, path
    for path in ("/me/copy", f"{ZHANG}/case", "/cases/case-9/case", f"{ZHANG}/leaver-link"):
        assert leaving.visitor.post(path, data={"csrf": csrf(page)}).status_code == 403, path
    assert leaving.visitor.get(f"/leaver/receipts/{other}.json").status_code == 404
    assert leaving.visitor.get("/leaver/copy.zip").status_code == 303
    (seen,) = leaving.events("access.link_used")
    assert (seen["actor"], seen["source"]["how"]) == (leaving.office.person("zhang").ref, "id_in_person")
    assert "凭链接查看本人记录" in leaving.office.browser("wang").get(ZHANG).text
    assert "查看了记录" in leaving.visitor.get("/leaver").text


@lite
def test_neither_cookie_is_taken_for_the_other(leaving: Leaving) -> None:
    leaving.enter()
    guest, hr = leaving.visitor.get_cookie("huizhi-leaver"), leaving.office.browser("wang").get_cookie("huizhi")
    assert guest and hr and guest.http_only and guest.same_site == "Lax"
    swapped = leaving.office.browser()
    swapped.set_cookie("huizhi", guest.value)
    swapped.set_cookie("huizhi-leaver", hr.value)
    assert swapped.get("/people").status_code == 302 and swapped.get("/leaver").status_code == 401


@lite
def test_signing_out_and_idling_end_the_session(leaving: Leaving) -> None:
    path, code = leaving.link()
    leaving.give(path, code)
    cookie = leaving.visitor.get_cookie("huizhi-leaver")
    assert cookie and "已安全退出" in leaving.press("/out").text
    copy = leaving.office.browser()
    copy.set_cookie("huizhi-leaver", cookie.value)
    assert copy.get("/leaver").status_code == 401
    leaving.give(path, code)
    leaving.firm.pass_time(minutes=31)
    answer = leaving.visitor.get("/leaver")
    assert answer.status_code == 401 and "请重新打开 HR 给您的链接" in answer.text


@lite
def test_a_form_without_its_secret_does_nothing(leaving: Leaving) -> None:
    leaving.enter()
    assert leaving.visitor.post("/leaver/request", data={"kind": "correction", "words": "改"}).status_code == 403
    assert leaving.events("data.") == []


def test_he_takes_his_copy_away_and_it_can_be_checked_offline(leaving: Leaving, tmp_path: Path) -> None:
    leaving.enter()
    event = re.search(r"/leaver/receipts/(evt_\w+)\.json", leaving.visitor.get("/leaver").text)
    assert event and leaving.visitor.get(event[0]).get_json(force=True)["promise"]
    answer = leaving.visitor.get(ticket(leaving.press("/copy").text))
    assert answer.status_code == 200 and answer.content_type == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert "机房抢修".encode() in whole
    (tmp_path / "copy.zip").write_bytes(answer.data)
    assert verify([str(tmp_path / "copy.zip")]) == 0
    (exported,) = leaving.events("export.made")
    assert exported["actor"] == exported["subject"] == leaving.office.person("zhang").ref


def test_a_correction_is_asked_for_and_answered_on_the_same_page(leaving: Leaving) -> None:
    leaving.confirm_mobile()
    leaving.enter(way="hand")
    leaving.firm.courier.drain()
    assert "已为您开通" in leaving.gateway.texts[-1][1]
    page = leaving.press("/request", kind="correction", words="姓名应为 张三丰").text
    assert "已提交给 HR" in page and "姓名应为 张三丰" in page and "等待 HR 答复" in page
    card = leaving.card("wang", "张三（已离职）请求更正记录")
    assert card.quote == "姓名应为 张三丰"
    leaving.tap("wang", "请求更正记录", "已办理")
    leaving.tap("wang", "请求更正记录", "返回")
    assert leaving.card("wang", "请求更正记录").quote == "姓名应为 张三丰"
    leaving.tap("wang", "请求更正记录", "已办理")
    leaving.say("wang", "。")
    assert leaving.types("data.") == ["data.correction_requested"]
    leaving.say("wang", "已按身份证改正")
    assert leaving.types("data.") == ["data.correction_requested", "data.corrected"]
    page = leaving.visitor.get("/leaver").text
    assert "已按身份证改正" in page and "王HR" in page and "等待 HR 答复" not in page
    assert leaving.gateway.texts[-1][0] == MOBILE and "已有答复" in leaving.gateway.texts[-1][1]


def test_the_certificate_is_asked_for_once_and_a_refusal_brings_its_reason(leaving: Leaving) -> None:
    leaving.enter()
    assert "等待 HR 答复" in leaving.press("/request", kind="certificate", words="").text
    again = leaving.press("/request", kind="certificate", words="快一点")
    assert again.status_code == 400 and "已经在处理" in again.text
    assert leaving.types("certificate.") == ["certificate.reissue_requested"]
    leaving.tap("wang", "申请补发离职证明", "不能办理")
    leaving.say("wang", "证明已于 6 月 10 日邮寄，正在途中")
    page = leaving.visitor.get("/leaver").text
    assert "未办理" in page and "正在途中" in page
    assert "等待 HR 答复" in leaving.press("/request", kind="certificate", words="仍未收到").text
    assert leaving.types("certificate.")[1:] == ["certificate.reissue_refused", "certificate.reissue_requested"]


@lite
@pytest.mark.parametrize(("words", "said"), [("", "至少两个字"), ("？", "至少两个字"), ("长" * 1001, "1000 字以内")])
def test_words_that_cannot_be_kept_are_sent_back(leaving: Leaving, words: str, said: str) -> None:
    leaving.enter()
    answer = leaving.press("/request", kind="correction", words=words)
    assert answer.status_code == 400 and said in answer.text and leaving.events("data.") == []


@lite
def test_who_is_not_hr_any_more_does_not_answer(leaving: Leaving) -> None:
    leaving.enter()
    leaving.press("/request", kind="correction", words="姓名应为 张三丰")
    card = leaving.card("wang", "请求更正记录")
    with leaving.office.writing() as connection:
        connection.execute(sa.update(person_table).where(person_table.c.id == "fake:wang").values(role="employee"))
    leaving.tap("wang", "请求更正记录", "已办理")
    leaving.firm.dispatch(leaving.firm.event("li", card.buttons[0].action, card.buttons[0].ref))
    assert leaving.types("data.") == ["data.correction_requested"]
    page = leaving.press("/request", kind="correction", words="还有一处").text
    assert "没有可以处理的 HR" in page and leaving.types("data.") == ["data.correction_requested"] * 2


def test_who_is_erased_has_no_link_any_more(leaving: Leaving) -> None:
    path = leaving.enter()
    leaving.press("/request", kind="correction", words="姓名应为 张三丰")
    leaving.firm.pass_time(days=6 * 365)
    with leaving.office.writing() as connection:
        keys, ref = leaving.firm.app.keys, leaving.office.person("zhang").ref
        done = erase_person(connection, keys, subject=ref, now=leaving.firm.now, by="p:hr", request_event="e")
    assert done.done
    assert leaving.firm.rows(leaver_link) == []
    assert leaving.visitor.get(path).status_code == 404
    assert "张三丰" not in json.dumps(leaving.firm.rows(outbox), default=str, ensure_ascii=False)


@lite
def test_on_a_phone_in_both_languages(leaving: Leaving, tmp_path: Path) -> None:
    path, code = leaving.link()
    server = make_server("127.0.0.1", 0, leaving.office.web, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base, errors = f"http://127.0.0.1:{server.port}", list[str]()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=base, locale="zh-CN")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(path)
        _fits(page, tmp_path / "door.png")
        page.fill("input[name=code]", code)
        page.click("text=打开我的记录")
        page.wait_for_selector("text=请求与答复")
        assert page.locator("#ask-correction summary").bounding_box()["y"] < 844  # type: ignore[index]
        page.click("#ask-certificate summary")
        page.fill("#ask-certificate textarea", "请邮寄到上海市浦东新区世纪路 8 号")
        page.click("#ask-certificate button")
        page.wait_for_selector("text=已提交给 HR")
        _fits(page, tmp_path / "record.png")
        page.click("text=English")
        page.wait_for_selector("text=waiting for HR")
        _fits(page, tmp_path / "record_en.png")
        page.click("text=Sign out")
        page.wait_for_selector("text=You are signed out")
        session = leaving.office.browser("wang").get_cookie("huizhi")
        assert session is not None
        context.add_cookies([{"name": "huizhi", "value": session.value, "url": base}])
        page.goto(f"{ZHANG}?lang=zh")
        _fits(page, tmp_path / "desk.png")
        page.click("summary:has-text('开通链接')")
        page.check("input[value=known_mobile]")
        _fits(page, tmp_path / "form.png")
        page.click("button:has-text('开通链接')")
        page.wait_for_selector("#code")
        _fits(page, tmp_path / "link.png")
        browser.close()
    server.shutdown()
    assert errors == []


def _fits(page: Any, shot: Path) -> None:
    """Nothing sticks out to the side."""
    page.screenshot(path=str(shot), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
