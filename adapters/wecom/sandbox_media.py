"""WeCom stand-in: temporary media (docs: 上传临时素材 90253, 获取临时素材 90254)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from flask import Response, request

from adapters.sandbox import media
from adapters.sandbox.state import Json
from adapters.wecom.sandbox_desk import Desk, Fail

LIFE = timedelta(days=3)
SMALLEST = 5
LIMITS = {"image": 10 * media.MIB, "voice": 2 * media.MIB, "video": 10 * media.MIB, "file": 20 * media.MIB}
ENDINGS = {"image": (".jpg", ".jpeg", ".png"), "voice": (".amr",), "video": (".mp4",)}


class Media:
    """An id is good for three days; afterwards sending it is 40007, what was sent stays readable."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("POST", "media/upload", self.upload)
        desk.raw("GET", "media/get", self.download)

    def upload(self, body: Json) -> Json:
        """multipart field `media` with a file name; more than 5 bytes, at most the kind's limit."""
        kind, sent = str(body["?"].get("type", "")), request.files.get("media")
        if kind not in LIMITS:
            raise Fail(40004, "invalid media type")
        if sent is None or not sent.filename:
            raise Fail(44001, "empty media data")
        if not sent.filename.lower().endswith(ENDINGS.get(kind, "")):
            raise Fail(40005, "invalid file type")
        size = sent.seek(0, 2)
        sent.seek(0)
        if size <= SMALLEST:
            raise Fail(40006, "invalid media size")
        if size > LIMITS[kind]:
            raise Fail(45001, "media size out of limit")
        number = media.keep(self.desk.world, "wecom", kind, sent, LIFE)
        return {"type": kind, "media_id": number, "created_at": str(int(self.desk.world.now().timestamp()))}

    def download(self) -> Response:
        """The bytes themselves, or a JSON error."""
        found = media.alive(self.desk.world, "wecom", request.args.get("media_id", ""))
        if found is None:
            raise Fail(40007, "invalid media_id")
        name = f"attachment; filename*=UTF-8''{quote(found['name'])}"
        return Response(
            found["content"], content_type="application/octet-stream", headers={"Content-Disposition": name}
        )
