"""Files that people sent to the robot. Docs: download-the-file-content-of-the-robot-receiving-message: a download code
leads to a temporary address, the address to the bytes."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from bot.errors import PlatformError
from bot.ports.files import GONE, TOO_BIG, Fetched

PATH = "/v1.0/robot/messageFiles/download"
TIMEOUT = (3.05, 10.0)
"""Seconds to connect and to read."""
LONG, PIECE = 60.0, 1 << 16
"""Seconds a whole file may take, and bytes read at a time."""
ELSEWHERE = "file.elsewhere"
"""Code for an address that is none of DingTalk's: nothing was asked there."""


class Calling(Protocol):
    """The part of Client that is needed."""

    def api(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]: ...


def fetch(client: Calling, robot: str, key: str, most: int, hosts: Collection[str]) -> Fetched:
    """The bytes behind a `downloadCode`. `hosts`: see `allowed`. See bot.ports.files.Files."""
    try:
        reply = client.api("POST", PATH, {"downloadCode": key, "robotCode": robot})
    except PlatformError as error:
        if "downloadCode" in error.code or error.code == "invalidParameter":
            raise PlatformError(GONE, "下载码已失效", permanent=True) from None
        raise
    url = allowed(str(reply.get("downloadUrl") or ""), hosts)
    if not url:
        raise PlatformError(ELSEWHERE, "下载地址不属于钉钉，见 DINGTALK_FILE_HOSTS", permanent=True, alarm=True)
    return Fetched("", _read(url, most))


def allowed(url: str, hosts: Collection[str]) -> str:
    """The address to ask, empty when it must not be. `hosts` holds domains (`aliyuncs.com`: it and what is below it, by
    https on the usual port, however the address is written) and whole origins (`http://127.0.0.1:9000`: exactly it).

    Who names the address is the vendor, but a server that follows any address can be sent into its own network.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").lower().rstrip(".")
    if not host or parts.username is not None or parts.password is not None or parts.scheme not in ("http", "https"):
        return ""
    if f"{parts.scheme}://{parts.netloc}".lower() in hosts:
        return url
    ours = any(host == each or host.endswith(f".{each}") for each in hosts if "://" not in each)
    # Addresses of the vendor's cloud that only its inside reaches would be our inside, where we run there.
    if not ours or port not in (None, 80 if parts.scheme == "http" else 443) or "-internal." in host:
        return ""
    return parts._replace(scheme="https", netloc=host).geturl()


def _read(url: str, most: int) -> bytes:
    """The body; without our token, and no redirect is followed. The address is a secret: no error quotes it."""
    until, content = time.monotonic() + LONG, bytearray()
    try:
        with requests.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as reply:
            if reply.status_code in (403, 404, 410):
                raise PlatformError("file.late", "下载地址已失效", retry_after=5)
            if reply.status_code != 200:
                raise PlatformError(f"http_{reply.status_code}", "messageFiles", retry_after=30)
            for piece in reply.iter_content(PIECE):
                content += piece
                if len(content) > most:
                    raise PlatformError(TOO_BIG, "messageFiles", permanent=True)
                if time.monotonic() > until:
                    raise PlatformError("network", "messageFiles: too slow", retry_after=60)
    except requests.RequestException as problem:
        raise PlatformError("network", f"messageFiles: {type(problem).__name__}") from None
    return bytes(content)
