"""A card, said once for every platform. Pure: frozen values and the one rule that reduces them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.locale import t

Style = Literal["primary", "default", "danger"]
SEPARATOR = "~"
OPEN = "打开处理"
DETAILS = "查看详情"
"""Labels of the button that stands in for untappable ones, and of a card's own link; `t` says them."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value: `label` short (<= 5 characters shows whole on WeCom), `value` one line."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """`action` names a flow, `ref` an opaque row on the server; a button with `url` opens a page instead."""

    label: str
    action: str = ""
    ref: str = ""
    style: Style = "default"
    url: str = ""

    @property
    def key(self) -> str:
        """What travels on the wire: letters, digits, `._~-` only."""
        return f"{self.action}{SEPARATOR}{self.ref}"


@dataclass(frozen=True, slots=True)
class Card:
    """`closed` non-empty means decided: the buttons give way to this one grey label.

    `link` is the page where the same can be done or seen, for whoever signs in there.
    """

    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    quote: str = ""
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    closed: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Can:
    """What a platform can show: the numbers are maxima, 0 means not at all.

    `callbacks` False: a button can open a page but never tell us that it was tapped.
    """

    buttons: int = 6
    facts: int = 6
    update: bool = True
    callbacks: bool = True


def split_key(key: str) -> tuple[str, str]:
    """`"missed_punch.forgot~a1b2"` -> `("missed_punch.forgot", "a1b2")`; without separator the ref is empty."""
    action, _, ref = key.partition(SEPARATOR)
    return action, ref


def reduce(card: Card, can: Can, page: str = "") -> Card:
    """The same card with what `can` cannot show turned into text, so that nothing is lost silently.

    A button that cannot be tapped becomes an invitation to reply in words and, when the card has a `link` or else the
    platform a personal `page`, one button that opens it. Afterwards `link` is a button too and no field of its own.
    Texts come out `clean`; what is added is in the language being spoken, so whoever shows a card speaks its reader's.
    """
    card = _clean(card)
    facts, extra = card.facts[: can.facts], card.facts[can.facts :]
    buttons, said = _buttons(card, can, page)
    lines = [card.text, *(f"{fact.label}：{fact.value}" for fact in extra), *said]
    return replace(card, text="\n".join(line for line in lines if line), facts=facts, buttons=buttons, link="")


def _buttons(card: Card, can: Can, page: str) -> tuple[tuple[Button, ...], list[str]]:
    """(buttons that work here, lines of text for the others); neither once the card is closed."""
    if card.closed:
        return (), []
    shown = [button for button in card.buttons if can.callbacks or button.url]
    replies = [button.label for button in card.buttons if not can.callbacks and not button.url]
    if not can.callbacks and replies and (link := card.link or page):
        shown.insert(0, Button(t(OPEN), url=link, style="primary"))
    elif card.link and card.link not in [button.url for button in shown]:
        shown.append(Button(t(DETAILS), url=card.link))
    shown, cut = shown[: can.buttons], shown[can.buttons :]
    replies += [button.label for button in cut if not button.url]
    said = [reply_hint(replies)] if replies else []
    return tuple(shown), said + [f"{button.label}：{button.url}" for button in cut if button.url]


def clean(text: str) -> str:
    """Without control characters and lone surrogates, which no vendor's JSON accepts; line feeds stay."""
    return "".join(c for c in text if c == "\n" or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff"))


def _clean(card: Card) -> Card:
    return replace(
        card,
        title=clean(card.title),
        text=clean(card.text),
        facts=tuple(Fact(clean(fact.label), clean(fact.value)) for fact in card.facts),
        quote=clean(card.quote),
        buttons=tuple(replace(button, label=clean(button.label)) for button in card.buttons),
        footer=clean(card.footer),
        closed=clean(card.closed) or card.closed and "…",
    )


def reply_hint(labels: Sequence[str]) -> str:
    """Every answer can also be given in words."""
    return t("也可以直接回复：{labels}", labels=" / ".join(labels))


def as_text(card: Card) -> str:
    """The card as plain text, for channels without cards and for evidence readable by a person."""
    lines = [card.title, card.text, *(f"{fact.label}：{fact.value}" for fact in card.facts)]
    lines += [f"「{card.quote}」"] if card.quote else []
    lines += [card.closed] if card.closed else [" ".join(f"[{button.label}]" for button in card.buttons), card.link]
    return "\n".join(line for line in (*lines, card.footer) if line)
