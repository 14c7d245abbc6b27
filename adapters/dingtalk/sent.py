"""What a chat message holds besides plain text: files, and the words and pictures of a rich text. Pure.

Docs: receive-message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.dingtalk.wire import items, mapping, text
from bot.event import TEXT
from bot.ports.files import SENT

KINDS = {"picture": "image", "audio": "voice", "video": "video", "file": "file"}
"""msgtype -> bot.ports.files.KINDS."""
LONGEST_NAME, MOST = 200, 20
"""Characters of a name; parts of one rich text."""


def contents(payload: Mapping[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """(action, data) of each thing in the message, words first; empty when it holds nothing that we know."""
    kind, content = text(payload.get("msgtype")), mapping(payload.get("content"))
    if kind in KINDS:
        found = _file(KINDS[kind], content)
        return [(SENT, found)] if found else []
    if kind != "richText":
        return []
    parts = [mapping(each) for each in items(content.get("richText"))[:MOST]]
    words = "\n".join(said for each in parts if (said := text(each.get("text")).strip()))
    files = [file for each in parts if text(each.get("type")) in KINDS and (file := _file(KINDS[each["type"]], each))]
    return [*([(TEXT, {"text": words})] if words else []), *((SENT, each) for each in files)]


def _file(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    code = text(content.get("downloadCode")) or text(content.get("pictureDownloadCode"))
    name = text(content.get("fileName"))[:LONGEST_NAME]
    return {"file": code, "kind": kind, "name": name} if code else {}
