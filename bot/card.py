"""A card, said once for every platform. Pure: frozen values and the one rule that reduces them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Style = Literal["primary", "default", "danger"]
SEPARATOR = "~"


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
    """`closed` non-empty means decided: the buttons give way to this one grey label."""

    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    quote: str = ""
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Can:
    """What a platform can show: the numbers are maxima, 0 means not at all."""

    buttons: int = 6
    facts: int = 6
    update: bool = True


def split_key(key: str) -> tuple[str, str]:
    """`"missed_punch.forgot~a1b2"` -> `("missed_punch.forgot", "a1b2")`; without separator the ref is empty."""
    action, _, ref = key.partition(SEPARATOR)
    return action, ref


def reduce(card: Card, can: Can) -> Card:
    """The same card with what `can` cannot show turned into text, so that nothing is lost silently."""
    facts, extra = card.facts[: can.facts], card.facts[can.facts :]
    lines = [card.text, *(f"{fact.label}：{fact.value}" for fact in extra)]
    buttons, cut = card.buttons[: can.buttons], card.buttons[can.buttons :]
    if cut and not card.closed:
        lines.append("也可以直接回复：" + " / ".join(button.label for button in cut))
    return replace(
        card, text="\n".join(line for line in lines if line), facts=facts, buttons=() if card.closed else buttons
    )


def as_text(card: Card) -> str:
    """The card as plain text, for channels without cards and for evidence readable by a person."""
    lines = [card.title, card.text, *(f"{fact.label}：{fact.value}" for fact in card.facts)]
    lines += [f"「{card.quote}」"] if card.quote else []
    lines += [card.closed] if card.closed else [" ".join(f"[{button.label}]" for button in card.buttons)]
    return "\n".join(line for line in (*lines, card.footer) if line)
