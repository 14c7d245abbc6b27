"""The little world behind the sandbox: people, their phones, punches, leaves, faults and the wire."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from adapters.sandbox import roster
from adapters.sandbox.roster import Slot
from adapters.sandbox.seed import CONTACTS, DEFAULT_SHIFT, SEED
from adapters.sandbox.things import Bubble as Bubble, Json as Json, Leave as Leave, Letter as Letter, Punch as Punch
from bot import clock

FAULTS = (
    "expired_token",
    "rate_limit",
    "drop_silently",
    "flow_control",
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


KEYS = frozenset(("msgid", "carrier", "task", "track", "board"))
"""Names in a bubble's data by which a vendor finds all copies of a message."""


@dataclass(slots=True)
class Person:
    """`department` may be a path, `研发/平台组`; `tags` are WeCom's tags or DingTalk's roles.

    `shift` = {"start": "HH:MM", "end": "HH:MM", "days": [ISO weekdays]}; an end <= start is the next day.

    `shift["times"]`, when there, holds several shifts a day instead; `days` the dates that differ from the rule.
    """

    id: str
    name: str
    platform: str
    manager: str = ""
    role: str = ""
    department: str = ""
    tags: tuple[str, ...] = ()
    shift: Json = field(default_factory=dict)
    days: dict[date, roster.Times] = field(default_factory=dict)
    punches: list[Punch] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    bubbles: list[Bubble] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    phone: str = ""
    mail: str = ""
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
        self.calls: dict[object, int] = {}
        self.memory: dict[str, Json] = {}
        self._known: dict[str, list[Person]] = {}
        self._said: dict[tuple[str, str], list[tuple[Person, Bubble]]] = {}
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
        known = ("id", "name", "platform", "manager", "role", "department", "phone", "mail")
        people = []
        for row in rows:
            if row["platform"] not in ("wecom", "dingtalk"):
                raise KeyError("platform")
            phone, mail = CONTACTS.get(row["id"], ("", f"{row['id']}@example.cn"))
            fields: dict[str, Any] = {key: str(row.get(key, "")) for key in known}
            fields |= {"phone": fields["phone"] or phone, "mail": fields["mail"] or mail}
            tags = tuple(str(each) for each in row.get("tags", ()))
            people.append(Person(**fields, tags=tags, shift={**DEFAULT_SHIFT, **row.get("shift", {})}))
        index: dict[str, list[Person]] = {}
        for person in people:
            index.setdefault(person.id.casefold(), []).append(person)
        with self.lock:
            self.people, self._known, self._said = people, index, {}

    def on(self, platform: str) -> list[Person]:
        with self.lock:
            return [person for person in self.people if person.platform == platform]

    def find(self, user: str, platform: str = "") -> Person | None:
        """By id, on one platform or on the first that has it. WeCom's ids are the same in capitals (docs: 90195)."""
        with self.lock:
            for person in self._known.get(user.casefold(), ()):
                if platform in ("", person.platform) and (person.id == user or person.platform == "wecom"):
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
            for name in KEYS & data.keys():
                self._said.setdefault((name, str(data[name])), []).append((person, bubble))
        return bubble

    def copies(self, name: str, key: object) -> list[tuple[Person, Bubble]]:
        """Every bubble that was put with `name=key`, one of KEYS: all copies of one message."""
        with self.lock:
            return list(self._said.get((name, str(key)), ()))

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

    def hit(self, kind: str, where: str, people: Sequence[Person]) -> set[str]:
        """Ids of those among `people` whom a fault of this kind meets in one call for many.

        A fault whose match is somebody's id meets that person alone, any other one everybody in the call.
        """
        with self.lock:
            armed = [fault for fault in self.faults if fault.kind == kind]
            named = {person.id: fault for person in people for fault in armed if fault.match == person.id}
            for fault in named.values():
                self._spend(fault)
            if named:
                return set(named)
            for fault in armed:
                if fault.match.casefold() not in self._known and fault.match in where:
                    self._spend(fault)
                    return {person.id for person in people}
        return set()

    def _spend(self, fault: Fault) -> Fault:
        fault.times -= 1
        self.faults = [each for each in self.faults if each.times > 0]
        return fault

    def strike(self, kind: str, where: str) -> Fault | None:
        """The fault itself, for kinds that carry a code."""
        with self.lock:
            for fault in self.faults:
                if fault.kind == kind and fault.times > 0 and fault.match in where:
                    return self._spend(fault)
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
