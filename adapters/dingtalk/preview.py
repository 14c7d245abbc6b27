"""A card as DingTalk's clients show it, from the bodies that each route really sends. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from adapters.dingtalk import crowds_board, crowds_work, render
from bot.card import Card, Fact
from bot.ports.preview import Shape, loses

_MARKS = re.compile(r"^(?:### |> )")
NO_TEMPLATE = "template"
"""DingTalk knows none of the card templates."""


def shapes(card: Card, route: str, template: str, page: str) -> list[Shape]:
    """`template`: our own or empty for the public one; `page`: the personal page."""
    if route == "robot":
        return [_message(card, page, "")]
    if route == "work":
        return [_work(card, page)]
    if route == "board":
        title, content = crowds_board.written(card, page)
        return [Shape("blackboard", title, content, cut=loses(card, f"{title}\n{content}"))]
    return [_card(card, template), _message(card, page, NO_TEMPLATE)]


def _card(card: Card, template: str) -> Shape:
    told = render.params(card, template)
    public = "markdown" in told
    body = told["markdown"] if public else told["text"]
    rows: list[dict[str, Any]] = [] if public else json.loads(told["facts"])
    facts = tuple(Fact(each["label"], each["value"]) for each in rows)
    buttons, opens = _buttons(told["sys_full_json_obj"] if public else told["buttons"])
    foot = [told["tips"]] if public else [told["closed"], told["footer"]]
    text = "\n\n".join(part for part in (body, *foot) if part)
    shown = "\n".join((told["title"], text, *(fact.value for fact in facts)))
    return Shape("card", told["title"], _seen(text, ""), facts, buttons, opens, loses(card, shown))


def _buttons(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(labels, those that open a page) out of the JSON of a template's buttons."""
    found = json.loads(text)
    rows = found["msgButtons"] if isinstance(found, dict) else found
    return tuple(each["text"] for each in rows), tuple(each["text"] for each in rows if "url" in each)


def _seen(text: str, title: str) -> str:
    """Our own markdown as the client shows it; people's words hold none, see render. `title` stands above anyway."""
    lines = [_MARKS.sub("", line).replace("**", "").rstrip() for line in text.split("\n")]
    return "\n".join(lines[1:] if lines[0] == title else lines).strip("\n")


def _message(card: Card, page: str, why: str) -> Shape:
    kind, told = render.plain_message(card, page)
    labels = tuple(value for name, value in told.items() if name == "singleTitle" or name.startswith("actionTitle"))
    shown = f"{told['title']}\n{told['text']}"
    text = _seen(told["text"], told["title"])
    return Shape(kind, told["title"], text, (), labels, labels, loses(card, shown), why)


def _work(card: Card, page: str) -> Shape:
    wire = crowds_work.message(card, page)
    kind = str(wire["msgtype"])
    body = wire[kind]
    text = str(body.get("text") or body.get("markdown") or "")
    labels = tuple(each["title"] for each in body.get("btn_json_list", ()))
    labels = labels or ((str(body["single_title"]),) if "single_title" in body else ())
    shown = f"{body['title']}\n{text}"
    return Shape(kind, body["title"], _seen(text, body["title"]), (), labels, labels, loses(card, shown))
