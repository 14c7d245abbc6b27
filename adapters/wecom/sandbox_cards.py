"""WeCom stand-in: template cards, checked as strictly as page 90236 describes them, and shown on a phone."""

from __future__ import annotations

import re
from typing import Any

from adapters.sandbox.state import Json
from adapters.wecom.sandbox_desk import Fail

COMMON = {"card_type", "source", "action_menu", "task_id", "main_title", "replace_text"}
FIELDS: dict[str, set[str]] = {
    "text_notice": {
        "emphasis_content",
        "quote_area",
        "sub_title_text",
        "horizontal_content_list",
        "jump_list",
        "card_action",
    },
    "news_notice": {
        "quote_area",
        "card_image",
        "image_text_area",
        "vertical_content_list",
        "horizontal_content_list",
        "jump_list",
        "card_action",
    },
    "button_interaction": {
        "quote_area",
        "sub_title_text",
        "horizontal_content_list",
        "card_action",
        "button_selection",
        "button_list",
    },
    "vote_interaction": {"checkbox", "submit_button"},
    "multiple_interaction": {"select_list", "submit_button"},
}
BLOCKS: dict[str, set[str]] = {
    "source": {"icon_url", "desc", "desc_color"},
    "main_title": {"title", "desc"},
    "emphasis_content": {"title", "desc"},
    "quote_area": {"type", "url", "appid", "pagepath", "title", "quote_text"},
    "horizontal_content_list": {"keyname", "value", "type", "url", "media_id", "userid"},
    "jump_list": {"type", "title", "url", "appid", "pagepath"},
    "card_action": {"type", "url", "appid", "pagepath"},
    "button_list": {"type", "text", "style", "key", "url"},
    "button_selection": {"question_key", "title", "option_list", "selected_id", "disable"},
    "submit_button": {"text", "key"},
    "action_menu": {"desc", "action_list"},
}
STYLES = {1: "primary", 2: "default", 3: "default", 4: "danger"}
CALLBACK_CARDS = ("button_interaction", "vote_interaction", "multiple_interaction")
TASK_ID = re.compile(r"[0-9A-Za-z_\-@]{1,128}")


def check(card: Any) -> Json:
    """The card itself, or Fail with the documented code of the first mistake."""
    if not isinstance(card, dict):
        raise Fail(40063, "template_card is required")
    kind = card.get("card_type")
    if kind not in FIELDS:
        raise Fail(42031, "invalid card_type")
    _only("template_card", card, COMMON | FIELDS[kind])
    for name, fields in BLOCKS.items():
        for block in _each(card.get(name)):
            _only(name, block, fields)
    _check_titles(kind, card)
    _check_task(kind, card)
    _check_lists(card)
    if kind == "button_interaction":
        _check_buttons(card.get("button_list"))
    if kind in ("vote_interaction", "multiple_interaction") and not _size_ok(card.get("submit_button", {}).get("key")):
        raise Fail(42046, "invalid submit_button key")
    return card


