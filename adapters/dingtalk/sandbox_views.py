"""DingTalk stand-in: card variables of the public template and of our own, as one neutral view."""

from __future__ import annotations

import json
import re
from typing import Any

from adapters.dingtalk.sandbox_desk import Fail
from adapters.sandbox.state import Json

PUBLIC = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
COLORS = {"blue": "primary", "red": "danger"}


def view(template: str, params: Json, *, updated: bool = False) -> Json:
    """The neutral view, of the public template or of our own."""
    return _public(params, updated) if template == PUBLIC else _own(params)


def _own(params: Json) -> Json:
    closed = params.get("closed", "")
    buttons = [_own_button(each) for each in _json_list(params.get("buttons"))]
    facts = [
        {"label": str(each.get("label", "")), "value": str(each.get("value", ""))}
        for each in _json_list(params.get("facts"))
    ]
    text, quote = _quote(params.get("text", ""))
    return {
        "title": params.get("title", ""),
        "text": text,
        "facts": facts,
        "quote": params.get("quote", quote),
        "buttons": [each for each in buttons if not closed or each["url"]],
        "footer": params.get("footer", ""),
        "closed": closed,
    }


def _own_button(row: Json) -> Json:
    """Either {label, key, style, url} or the public template's names; the click carries `action`."""
    key, style = str(row.get("key") or row.get("id") or ""), str(row.get("style") or row.get("color") or "default")
    url = row.get("url", "")
    return {
        "label": row.get("label") or row.get("text", ""),
        "key": "" if url else key,
        "url": url,
        "style": COLORS.get(style, style if style in ("primary", "danger") else "default"),
        "params": {"action": key},
    }


def _public(params: Json, updated: bool) -> Json:
    facts, lines = [], []
    for line in params.get("markdown", "").split("\n"):
        if match := re.fullmatch(r"\*\*(.+?)\*\*：(.*)", line.strip()):
            facts.append({"label": match.group(1), "value": match.group(2)})
        elif not line.startswith("### "):
            lines.append(line)
    text, quote = _quote("\n".join(lines))
    try:
        rows = json.loads(params.get("sys_full_json_obj") or "{}").get("msgButtons", [])
    except (ValueError, AttributeError) as broken:
        raise Fail("param.invalid", "sys_full_json_obj is not a JSON object") from broken
    buttons = [_public_button(row) for row in rows]
    tips = params.get("tips", "")
    closed = tips if updated and not any(each["key"] for each in buttons) else ""
    return {
        "title": params.get("title", ""),
        "text": text,
        "facts": facts,
        "quote": quote,
        "buttons": buttons,
        "footer": "" if closed else tips,
        "closed": closed,
    }


def _public_button(row: Json) -> Json:
    key = row.get("id") or (row.get("params") or {}).get("id", "")
    return {
        "label": row.get("text", ""),
        "key": str(key) if row.get("request") else "",
        "url": row.get("url", ""),
        "style": COLORS.get(str(row.get("color", "")), "default"),
        "params": row.get("params") or {},
    }


def _json_list(value: Any) -> list[Json]:
    try:
        rows = json.loads(value) if value else []
    except ValueError as broken:
        raise Fail("param.invalid", "not a JSON list") from broken
    return rows if isinstance(rows, list) else []


def _quote(text: str) -> tuple[str, str]:
    """Text without its quoted lines, and those: `> ` in markdown, or a line wholly between 「 and 」."""
    rest, quote = [], []
    for line in text.split("\n"):
        if match := re.fullmatch(r"(?:>\s?(.*)|「(.*)」)", line.strip()):
            quote.append(match.group(1) or match.group(2) or "")
        else:
            rest.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rest)).strip(), "\n".join(quote)
