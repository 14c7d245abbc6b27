"""One small HTTP client for Jira: sign-in, time and size limits, no redirect, errors turned into what to do.

Docs (developer.atlassian.com): "Basic auth for REST APIs", "Rate limiting" (Jira Cloud platform); "Personal access
tokens", "Basic authentication" (Jira Data Center).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from bot import clock
from bot.errors import PlatformError
from bot.ports import SharedStore

TIMEOUT = (3.05, 15.0)
"""Seconds to connect, seconds between two reads."""
WHOLE = 45.0
"""Seconds for one whole answer, so that one dripping slowly cannot hold the worker."""
MAX_BYTES, CHUNK = 8 << 20, 65_536
LONGEST_REST, USUAL_REST = 3600.0, 30.0
RESTING = "jira:resting"
"""Shared by all processes: until when (seconds since 1970) Jira asked not to be called."""


class Bearer(AuthBase):
    """A personal access token. An object of its own, so that no .netrc of the machine can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def signed(deployment: str, mail: str, token: str) -> AuthBase:
    """Cloud: e-mail and API token by basic authentication; server: the token as a bearer."""
    return HTTPBasicAuth(mail.encode(), token.encode()) if deployment == "cloud" else Bearer(token)


class Client:
    """`base` without trailing slash. Raises PlatformError for every failure; none of them quotes token or address."""

    def __init__(
        self, base: str, auth: AuthBase, store: SharedStore, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._base, self._auth, self._store, self._ticks = base, auth, store, ticks
        self._session = requests.Session()

    def __repr__(self) -> str:
        return "Client(jira)"

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at `path`, e.g. `/rest/api/3/myself`."""
        return self._call("GET", path, query, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON object that answers `body`."""
        return self._call("POST", path, None, body)

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        self._rest()
        until = self._ticks() + WHOLE
        try:
            # A redirect is never followed: it would carry the account to another host, and mostly leads to a login.
            with self._session.request(
                method,
                self._base + path,
                params=query,
                json=body,
                auth=self._auth,
                headers={"Accept": "application/json"},
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as reply:
                self._check(reply)
                return _object(self._read(reply, until))
        except requests.RequestException as problem:
            # The library's text quotes the address: only the kind of failure may travel.
            raise PlatformError("network", f"Jira: {type(problem).__name__}", retry_after=30) from None

    def _rest(self) -> None:
        left = float(self._store.get(RESTING) or 0) - clock.now().timestamp()
        if left > 0:
            raise PlatformError("http_429", "Jira 要求暂缓调用", retry_after=left)

    def _check(self, reply: requests.Response) -> None:
        code = reply.status_code
        if code == 429:
            wait = pause(reply.headers, clock.now())
            self._store.set(RESTING, str(clock.now().timestamp() + wait), wait)
            raise PlatformError("http_429", "Jira 要求暂缓调用", retry_after=wait)
        refusal(code, reply.headers)
        kind = reply.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
        if kind != "application/json":
            raise PlatformError("garbled", "Jira 返回的不是数据（可能是登录页或代理页）", retry_after=60)

    def _read(self, reply: requests.Response, until: float) -> bytes:
        body = bytearray()
        for chunk in reply.iter_content(CHUNK):
            body += chunk
            if len(body) > MAX_BYTES:
                raise PlatformError("too_long", f"Jira 的答复超过 {MAX_BYTES >> 20} MB", retry_after=300)
            if self._ticks() > until:
                raise PlatformError("slow", f"Jira 在 {WHOLE:.0f} 秒内没有答完", retry_after=60)
        return bytes(body)


def refusal(code: int, headers: Mapping[str, str]) -> None:
    """PlatformError for anything but 2xx. Permanent without alarm concerns only what was asked for."""
    reason = headers.get("X-Seraph-LoginReason", "").upper()
    if code == 401 or "AUTHENTICATED_FAILED" in reason:
        hint = "Jira 不认账号：检查 HUIZHI_JIRA_TOKEN 与 HUIZHI_JIRA_MAIL（令牌可能已过期）"
        raise PlatformError("http_401", hint, permanent=True, alarm=True)
    if "AUTHENTICATION_DENIED" in reason or headers.get("X-Authentication-Denied-Reason"):
        hint = "Jira 要求该账号先在网页上登录一次（验证码），账号见 HUIZHI_JIRA_MAIL"
        raise PlatformError("http_403", hint, permanent=True, alarm=True)
    if 200 <= code < 300:
        return
    if 300 <= code < 400:
        raise PlatformError("redirected", "Jira 转去别的地址：检查 HUIZHI_JIRA_BASE", permanent=True, alarm=True)
    if code == 403:
        raise PlatformError("http_403", "HUIZHI_JIRA_TOKEN 的账号无权查看", permanent=True)
    if code == 404:
        raise PlatformError("http_404", "Jira 中没有，或该账号看不到", permanent=True)
    if code == 410:
        hint = "这个 Jira 不提供该接口：检查 HUIZHI_JIRA_DEPLOYMENT"
        raise PlatformError("http_410", hint, permanent=True, alarm=True)
    if code >= 500:
        raise PlatformError(f"http_{code}", "Jira 出错", retry_after=pause(headers, clock.now()))
    raise PlatformError(f"http_{code}", "Jira 不接受这个查询", permanent=True)


def pause(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds to wait, at least 1: Retry-After (seconds or a date), else X-RateLimit-Reset (ISO 8601), else 30."""
    given, at = headers.get("Retry-After", "").strip(), None
    if given.isascii() and given.isdigit() and len(given) < 9:
        return min(max(float(given), 1.0), LONGEST_REST)
    try:
        at = parsedate_to_datetime(given) if given else datetime.fromisoformat(headers.get("X-RateLimit-Reset", ""))
    except ValueError:
        return USUAL_REST
    left = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(left.total_seconds(), 1.0), LONGEST_REST)


def _object(body: bytes) -> dict[str, Any]:
    """Numbers with a fraction as Decimal. A broken or foreign answer is a passing failure, never data."""
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise PlatformError("garbled", "Jira 返回的不是数据", retry_after=60)
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
