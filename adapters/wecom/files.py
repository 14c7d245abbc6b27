"""Files that people sent to the app. Docs: 获取临时素材 (90254): kept for three days, named in Content-Disposition."""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import unquote

from bot.errors import PlatformError
from bot.ports.files import GONE, Fetched

NOT_THERE = frozenset({"40007", "40004", "41006"})
"""Invalid media id, unknown kind, none given: no repetition will find it."""
_PLAIN = re.compile(r'filename="?([^";]+)"?', re.IGNORECASE)


class Downloading(Protocol):
    """The part of Client that is needed."""

    def download(self, path: str, params: dict[str, str], most: int) -> tuple[str, bytes]: ...


def fetch(client: Downloading, key: str, most: int) -> Fetched:
    """The bytes behind a `MediaId`. See bot.ports.files.Files."""
    try:
        disposition, content = client.download("media/get", {"media_id": key}, most)
    except PlatformError as error:
        if error.code in NOT_THERE:
            raise PlatformError(GONE, "企业微信已不再保存这个文件", permanent=True) from None
        raise
    return Fetched(name_of(disposition), content)


def name_of(disposition: str) -> str:
    """The file name in a Content-Disposition, written as RFC 6266 or, as WeCom mostly does, as bare UTF-8."""
    star = re.search(r"filename\*=(?:UTF-8|utf-8)''([^;]+)", disposition)
    if star:
        return unquote(star[1], errors="replace").strip()
    plain = _PLAIN.search(disposition)
    return unquote(plain[1], errors="replace").strip() if plain else ""
