"""One small HTTP client for both DingTalk hosts: token, time limits, one replay, error codes, monthly meter.

Docs: server-api-calling-guide (one app token serves both hosts), how-to-process-api-throttling, billing-model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Literal

import requests
from requests.adapters import HTTPAdapter

from adapters.dingtalk import errors
from adapters.dingtalk.wire import mapping
from bot import clock
from bot.errors import PlatformError
from bot.ports import SharedStore

TIMEOUT = (3.05, 10.0)
"""Seconds to connect and to read."""
CALLS_LIMIT, PUSHES_LIMIT = 5000, 3000
"""Standard edition, per organisation and month (docs: billing-model)."""
_BAN = "dingtalk:banned"
_MONTH_TTL = 40 * 86400.0
Meter = Literal["calls", "pushes"]


class Client:
    """`api_base` takes the token in a header, `oapi_base` in the query. Raises PlatformError for every failure."""

    def __init__(self, api_base: str, oapi_base: str, app: tuple[str, str], store: SharedStore, zone: tzinfo) -> None:
        self._api, self._oapi = api_base.rstrip("/"), oapi_base.rstrip("/")
        self._id, self._secret = app
        self._store, self._zone = store, zone
        self._session = requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=64))  # the courier sends on many threads
        # With the secret's mark in its name, no older secret's token hides that a new secret is wrong.
        mark = hashlib.sha256(self._secret.encode()).hexdigest()[:12]
        self._token_key = f"dingtalk:token:{self._id}:{mark}"

    def api(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        free: bool = False,
    ) -> dict[str, Any]:
        """A call to the new host, e.g. `api("PUT", "/v1.0/card/instances", {...})`; `free` calls are not metered."""
        return self._call(method, self._api + path, body, dict(query or {}), free, header=True)

    def oapi(self, path: str, body: Mapping[str, Any], *, free: bool = False) -> dict[str, Any]:
        """A POST to the legacy host; returns the whole reply, errcode 0 already checked."""
        return self._call("POST", self._oapi + path, body, {}, free, header=False)

    def token(self) -> str:
        """The app token, shared by all processes and fetched once. Valid 7200 s, renewed ten minutes early."""
        if found := self._store.get(self._token_key):
            return found
        with self._store.lock(f"{self._token_key}:lock", 15.0):
            if found := self._store.get(self._token_key):
                return found
            reply = self._send(
                "POST", f"{self._api}/v1.0/oauth2/accessToken", {"appKey": self._id, "appSecret": self._secret}, {}, {}
            )
            token, lasts = str(reply.get("accessToken") or ""), float(reply.get("expireIn") or 7200)
            if not token:
                raise PlatformError("token.missing", "钉钉没有返回凭证", alarm=True)
            self._store.set(self._token_key, token, max(60.0, lasts - 600))
            return token

    def visitor(self, auth_code: str) -> str:
        """unionId of whoever came back from the login page with `auth_code` (docs: userAccessToken, contact/users/me).

        Permanent PlatformError for a bad or used code; not metered.
        """
        asked = {"clientId": self._id, "clientSecret": self._secret, "code": auth_code}
        asked |= {"grantType": "authorization_code"}
        try:
            reply = self._send("POST", f"{self._api}/v1.0/oauth2/userAccessToken", asked, {}, {})
        except PlatformError as error:
            # DingTalk publishes no code for this, and what it does not like about our request is the code in it.
            if error.permanent and error.code not in errors.CONFIG:
                raise PlatformError(error.code, "授权码已用过或过期，请重新打开页面", permanent=True) from None
            raise
        head = {"x-acs-dingtalk-access-token": str(reply.get("accessToken") or "")}
        found = self._send("GET", f"{self._api}/v1.0/contact/users/me", None, {}, head)
        if union := str(found.get("unionId") or ""):
            return union
        raise PlatformError("identity.missing", "钉钉没有返回用户身份", permanent=True)

    def count(self, meter: Meter) -> int:
        """One more call or push this month; returns the month's total."""
        return self._store.count(self._month(meter), _MONTH_TTL)

    def quota(self) -> dict[str, int]:
        """`{"calls", "calls_limit", "pushes", "pushes_limit"}` of this month, for metrics and doctor."""
        used = {meter: int(self._store.get(self._month(meter)) or 0) for meter in ("calls", "pushes")}
        return {
            "calls": used["calls"],
            "calls_limit": CALLS_LIMIT,
            "pushes": used["pushes"],
            "pushes_limit": PUSHES_LIMIT,
        }

    def _month(self, meter: str) -> str:
        return f"dingtalk:{meter}:{clock.now().astimezone(self._zone):%Y-%m}"

    def _call(
        self, method: str, url: str, body: Mapping[str, Any] | None, query: dict[str, str], free: bool, *, header: bool
    ) -> dict[str, Any]:
        for last in (False, True):
            token = self.token()
            head = {"x-acs-dingtalk-access-token": token} if header else {}
            asked = query if header else {**query, "access_token": token}
            if not free:
                self.count("calls")
            try:
                return self._send(method, url, body, asked, head)
            except PlatformError as error:
                # Another process may have renewed it meanwhile: only the token that failed is dropped.
                if error.code not in errors.TOKEN or last:
                    raise
                self._store.compare_and_delete(self._token_key, token)
        raise AssertionError("unreachable")

    def _send(
        self, method: str, url: str, body: Mapping[str, Any] | None, query: Mapping[str, str], head: Mapping[str, str]
    ) -> dict[str, Any]:
        if self._store.get(_BAN):
            raise errors.ban_error()
        try:
            reply = self._session.request(
                method,
                url,
                json=body,
                params=query,
                headers={"Accept": "application/json", **head},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The library's text quotes the URL with the token: only the kind of failure may travel.
            raise PlatformError("network", type(error).__name__) from None
        found = _object(reply)
        if errors.banned(found):
            if reply.status_code >= 500 and found is None:
                raise PlatformError(str(reply.status_code), "钉钉网关出错")
            self._store.set(_BAN, "1", 300.0)
            raise errors.ban_error()
        value = found or {}
        if code := errors.code_of(reply.status_code, value):
            scopes = mapping(value.get("accessdenieddetail")).get("requiredScopes")
            raise errors.to_error(code, str(scopes or value.get("message") or value.get("sub_msg") or ""))
        return value


def _object(reply: requests.Response) -> dict[str, Any] | None:
    """The reply as an object; {} for an empty success, None for HTML and other shapes of the gateway."""
    if not reply.content and reply.ok:
        return {}
    try:
        value = reply.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
