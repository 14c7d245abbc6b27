"""A card as WeCom's clients show it, from the body of message/send (docs: 90236). Pure."""

from __future__ import annotations

from adapters.wecom import render
from adapters.wecom.render import Wire
from bot.card import Card, Fact
from bot.ports.preview import Shape, loses

NO_CALLBACK = "callback"
"""WeCom refuses what calls back (43012), because the app has no address to call."""


def shapes(card: Card, page: str) -> list[Shape]:
    """Every route takes the same body; without a callback address the one with a link goes out instead."""
    usual, instead = render.message(card, "preview"), render.message(card, "preview", render.LINKS, page)
    found = [_shape(card, usual, "")]
    return found if instead == usual else [*found, _shape(card, instead, NO_CALLBACK)]


def _shape(card: Card, wire: Wire, why: str) -> Shape:
    kind = str(wire["msgtype"])
    body = wire[kind]
    if kind == "text":
        title, _, rest = str(body["content"]).partition("\n")
        return Shape(kind, title, rest, cut=loses(card, body["content"]), why=why)
    if kind == "textcard":
        shown = f"{body['title']}\n{body['description']}"
        label = (body["btntxt"],)
        return Shape(kind, body["title"], body["description"], (), label, label, loses(card, shown), why)
    quote = body.get("quote_area", {}).get("quote_text", "")
    text = "\n".join(part for part in (body.get("sub_title_text", ""), quote) if part)
    facts = tuple(Fact(each["keyname"], each["value"]) for each in body.get("horizontal_content_list", ()))
    buttons = tuple(each["text"] for each in body["button_list"])
    opens = tuple(each["text"] for each in body["button_list"] if each["type"] == 1)
    # A text that runs over from the body into the quote area is marked on both sides of the break, and not cut.
    whole = text.replace("…\n…", "") + "\n".join([body["main_title"]["title"], *(fact.value for fact in facts)])
    return Shape("template_card", body["main_title"]["title"], text, facts, buttons, opens, loses(card, whole), why)
