"""Card -> DingTalk's cardParamMap or robot message. Pure. Docs: create-and-deliver-cards (all values strings, each at
most 1 KB), robot message types, message-link-description (links that stay inside the client)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from bot.card import Button, Can, Card, Fact, reduce, reply_hint
from bot.locale import t

PUBLIC_TEMPLATE = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
"""Markdown with buttons, hard-coded in the official Python SDK; used until our own template is imported."""
OWN_TRACK, PUBLIC_TRACK = "hz-", "hp-"
"""Beginnings of an outTrackId: they say which template a card was created with."""
CAN = Can(buttons=6, facts=8, update=True)
MESSAGE = Can(buttons=5, facts=20, update=False, callbacks=False)
"""A robot message without any card template: sampleActionCard2 to 5 is one key per number of link buttons."""
MAX_BYTES = 1024
MESSAGE_BYTES = 15_000
"""msgParam as JSON; stated for group messages, one-to-one answers `msgParam.tooLong` without a number."""
CUT = "…（内容较长，已截断）"
UNTITLED = "通知"
SHOW = "查看"
"""What is added where a card is too long or says nothing; `t` says it."""
_COLORS = {"primary": "blue", "default": "gray", "danger": "red"}
_HARMLESS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "`": "'"})


def template_of(track: str, own: str) -> str:
    """The template behind an outTrackId; `own` is the configured id of ours, "" when there is none."""
    return PUBLIC_TEMPLATE if track.startswith(PUBLIC_TRACK) else own or PUBLIC_TEMPLATE


def params(card: Card, template: str) -> dict[str, str]:
    """The variables `template` wants: our own by any id, the SDK's when it is the public one or ''."""
    return public_params(card) if template in {"", PUBLIC_TEMPLATE} else own_params(card)


def own_params(card: Card) -> dict[str, str]:
    """Variables of `card_template.json`: title, text, facts and buttons (JSON arrays), footer, closed."""
    small = reduce(card, CAN)
    facts, spilled = _facts(small.facts)
    buttons, dropped = _buttons(small.buttons)
    quoted = f"「{small.quote}」" if small.quote else ""
    body = "\n\n".join(part for part in (small.text, *map(_line, spilled), quoted, *_instead(dropped)) if part)
    return {
        "title": clip(small.title),
        "text": clip(_lines(body)),
        "facts": facts,
        "buttons": buttons,
        "footer": clip(small.footer),
        "closed": clip(small.closed),
    }


def public_params(card: Card) -> dict[str, str]:
    """Variables of PUBLIC_TEMPLATE: markdown, title, tips and sys_full_json_obj with the buttons."""
    small = reduce(card, CAN)
    buttons, dropped = _buttons(small.buttons, wrap=True)
    body = [markdown(small), *map(_plain, _instead(dropped))]
    body += [_plain(small.footer)] if small.closed else []  # `tips` is one place for two things
    return {
        "markdown": clip("\n\n".join(part for part in body if part)),
        "title": clip(small.title),
        "tips": clip(small.closed or small.footer),
        "sys_full_json_obj": buttons,
    }


def markdown(card: Card, *, whole: bool = False) -> str:
    """The body in DingTalk markdown; `whole` adds title, state and footer for channels without their own places."""
    parts = [f"### {_plain(card.title)}"] if whole else []
    parts += [_lines(card.text)] if card.text else []
    parts += [f"**{_plain(fact.label)}**：{_plain(fact.value)}" for fact in card.facts]
    parts += [f"> {_plain(card.quote)}".replace("\n", "\n> ")] if card.quote else []
    if whole:
        parts += [f"**{_plain(card.closed)}**"] if card.closed else []
        parts += [_plain(card.footer)] if card.footer else []
    return "\n\n".join(parts)


def answer(card: Card, template: str) -> dict[str, Any]:
    """The body that replaces a clicked card: merged by key, so other variables stay (docs: event-callback-card)."""
    return {"cardData": {"cardParamMap": params(card, template)}, "cardUpdateOptions": {"updateCardDataByKey": True}}


