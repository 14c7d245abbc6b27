"""DingTalk's limits, written from its pages (create-and-deliver-cards, robot message types), not from the renderer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACTIONS = {"sampleActionCard": 1, **{f"sampleActionCard{n}": n for n in range(2, 6)}}


def problems(form: str, wire: Any) -> Iterator[str]:
    """One sentence per limit that the wire breaks."""
    if form == "message":
        yield from _message(wire["msgKey"], wire["msgParam"])
        return
    for name, value in wire.items():
        if not isinstance(value, str):
            yield f"{name} is not a string"
        elif len(value.encode()) > 1024:
            yield f"{name} has {len(value.encode())} bytes"
    for row in buttons(form, wire):
        if row.get("request") and row["id"] != row.get("params", {"action": row["id"]})["action"]:
            yield "id and params.action differ"
        if not row["text"] and row.get("request") is None and not row.get("url"):
            yield "a button that does nothing"


def _message(kind: str, param: dict[str, str]) -> Iterator[str]:
    if len(json.dumps(param, ensure_ascii=False).encode()) > 15_400:
        yield "msgParam is too long"
    if not param["title"] or not param["text"]:
        yield "title and text are required"
    if kind == "sampleMarkdown":
        return
    count = ACTIONS[kind]
    wanted = ["single"] if count == 1 else [f"action{n}" for n in range(1, count + 1)]
    pairs = [("singleTitle", "singleURL")] if wanted == ["single"] else [
        (f"actionTitle{n}", f"actionURL{n}") for n in range(1, count + 1)
    ]  # fmt: skip
    if set(param) != {"title", "text", *(name for pair in pairs for name in pair)}:
        yield f"{kind} has the keys {sorted(param)}"
    for label, url in pairs:
        link = urlsplit(param[url])
        if not param[label] or link.scheme != "dingtalk" or not parse_qs(link.query)["url"][0].startswith("http"):
            yield f"{label} does not open a page inside the client"


def buttons(form: str, wire: Any) -> list[dict[str, Any]]:
    """Button rows of a card; an action card has none that call back."""
    if form == "message":
        return []
    rows = json.loads(wire["sys_full_json_obj"])["msgButtons"] if form == "public" else json.loads(wire["buttons"])
    assert isinstance(rows, list)
    return rows


def live(form: str, wire: Any) -> list[str]:
    """What can still be tapped: keys that come back, and addresses."""
    if form == "message":
        return [value for name, value in wire["msgParam"].items() if re.search("URL", name)]
    return [row.get("id") or row["url"] for row in buttons(form, wire)]


def keys(form: str, wire: Any) -> list[str]:
    """What comes back to us."""
    return [row["id"] for row in buttons(form, wire) if "id" in row]


def links(form: str, wire: Any) -> list[str]:
    """Links that a client would make of the text; markdown is read in these variables."""
    read = wire["msgParam"]["text"] if form == "message" else wire["markdown" if form == "public" else "text"]
    return re.findall(r"\]\(|<a\b|<font\b", read)
