"""Card -> DingTalk's cardParamMap. Pure. Docs: create-and-deliver-cards (all values strings, each <= 1 KB)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.card import Button, Card

PUBLIC_TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
"""Markdown with buttons, hard-coded in the official Python SDK; used until our own template is imported."""
MAX_BYTES = 1024
CUT = "…（内容较长，已截断）"
_COLORS = {"primary": "blue", "default": "gray", "danger": "red"}
_HARMLESS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "'"})


def params(card: Card, template: str) -> dict[str, str]:
    """The variables `template` wants: our own by any id, the SDK's when it is the public one or ''."""
    return public_params(card) if template in {"", PUBLIC_TEMPLATE} else own_params(card)


def own_params(card: Card) -> dict[str, str]:
    """Variables of `card_template.json`: title, text, facts and buttons (JSON arrays), footer, closed."""
    buttons, dropped = _buttons([] if card.closed else list(card.buttons))
    body = "\n\n".join(
        part for part in (card.text, f"「{card.quote}」" if card.quote else "", _reply_hint(dropped)) if part
    )
    return {
        "title": clip(card.title),
        "text": clip(_lines(body)),
        "facts": _facts(card),
        "buttons": buttons,
        "footer": clip(card.footer),
        "closed": clip(card.closed),
    }


def public_params(card: Card) -> dict[str, str]:
    """Variables of PUBLIC_TEMPLATE: markdown, title, tips and sys_full_json_obj with the buttons."""
    buttons, dropped = _buttons([] if card.closed else list(card.buttons), wrap=True)
    return {
        "markdown": clip(markdown(card, dropped=dropped)),
        "title": clip(card.title),
        "tips": clip(card.closed or card.footer),
        "sys_full_json_obj": buttons,
    }


def markdown(card: Card, *, whole: bool = False, dropped: tuple[Button, ...] = ()) -> str:
    """The body in DingTalk markdown; `whole` adds title, state and footer for channels without their own places."""
    parts = [f"### {_plain(card.title)}"] if whole else []
    parts += [_lines(card.text)] if card.text else []
    parts += [f"**{_plain(fact.label)}**：{_plain(fact.value)}" for fact in card.facts]
    parts += [f"> {_plain(card.quote)}".replace("\n", "\n> ")] if card.quote else []
    parts += [_reply_hint(dropped)] if dropped else []
    if whole:
        parts += [f"**{_plain(card.closed)}**"] if card.closed else []
        parts += [_plain(card.footer)] if card.footer else []
    return "\n\n".join(parts)


def answer(card: Card, template: str) -> dict[str, Any]:
    """The body that replaces a clicked card: merged by key, so other variables stay (docs: event-callback-card)."""
    return {"cardData": {"cardParamMap": params(card, template)}, "cardUpdateOptions": {"updateCardDataByKey": True}}


def plain_message(card: Card) -> tuple[str, dict[str, str]]:
    """(msgKey, msgParam) without a card template: link buttons as sampleActionCard*, else sampleMarkdown.

    Buttons that would call back cannot; their words become an invitation to reply. Docs: robot message types.
    """
    callbacks = tuple(button for button in card.buttons if not button.url and not card.closed)
    links = [button for button in card.buttons if button.url and not card.closed][:5]
    body = "\n\n".join(part for part in (markdown(card, whole=True), _reply_hint(callbacks)) if part)
    base = {"title": card.title, "text": body}
    if not links:
        return "sampleMarkdown", base
    if len(links) == 1:
        return "sampleActionCard", {**base, "singleTitle": links[0].label, "singleURL": links[0].url}
    for number, button in enumerate(links, 1):
        base |= {f"actionTitle{number}": button.label, f"actionURL{number}": button.url}
    return f"sampleActionCard{len(links)}", base


def clip(value: str, limit: int = MAX_BYTES) -> str:
    """`value` within `limit` UTF-8 bytes; what is cut is said, never silent."""
    data = value.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    return data[: limit - len(CUT.encode())].decode(errors="ignore") + CUT


def _plain(value: str) -> str:
    """People's words may not become links, tags or code in markdown."""
    return value.translate(_HARMLESS)


def _lines(value: str) -> str:
    return _plain(value).replace("\n", "  \n")


def _reply_hint(buttons: tuple[Button, ...]) -> str:
    return "也可以直接回复：" + " / ".join(_plain(button.label) for button in buttons) if buttons else ""


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fits(value: str) -> bool:
    return len(value.encode("utf-8", "replace")) <= MAX_BYTES


def _facts(card: Card) -> str:
    """Facts as a JSON array; the longest values shrink together until the whole fits."""
    width = MAX_BYTES
    while True:
        rows = [{"label": clip(fact.label, 60), "value": clip(fact.value, max(width, 60))} for fact in card.facts[:8]]
        if _fits(_dump(rows)) or width <= 60:
            break
        width = width * 3 // 4
    while not _fits(_dump(rows)):
        rows.pop()
    return _dump(rows)


def _button(button: Button, *, with_params: bool) -> Mapping[str, Any]:
    color = _COLORS[button.style]
    if button.url:
        return {"text": button.label, "color": color, "url": button.url, "iosUrl": button.url}
    row: dict[str, Any] = {"text": button.label, "color": color, "id": button.key, "request": True}
    return row | {"params": {"action": button.key}} if with_params else row


def _buttons(buttons: list[Button], *, wrap: bool = False) -> tuple[str, tuple[Button, ...]]:
    """(JSON, buttons that found no room). `params` repeats the id, so it goes first when 1 KB is short."""
    kept = list(buttons)
    for with_params in (True, False):
        value = _wrapped(kept, wrap, with_params)
        if _fits(value):
            return value, ()
    while not _fits(value):
        kept.pop()
        value = _wrapped(kept, wrap, False)
    return value, tuple(buttons[len(kept) :])


def _wrapped(buttons: list[Button], wrap: bool, with_params: bool) -> str:
    rows = [_button(button, with_params=with_params) for button in buttons]
    return _dump({"msgButtons": rows} if wrap else rows)
