"""Protocols between the core and the outside. Times are timezone-aware UTC unless a name says otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from bot.card import Can, Card
from bot.event import Event


@dataclass(frozen=True, slots=True)
class WireRequest:
    """An HTTP request without a framework. Header names are lower-case."""

    method: str
    args: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WireReply:
    """What goes back to the vendor."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


Dispatch = Callable[[Event], "Card | None"]
"""Commits everything the event causes and returns the card that may replace the clicked one at once."""
Door = Callable[[WireRequest, Dispatch], WireReply]


@dataclass(frozen=True, slots=True)
class Sent:
    """`message_id`: vendor's key of the message (msgid, outTrackId). `update_token`: single-use code for one update."""

    message_id: str
    update_token: str = ""
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shift:
    """One slot in which a punch is expected. `plan_ref` is what the vendor wants back for a correction.

    `core`: with flexible hours, the latest moment to arrive; None when that is `start`.
    """

    user_id: str
    day: date
    start: datetime
    end: datetime
    plan_ref: str = ""
    group: str = ""
    core: datetime | None = None


@dataclass(frozen=True, slots=True)
class Punch:
    """A real punch (never a vendor's placeholder row for a missed one)."""

    user_id: str
    at: datetime
    kind: Literal["on", "off", "other"]
    source: str
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Leave:
    """Approved or pending leave, trip or outing that covers [start, end)."""

    user_id: str
    start: datetime
    end: datetime
    kind: str
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """A make-up punch approved by a person; `ref` is our case id, `at` the punch time to be written."""

    user_id: str
    day: date
    slot_start: datetime
    at: datetime
    plan_ref: str
    reason: str
    ref: str


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """`manager` is a user id of the same platform or empty.

    `paths`: each department from the top, `("研发", "平台组")`; empty where only `departments` are known.
    `tags`: labels or roles
    that the platform's own address book gives to people.
    """

    user_id: str
    name: str
    manager: str = ""
    departments: tuple[str, ...] = ()
    active: bool = True
    paths: tuple[tuple[str, ...], ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `huizhi doctor`: `ok` None means could not be checked; `advice` says what to do."""

    check: str
    ok: bool | None
    detail: str
    advice: str = ""


class Attendance(Protocol):
    """The platform's attendance system. Lists of any length; the adapter splits them by the vendor's limits."""

    def shifts(self, user_ids: Sequence[str], day: date) -> list[Shift]: ...
    def punches(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Punch]: ...
    def leaves(self, user_ids: Sequence[str], since: datetime, until: datetime) -> list[Leave]: ...
    def correct(self, correction: Correction) -> None: ...
    def corrected(self, correction: Correction) -> bool: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What asking an attendance system costs: people per call, and calls per month (None: no monthly limit).

    `pushes`: punches also arrive as events, so that asking is for making sure only.
    """

    shifts: int = 100
    punches: int = 100
    leaves: int = 100
    monthly_calls: int | None = None
    pushes: bool = False


@runtime_checkable
class Limited(Protocol):
    """An attendance system that says what asking costs."""

    limits: Limits


class Platform(Protocol):
    """One chat platform. Every method may raise PlatformError; none retries without bound."""

    name: str
    can: Can
    attendance: Attendance

    def send(self, to: str, card: Card, key: str) -> Sent: ...
    def update(self, to: str, card: Card, sent: Sent) -> Sent: ...
    def recall(self, sent: Sent) -> None: ...
    def people(self) -> list[DirectoryPerson]: ...
    def doors(self) -> Mapping[tuple[str, str], Door]: ...
    def doctor(self) -> list[Finding]: ...


@runtime_checkable
class Listening(Protocol):
    """A platform that can be heard over a connection we open ourselves; returns when `stop` is set."""

    def listen(self, dispatch: Dispatch, stop: threading.Event) -> None: ...


@runtime_checkable
class SignIn(Protocol):
    """A platform that can say who opens a page. It proves whose account it is, not who holds the phone."""

    def sign_in_url(self, back: str, state: str) -> str:
        """Where to send the browser; the vendor sends it on to `back` with a code and `state` (letters and digits)."""
        ...

    def signed_in(self, args: Mapping[str, str]) -> str:
        """The user id behind the query the vendor came back with. Permanent PlatformError for a bad or used code."""
        ...


@runtime_checkable
class Groups(Protocol):
    """A platform whose app can speak in group chats that it belongs to."""

    def post(self, chat: str, text: str, key: str) -> Sent:
        """Plain text to everybody in `chat`, named by the vendor's own id. `key` is the same for a repetition, which is
        shown twice where the vendor does not compare. PlatformError."""
        ...


class Channel(Protocol):
    """A way to reach an address beside the chat: `sms`, `mail`, `voice`. `key` is the same for a repeated message.

    PlatformError as on a platform; a channel that fails never holds up what it belongs to.
    """

    name: str

    def send(self, to: str, text: str, key: str) -> Sent: ...


@runtime_checkable
class Reported(Protocol):
    """A channel whose vendor tells by HTTP what became of a message."""

    def doors(self) -> Mapping[tuple[str, str], Door]: ...


@runtime_checkable
class Outcomes(Protocol):
    """A channel that can say afterwards how a call ended."""

    def outcome(self, to: str, message_id: str) -> str:
        """The vendor's outcome in its own code, e.g. `talked=0 reason=8`; empty while it is not known."""
        ...


class TimeStamper(Protocol):
    """A time-stamping authority (RFC 3161). `name` is the one in the settings."""

    name: str

    def ask(self, request: bytes) -> bytes:
        """DER TimeStampReq -> DER TimeStampResp, a refusal included. PlatformError when it cannot be reached."""
        ...


class SharedStore(Protocol):
    """What several processes share and may lose at any time (Redis in production)."""

    def get(self, key: str) -> str | None: ...
    def set(self, key: str, value: str, ttl: float) -> None: ...
    def compare_and_delete(self, key: str, value: str) -> None: ...
    def lock(self, name: str, ttl: float) -> AbstractContextManager[None]: ...
    def count(self, key: str, ttl: float) -> int: ...
