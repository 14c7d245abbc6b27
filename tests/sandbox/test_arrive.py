"""A person taps a link on a phone of the page and arrives signed in, with the real adapters behind the door."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from flask import Flask, redirect, request
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from adapters import dingtalk, wecom
from adapters.sandbox.app import Running, start
from bot.ports import SignIn
from config.settings import load, sandbox_env
from tests.adapters.wecom.fake import Store
from tests.sandbox.test_page import FLAGS


class House:
    """The smallest bot: `/sign/<n>` wants a session, `/in/back/<platform>` opens one."""

    def __init__(self, sandbox: Running) -> None:
        self.app = Flask("house")
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.settings = load(sandbox_env(sandbox.url) | {"HUIZHI_PUBLIC_URL": self.url})
        store: Any = Store()
        self.ways: dict[str, SignIn] = {}
        for name, module in (("wecom", wecom), ("dingtalk", dingtalk)):
            platform = module.build(self.settings, store)
            assert isinstance(platform, SignIn)
            self.ways[name] = platform
        self.app.add_url_rule("/sign/<platform>", view_func=self.sign)
        self.app.add_url_rule("/in/back/<platform>", view_func=self.back)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def sign(self, platform: str) -> Response | str:
        if user := request.cookies.get("huizhi"):
            return f"<h1>{user}</h1>"
        reply = redirect(self.ways[platform].sign_in_url(f"{self.url}/in/back/{platform}", "s1"))
        reply.set_cookie("huizhi_in", "s1")
        return reply

    def back(self, platform: str) -> Response:
        assert request.args["state"] == request.cookies["huizhi_in"]
        reply = redirect(f"/sign/{platform}")
        reply.set_cookie("huizhi", self.ways[platform].signed_in(request.args.to_dict()))
        return reply

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    running = start(load(sandbox_env("http://127.0.0.1:1")))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def house(sandbox: Running) -> Iterator[House]:
    running = House(sandbox)
    sandbox.point_to(running.url)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, sandbox: Running, house: House) -> Iterator[Page]:
    sandbox.world.reset()
    context = browser.new_context(viewport={"width": 1500, "height": 950}, accept_downloads=True)
    yield context.new_page()
    context.close()


def send(house: House, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    platform: Any = house.ways[name]
    answer = platform._client.post(path, body) if name == "wecom" else platform.client.api("POST", path, body)
    return dict(answer)


def textcard(house: House, users: str) -> None:
    card = {
        "title": "协议待签收",
        "description": "<div>请阅读</div>",
        "url": f"{house.url}/sign/wecom",
        "btntxt": "打开",
    }
    agent = house.settings.wecom_agent_id
    send(house, "wecom", "message/send", {"touser": users, "agentid": agent, "msgtype": "textcard", "textcard": card})


def tap(page: Page, who: str, label: str) -> Page:
    with page.expect_popup() as opened:
        page.locator(".phone", has_text=who).first.get_by_role("link", name=label).click()
    return opened.value


def test_a_card_a_text_and_an_action_card_open_as_the_phone_they_lie_on(
    page: Page, house: House, sandbox: Running
) -> None:
    textcard(house, "zhangsan|gong")
    text = f'请<a href="{house.url}/sign/wecom">点这里</a>。<script>alert(1)</script>'
    agent = house.settings.wecom_agent_id
    send(house, "wecom", "message/send", {"touser": "li", "agentid": agent, "msgtype": "text", "text": {"content": text}})  # fmt: skip  # noqa: E501
    inner = f"dingtalk://dingtalkclient/page/link?url={quote(house.url + '/sign/dingtalk', safe='')}&pc_slide=false"
    param = f'{{"title":"调班","text":"**周六**能来吗","singleTitle":"去看看","singleURL":"{inner}"}}'
    robot = {"robotCode": house.settings.dingtalk_robot_code, "userIds": ["zhou"], "msgKey": "sampleActionCard"}
    send(house, "dingtalk", "/v1.0/robot/oToMessages/batchSend", {**robot, "msgParam": param})
    page.goto(sandbox.url)
    for who, label, user in (
        ("张三", "打开", "zhangsan"),
        ("龚工会", "协议待签收", "gong"),
        ("李主管", "点这里", "li"),
        ("周小云", "去看看", "zhou"),
    ):
        arrived = tap(page, who, label)
        expect(arrived.locator("h1")).to_have_text(user)
        arrived.close()
    expect(page.locator(".phone", has_text="李主管").first.locator(".bubble")).to_contain_text("<script>")
    expect(page.locator(".phone", has_text="周小云").first.locator(".card p b")).to_have_text("周六")


@pytest.mark.parametrize(("name", "who", "user"), [("wecom", "王HR", "wang"), ("dingtalk", "孙店长", "sun")])
def test_without_a_phone_the_page_asks_who_is_there(page: Page, house: House, name: str, who: str, user: str) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"{house.url}/sign/{name}")
    expect(page.get_by_role("heading")).to_contain_text("你是谁")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.get_by_role("link", name=who).click()
    expect(page.locator("h1")).to_have_text(user)


def test_a_file_on_a_phone_is_downloaded(page: Page, house: House, sandbox: Running) -> None:
    platform: Any = house.ways["wecom"]
    media = platform.upload("file", "回执 包.zip", b"PK\x05\x06" + bytes(18))
    agent = house.settings.wecom_agent_id
    send(house, "wecom", "message/send", {"touser": "wang", "agentid": agent, "msgtype": "file", "file": {"media_id": media}})  # fmt: skip  # noqa: E501
    page.goto(sandbox.url)
    with page.expect_download() as loading:
        page.locator(".file").click()
    assert loading.value.suggested_filename == "回执 包.zip"
    assert loading.value.path().read_bytes() == b"PK\x05\x06" + bytes(18)


def test_hours_are_changed_on_the_phone_and_faces_lead_to_phones(page: Page, house: House, sandbox: Running) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(sandbox.url)
    phone = page.locator(".phone", has_text="吴HR").first
    page.locator("#faces button", has_text="吴HR").click()
    expect(phone).to_be_in_viewport(ratio=0.5)
    phone.get_by_role("combobox").select_option("22:00–06:00")
    expect(phone.get_by_role("combobox")).to_have_value('[["22:00","06:00"]]')
    told = requests.get(f"{sandbox.url}/_sandbox/shifts", params={"user": "wu"}, timeout=10).json()
    assert [each["at"][11:16] for each in told["slots"]] == ["22:00", "06:00"]
    phone.get_by_role("combobox").select_option("rule")
    expect(phone.get_by_role("combobox").locator("option").first).not_to_have_text("按规则")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert errors == []


WECOM = {"appid": "ww00000000000000f1", "response_type": "code", "scope": "snsapi_base", "state": "s", "agentid": "1000002"}  # fmt: skip  # noqa: E501
DING = {"client_id": "dingsandboxclient01", "response_type": "code", "scope": "openid corpid", "prompt": "consent", "state": "s"}  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("path", "good", "change", "code"),
    [
        ("/connect/oauth2/authorize", WECOM, {"redirect_uri": "http://evil.example.test/in"}, "50001"),
        ("/connect/oauth2/authorize", WECOM, {"redirect_uri": "HOUSE.evil.example.test/in"}, "50001"),
        ("/connect/oauth2/authorize", WECOM, {"redirect_uri": "javascript:alert(1)"}, "50001"),
        ("/connect/oauth2/authorize", WECOM, {"appid": "other"}, "40013"),
        ("/connect/oauth2/authorize", WECOM, {"agentid": "7"}, "40056"),
        ("/connect/oauth2/authorize", WECOM, {"state": "a-b"}, "40058"),
        ("/connect/oauth2/authorize", WECOM, {"state": "a" * 129}, "40058"),
        ("/connect/oauth2/authorize", WECOM, {"scope": "all"}, "40058"),
        ("/oauth2/auth", DING, {"redirect_uri": "http://evil.example.test/in"}, "invalid.redirect.uri"),
        ("/oauth2/auth", DING, {"client_id": "other"}, "invalid.client"),
        ("/oauth2/auth", DING, {"scope": "everything"}, "invalid.scope"),
        ("/oauth2/auth", DING, {"response_type": "token"}, "unsupported.response.type"),
        ("/oauth2/auth", DING, {"prompt": "none"}, "invalid.prompt"),
        ("/oauth2/auth", DING, {"corpId": "other"}, "invalid.corp"),
    ],
)
def test_a_link_that_is_built_wrong_gets_the_vendors_error_page(
    sandbox: Running, house: House, path: str, good: dict[str, str], change: dict[str, str], code: str
) -> None:
    query = {"redirect_uri": f"{house.url}/in/back", **good}
    wrong = {name: value.replace("HOUSE", house.url) for name, value in {**query, **change}.items()}
    for cookies in ({}, {"sandbox_phone": "wecom%3Ali"}, {"sandbox_phone": "dingtalk%3Awu"}):
        url = sandbox.url + path
        refused = requests.get(url, params=wrong, cookies=cookies, allow_redirects=False, timeout=10)
        assert refused.status_code == 400 and f"<code>{code}</code>" in refused.text
        right = requests.get(url, params=query, cookies=cookies, allow_redirects=False, timeout=10)
        assert right.status_code in (200, 302), "the page that asks who is there, or the way back"


def test_a_phone_opens_only_web_pages(sandbox: Running) -> None:
    for url, status in (("javascript:alert(1)", 400), ("file:///etc/hosts", 400), ("https://hr.example.cn/", 302)):
        asked = {"phone": "wecom:li", "url": url}
        reply = requests.get(f"{sandbox.url}/_sandbox/open", params=asked, allow_redirects=False, timeout=10)
        assert reply.status_code == status
    missing = requests.get(f"{sandbox.url}/_sandbox/open", params={"phone": "x", "url": "https://a.cn"}, timeout=10)
    assert missing.status_code == 404
