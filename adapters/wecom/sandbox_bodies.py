"""WeCom stand-in: the kinds of message, checked as page 90236 describes them, and shown on a phone."""

from __future__ import annotations

import re
from typing import Any

from adapters.sandbox import media
from adapters.sandbox.state import Json, Person
from adapters.wecom import sandbox_cards
from adapters.wecom.sandbox_desk import Desk, Fail

FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": ("content",),
    "textcard": ("title", "description", "url"),
    "file": ("media_id",),
    "image": ("media_id",),
}
OPTIONAL = {"textcard": {"btntxt"}, "text": {"mentioned_list"}}
TEXT_BYTES = 2048


def checked(desk: Desk, kind: str, content: object) -> Json:
    """The body of one message, or Fail with the documented code."""
    if kind == "template_card":
        return sandbox_cards.check(content)
    if not isinstance(content, dict):
        raise Fail(40063, f"{kind} is required")
    needed = FIELDS[kind]
    if unknown := sorted(set(content) - {*needed} - OPTIONAL.get(kind, set())):
        raise Fail(40058, f"{kind} has unknown field {unknown[0]}")
    for field in needed:
        if not isinstance(content.get(field), str) or not content[field]:
            raise Fail(44004, f"{kind}.{field} is empty")
    if kind == "textcard" and not content["url"].startswith(("http://", "https://")):
        raise Fail(42028, "url must have a scheme")
    if "media_id" in needed and media.alive(desk.world, "wecom", content["media_id"], kind) is None:
        raise Fail(40007, "invalid media_id")
    return content


def deliver(desk: Desk, person: Person, kind: str, content: Json, **data: Any) -> None:
    """One bubble on one phone; what is too long is cut as the client cuts it."""
    world = desk.world
    if kind == "template_card":
        world.put(person, "card", card=sandbox_cards.view(content), wire=content, **data)
    elif kind == "textcard":
        world.put(person, "card", card=_textcard(content), **data)
    elif kind in ("file", "image"):
        media.show(world, person, content["media_id"], **data)
    else:
        world.put(person, "text", _cut(content["content"], TEXT_BYTES), **data)


def _textcard(content: Json) -> Json:
    """The whole card is one link."""
    return {
        "title": _cut(content["title"], 128),
        "text": _plain(_cut(content["description"], 512)),
        "facts": [],
        "quote": "",
        "buttons": [{"label": content.get("btntxt", "详情"), "key": "", "url": content["url"], "style": "default"}],
        "footer": "",
        "closed": "",
        "open": content["url"],
    }


def _plain(markup: str) -> str:
    """<div class="gray|normal|highlight"> and <br> are all a description may contain: lines."""
    lines = re.sub(r"<br\s*/?>|</div>", "\n", markup)
    return re.sub(r"\n{2,}", "\n", re.sub(r"</?div[^>]*>", "", lines)).strip()


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
