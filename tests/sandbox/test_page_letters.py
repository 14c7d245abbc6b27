"""The page in a browser: SMS and mail beside the chat, a message opened by a finger, one lost for one person."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from adapters.sandbox.letters import lay
from adapters.sandbox.state import Letter
from tests.sandbox.conftest import Bot, Client
from tests.sandbox.test_page import page as page

NOTICE = {"robotCode": "dingapp", "userIds": ["zhou"], "msgKey": "sampleText", "msgParam": '{"content":"明早开会"}'}


def test_letters_opening_and_losing_one(page: Page, client: Client, bot: Bot, tmp_path: Path) -> None:
    phone = page.locator(".phone", has=page.locator("header b", has_text="周小云"))
    expect(phone.locator(".letters")).to_be_hidden()
    world = client.world
    person = world.find("zhou", "dingtalk")
    assert person is not None
    lay(world, person, Letter("s1", "sms", person.phone, "", "请查看通知", world.now()))
    lay(world, person, Letter("<m1@example.cn>", "mail", person.mail, "考勤制度", "请确认 <b>收到</b>", world.now()))
    expect(phone.locator(".letters > summary")).to_have_text("短信/邮件 (2)")
    phone.locator(".letters > summary").click()
    mail = phone.locator(".letter", has_text="考勤制度")
    mail.locator("summary").click()
    expect(mail.locator("p")).to_have_text("请确认 <b>收到</b>")
    assert client.new("POST", "/v1.0/robot/oToMessages/batchSend", NOTICE).ok
    phone.get_by_role("button", name="打开").click()
    expect(phone.locator(".theirs time")).to_contain_text("已打开")
    assert len(bot.got) == 1, "DingTalk tells that it was read"
    phone.get_by_role("button", name="丢一条").click()
    expect(page.locator("#faults .armed")).to_contain_text("×1")
    assert client.new("POST", "/v1.0/robot/oToMessages/batchSend", NOTICE).ok
    assert len(client.bubbles("zhou")) == 1
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.screenshot(path=str(tmp_path / "phone.png"))