def plain_message(card: Card, page: str = "") -> tuple[str, dict[str, str]]:
    """(msgKey, msgParam) where no card template can be used: sampleActionCard* when a page can be opened, else
    sampleMarkdown. Buttons that would call back cannot here: `reduce` turns them into words and a link to `page`.
    """
    small = reduce(card, MESSAGE, page)
    base = {"title": clip(small.title, 200) or t(UNTITLED), "text": ""}
    kind = "sampleMarkdown"
    if len(small.buttons) == 1:
        kind, link = "sampleActionCard", small.buttons[0]
        base |= {"singleTitle": clip(link.label, 60) or t(SHOW), "singleURL": in_app(link.url)}
    elif small.buttons:
        kind = f"sampleActionCard{len(small.buttons)}"
        for number, link in enumerate(small.buttons, 1):
            base |= {f"actionTitle{number}": clip(link.label, 60) or t(SHOW), f"actionURL{number}": in_app(link.url)}
    body, room = markdown(small, whole=True), MESSAGE_BYTES
    while len(_dump(base | {"text": clip(body, room)}).encode("utf-8", "replace")) > MESSAGE_BYTES and room > MAX_BYTES:
        room = room * 3 // 4  # quotes and line ends grow in JSON, so the room is found by trying
    return kind, base | {"text": clip(body, room)}


def in_app(url: str) -> str:
    """`url` opened inside the client, on a desktop in its side panel; there the person is already signed in."""
    return f"dingtalk://dingtalkclient/page/link?url={quote(url, safe='')}&pc_slide=true"


def clip(value: str, limit: int = MAX_BYTES) -> str:
    """`value` within `limit` UTF-8 bytes; what is cut is said, never silent."""
    data = value.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    return data[: limit - len(t(CUT).encode())].decode(errors="ignore") + t(CUT)


def _plain(value: str) -> str:
    """People's words may not become links, tags or code in markdown."""
    return value.translate(_HARMLESS)


def _lines(value: str) -> str:
    return _plain(value).replace("\n", "  \n")


def _line(fact: Fact) -> str:
    return f"{fact.label}：{fact.value}"


def _instead(dropped: tuple[Button, ...]) -> list[str]:
    """Lines of text for buttons that found no room."""
    replies = [button.label for button in dropped if not button.url]
    links = [f"{button.label}：{button.url}" for button in dropped if button.url]
    return links + ([reply_hint(replies)] if replies else [])


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fits(value: str) -> bool:
    return len(value.encode("utf-8", "replace")) <= MAX_BYTES


def _facts(facts: tuple[Fact, ...]) -> tuple[str, tuple[Fact, ...]]:
    """(JSON array, facts that found no room in its 1 KB, whole). The longest go first, so that the short ones stay."""
    kept = list(facts)
    while True:
        value = _dump([{"label": fact.label, "value": fact.value} for fact in kept])
        if _fits(value):
            return value, tuple(fact for fact in facts if fact not in kept)
        kept.remove(max(kept, key=lambda fact: len(fact.label) + len(fact.value)))


def _button(button: Button, *, with_params: bool) -> Mapping[str, Any]:
    color = _COLORS[button.style]
    if button.url:
        return {"text": button.label, "color": color, "url": button.url, "iosUrl": button.url}
    row: dict[str, Any] = {"text": button.label, "color": color, "id": button.key, "request": True}
    return row | {"params": {"action": button.key}} if with_params else row


def _buttons(buttons: tuple[Button, ...], *, wrap: bool = False) -> tuple[str, tuple[Button, ...]]:
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


FORMS: Mapping[str, Callable[[Card, str], object]] = MappingProxyType(
    {
        "own": lambda card, page: own_params(card),
        "public": lambda card, page: public_params(card),
        "message": lambda card, page: dict(zip(("msgKey", "msgParam"), plain_message(card, page), strict=True)),
    }
)
"""Every form a card takes here, from (card, personal page): what the golden files hold."""
