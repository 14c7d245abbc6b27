"""The real adapters in front of a running sandbox, with a real Redis and a clock that can be moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import requests

from adapters.dingtalk.platform import DingTalk
from adapters.sandbox.app import Running
from adapters.wecom.platform import WeCom
from bot.errors import PlatformError

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 1, 5)
BOT = "http://bot.example.test:8000"
"""Where the bot would be reached; no test here lets anything go there."""


@dataclass(frozen=True, slots=True)
class Walk:
    """`wecom` and `dingtalk` as the product builds them; `ask` is the control plane."""

    running: Running
    wecom: WeCom
    dingtalk: DingTalk

    def ask(self, what: str, method: str = "POST", **body: Any) -> Any:
        reply = requests.request(method, f"{self.running.url}/_sandbox/{what}", json=body or None, timeout=10)
        assert reply.ok, reply.text
        return reply.json()

    def bubbles(self, user: str) -> list[dict[str, Any]]:
        people = self.ask("phones", "GET")["people"]
        return next(list(each["bubbles"]) for each in people if each["id"] == user)

    def calls(self, path: str) -> int:
        """How often the adapters have called this path since the last reset."""
        return sum(entry["path"] == path for entry in self.ask("wire", "GET"))

    def back(self, url: str, phone: str) -> dict[str, str]:
        """A finger opens `url` on a phone; the query with which the vendor sends the browser to the bot."""
        browser, place = requests.Session(), {"phone": phone, "url": url}
        first = browser.get(f"{self.running.url}/_sandbox/open", params=place, allow_redirects=False, timeout=10)
        second = browser.get(first.headers["Location"], allow_redirects=False, timeout=10)
        assert second.status_code == 302, second.text
        target = urlsplit(second.headers["Location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == f"{BOT}/in/back"
        return dict(parse_qsl(target.query))


def failure(attempt: Callable[[], object]) -> PlatformError:
    """The error this must raise."""
    try:
        attempt()
    except PlatformError as error:
        return error
    raise AssertionError("it was accepted")


def at(text: str) -> datetime:
    """A moment in the firm's zone as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def later(walk: Walk, seconds: float) -> None:
    """Time passes, for the sandbox and for the adapters."""
    walk.ask("clock", advance=seconds)
