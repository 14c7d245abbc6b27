"""A case page in a real browser: it renews itself, never under somebody's hand, and breaks no policy."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from bot import router
from handlers.missed_punch import tables as t
from tests.handlers.missed_punch.story import Story
from tests.web.office import Office, SigningPlatform
from tests.world import Firm

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def firm_at_nine(firm: Firm) -> Firm:
    """Zhang was asked at 09:16."""
    router.discover("handlers", "flow")
    office = Office(firm, SigningPlatform())
    firm.platform = office.platform
    Story(firm).tick("09:16")
    return firm


@pytest.fixture
def page(firm_at_nine: Firm) -> Iterator[Page]:
    """HR's phone, signed in; every error of the page is one of the test."""
    office = Office(firm_at_nine, SigningPlatform())
    server = make_server("127.0.0.1", 0, office.web, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base, errors = f"http://127.0.0.1:{server.port}", list[str]()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=base)
        session = office.browser("wang").get_cookie("huizhi")
        assert session is not None
        context.add_cookies([{"name": "huizhi", "value": session.value, "url": base}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.clock.install()
        yield page
        browser.close()
    server.shutdown()
    assert errors == []


def renew(page: Page, firm: Firm) -> None:
    """A minute passes at the firm, half of one in the browser."""
    firm.pass_time(minutes=1)
    page.clock.run_for(31_000)


@lite
def test_a_page_renews_itself_but_never_under_a_hand(page: Page, firm_at_nine: Firm) -> None:
    page.goto(f"/absences/{firm_at_nine.rows(t.case)[0]['id']}?lang=zh&said=moved")
    assert page.locator(".note").count() == 1
    renew(page, firm_at_nine)
    page.wait_for_selector("text=更新于 09:17:00")
    assert page.locator(".note").count() == 0
    page.locator("#do-hold summary").click()
    page.locator("#do-hold textarea").fill("家人说他")
    renew(page, firm_at_nine)
    assert page.locator("#do-hold textarea").input_value() == "家人说他"
    page.locator("#do-hold textarea").fill("家人说他平安")
    page.locator("#do-hold button").click()
    page.wait_for_selector("text=已暂停。")
    assert "家人说他平安" in page.locator(".story").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@lite
def test_a_page_whose_session_ended_says_how_old_it_is(page: Page, firm_at_nine: Firm) -> None:
    page.goto("/absences?lang=zh")
    page.context.clear_cookies()
    renew(page, firm_at_nine)
    page.wait_for_selector(".fresh-at.old >> text=更新于 09:16:00")
    assert page.locator(".cases li").count() == 1
