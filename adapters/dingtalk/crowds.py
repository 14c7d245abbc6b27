"""One message to many people, by the way that fits: robot, work notice, announcement, single card.

What was sent is remembered for a day in the shared store under its key, so that a repeated call answers what the first
one did and reaches nobody twice; only an answer that was lost on the wire cannot be told from one never given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from adapters.dingtalk.client import Client
from adapters.dingtalk.crowds_board import Board
from adapters.dingtalk.crowds_robot import Robot, SingleCard
from adapters.dingtalk.crowds_work import Work
from adapters.dingtalk.errors import PERMISSION, QUOTA, until_next_month
from adapters.dingtalk.outbound import PAGE, Outbound
from adapters.dingtalk.wire import mapping, text
from bot import clock
from bot.card import Card
from bot.errors import PlatformError
from bot.ports import SharedStore
from bot.ports.crowds import Handed, Outcome, Route

T = TypeVar("T")
DAY = 86_400.0
_QUOTA_PAUSE, _PERMISSION_PAUSE = 21_600.0, 600.0


class Way(Protocol):
    """One route. PlatformErrors as the vendor's codes say."""

    route: Route

    def send(self, to: Sequence[str], card: Card, key: str) -> Handed: ...
    def outcomes(self, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]: ...
    def recall(self, message_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose name things are sent in. `operator`: the announcement administrator's user id, "" for no announcements."""

    robot: str
    agent: str
    operator: str = ""
    public_url: str = ""


class Crowd:
    """See bot.ports.crowds.Crowds. "board" is there when an announcement administrator is named in the settings."""

    def __init__(self, client: Client, store: SharedStore, sender: Sender, single: Outbound) -> None:
        page = f"{sender.public_url.rstrip('/')}{PAGE}" if sender.public_url else ""
        ways: list[Way] = [Robot(client, store, sender.robot, page), SingleCard(client, store, sender.robot, single)]
        ways += [Work(client, sender.agent, page)] if sender.agent else []
        ways += [Board(client, store, sender.operator, page)] if sender.operator else []
        self._store, self._ways = store, {way.route.name: way for way in ways}
        self.routes: Mapping[str, Route] = {name: way.route for name, way in self._ways.items()}

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        """Nobody is asked for twice in one call, and nobody who was accepted twice under one key.

        A used-up month and a withdrawn permission are not the people's fault: both alarm and can be tried again later.
        """
        way, asked = self._way(route), list(dict.fromkeys(to))
        if not 1 <= len(asked) <= way.route.people:
            raise PlatformError("too_many", f"{route}：一次 1 到 {way.route.people} 人", permanent=True, alarm=True)
        mark = _mark(route, asked, key)
        kept = _read(self._store.get(mark))
        if kept and len(kept.refused) < len(asked):
            return kept
        handed = _lenient(lambda: way.send(asked, card, key))
        self._store.set(mark, _written(handed), DAY)
        return handed

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        """Of those in `to` only. Every call costs one of the month's (the announcement one per 500 readers)."""
        way = self._way(route)
        found = _lenient(lambda: way.outcomes(message_id, to))
        return {user: found[user] for user in to if user in found}

    def recall_many(self, route: str, message_id: str) -> None:
        """See each way's `recall`."""
        way = self._way(route)
        _lenient(lambda: way.recall(message_id))

    def _way(self, route: str) -> Way:
        if route not in self._ways:
            raise PlatformError("no_route", "钉钉没有这条路线，或缺少它的设置", permanent=True, alarm=True)
        return self._ways[route]


def _lenient(call: Callable[[], T]) -> T:
    """`call()`, with what an administrator can put right made into something to be tried again."""
    try:
        return call()
    except PlatformError as error:
        if QUOTA.fullmatch(error.code):
            wait = min(_QUOTA_PAUSE, until_next_month(clock.now()))
            raise PlatformError(error.code, error.hint, retry_after=wait, alarm=True) from None
        if PERMISSION.fullmatch(error.code):
            raise PlatformError(error.code, error.hint, retry_after=_PERMISSION_PAUSE, alarm=True) from None
        raise


def _mark(route: str, to: Sequence[str], key: str) -> str:
    who = hashlib.sha256("\n".join([route, key, *to]).encode("utf-8", "replace")).hexdigest()
    return f"dingtalk:handed:{who}"


def _written(handed: Handed) -> str:
    return json.dumps({"id": handed.message_id, "refused": dict(handed.refused), "raw": dict(handed.raw)})


def _read(kept: str | None) -> Handed | None:
    found = mapping(kept)
    refused = {text(user): text(code) for user, code in mapping(found.get("refused")).items()}
    return Handed(text(found["id"]), refused, {**mapping(found.get("raw")), "repeated": True}) if found else None
