"""SMS and mail of the rehearsal: real channels in front of the sandbox's gateway and mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from adapters.mail.channel import build as mail_build
from adapters.mail.reports import signature
from adapters.sandbox import letters
from adapters.sandbox.app import Running, start
from adapters.sms.channel import build as sms_build
from bot.errors import PlatformError
from bot.event import Event
from bot.ports import Channel, WireRequest
from bot.rehearsal import until
from config.settings import Settings, load, sandbox_channels, sandbox_env
from tests.adapters.wecom.fake import Store
from tests.sandbox.conftest import Bot

ZHOU, NOBODY = "13900000006", "13999999999"


@pytest.fixture(scope="module")
def firm_sandbox(bot: Bot) -> Iterator[Running]:
    settings = load(sandbox_env("http://127.0.0.1:1") | sandbox_channels("http://127.0.0.1:1", 0))
    running = start(settings, bot_url=bot.url)
    yield running
    running.stop()


@pytest.fixture
def settings(firm_sandbox: Running, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(letters, "DELAY", 0.01)
    firm_sandbox.world.reset()
    bot.got.clear()
    port = int(firm_sandbox.addresses["mail"].rpartition(":")[2])
    return load(sandbox_env(firm_sandbox.url) | sandbox_channels(firm_sandbox.url, port))


def channel(build: Callable[[Settings, Store], Channel | None], settings: Settings) -> Any:
    found = build(settings, Store())
    assert found is not None
    return found


def lying(running: Running, user: str) -> list[dict[str, Any]]:
    people = requests.get(running.url + "/_sandbox/phones", timeout=10).json()["people"]
    return next(list(each["letters"]) for each in people if each["id"] == user)


def reported(bot: Bot, through: Any, path: str) -> list[Event]:
    """What the channel makes of the reports that reached the bot so far; waits for one."""
    until("nothing was reported", lambda: bot.got, patience=5)
    heard: list[Event] = []
    for got in bot.got:
        headers = {name.lower(): value for name, value in got["headers"].items()}
        through.report(WireRequest("POST", got["args"], headers, got["body"]), heard.append)
        assert got["path"] == path
    return heard


def test_an_sms_lies_on_the_phone_and_is_reported(firm_sandbox: Running, settings: Settings, bot: Bot) -> None:
    sms = channel(sms_build, settings)
    first, again = sms.send(ZHOU, "请查看通知", "row1"), sms.send(ZHOU, "请查看通知", "row1")
    assert first.message_id == again.message_id
    (letter,) = lying(firm_sandbox, "zhou")
    assert (letter["channel"], letter["text"], letter["number"]) == ("sms", "请查看通知", first.message_id)
    (event,) = reported(bot, sms, "channels/sms/report")
    assert (event.data["message_id"], event.data["state"]) == (first.message_id, "delivered")


def test_a_number_of_nobody_fails_and_a_lost_sms_is_never_reported(
    firm_sandbox: Running, settings: Settings, bot: Bot
) -> None:
    sms = channel(sms_build, settings)
    requests.post(firm_sandbox.url + "/_sandbox/faults", json={"kind": "drop_silently", "match": "zhou"}, timeout=10)
    sms.send(ZHOU, "x", "lost")
    failed = sms.send("+86" + NOBODY, "x", "row2")
    assert [(event.data["message_id"], event.data["state"]) for event in reported(bot, sms, "channels/sms/report")] == [
        (failed.message_id, "failed")
    ]
    assert lying(firm_sandbox, "zhou") == []
    with pytest.raises(PlatformError, match="http_401"):
        channel(sms_build, settings.model_copy(update={"sms_token": "wrong"})).send(ZHOU, "x", "k")


def test_a_mail_lies_on_the_phone_and_its_arrival_is_reported(
    firm_sandbox: Running, settings: Settings, bot: Bot
) -> None:
    mail = channel(mail_build, settings)
    sent = mail.send("zhou@example.cn", "考勤制度\n请在 10 月 1 日前确认\n.\n完", "row-1")
    (letter,) = lying(firm_sandbox, "zhou")
    assert (letter["title"], letter["number"]) == ("考勤制度", sent.message_id)
    assert letter["text"] == "请在 10 月 1 日前确认\n.\n完"
    (event,) = reported(bot, mail, "channels/mail/report")
    assert event.data["message_id"] == sent.message_id and event.data["state"] == "delivered"
    got = bot.got[0]
    assert (
        signature(settings.mail_report_secret, got["headers"]["X-Huizhi-Timestamp"], got["body"])
        == got["headers"]["X-Huizhi-Signature"]
    )


def test_a_mail_to_nobody_bounces(firm_sandbox: Running, settings: Settings, bot: Bot) -> None:
    mail = channel(mail_build, settings)
    sent = mail.send("nobody@example.cn", "x", "row-2")
    (event,) = reported(bot, mail, "channels/mail/report")
    assert (event.data["message_id"], event.data["state"], event.data["code"]) == (sent.message_id, "failed", "5.1.1")
    assert any(
        entry["vendor"] == "mail" for entry in requests.get(firm_sandbox.url + "/_sandbox/wire", timeout=10).json()
    )
