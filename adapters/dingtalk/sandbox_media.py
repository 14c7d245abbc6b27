"""DingTalk stand-in: media files on the legacy host (docs: upload-media-files)."""

from __future__ import annotations

from flask import request

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import media
from adapters.sandbox.state import Json

LIMITS = {"image": 20 * media.MIB, "voice": 2 * media.MIB, "video": 20 * media.MIB, "file": 20 * media.MIB}
ENDINGS = {
    "image": (".jpg", ".jpeg", ".gif", ".png", ".bmp"),
    "voice": (".amr", ".mp3", ".wav"),
    "video": (".mp4",),
    "file": (".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".pdf", ".rar"),
}


class Media:
    """An id may be used again and again and does not expire."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.old("POST", "/media/upload", self.upload)

    def upload(self, body: Json) -> Json:
        """multipart: `type` and the file as `media`."""
        kind, sent = str(body.get("type") or request.args.get("type", "")), request.files.get("media")
        if kind not in LIMITS:
            raise Fail(40004, "不合法的媒体文件类型")
        if sent is None or not sent.filename:
            raise Fail(40035, "media is required")
        if not sent.filename.lower().endswith(ENDINGS[kind]):
            raise Fail(40005, "不合法的文件类型")
        size = sent.seek(0, 2)
        sent.seek(0)
        if not 0 < size <= LIMITS[kind]:
            raise Fail(40006, "不合法的文件大小")
        number = media.keep(self.desk.world, "dingtalk", kind, sent)
        return {"type": kind, "media_id": number, "created_at": int(self.desk.world.now().timestamp() * 1000)}
