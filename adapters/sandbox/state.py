"""The little world behind the sandbox: people, their phones, punches, leaves, faults and the wire."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

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
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment at which a punch is expected; `at` aware, `miss_at` when the vendor calls it missed."""

    id: int
    day: date
    kind: Literal["on", "off"]
    at: datetime
    opens: datetime
    closes: datetime
    miss_at: datetime


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
    """One thing on a phone. `card` is the neutral view; `data` whatever the vendor needs to answer a click."""

    id: str
    kind: Literal["text", "card"]
    text: str
    card: Json
    sent_at: datetime
    mine: bool = False
    state: Literal["live", "updated", "recalled"] = "live"
    data: Json = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """`shift` = {"start": "HH:MM", "end": "HH:MM", "days": [ISO weekdays]}; an end <= start is the next day."""

    id: str
    name: str
    platform: str
    manager: str = ""
    role: str = ""
    department: str = ""
    shift: Json = field(default_factory=dict)
    punches: list[Punch] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    bubbles: list[Bubble] = field(default_factory=list)
    corrections: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Fault:
    """Fires `times` times for requests whose path or person contains `match`."""

    kind: str
    times: int = 1
    match: str = ""


DEFAULT_SHIFT: Json = {"start": "09:00", "end": "18:00", "days": [1, 2, 3, 4, 5]}
SEED: tuple[Json, ...] = (
    {"id": "zhangsan", "name": "张三", "platform": "wecom", "manager": "li", "role": "工程师", "department": "研发部"},
    {"id": "li", "name": "李主管", "platform": "wecom", "manager": "chen", "role": "研发主管", "department": "研发部"},
    {"id": "wang", "name": "王HR", "platform": "wecom", "manager": "chen", "role": "HR", "department": "人力资源部"},
    {"id": "chen", "name": "陈总监", "platform": "wecom", "role": "总监", "department": "总经办"},
    {"id": "zhou", "name": "周小云", "platform": "dingtalk", "manager": "sun", "role": "店员", "department": "门店"},
    {"id": "sun", "name": "孙店长", "platform": "dingtalk", "role": "店长", "department": "门店"},
    {"id": "wu", "name": "吴HR", "platform": "dingtalk", "manager": "sun", "role": "HR", "department": "人力资源部"},
)


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
        kind: Literal["text", "card"],
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
        with self.lock:
            for fault in self.faults:
                if fault.kind == kind and fault.times > 0 and fault.match in where:
                    fault.times -= 1
                    self.faults = [each for each in self.faults if each.times > 0]
                    return True
        return False

    def log(self, entry: Json) -> None:
        """One line of the wire; the caller has masked its secrets."""
        with self.lock:
            self.wire.append({"n": self.next(), "at": self.now().isoformat(timespec="milliseconds"), **entry})

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def slots(self, person: Person, day: date) -> list[Slot]:
        """The two slots of a working day, or none. A miss shows at the shift's middle, and 7.5 h after its end.

        (DingTalk "attendance interface common problems": without a punch window absence is computed at the midpoint.)
        """
        if day.isoweekday() not in person.shift["days"]:
            return []
        start = datetime.combine(day, time.fromisoformat(person.shift["start"]), self.zone)
        end = datetime.combine(day, time.fromisoformat(person.shift["end"]), self.zone)
        end += timedelta(days=1 if end <= start else 0)
        middle, late = start + (end - start) / 2, end + timedelta(hours=7, minutes=30)
        base = (sum(person.id.encode()) % 900 + 100) * 10**8 + day.toordinal() * 10
        return [
            Slot(base + 1, day, "on", start, start - timedelta(hours=5), middle, middle),
            Slot(base + 2, day, "off", end, middle, late, late),
        ]

    def punch_for(self, person: Person, slot: Slot) -> Punch | None:
        """The earliest punch of an on-duty slot, the latest of an off-duty one."""
        inside = sorted(
            (punch for punch in person.punches if slot.opens <= punch.at < slot.closes), key=lambda each: each.at
        )
        return (inside[0] if slot.kind == "on" else inside[-1]) if inside else None
