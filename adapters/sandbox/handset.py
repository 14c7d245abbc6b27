"""/_sandbox/open and /_sandbox/file: what a finger does on a phone besides the card's own buttons."""

from __future__ import annotations

import io
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, Response, abort, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from adapters.sandbox import asked, signin
from adapters.sandbox.state import World
from adapters.sandbox.vendor import Vendor

KINDS = ("image", "voice", "video", "file")


def add(routes: Blueprint, world: World, vendors: Mapping[str, Vendor]) -> None:
    """`open?phone=[platform:]id&url=` follows a link as that phone; `file/<media id>` saves a file; `hand` sends one:
    multipart with `person`, `kind` (image, voice, video, file) and `file`."""

    @routes.post("/hand")
    def hand() -> ResponseReturnValue:
        person, kind, sent = asked.person(world, dict(request.form)), request.form.get("kind", ""), request.files
        if kind not in KINDS or "file" not in sent:
            abort(400, "kind is image, voice, video or file; file is the file")
        name, content = sent["file"].filename or "file", sent["file"].read()
        world.put(person, "text", f"📎 {name}", mine=True)
        return jsonify(vendors[person.platform].hand(person, kind, name, content))

    @routes.get("/open")
    def follow() -> ResponseReturnValue:
        named, url = request.args.get("phone", ""), _inner(request.args.get("url", ""))
        platform, _, user = named.rpartition(":")
        person = world.find(user, platform)
        if person is None:
            abort(404, "no such phone")
        if not url.startswith(("http://", "https://")):
            abort(400, "url must begin with http:// or https://")
        return signin.open_as(person, url, fresh="keep" not in request.args)

    @routes.get("/file/<media>")
    def save(media: str) -> Response:
        found = world.store("media").get(media)
        if found is None:
            abort(404, "no such file")
        reply = send_file(io.BytesIO(found["content"]), "application/octet-stream", True, found["name"])
        reply.headers["X-Content-Type-Options"] = "nosniff"
        return reply


def _inner(url: str) -> str:
    """DingTalk's way of opening a page inside the client, dingtalk://dingtalkclient/page/link?url=…, undone."""
    parts = urlsplit(url)
    if parts.scheme == "dingtalk" and parts.netloc == "dingtalkclient":
        return parse_qs(parts.query).get("url", [""])[0]
    return url
