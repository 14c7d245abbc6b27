"""Files the bot uploads, and how a phone shows them."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from werkzeug.datastructures import FileStorage

from adapters.sandbox.state import Bubble, Json, Person, World

MIB = 1 << 20


def keep(world: World, platform: str, kind: str, upload: FileStorage, life: timedelta | None = None) -> str:
    """The media id; with `life` messages can name it only that long, what was delivered stays readable."""
    media = secrets.token_urlsafe(24)
    world.store("media")[media] = {
        "platform": platform,
        "kind": kind,
        "name": upload.filename or "file",
        "content": upload.read(),
        "until": world.now() + life if life else None,
    }
    return media


def put(world: World, platform: str, file: tuple[str, str, bytes], life: timedelta) -> str:
    """The same for `file` (kind, name, bytes) that a person sends: the bot can fetch it only that long."""
    media = secrets.token_urlsafe(24)
    kind, name, content = file
    until = world.now() + life
    row = {"platform": platform, "kind": kind, "name": name, "content": content, "until": until}
    world.store("media")[media] = row
    return media


def alive(world: World, platform: str, media: object, kind: str = "") -> Json | None:
    """The file while this platform accepts its id, of the wanted kind when one is named."""
    found: Json | None = world.store("media").get(str(media))
    if found is None or found["platform"] != platform or (kind and found["kind"] != kind):
        return None
    return found if found["until"] is None or world.now() < found["until"] else None


def show(world: World, person: Person, media: str, name: str = "", **data: Any) -> Bubble:
    """A file on a phone, to be opened there."""
    found = world.store("media")[media]
    name = name or found["name"]
    view = {"name": name, "size": len(found["content"]), "url": f"/_sandbox/file/{media}", "kind": found["kind"]}
    return world.put(person, "file", f"📎 {name}", card=view, **data)
