"""One thin HTTP client for WeCom's server API (docs: 获取access_token, page 91039).

wechatpy's client is not used: its token URL is fixed and its retry on 40001 has no bound.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from adapters.wecom.errors import SECRET_WRONG, TOKEN_DEAD, error
from bot.errors import PlatformError
from bot.ports import SharedStore
from bot.ports.files import TOO_BIG

Json = dict[str, Any]
TIMEOUT = (3.05, 10.0)
"""Seconds to connect, seconds to read."""
LONG, PIECE = 60.0, 1 << 16
"""Seconds a whole file may take, and bytes read at a time."""
SAFETY = 300
"""Seconds by which a token is given up before WeCom's own expiry."""


class Client:
    """Calls as one self-built app. `call` returns the decoded object with errcode 0 or raises PlatformError.

    Tokens live in the shared store, one per corp and app. Exceptions never carry the URL: it holds the token.
    """

    def __init__(self, base: str, corp_id: str, agent_id: int, secret: str, store: SharedStore) -> None:
        self.base, self.corp_id, self.agent_id = base.rstrip("/"), corp_id, agent_id
        self._secret, self._store, self._session = secret, store, requests.Session()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=64))  # the courier sends on many threads
        # A changed secret is tried at once, and no other secret's token stands in for it.
        mark = hashlib.sha256(secret.encode()).hexdigest()[:12]
        self._key = f"wecom:token:{corp_id}:{agent_id}:{mark}"
        self._refused = f"wecom:refused:{corp_id}:{agent_id}:{mark}"

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """`GET /cgi-bin/<path>`."""
        return self._call("GET", path, params or {}, {})

    def post(self, path: str, payload: Mapping[str, object]) -> Json:
        """`POST /cgi-bin/<path>` with raw UTF-8 JSON: bodies with `\\u` escapes may be refused (errcode 40033)."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return self._call("POST", path, {}, {"data": body, "headers": {"Content-Type": "application/json"}})

    def upload(self, path: str, params: Mapping[str, str], filename: str, content: bytes) -> Json:
        """Multipart upload in the field `media`."""
        return self._call("POST", path, params, {"files": {"media": (filename, content)}})

    def download(self, path: str, params: Mapping[str, str], most: int) -> tuple[str, bytes]:
        """(Content-Disposition, bytes) of `GET /cgi-bin/<path>`; what is JSON without that header is a refusal.

        Permanent PlatformError `file.too_big` once there are more than `most` bytes.
        """
        for last in (False, True):
            token = self.token()
            url, asked = f"{self.base}/cgi-bin/{path}", {**params, "access_token": token}
            disposition, content = taken(self._session, url, asked, most)
            code = 0 if disposition else _code(path, content)
            if not code:
                return disposition, content
            if code not in TOKEN_DEAD or last:
                raise error(code, path)
            self._store.compare_and_delete(self._key, token)
        raise AssertionError("unreachable")

    def token(self) -> str:
        """The current access token, fetched under a lock when nobody has it."""
        cached = self._store.get(self._key)
        if cached:
            return cached
        with self._store.lock(f"{self._key}:refresh", 30):
            return self._store.get(self._key) or self._fetch()

    def _fetch(self) -> str:
        if self._store.get(self._refused):
            raise error(SECRET_WRONG)
        query = {"corpid": self.corp_id, "corpsecret": self._secret}
        answer = self._exchange("GET", "gettoken", query, {})
        code = int(answer.get("errcode", 0))
        if code == SECRET_WRONG:
            self._store.set(self._refused, "1", SAFETY)
        token = answer.get("access_token")
        if code or not isinstance(token, str) or not token:
            raise error(code, str(answer.get("errmsg", ""))) if code else _garbled("gettoken")
        ttl = max(int(answer.get("expires_in", 7200)) - SAFETY, 60)
        self._store.set(self._key, token, ttl)
        return token

    def _call(self, method: str, path: str, params: Mapping[str, str], extra: Json) -> Json:
        token = self.token()
        answer = self._exchange(method, path, {**params, "access_token": token}, extra)
        if int(answer.get("errcode", 0)) in TOKEN_DEAD:
            # Only the token that failed is dropped: another process may already have fetched a new one.
            self._store.compare_and_delete(self._key, token)
            answer = self._exchange(method, path, {**params, "access_token": self.token()}, extra)
        code = int(answer.get("errcode", 0))
        if code == SECRET_WRONG:
            self._store.compare_and_delete(self._key, token)
        if code:
            raise error(code, str(answer.get("errmsg", "")))
        return answer

    def _exchange(self, method: str, path: str, params: Mapping[str, str], extra: Json) -> Json:
        url = f"{self.base}/cgi-bin/{path}"
        try:
            reply = self._session.request(
                method, url, params=dict(params), timeout=TIMEOUT, allow_redirects=False, **extra
            )
        except requests.RequestException as problem:
            # `from None`: the original text contains the URL with token or secret.
            raise PlatformError("network", f"{path}: {type(problem).__name__}") from None
        if reply.status_code >= 500:
            raise PlatformError(f"http_{reply.status_code}", path, retry_after=10)
        if reply.status_code != 200:
            raise PlatformError(f"http_{reply.status_code}", path, retry_after=60, alarm=True)
        try:
            answer = json.loads(reply.content)
            int(answer.get("errcode", 0))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise _garbled(path) from None
        return dict(answer)


def taken(session: requests.Session, url: str, params: Mapping[str, str], most: int) -> tuple[str, bytes]:
    """(Content-Disposition, body) of a GET, read piece by piece and no longer than LONG seconds in all."""
    until, content, path = time.monotonic() + LONG, bytearray(), url.rsplit("/", 1)[-1]
    try:
        with session.get(url, params=dict(params), timeout=TIMEOUT, allow_redirects=False, stream=True) as reply:
            if reply.status_code != 200:
                raise PlatformError(f"http_{reply.status_code}", path, retry_after=30)
            for piece in reply.iter_content(PIECE):
                content += piece
                if len(content) > most:
                    raise PlatformError(TOO_BIG, path, permanent=True)
                if time.monotonic() > until:
                    raise PlatformError("network", f"{path}: too slow", retry_after=60)
            # Header bytes travel as Latin-1; WeCom writes names in bare UTF-8.
            disposition = reply.headers.get("Content-Disposition", "").encode("latin-1", "replace")
    except requests.RequestException as problem:
        raise PlatformError("network", f"{path}: {type(problem).__name__}") from None
    return disposition.decode("utf-8", "replace"), bytes(content)


def _code(path: str, content: bytes) -> int:
    """The errcode of a refusal."""
    try:
        code = int(json.loads(content)["errcode"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _garbled(path) from None
    if not code:
        raise _garbled(path)
    return code


def _garbled(path: str) -> PlatformError:
    return PlatformError("garbled", f"{path}: 企业微信返回了无法识别的内容", retry_after=10)


def rows(answer: Mapping[str, Any], name: str) -> list[Json]:
    """`answer[name]` when it is a list of objects; anything missing or odd counts as none."""
    found = answer.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def inner(answer: Mapping[str, Any], name: str) -> Json:
    """`answer[name]` when it is an object, else an empty one."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}
