"""From an Event to the one function that answers it. Handlers register by decorator; they are found by name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from bot.card import Card
from bot.event import Event

if TYPE_CHECKING:
    from bot.context import Context

Flow = Callable[[Event, "Context"], "Card | None"]
Hook = Callable[[Event, "Context"], None]


@dataclass(frozen=True, slots=True)
class Gone:
    """A person who is being erased. `person_id` is the new, meaningless id that every row carries by now."""

    person_id: str
    ref: str


Eraser = Callable[[Connection, Gone], Iterable[str]]
"""Erases the words of one person from a handler's rows; returns the matters that were only about them."""


@dataclass(slots=True)
class Routes:
    """What the handlers registered: `flows` by action, `words` in order for free text, `hooks` for every event,
    `erasers` for a person who is erased."""

    flows: dict[str, Flow] = field(default_factory=dict)
    words: list[Flow] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    erasers: list[Eraser] = field(default_factory=list)


routes = Routes()


def on(action: str) -> Callable[[Flow], Flow]:
    """Register the flow of one action; a second registration of the same action is a programming error."""

    def register(flow: Flow) -> Flow:
        if routes.flows.setdefault(action, flow) is not flow:
            raise RuntimeError(f"two flows for {action}: {routes.flows[action].__module__} and {flow.__module__}")
        return flow

    return register


def words(flow: Flow) -> Flow:
    """Offer free text to this flow; None means: not mine."""
    if flow not in routes.words:
        routes.words.append(flow)
    return flow


def heard(hook: Hook) -> Hook:
    """Call for every event of a known person, before its flow: a sign of life is one wherever it comes from."""
    if hook not in routes.hooks:
        routes.hooks.append(hook)
    return hook


def erases(eraser: Eraser) -> Eraser:
    """Call when a person is erased: whoever keeps words of people removes them."""
    if eraser not in routes.erasers:
        routes.erasers.append(eraser)
    return eraser


def discover(package: str, module: str) -> list[object]:
    """Import `<package>.<each folder>.<module>` where it exists, in alphabetical order."""
    found: list[object] = []
    root = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda each: each.name):
        if not info.ispkg:
            continue
        name = f"{package}.{info.name}.{module}"
        if importlib.util.find_spec(name):
            found.append(importlib.import_module(name))
    return found
