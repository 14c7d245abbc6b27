"""RFC 3161 over HTTP (section 3.4): post a query, take the answer whatever it says. Checking it is the core's work."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from bot.errors import PlatformError
from bot.ports import TimeStamper
from config.settings import Settings

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
TIMEOUT = (3.05, 10.0)
"""Seconds to connect, seconds between two reads."""
WHOLE = 20.0
"""Seconds for the whole answer, so that one dripping slowly cannot hold the worker."""
MAX_BYTES = 262_144
CHUNK = 16_384
LATER = 60.0
"""Seconds to wait after an answer that a repetition will hardly change."""


class Stamper:
    """One authority. `name` is the one in the settings.

    The address may carry a user and a password, so no exception and no log line ever holds it.
    """

    def __init__(self, name: str, url: str, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self.name, self._url, self._ticks = name, url, ticks

    def __repr__(self) -> str:
        return f"Stamper({self.name!r})"

    def ask(self, request: bytes) -> bytes:
        """DER TimeStampReq -> DER TimeStampResp, unchecked. PlatformError when there is no such answer."""
        until = self._ticks() + WHOLE
        headers = {"Content-Type": QUERY, "Accept": REPLY}
        try:
            # A redirect is refused: the answer must come from the address that was agreed on.
            with requests.post(
                self._url, data=request, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            ) as reply:
                self._check(reply)
                return self._read(reply, until)
        except requests.RequestException as problem:
            raise PlatformError("network", f"{self.name}: {type(problem).__name__}") from None

    def _check(self, reply: requests.Response) -> None:
        if reply.status_code != 200:
            final = reply.status_code < 500
            code, later = f"http_{reply.status_code}", LATER if final else 10.0
            raise PlatformError(code, self.name, retry_after=later, alarm=final)
        kind = reply.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
        if kind != REPLY:
            raise PlatformError("garbled", f"{self.name}: not a time-stamp reply", retry_after=LATER, alarm=True)

    def _read(self, reply: requests.Response, until: float) -> bytes:
        body = bytearray()
        for chunk in reply.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_BYTES:
                raise PlatformError("too_long", f"{self.name}: over {MAX_BYTES} bytes", retry_after=LATER)
            if self._ticks() > until:
                raise PlatformError("slow", f"{self.name}: no whole answer in {WHOLE:.0f} s")
        return bytes(body)


def build(settings: Settings) -> list[TimeStamper]:
    """The authorities of HUIZHI_TSA in their order; empty when there is none."""
    return [Stamper(name, url) for name, url in settings.tsa.items()]
