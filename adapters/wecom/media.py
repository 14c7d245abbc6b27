"""Temporary media. Docs: 上传临时素材 (90253)."""

from __future__ import annotations

from typing import Literal

from adapters.wecom.client import Client
from bot.errors import PlatformError

Kind = Literal["image", "voice", "video", "file"]
LIMITS: dict[Kind, int] = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
"""Bytes."""


def upload(client: Client, kind: Kind, filename: str, content: bytes) -> str:
    """The media id, valid for three days. Permanent PlatformError when the size is outside (5 B, limit]."""
    if not 5 < len(content) <= LIMITS[kind]:
        raise PlatformError("45001", "素材大小超出企业微信限制", permanent=True)
    media = client.upload("media/upload", {"type": kind}, filename, content).get("media_id")
    if not isinstance(media, str) or not media:
        raise PlatformError("garbled", "media/upload: 没有返回 media_id", retry_after=10)
    return media
