"""Card -> WeCom message body. Pure. Docs: template_card (page 90236), update_template_card (page 94888).

A card with buttons becomes `button_interaction`. One without becomes a plain `text` message: `text_notice` insists on a
link for the whole card, and plain text is also shown to members who use WeCom through WeChat.
Lengths are the vendor's display lengths in characters; what does not fit moves into the body, then is cut by "…".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.card import Button, Can, Card, Fact, as_text, clean, reduce
from bot.locale import t

CAN = Can(buttons=6, facts=6, update=True)
LINKS = Can(buttons=1, facts=6, update=False, callbacks=False)
"""Without a receive-message URL the vendor refuses cards that call back (43012); a page can still be opened."""
TITLE, BODY, QUOTE, KEYNAME, VALUE, LABEL = 36, 160, 160, 5, 30, 10
TEXT_BYTES, KEY_BYTES, TASK_BYTES = 2048, 1024, 128
STYLES = {"primary": 1, "default": 2, "danger": 4}
"""1 emphasised, 2 secondary, 3 neutral, 4 negative (docs: 90236, button style)."""
TEXTCARD_TITLE, TEXTCARD_BODY, TEXTCARD_LABEL = 128, 512, 4
DONE = "已更新"
OPEN = "详情"
UNTITLED = "通知"
SHOW = "查看"
"""What WeCom insists on where a card says nothing; `t` says it, and cuts nothing off: `btntxt` holds 4 characters."""
Wire = dict[str, Any]


def message(card: Card, task: str, can: Can = CAN, page: str = "") -> Wire:
    """`msgtype` and its body for message/send. `task` must come from `task_id()`; `page` is the personal page, used
    when `can` says that buttons cannot call back."""
    small = reduce(card, can, page)
    if small.closed or not small.buttons:  # replace_text is an update-only field (docs: 94888)
        return {"msgtype": "text", "text": {"content": plain(small)}}
    if len(small.buttons) == 1 and small.buttons[0].url:
        return {"msgtype": "textcard", "textcard": _textcard(small, small.buttons[0])}
    return {"msgtype": "template_card", "template_card": _card(small, task)}


def replacement(card: Card, task: str) -> Wire:
    """The full `template_card` for update_template_card; a decided card shows its label instead of the buttons."""
    small = reduce(card, CAN)
    if small.buttons:
        return _card(small, task)
    label = small.closed or t(DONE)
    stub = Button(label=cut(label, LABEL), action="closed")  # button_list may not be empty, replace_text covers it
    return {**_card(Card(small.title, small.text, small.facts, small.quote, (stub,), small.footer), task),
            "replace_text": cut(clean(label), BODY)}  # fmt: skip


def _textcard(card: Card, link: Button) -> Wire:
    """One page to open and nothing to answer: the whole card is the link (docs: 90236, textcard; limits in bytes)."""
    label = clean(link.label).replace("\n", " ")
    full = "" if len(label) <= TEXTCARD_LABEL else f"「{t(OPEN)}」：{label}"
    text = "\n".join(line for line in (card.text, full) if line)
    body = plain(Card("", text, card.facts, card.quote, footer=card.footer))
    return {
        "title": cut_bytes(clean(card.title), TEXTCARD_TITLE) or t(UNTITLED),
        "description": cut_bytes(body, TEXTCARD_BODY),
        "url": link.url,
        "btntxt": label if label and not full else t(OPEN),
    }


def plain(card: Card) -> str:
    """At most 2048 bytes of text. `<` is widened so that nobody's words turn into a link (text allows `<a href>`)."""
    return cut_bytes(clean(as_text(card)).replace("<", "＜"), TEXT_BYTES) or t(UNTITLED)


def task_id(key: str) -> str:
    """The key with WeCom's alphabet (digits, letters, `_-@`, at most 128 bytes), unique even after changes."""
    safe = re.sub(r"[^0-9A-Za-z_@-]", "-", key)
    if safe == key and 0 < len(key) <= TASK_BYTES:
        return safe
    mark = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"{safe[: TASK_BYTES - 17]}-{mark}"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one "…" when something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_bytes(text: str, limit: int) -> str:
    """At most `limit` UTF-8 bytes, never half a character."""
    if len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - len("…".encode())].decode("utf-8", "ignore") + "…"


def _card(card: Card, task: str) -> Wire:
    title, facts = clean(card.title).replace("\n", " "), [_clean_fact(fact) for fact in card.facts]
    body = [title] if len(title) > TITLE else []
    body.append(clean(card.text))
    body += [f"{fact.label}：{fact.value}" for fact in facts if not _fits(fact)]
    body += [f"「{cut(b.label, LABEL)}」：{clean(b.label)}" for b in card.buttons if len(b.label) > LABEL]
    body.append(clean(card.footer))
    first, rest = _split("\n".join(line for line in body if line), BODY)
    quote = "\n".join(part for part in (rest, clean(card.quote)) if part)
    wire: Wire = {
        "card_type": "button_interaction",
        "main_title": {"title": cut(title, TITLE) or t(UNTITLED)},
        "card_action": {"type": 0},
        "task_id": task,
        "button_list": [_button(button) for button in card.buttons],
    }
    if first:
        wire["sub_title_text"] = first
    if quote:
        wire["quote_area"] = {"type": 0, "quote_text": cut(quote, QUOTE)}
    shown = [{"keyname": fact.label, "value": fact.value} for fact in facts if _fits(fact)]
    if shown:
        wire["horizontal_content_list"] = shown
    return wire


def _split(text: str, limit: int) -> tuple[str, str]:
    """What the body can hold and the rest, which continues in the quote area; the break is marked on both sides."""
    if len(text) <= limit:
        return text, ""
    return text[: limit - 1] + "…", "…" + text[limit - 1 :]


def _clean_fact(fact: Fact) -> Fact:
    return Fact(clean(fact.label).replace("\n", " "), clean(fact.value).replace("\n", " "))


def _fits(fact: Fact) -> bool:
    return 0 < len(fact.label) <= KEYNAME and len(fact.value) <= VALUE


def _button(button: Button) -> Wire:
    label = cut(clean(button.label).replace("\n", " "), LABEL) or t(SHOW)
    wire: Wire = {"text": label, "style": STYLES[button.style]}
    if button.url:
        return {"type": 1, **wire, "url": button.url}
    if len(button.key.encode()) > KEY_BYTES:
        raise ValueError("button key longer than 1024 bytes")  # a ref is a short opaque id, so this is our mistake
    return {"type": 0, **wire, "key": button.key}


FORMS: Mapping[str, Callable[[Card, str], object]] = MappingProxyType(
    {
        "message": lambda card, page: message(card, "task"),
        "replacement": lambda card, page: replacement(card, "task"),
        "links": lambda card, page: message(card, "task", LINKS, page),
    }
)
"""Every form a card takes here, from (card, personal page): what the golden files hold."""
