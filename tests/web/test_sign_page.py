"""The signing page in a real browser: read to the end, draw, submit; by keyboard; under the strict policy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from bot import signing
from bot.signing.tables import signature
from bot.tables import outbox
from tests.web.office import Office, SigningPlatform
from tests.world import Firm

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = "依据《绩效管理办法》第十二条，本月绩效奖金按 50% 发放。您可以在五个工作日内提出异议或申诉。\n" * 12


@pytest.fixture
def office(firm: Firm) -> Office:
    return Office(firm, SigningPlatform())


@pytest.fixture
def page(office: Office) -> Iterator[Page]:
    """Zhang's phone, signed in; every error of the page is one of the test."""
    server = make_server("127.0.0.1", 0, office.web, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base, errors = f"http://127.0.0.1:{server.port}", list[str]()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=base, has_touch=True)
        session = office.browser("zhang").get_cookie("huizhi")
        assert session is not None
        context.add_cookies([{"name": "huizhi", "value": session.value, "url": base}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield page
        browser.close()
    server.shutdown()
    assert errors == []


def prepare(office: Office, *, high_stakes: bool = False, text: str = LONG) -> signing.Document:
    blocks = [("结果", [("季度", "2026 年第二季度"), ("得分", "62.5 / 100"), ("等级", "C")]), ("说明", text)]
    with office.firm.app.context() as ctx:
        who, title = office.person("zhang"), "2026 年第二季度绩效结果"
        return signing.prepare(ctx, who, "paper:1", title, blocks, kind="paper", high_stakes=high_stakes)


def picture(page: Page, name: str) -> None:
    """Kept for looking at when a folder is named."""
    if folder := os.environ.get("HUIZHI_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def draw(page: Page, strokes: int = 3) -> None:
    """A name by mouse on the canvas."""
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    assert box
    for n in range(strokes):
        left, top = box["x"] + 60 + n * 80, box["y"] + 60
        page.mouse.move(left, top)
        page.mouse.down()
        for dx, dy in ((10, 40), (25, 0), (35, 60), (50, 20)):
            page.mouse.move(left + dx, top + dy, steps=6)
        page.mouse.up()


def test_read_to_the_end_draw_and_sign(page: Page, office: Office) -> None:
    found = prepare(office)
    page.goto(f"/sign/{found.ref}?lang=zh")
    assert page.locator("#sign").is_disabled()
    expect(page.locator("#read-first")).to_be_visible()
    picture(page, "sign-phone")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_selector("#sign:enabled")
    draw(page)
    picture(page, "sign-phone-drawn")
    page.locator("#undo").click()
    page.locator("#sign").click()
    page.wait_for_selector("text=打开我的副本")
    picture(page, "sign-phone-done")
    row = office.firm.rows(signature)[0]
    assert (row["how"], row["seen_to_end"], str(row["marks"]).count(";")) == ("drawn", True, 1)
    page.go_back()
    page.reload()
    expect(page.locator("text=已签署").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_one_dot_is_refused_and_the_name_can_be_typed_by_keyboard(page: Page, office: Office) -> None:
    found = prepare(office, text="短")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"/sign/{found.ref}?lang=zh")
    page.locator("#pad").click()
    page.locator("#sign").click()
    page.wait_for_selector("text=一个点或一小画不能当作签名")
    picture(page, "sign-desk-dot")
    assert office.firm.rows(signature) == []
    page.locator("#how-drawn").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("张三")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=打开我的副本")
    assert office.firm.rows(signature)[0]["how"] == "typed"


def test_a_wrong_code_does_not_cost_the_drawing(page: Page, office: Office) -> None:
    found = prepare(office, high_stakes=True, text="短")
    page.goto(f"/sign/{found.ref}?lang=zh")
    page.locator("#get-code").click()
    page.wait_for_selector("text=验证码已发出")
    body = next(str(row["body"]) for row in office.firm.rows(outbox) if "验证码" in str(row["body"]))
    code = body.split("验证码 ")[1][:6]
    page.locator("[name=code]").fill("000000" if code != "000000" else "111111")
    draw(page)
    page.locator("#sign").click()
    page.wait_for_selector("text=验证码不对")
    picture(page, "sign-phone-code")
    page.locator("[name=code]").fill(code)
    page.locator("#sign").click()
    page.wait_for_selector("text=打开我的副本")
    assert str(office.firm.rows(signature)[0]["marks"]).count(";") == 2


def test_without_script_the_name_is_typed_and_the_refusal_is_there(page: Page, office: Office) -> None:
    found = prepare(office, text="短")
    page.route("**/*.js", lambda route: route.fulfill(body=""))
    page.goto(f"/sign/{found.ref}?lang=en")
    page.locator("summary").click()
    picture(page, "sign-plain")
    page.locator("#typed").fill("张三")
    page.locator("#sign").click()
    page.wait_for_selector("text=Open my copy (PDF)")
    assert len(office.firm.rows(signature)) == 1
