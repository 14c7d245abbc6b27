"""WeCom's limits, written from its pages and not from the renderer: message/send and template_card (90236, 94945)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

BYTES = {"text.content": 2048, "textcard.title": 128, "textcard.description": 512, "textcard.url": 2048}


def problems(form: str, wire: Any) -> Iterator[str]:
    """One sentence per limit that the wire breaks."""
    kind = wire.get("msgtype", "template_card")
    body = wire if form == "replacement" else wire[kind]
    for name, limit in BYTES.items():
        owner, field = name.split(".")
        if owner == kind and (not body[field] or len(body[field].encode()) > limit):
            yield f"{name} has {len(body[field].encode())} bytes"
    if kind == "textcard" and not 1 <= len(body["btntxt"]) <= 4:
        yield "btntxt"
    if kind == "template_card":
        yield from _card(body)


def _card(card: dict[str, Any]) -> Iterator[str]:
    lengths = {
        "title": (1, card["main_title"]["title"], 36),
        "sub_title_text": (0, card.get("sub_title_text", ""), 160),
        "quote_text": (0, card.get("quote_area", {}).get("quote_text", ""), 160),
        **{f"keyname {n}": (1, row["keyname"], 5) for n, row in enumerate(card.get("horizontal_content_list", []))},
        **{f"value {n}": (0, row["value"], 30) for n, row in enumerate(card.get("horizontal_content_list", []))},
        **{f"text {n}": (1, row["text"], 10) for n, row in enumerate(card["button_list"])},
    }
    yield from (f"{name}: {len(value)}" for name, (least, value, most) in lengths.items()
                if not least <= len(value) <= most)  # fmt: skip
    if not 1 <= len(card["button_list"]) <= 6 or len(card.get("horizontal_content_list", [])) > 6:
        yield "too many rows"
    if not re.fullmatch(r"[0-9A-Za-z_@-]{1,128}", card["task_id"]):
        yield "task_id"
    called = [row["key"] for row in card["button_list"] if row["type"] == 0]
    if len(called) != len(set(called)) or any(len(key.encode()) > 1024 for key in called):
        yield "keys are unique and at most 1 KB"


def live(form: str, wire: Any) -> list[str]:
    """What can still be tapped; `replace_text` covers the button area with one grey label."""
    if form == "replacement" and "replace_text" in wire:
        return []
    if wire.get("msgtype") == "textcard":
        return [wire["textcard"]["url"]]
    card = wire if form == "replacement" else wire.get("template_card", {})
    return [row.get("key") or row["url"] for row in card.get("button_list", [])]


def keys(form: str, wire: Any) -> list[str]:
    """What comes back to us."""
    card = wire if form == "replacement" else wire.get("template_card", {})
    return [row["key"] for row in card.get("button_list", []) if "key" in row]


def links(form: str, wire: Any) -> list[str]:
    """Links that a client would make of the text. Tags are read in these two; fields of a template card are plain."""
    read = wire.get("text", {}).get("content", "") + wire.get("textcard", {}).get("description", "")
    return re.findall(r"<a\b|<div\b", read)
