"""The little world behind the sandbox: people, their phones, punches, leaves, faults and the wire."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from adapters.sandbox import roster
from adapters.sandbox.roster import Slot
from adapters.sandbox.seed import DEFAULT_SHIFT, SEED
from bot import clock

Json = dict[str, Any]
FAULTS = (
    "expired_token",
    "rate_limit",
    "drop_silently",
    "slow",
    "http_500",
    "duplicate_callback",
    "reorder_callbacks",
    "invalid_user",
    "attendance_stale",
    "no_permission",
    "ip_untrusted",
    "no_callback",
    "refuse",
)


@dataclass(slots=True)
class Punch:
    """`at` aware. `source`: "user", or "correction" when an approved make-up punch wrote it."""

    at: datetime
    source: str = "user"
    remark: str = ""


@dataclass(slots=True)
class Leave:
    """Covers [start, end), aware."""

    id: str
    start: datetime
    end: datetime
    pending: bool = False
    kind: str = "年假"


@dataclass(slots=True)
class Bubble:
    """One thing on a phone. `card` is the neutral view; `data` whatever the vendor needs to answer a click.

    A file's `card` is {"name", "size", "url"}.
    """

    id: str
    kind: Literal["text", "card", "file"]
    text: str
    card: Json
    sent_at: datetime
    mine: bool = False
    state: Literal["live", "updated", "recalled"] = "live"
    data: Json = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """`shift` = {"start": "HH:MM", "end": "HH:MM", "days": [ISO weekdays]}; an end <= start is the next day.

    `shift["times"]`, when there, holds several shifts a day instead; `days` the dates that differ from the rule.
    """

    id: str
    name: str
    platform: str
    manager: str = ""
    role: str = ""
    department: str = ""
    shift: Json = field(default_factory=dict)
    days: dict[date, roster.Times] = field(default_factory=dict)
    punches: list[Punch] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    bubbles: list[Bubble] = field(default_factory=list)
    corrections: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Fault:
    """Fires `times` times for requests whose path or person contains `match`; `code` is what "refuse" answers."""

    kind: str
    times: int = 1
    match: str = ""
    code: str = ""


class World:
    """Everything mutable, behind one lock. Methods are safe to call from any thread."""

    def __init__(self, timezone: str) -> None:
        self.lock = threading.RLock()
        self.zone = ZoneInfo(timezone)
        self.people: list[Person] = []
        self.faults: list[Fault] = []
        self.wire: deque[Json] = deque(maxlen=1000)
        self.serial = 0
        self.memory: dict[str, Json] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the seed: people without messages, no faults, an empty wire."""
        with self.lock:
            self.faults.clear()
            self.wire.clear()
            self.memory.clear()
            self.replace_people(list(SEED))

    def now(self) -> datetime:
        """Aware, in the configured zone."""
        return clock.now().astimezone(self.zone)

    def replace_people(self, rows: list[Json]) -> None:
        """The whole company anew. Raises KeyError when id, name or platform is missing."""
        known = ("id", "name", "platform", "manager", "role", "department")
        people = []
        for row in rows:
            if row["platform"] not in ("wecom", "dingtalk"):
                raise KeyError("platform")
            fields: dict[str, Any] = {key: str(row.get(key, "")) for key in known}
            people.append(Person(**fields, shift={**DEFAULT_SHIFT, **row.get("shift", {})}))
        with self.lock:
            self.people = people

    def on(self, platform: str) -> list[Person]:
        with self.lock:
            return [person for person in self.people if person.platform == platform]

    def find(self, user: str, platform: str = "") -> Person | None:
        """By id, on one platform or on the first that has it."""
        with self.lock:
            for person in self.people:
                if person.id == user and platform in ("", person.platform):
                    return person
        return None

    def bubbles(self, platform: str) -> Iterator[tuple[Person, Bubble]]:
        for person in self.on(platform):
            for bubble in list(person.bubbles):
                yield person, bubble

    def put(
        self,
        person: Person,
        kind: Literal["text", "card", "file"],
        text: str = "",
        *,
        card: Json | None = None,
        mine: bool = False,
        **data: Any,
    ) -> Bubble:
        """A new bubble at the bottom of one phone."""
        bubble = Bubble(uuid.uuid4().hex[:12], kind, text, card or {}, self.now(), mine=mine, data=data)
        with self.lock:
            person.bubbles.append(bubble)
        return bubble

    def next(self) -> int:
        with self.lock:
            self.serial += 1
            return self.serial

    def store(self, name: str) -> Json:
        """A dictionary of one vendor that a reset forgets (tokens, response codes, tickets)."""
        with self.lock:
            return self.memory.setdefault(name, {})

    def fault(self, kind: str, where: str) -> bool:
        """True, and one fewer left, when a fault of this kind matches `where` (path and person)."""
        return self.strike(kind, where) is not None

    def strike(self, kind: str, where: str) -> Fault | None:
        """The fault itself, for kinds that carry a code."""
        with self.lock:
            for fault in self.faults:
                if fault.kind == kind and fault.times > 0 and fault.match in where:
                    fault.times -= 1
                    self.faults = [each for each in self.faults if each.times > 0]
                    return fault
        return None

    def log(self, entry: Json) -> None:
        """One line of the wire; the caller has masked its secrets."""
        with self.lock:
            self.wire.append({"n": self.next(), "at": self.now().isoformat(timespec="milliseconds"), **entry})

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def slots(self, person: Person, day: date) -> list[Slot]:
        """See roster.slots."""
        return roster.slots(person, day, self.zone)

    def punch_for(self, person: Person, slot: Slot) -> Punch | None:
        """The earliest punch of an on-duty slot, the latest of an off-duty one."""
        inside = sorted(
            (punch for punch in person.punches if slot.opens <= punch.at < slot.closes), key=lambda each: each.at
        )
        return (inside[0] if slot.kind == "on" else inside[-1]) if inside else None
