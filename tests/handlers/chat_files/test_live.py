"""The page of the files in a real browser: it fits a phone, and the button saves the very bytes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from tests.handlers.chat_files.hand import PDF, PNG, Hand
from tests.web.office import Office
from tests.web.test_notice_live import FLAGS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_hr_saves_a_file_on_a_phone(hand: Hand) -> None:
    office = Office(hand.firm, hand.platform)
    hand.give("zhang", "file", PDF, "一个名字很长很长很长很长很长很长很长很长很长很长很长很长的说明文件.pdf")
    hand.give("zhang", "image", PNG)
    server = make_server("127.0.0.1", 0, office.web, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base, errors = f"http://127.0.0.1:{server.port}", list[str]()
    session = office.browser("wang").get_cookie("huizhi")
    assert session
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(viewport={"width": 360, "height": 740}, base_url=base)
        context.add_cookies([{"name": "huizhi", "value": session.value, "url": base}])
        page = context.new_page()
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"/chat-files/{hand.rows()[0]['desk']}?lang=zh")
        if folder := os.environ.get("HUIZHI_PICTURES"):
            page.screenshot(path=Path(folder) / "chat-files.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        with page.expect_download() as download:
            page.locator("a.button").first.click()
        assert download.value.path().read_bytes() == PDF
        assert download.value.suggested_filename.endswith("说明文件.pdf")
        browser.close()
    server.shutdown()
    assert errors == []
