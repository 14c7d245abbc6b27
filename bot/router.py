"""From an Event to the one function that answers it. Handlers register by decorator; they are found by name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from sqlalchemy.engine import Connection

from bot.card import Card
from bot.event import Event
from bot.ports.crowds import Outcome

if TYPE_CHECKING:
    from bot.asks import Ask
    from bot.context import Context
    from bot.delivery.outbox import Row

Flow = Callable[[Event, "Context"], "Card | None"]
Hook = Callable[[Event, "Context"], None]


@dataclass(frozen=True, slots=True)
class Gone:
    """A person who is being erased. `person_id` is the new, meaningless id that every row carries by now."""

    person_id: str
    ref: str


Eraser = Callable[[Connection, Gone], Iterable[str]]
"""Erases the words of one person from a handler's rows; returns the matters that were only about them."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of an outbox row. `refused`: user id -> the vendor's code, of a crowd; everybody else in it was
    accepted, no more. `raw`: the vendor's answer. `code`: why it failed or was stopped. `ambiguous`: a worker died in
    between, so the platform may have taken it twice under the same key. `at`: UTC, when the answer came here."""

    state: Literal["sent", "failed", "stopped"]
    message_id: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, object] = field(default_factory=dict)
    code: str = ""
    ambiguous: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that a person sent in the chat, fetched and checked. `at` is UTC, when it was sent; `page` is the path of
    ours where the sender and HR can open it."""

    name: str
    media_type: str
    content: bytes
    at: datetime
    page: str


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a file belongs: it is recorded about `matter`, and its sender reads `card`. `for_hr`: whoever took it does
    not see to it that it is read, so HR is asked to look."""

    matter: str
    card: Card
    for_hr: bool = True


Taker = Callable[["Context", "Ask | None", SentFile], "Filed | None"]
Carrier = Callable[["Context", "Row", Carried], None]
Harvester = Callable[["Context", "Row", Mapping[str, Outcome]], None]


@dataclass(slots=True)
class Routes:
    """What the handlers registered: `flows` by action, `commands` then `words` for free text, `hooks` for every event,
    `erasers` for a person who is erased, `carriers` and `harvesters` by the beginning of a matter's name, `takers` of
    files by the beginning of a question's kind."""

    flows: dict[str, Flow] = field(default_factory=dict)
    commands: list[Flow] = field(default_factory=list)
    words: list[Flow] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    erasers: list[Eraser] = field(default_factory=list)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    harvesters: dict[str, Harvester] = field(default_factory=dict)
    takers: dict[str, Taker] = field(default_factory=dict)

    def carrier(self, matter: str) -> Carrier | None:
        """Who wants to know what came of the rows of this matter."""
        return next((each for prefix, each in self.carriers.items() if matter.startswith(prefix)), None)

    def harvester(self, matter: str) -> Harvester | None:
        """Who wants to know what platforms say later about the messages of this matter."""
        return next((each for prefix, each in self.harvesters.items() if matter.startswith(prefix)), None)

    def taker(self, kind: str) -> Taker | None:
        """Who takes files as an answer to a question of this kind."""
        return next((each for prefix, each in self.takers.items() if prefix and kind.startswith(prefix)), None)


routes = Routes()


def on(action: str) -> Callable[[Flow], Flow]:
    """Register the flow of one action; a second registration of the same action is a programming error."""

    def register(flow: Flow) -> Flow:
        if routes.flows.setdefault(action, flow) is not flow:
            raise RuntimeError(f"two flows for {action}: {routes.flows[action].__module__} and {flow.__module__}")
        return flow

    return register


def words(flow: Flow) -> Flow:
    """Offer free text to this flow; None means: not mine. Rooms are asked in alphabetical order."""
    return _listens(routes.words, flow)


def command(flow: Flow) -> Flow:
    """Likewise, before all `words`: for sentences that nobody would say as an answer or a reason. Whoever says
    "Emergency stop" with a question open answers nothing and needs no help."""
    return _listens(routes.commands, flow)


def _listens(flows: list[Flow], flow: Flow) -> Flow:
    if flow not in flows:
        flows.append(flow)
        # However they were imported, all rooms or one by one; a package comes after its modules.
        flows.sort(key=lambda each: f"{each.__module__}.~")
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


def carried(prefix: str) -> Callable[[Carrier], Carrier]:
    """Call in the very transaction in which the result of a row (send, crowd, channel) is written whose matter starts
    with `prefix`. Rows that `bot.delivery.crowds.cancel` stopped before they were touched are not reported."""

    def register(carrier: Carrier) -> Carrier:
        if routes.carriers.setdefault(prefix, carrier) is not carrier:
            raise RuntimeError(f"two carriers for {prefix}")
        return carrier

    return register


def harvested(prefix: str) -> Callable[[Harvester], Harvester]:
    """Call with what a platform says later about people who got a row: `(ctx, row, person id -> Outcome)`, news only.

    Sources report in any order and an older state may follow a newer one: keep the highest.
    """

    def register(harvester: Harvester) -> Harvester:
        if routes.harvesters.setdefault(prefix, harvester) is not harvester:
            raise RuntimeError(f"two harvesters for {prefix}")
        return harvester

    return register


def takes_files(kind: str) -> Callable[[Taker], Taker]:
    """Offer what the actor sends to this function while a question to them is open whose kind starts with `kind`, the
    newest question first. None: not here, and the next one is offered it; in the end HR gets it.

    An empty `kind` is for what no question takes; there the second argument is None.
    """

    def register(taker: Taker) -> Taker:
        if routes.takers.setdefault(kind, taker) is not taker:
            raise RuntimeError(f"two takers for {kind}")
        return taker

    return register


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