def _each(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _only(where: str, block: Any, allowed: set[str]) -> None:
    if not isinstance(block, dict):
        raise Fail(40063, f"{where} has a wrong type")
    if unknown := sorted(set(block) - allowed):
        raise Fail(40058, f"{where} has unknown field {unknown[0]}")


def _size_ok(key: Any) -> bool:
    return isinstance(key, str) and 0 < len(key.encode()) <= 1024


def _check_titles(kind: str, card: Json) -> None:
    title = card.get("main_title", {}).get("title")
    if kind == "text_notice":
        if not (title or card.get("sub_title_text")):
            raise Fail(42033, "main_title.title or sub_title_text is required")
    elif not title and not (kind == "button_interaction" and card.get("main_title", {}).get("desc")):
        raise Fail(42033, "main_title.title is required")
    if kind in ("text_notice", "news_notice"):
        action = card.get("card_action") or {}
        if action.get("type") not in (1, 2) or (action["type"] == 1 and not action.get("url")):
            raise Fail(42045, "card_action is required")
    for name, value in (("sub_title_text", card.get("sub_title_text")), ("title", title)):
        if value is not None and not isinstance(value, str):
            raise Fail(40063, f"{name} must be a string")


def _check_task(kind: str, card: Json) -> None:
    task = card.get("task_id")
    if task is None and kind not in CALLBACK_CARDS and not card.get("action_menu"):
        return
    if not isinstance(task, str) or not TASK_ID.fullmatch(task):
        raise Fail(40058, "task_id is required: digits, letters, _-@, at most 128 bytes")


def _check_lists(card: Json) -> None:
    rows = card.get("horizontal_content_list") or []
    if len(rows) > 6:
        raise Fail(42035, "horizontal_content_list has more than 6 items")
    for row in rows:
        if not row.get("keyname"):
            raise Fail(42027, "horizontal_content_list keyname is required")
        if row.get("type") == 1 and not row.get("url"):
            raise Fail(42028, "horizontal_content_list url is required")
        if row.get("type") == 3 and not row.get("userid"):
            raise Fail(42050, "horizontal_content_list userid is required")
    jumps = card.get("jump_list") or []
    if len(jumps) > 3:
        raise Fail(42042, "jump_list has more than 3 items")
    for jump in jumps:
        if not jump.get("title") or (jump.get("type") == 1 and not jump.get("url")):
            raise Fail(42033 if not jump.get("title") else 42028, "jump_list title and url")
    for menu in (card.get("action_menu") or {}).get("action_list", []):
        if not _size_ok(menu.get("key")):
            raise Fail(42051, "action_menu key")


def _check_buttons(buttons: Any) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 6:
        raise Fail(40058, "button_list must have 1 to 6 items")
    keys = []
    for button in buttons:
        if not isinstance(button.get("text"), str) or not button["text"]:
            raise Fail(42038, "button text is required")
        if button.get("style", 1) not in STYLES:
            raise Fail(40058, "button style is 1 to 4")
        if button.get("type", 0) == 1:
            if not button.get("url"):
                raise Fail(42028, "button url is required")
        elif not _size_ok(button.get("key")):
            raise Fail(42039, "button key is required, at most 1024 bytes")
        else:
            keys.append(button["key"])
    if len(keys) != len(set(keys)):
        raise Fail(42039, "button keys must be unique")


def view(card: Json) -> Json:
    """The neutral view of a checked card."""
    title, lines = card.get("main_title", {}), []
    lines += [title.get("desc"), (card.get("emphasis_content") or {}).get("title"), card.get("sub_title_text")]
    lines += [f"{row.get('title')}：{row.get('desc', '')}" for row in card.get("vertical_content_list") or []]
    quote = card.get("quote_area") or {}
    closed, action = card.get("replace_text", ""), card.get("card_action") or {}
    return {
        "title": title.get("title", ""),
        "text": "\n".join(line for line in lines if line),
        "facts": [
            {"label": row["keyname"], "value": row.get("value", "")}
            for row in card.get("horizontal_content_list") or []
        ],
        "quote": "\n".join(line for line in (quote.get("title"), quote.get("quote_text")) if line),
        "buttons": _links(card) if closed else _buttons(card) + _links(card),
        "footer": (card.get("source") or {}).get("desc", ""),
        "closed": closed,
        **({"open": action["url"]} if action.get("type") == 1 else {}),
    }


def _buttons(card: Json) -> list[Json]:
    rows = [
        {
            "label": each["text"],
            "key": each.get("key", ""),
            "url": each.get("url", ""),
            "style": STYLES[each.get("style", 1)],
        }
        for each in card.get("button_list") or []
    ]
    if submit := card.get("submit_button"):
        rows.append({"label": submit.get("text", "提交"), "key": submit["key"], "url": "", "style": "primary"})
    return rows


def _links(card: Json) -> list[Json]:
    rows = [
        {"label": each["title"], "key": "", "url": each["url"], "style": "default"}
        for each in card.get("jump_list") or []
        if each.get("type") == 1
    ]
    action = card.get("card_action") or {}
    if action.get("type") == 1 and action["url"] not in {row["url"] for row in rows}:
        rows.append({"label": "查看详情", "key": "", "url": action["url"], "style": "default"})
    return rows
