"""When DingTalk has not got our template: the public one, else an action card that opens the page. Over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import adapters.wecom
from adapters.dingtalk import build, sandbox_views
from adapters.sandbox.app import Running, start
from adapters.wecom import render
from bot.card import Button, Card
from bot.ports import Platform, Sent
from config.settings import load, sandbox_env
from tests.adapters.dingtalk.fakes import Store

ASKED = Card("还没看到你的打卡", "点一下就好。", buttons=(Button("忘打卡", "matter.forgot", "a1", "primary"),
                                            Button("在路上", "matter.way", "a1")))  # fmt: skip
PUBLIC_URL = "https://hr.example.com"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    running = start(load(sandbox_env("http://127.0.0.1:1")))
    yield running
    running.stop()


def bot(sandbox: Running, template: str | None = None) -> Platform:
    """The real adapter in front of the sandbox; `template` None is the one the sandbox knows."""
    sandbox.world.reset()
    changed = {"dingtalk_mode": "stream", "public_url": PUBLIC_URL}
    changed |= {} if template is None else {"dingtalk_card_template_id": template}
    return build(load(sandbox_env(sandbox.url)).model_copy(update=changed), Store())


def shown(sandbox: Running) -> list[dict[str, Any]]:
    person = sandbox.world.find("zhou")
    assert person
    return [bubble.card for bubble in person.bubbles]


def test_first_choice_is_our_own_template(sandbox: Running) -> None:
    ding = bot(sandbox)
    sent = ding.send("zhou", ASKED, "k1")
    (card,) = shown(sandbox)
    assert [button["label"] for button in card["buttons"]] == ["忘打卡", "在路上"]
    ding.update("zhou", Card("已记下", closed="忘打卡"), Sent(sent.message_id))
    (card,) = shown(sandbox)
    assert (card["title"], card["closed"], card["buttons"]) == ("已记下", "忘打卡", [])


@pytest.mark.parametrize("template", ["", "never-imported.schema"])
def test_then_the_public_template_and_it_can_be_updated_later(sandbox: Running, template: str) -> None:
    ding = bot(sandbox, template)
    sent = ding.send("zhou", ASKED, "k1")
    (card,) = shown(sandbox)
    assert [button["key"] for button in card["buttons"]] == ["matter.forgot~a1", "matter.way~a1"]
    assert ding.send("zhou", ASKED, "k1").message_id == sent.message_id, "a retry is the same card"
    ding.update("zhou", Card("已记下", closed="忘打卡"), Sent(sent.message_id))
    (card,) = shown(sandbox)
    assert (card["title"], card["closed"], card["buttons"]) == ("已记下", "忘打卡", [])


@pytest.mark.parametrize("template", ["", "never-imported.schema"])
def test_at_last_an_action_card_opens_the_personal_page(
    sandbox: Running, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ding = bot(sandbox, template)
    monkeypatch.setattr(sandbox_views, "PUBLIC", "closed-to-new-apps.schema")
    sent = ding.send("zhou", ASKED, "k1")
    (card,) = shown(sandbox)
    (button,) = card["buttons"]
    assert button["label"] == "打开处理"
    assert opened(button["url"]) == f"{PUBLIC_URL}/todo?p=dingtalk"
    assert "也可以直接回复：忘打卡 / 在路上" in card["text"]
    ding.update("zhou", Card("已记下", closed="忘打卡"), sent)
    assert len(shown(sandbox)) == 2, "a message cannot change, so the outcome is another one"
    assert shown(sandbox)[1]["buttons"] == []


@pytest.mark.parametrize("links", [1, 2, 3, 4, 5])
def test_pages_of_the_card_itself_stay_buttons(sandbox: Running, links: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ding = bot(sandbox, "never-imported.schema")
    monkeypatch.setattr(sandbox_views, "PUBLIC", "closed-to-new-apps.schema")
    buttons = tuple(Button(f"页{n}", url=f"https://hr.example.com/p/{n}?a=1&b=2") for n in range(1, links + 1))
    ding.send("zhou", Card("材料", "请看", buttons=buttons), "k1")
    (card,) = shown(sandbox)
    assert [button["label"] for button in card["buttons"]] == [f"页{n}" for n in range(1, links + 1)]
    assert opened(card["buttons"][-1]["url"]) == f"https://hr.example.com/p/{links}?a=1&b=2"


def test_on_wecom_a_card_that_only_opens_a_page_is_a_textcard(sandbox: Running) -> None:
    sandbox.world.reset()
    wecom = adapters.wecom.build(load(sandbox_env(sandbox.url)), Store())
    wecom.send("zhangsan", Card("制度更新", "请阅读。", link=f"{PUBLIC_URL}/p/1"), "k1")
    wire = render.message(ASKED, "t-1", render.LINKS, f"{PUBLIC_URL}/todo?p=wecom")
    assert wire["msgtype"] == "textcard"
    posted = wecom._client.post("message/send", {"touser": "zhangsan", "agentid": 1000002, **wire})  # type: ignore[attr-defined]
    assert posted["msgid"]
    person = sandbox.world.find("zhangsan")
    assert person
    links = [bubble.card["buttons"][0]["url"] for bubble in person.bubbles]
    assert links == [f"{PUBLIC_URL}/p/1", f"{PUBLIC_URL}/todo?p=wecom"]
    assert "也可以直接回复：忘打卡 / 在路上" in person.bubbles[1].card["text"]


def opened(url: str) -> str:
    """The page that DingTalk opens in its own window (docs: message-link-description)."""
    link = urlsplit(url)
    return url if link.scheme == "https" else parse_qs(link.query)["url"][0]
