"""A small firm on a fake platform: the core with real databases and a real Redis, but no vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from bot import people, receipts
from bot.app import App
from bot.card import Can, Card
from bot.db import begin
from bot.delivery.deliver import Courier
from bot.dispatch import Dispatcher
from bot.errors import PlatformError
from bot.event import Event
from bot.ports import Correction, DirectoryPerson, Door, Finding, Leave, Punch, Sent, Shift
from bot.ports.crowds import Handed, Outcome, Route

START = datetime(2026, 6, 11, 1, 16, tzinfo=UTC)  # Thursday 09:16 in Shanghai
FIRM = (
    DirectoryPerson("zhang", "张三", "li", ("研发",)),
    DirectoryPerson("li", "李主管", "", ("研发",)),
    DirectoryPerson("wang", "王HR", "", ("人事",)),
    DirectoryPerson("stranger", "外人", "", ("门店",)),
)
ROUTES = {
    "shared": Route("shared", 3, tells="whether", known_for=timedelta(hours=24)),
    "card": Route("card", 1, tells="whether", known_for=timedelta(hours=24)),
}


@dataclass
class FakePlatform:
    """Remembers what it was told, receipts apart from what they are about; `fail` raises its errors in order.

    `known`: what it says afterwards about a user.
    """

    name: str = "fake"
    can: Can = field(default_factory=Can)
    sent: list[tuple[str, Card, str]] = field(default_factory=list)
    receipts: list[tuple[str, Card, str]] = field(default_factory=list)
    updated: list[tuple[str, Card, str]] = field(default_factory=list)
    fail: list[PlatformError] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    shift_list: list[Shift] = field(default_factory=list)
    punch_list: list[Punch] = field(default_factory=list)
    leave_list: list[Leave] = field(default_factory=list)
    routes: Mapping[str, Route] = field(default_factory=lambda: dict(ROUTES))
    handed: list[tuple[str, tuple[str, ...], Card, str]] = field(default_factory=list)
    refusing: dict[str, str] = field(default_factory=dict)
    known: dict[str, Outcome] = field(default_factory=dict)
    asked_for: list[str] = field(default_factory=list)
    recalled: list[str] = field(default_factory=list)

    @property
    def attendance(self) -> FakePlatform:
        return self

    def send(self, to: str, card: Card, key: str) -> Sent:
        self._maybe_fail()
        kept = self.receipts if card.title == receipts.TITLE else self.sent
        if key not in [each[2] for each in kept]:  # both vendors drop a repeat under the same key
            kept.append((to, card, key))
        return Sent(f"m-{key}", f"code-{key}")

    def update(self, to: str, card: Card, sent: Sent) -> Sent:
        self._maybe_fail()
        self.updated.append((to, card, sent.message_id))
        return Sent(sent.message_id)

    def recall(self, sent: Sent) -> None:
        self._maybe_fail()

    def people(self) -> list[DirectoryPerson]:
        return list(FIRM)

    def doors(self) -> Mapping[tuple[str, str], Door]:
        return {}

    def doctor(self) -> list[Finding]:
        return []

    def shifts(self, user_ids: Sequence[str], day: date) -> list[Shift]:
        self._maybe_fail()
        return [each for each in self.shift_list if each.user_id in user_ids and each.day == day]

    def punches(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Punch]:
        return [each for each in self.punch_list if each.user_id in user_ids and since <= each.at <= until]

    def leaves(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Leave]:
        return [each for each in self.leave_list if each.user_id in user_ids]

    def correct(self, correction: Correction) -> None:
        self._maybe_fail()
        self.corrections.append(correction)

    def corrected(self, correction: Correction) -> bool:
        return correction.at in [each.at for each in self.corrections]

    def send_many(self, route: str, to: Sequence[str], card: Card, key: str) -> Handed:
        self._maybe_fail()
        if key not in [each[3] for each in self.handed]:
            self.handed.append((route, tuple(to), card, key))
        refused = {user: code for user, code in self.refusing.items() if user in to}
        return Handed(f"m-{key}", refused, {"key": key})

    def outcomes(self, route: str, message_id: str, to: Sequence[str]) -> Mapping[str, Outcome]:
        self._maybe_fail()
        self.asked_for.append(message_id)
        return {user: self.known[user] for user in to if user in self.known}

    def recall_many(self, route: str, message_id: str) -> None:
        self._maybe_fail()
        self.recalled.append(message_id)

    def _maybe_fail(self) -> None:
        if self.fail:
            raise self.fail.pop(0)


@dataclass
class Firm:
    """The core with the fake platform; time stands still unless moved."""

    app: App
    platform: FakePlatform
    now: datetime = START
    serial: int = 0

    def __post_init__(self) -> None:
        self.nudges = 0
        self.dispatch = Dispatcher(self.app, self._nudged)
        self.courier = Courier(self.app, self.dispatch)
        with begin(self.app.engine) as connection:
            people.sync(connection, "fake", FIRM, {"wang": "hr"})

    def _nudged(self) -> None:
        self.nudges += 1

    def event(self, actor: str, action: str, ref: str = "", event_id: str = "", **data: str) -> Event:
        self.serial += 1
        return Event("fake", event_id or f"e{self.serial}", actor, action, self.now, ref, data, b"raw")

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def rows(self, table: sa.Table) -> list[dict[str, object]]:
        with self.app.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]
