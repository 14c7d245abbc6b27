"""How requests and callbacks of e签宝's open API v3 are signed ("请求签名鉴权方式", "通知安全机制"). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

JSON = "application/json; charset=UTF-8"
PDF = "application/pdf"
WINDOW_MS = 15 * 60 * 1000
"""How far a time stamp may be off, in milliseconds."""


def content_md5(body: bytes) -> str:
    """Base64 of the MD5 of the very bytes that are sent; empty for none. The vendor's checksum, not a protection."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode() if body else ""


def request_signature(secret: str, method: str, path: str, md5: str) -> str:
    """Base64 HMAC-SHA256 over method, Accept, Content-MD5, Content-Type, an empty Date and the path with its query."""
    text = "\n".join((method, "*/*", md5, JSON, "", path))
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def headers(app_id: str, secret: str, method: str, path: str, body: bytes, now_ms: int) -> dict[str, str]:
    """Everything a request carries."""
    md5 = content_md5(body)
    return {
        "Accept": "*/*",
        "Content-Type": JSON,
        "Content-MD5": md5,
        "X-Tsign-Open-App-Id": app_id,
        "X-Tsign-Open-Auth-Mode": "Signature",
        "X-Tsign-Open-Ca-Timestamp": str(now_ms),
        "X-Tsign-Open-Ca-Signature": request_signature(secret, method, path, md5),
    }


def callback_signature(secret: str, timestamp: str, args: Mapping[str, str], body: bytes) -> str:
    """Hex HMAC-SHA256 over the time stamp, the query's values in the order of their names, and the body."""
    query = "".join(value for _name, value in sorted(args.items()))
    return hmac.digest(secret.encode(), timestamp.encode() + query.encode() + body, "sha256").hex()
