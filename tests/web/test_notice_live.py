"""The notice pages in a real browser, phone and desktop: no sideways scrolling, no broken policy, no script needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from adapters import dingtalk
from config.settings import load, sandbox_env
from tests.web.noticed import compose, lite, office, press, sent, standing
from tests.web.office import Office

__all__ = ["office", "sent"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
SIZES = {"phone": (360, 740), "desk": (1280, 900)}
pytestmark = lite
Open = Callable[..., Page]


@pytest.fixture
def open_as(office: Office) -> Iterator[Open]:
    """`open_as(who, size, script)`: a browser of that person; every error on a page is one of the test."""
    server = make_server("127.0.0.1", 0, office.web, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base, errors = f"http://127.0.0.1:{server.port}", list[str]()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield lambda who, size="phone", script=True: _page(browser, office, base, errors, (who, size, script))
        browser.close()
    server.shutdown()
    assert errors == []


def _page(browser: Browser, office: Office, base: str, errors: list[str], how: tuple[str, str, bool]) -> Page:
    who, size, script = how
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, base_url=base, java_script_enabled=script
    )
    session = office.browser(who).get_cookie("huizhi")
    assert session is not None
    context.add_cookies([{"name": "huizhi", "value": session.value, "url": base}])
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return page


def picture(page: Page, name: str) -> None:
    """Kept for looking at when a folder is named; a page never scrolls sideways."""
    if folder := os.environ.get("HUIZHI_PICTURES"):
        page.screenshot(path=Path(folder) / f"notice-{name}.png", full_page=True)
    size = page.viewport_size
    assert size
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


def test_an_employee_reads_objects_and_takes_a_copy_without_script(open_as: Open, office: Office, sent: str) -> None:
    page = open_as("zhang", script=False)
    page.goto(f"/notices/{sent}?lang=zh")
    assert page.locator(".rich strong").inner_text() == "迟到"
    buttons = page.locator("#answers button").all_inner_texts()
    assert buttons == ["收到", "同意", "收到但有异议", "申诉"]
    page.locator("#answers textarea").first.fill("第三条和上次说的不一样")
    page.locator("#answers button", has_text="收到但有异议").click()
    page.wait_for_selector("text=已经记录")
    assert standing(office, sent, "zhang").words == "第三条和上次说的不一样"
    with page.expect_download() as download:
        page.locator("text=下载一份自己留着").click()
    assert "第三条和上次说的不一样" in download.value.path().read_text()
    page.locator("text=English").first.click()
    assert page.locator("h1").inner_text() == "Attendance rules v4"


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits(open_as: Open, office: Office, sent: str, size: str) -> None:
    office.firm.pass_time(minutes=20)
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="第三条不清楚")
    office.firm.pass_time(hours=30)
    draft = compose(office)
    own = open_as("li", size)
    own.goto(f"/notices/{sent}?lang=zh")
    office.firm.pass_time(hours=5)
    picture(own, f"own-{size}")
    page = open_as("wang", size)
    zhang = office.person("zhang").id
    paths = {
        "list": "/notices",
        "new": "/notices/new",
        "edit": f"/notices/{draft}/edit",
        "board": f"/notices/{sent}/board",
    }
    paths |= {"check": f"/notices/{draft}/check", "people": f"/notices/{sent}/people?in=all"}
    paths |= {"charts": f"/notices/{sent}/charts", "person": f"/notices/{sent}/people/{zhang}"}
    for name, path in paths.items():
        page.goto(f"{path}{'&' if '?' in path else '?'}lang=zh")
        picture(page, f"{name}-{size}")


def test_hr_writes_with_a_live_preview_and_sends(open_as: Open, office: Office) -> None:
    page = open_as("wang", "desk")
    page.goto("/notices/new?lang=zh")
    page.locator("[name=title_zh]").fill("高温津贴")
    page.locator("[name=body_zh]").fill("**七月**起发放")
    page.wait_for_selector("[data-preview-here] .rich strong:has-text('七月')")
    page.wait_for_selector("[data-preview-here] .card b:has-text('高温津贴')")
    page.locator("[name=everybody]").check()
    page.locator("button[value=check]").click()
    page.wait_for_selector("text=名单总人数")
    picture(page, "check-ready")
    page.locator("form[action$='/submit'] button").click()
    page.wait_for_selector("text=名单已固定")
    page.locator("#do-stop summary").click()
    page.locator("#do-stop textarea").fill("先不发")
    page.locator("#do-stop button").click()
    page.wait_for_selector("text=已停止")


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_hr_deems_by_a_clause_and_previews_what_is_really_sent(
    open_as: Open, office: Office, sent: str, size: str
) -> None:
    settings, store = load(sandbox_env("http://127.0.0.1:9")), office.firm.app.store
    page = open_as("wang", size)
    page.goto(f"/notices/{sent}/people/{office.person('zhang').id}?lang=zh")
    page.fill("#deem textarea", "第十二条：公示三日视为送达")
    page.click("#deem button")
    page.wait_for_selector("text=已标明视为收到")
    picture(page, f"deemed-{size}")
    office.platform.preview = dingtalk.build(settings, store).preview  # type: ignore[attr-defined]
    page.goto(f"/notices/{compose(office)}/check")
    page.wait_for_selector("text=仅当卡片模板不可用时")
    picture(page, f"preview-{size}")
