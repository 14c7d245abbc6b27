"""What the tests of the performance pages share: an office in a month that is being scored, hands for forms."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from bot import router
from bot.evidence.tables import ev_event
from tests.handlers.performance.results_story import Month
from tests.web.office import Office, SigningPlatform, csrf
from tests.world import Firm

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
lite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What asks the database nothing of its own is tried on one kind."""


@pytest.fixture
def office(firm: Firm) -> Office:
    router.discover("handlers", "flow")
    office = Office(firm, SigningPlatform())
    firm.platform = office.platform
    return office


@pytest.fixture
def month(office: Office) -> Month:
    """王HR, an HR head, 李主管 and 张三, whose month is scored by himself and by 李主管."""
    return Month(office.firm)


def text(browser: FlaskClient, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:400])
    return answer.text


def send(browser: FlaskClient, path: str, data: Mapping[str, object], page: str = "") -> TestResponse:
    """Send a form with the secret of a page of this browser."""
    secret = csrf(text(browser, page or "/performance"))
    return browser.post(path, data={"csrf": secret, **data})


def types(office: Office) -> list[str]:
    return [str(row["type"]) for row in office.firm.rows(ev_event)]


@contextmanager
def chromium(office: Office, who: str, size: tuple[int, int], *, scripts: bool = True) -> Iterator[Page]:
    """Somebody's browser, signed in; every error of the page is one of the test."""
    server = make_server("127.0.0.1", 0, office.web, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base, errors = f"http://127.0.0.1:{server.port}", list[str]()
    session = office.browser(who).get_cookie("huizhi")
    assert session is not None
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, base_url=base, java_script_enabled=scripts)  # type: ignore[arg-type]
        context.add_cookies([{"name": "huizhi", "value": session.value, "url": base}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Security Policy" in said.text else None)
        yield page
        browser.close()
    server.shutdown()
    assert errors == []


def picture(page: Page, name: str) -> None:
    """Kept for looking at when a folder is named."""
    if folder := os.environ.get("HUIZHI_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def fits(page: Page, paths: Sequence[str]) -> None:
    """No page is wider than the screen."""
    for path in paths:
        page.goto(path)
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1], (path, width)
