from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.sandbox.conftest import Bot, Client
from tests.sandbox.test_wecom import send

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture
def page(client: Client) -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        tab = browser.new_page(viewport={"width": 1500, "height": 950})
        tab.goto(client.base)
        yield tab
        browser.close()


def test_the_page_clicks_replies_punches_moves_time_and_fits_a_phone(page: Page, client: Client, bot: Bot) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    code = send(client)["response_code"]
    phone = page.locator(".phone", has_text="张三").first
    phone.get_by_role("button", name="忘打卡").click()
    expect(page.locator("#wire li").first).to_contain_text("/callbacks/wecom")
    body = {"userids": ["zhangsan"], "agentid": 1000002, "response_code": code, "button": {"replace_name": "已说明"}}
    client.wecom("message/update_template_card", body)
    expect(phone.locator(".closed")).to_have_text("已说明")
    phone.get_by_role("textbox").fill("昨天忘了")
    phone.get_by_role("button", name="发送").click()
    expect(phone.locator(".mine .bubble")).to_have_text("昨天忘了")
    files = [{"name": "看看.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}]
    phone.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(phone.locator(".mine .bubble").last).to_contain_text("看看.png")
    phone.locator(".punch").click()
    expect(phone.locator(".punch")).to_contain_text("·")
    page.get_by_role("button", name="限流").click()
    expect(page.locator("#faults .armed")).to_have_text("限流 ×1")
    page.get_by_role("button", name="+30").click()
    expect(page.locator("#now")).to_have_text(client.sandbox("clock", "GET")["now"][11:16])
    page.locator("#language").click()
    expect(page.get_by_role("button", name="Rate limit")).to_be_visible()
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert errors == []
    assert len(bot.got) == 3
