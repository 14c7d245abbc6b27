"""What has to be done for a claimed row: decided from the database first, then one call to the outside that touches no
transaction, so that many can be under way at the same time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import clock
from bot.app import App
from bot.card import Card
from bot.delivery import channels, claim, crowds, outbox
from bot.delivery.outbox import MAX_ATTEMPTS, Row
from bot.errors import PlatformError
from bot.event import Event
from bot.locale import MASTER, speaking
from bot.ports import Correction, Platform, Sent
from bot.ports.crowds import Crowds
from bot.tables import ask, person
from bot.wire import load_card

log = structlog.get_logger("huizhi.deliver")
KNOWN_BY = "平台的答复没有来得及写下；卡片上的按钮已由本人点过，可见已经送到。"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a row, not yet written. `later`: try again at `until`, which counts as an attempt if `counted`.

    `type`: the evidence to record, with `parts`. `spent`: the update code that was used on the card `row.of`. `alarm`:
    what an administrator has to put right. `at`: our clock when the answer came; it may be written much later.
    """

    row: Row
    state: Literal["sent", "failed", "stopped", "later"]
    note: str = ""
    message_id: str = ""
    token: str = ""
    spent: str = ""
    type: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, object] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    until: datetime | None = None
    counted: bool = True
    alarm: str = ""
    at: datetime = field(default_factory=lambda: clock.now())


Move = Callable[[], Result]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rows of one claim need to know. `locales` by person, `settled`: answered or closed asks, `arrived`: see
    `outbox.arrived`."""

    locales: Mapping[str, str]
    settled: frozenset[str]
    paused: Mapping[str, str]
    arrived: Mapping[str, str]


def facts_of(connection: Connection, rows: Sequence[Row]) -> Facts:
    """In three or four queries, however many rows."""
    people = sa.select(person.c.id, person.c.locale).where(person.c.id.in_(_some(row.person_id for row in rows)))
    asks = sa.select(ask.c.ref).where(ask.c.ref.in_(_some(row.ask_ref for row in rows)), ask.c.state != "open")
    locales = {row.id: row.locale for row in connection.execute(people)}
    settled = frozenset(connection.execute(asks).scalars())
    paused = claim.paused(connection, (row.matter for row in rows))
    return Facts(locales, settled, paused, outbox.arrived(connection, rows))


def _some(values: Iterable[str | None]) -> list[str]:
    return sorted({each for each in values if each})


class Moves:
    """`dispatch` receives the events that requests come back with."""

    def __init__(self, app: App, dispatch: Callable[[Event], Card | None]) -> None:
        self._app, self._dispatch = app, dispatch

    def prepare(self, connection: Connection, row: Row, facts: Facts) -> Result | Move:
        """The row's result where nothing has to be said any more, else what to do."""
        if facts.paused.get(row.matter) == "cancelled":
            return Result(row, "stopped", "cancelled", code="cancelled")
        if row.id in facts.arrived:
            parts = {"card.json": row.body, "known_by.txt": KNOWN_BY}
            found = facts.arrived[row.id]
            return Result(row, "sent", "known by its answer", message_id=found, type="delivery.accepted", parts=parts)
        if row.ask_ref in facts.settled and row.kind in (channels.KIND, "send"):
            # Also where a worker died and the platform may have it: asking again after an answer would be worse than a
            # card that stays as it is, whose buttons answer politely.
            maybe = " (a worker stopped while sending it, it may have arrived)" if row.ambiguous else ""
            return Result(row, "stopped", f"answered before it was sent{maybe}", code="answered")
        move = self._move(connection, row)
        # What a platform adds to a card (an invitation to reply, 打开处理) is said in its reader's language.
        locale = crowds.locale_of(row) or facts.locales.get(row.person_id or "", MASTER)
        return move if isinstance(move, Result) else lambda: _tried(row, move, locale)

    def _move(self, connection: Connection, row: Row) -> Result | Move:
        if row.kind == channels.KIND:
            return lambda: self._channel(row)
        platform = self._app.platforms.get(row.platform)
        if platform is None:
            return failed(row, PlatformError("platform.off", permanent=True))
        if row.kind == "send":
            return lambda: _send(row, platform)
        if row.kind == crowds.KIND:
            return _crowd(row, platform)
        if row.kind == "request":
            return lambda: self._request(row, platform)
        return self._update(connection, row, platform)

    def _channel(self, row: Row) -> Result:
        try:
            sent, text = channels.send(self._app, row)
        except PlatformError as error:
            if error.code != channels.OFF:
                raise
            # A rung names every channel there may be; nothing was tried.
            return Result(row, "stopped", "the channel is not set up", code=error.code)
        parts = {"channel.json": _json(sent.raw), "text.txt": text}
        return Result(row, "sent", message_id=sent.message_id, type="delivery.accepted", parts=parts, raw=sent.raw)

    def _update(self, connection: Connection, row: Row, platform: Platform) -> Result | Move:
        found = outbox.original(connection, row.of or "")
        if outbox.superseded(connection, row):
            return Result(row, "stopped", "a later state of the same card is waiting")
        # A click on a card that was stopped shows that it did go out, and brought what it takes to change it.
        if found is None or (found[2] in ("stopped", "failed") and not (found[0] or found[1])):
            return Result(row, "stopped", "original never went out")
        message_id, tokens, state = found
        if state not in ("sent", "stopped", "failed"):
            return failed(row, PlatformError("card.not_out_yet", retry_after=1))
        if row.kind == "interim" and len(tokens) == 1:
            return Result(row, "stopped", "the last update code is kept for the outcome")
        return lambda: self._change(row, platform, Sent(message_id, tokens[-1] if tokens else ""))

    def _change(self, row: Row, platform: Platform, old: Sent) -> Result:
        type = "delivery.updated"
        try:
            platform.update(row.user_id, load_card(row.body), old)
        except PlatformError as error:
            if not error.permanent:
                raise
            # The old card can no longer be changed (code used or expired): its person learns the outcome otherwise.
            with self._app.engine.connect() as connection:
                known = row.kind == "interim" or outbox.said_already(connection, row)
            if known:
                return Result(row, "stopped", f"{error.code}: the person is told in another message")
            platform.send(row.user_id, load_card(row.body), row.id)
            type = "delivery.superseded"
        parts = {"card.json": row.body}
        return Result(row, "sent", message_id=old.message_id, spent=old.update_token, type=type, parts=parts)

    def _request(self, row: Row, platform: Platform) -> Result:
        body = json.loads(row.body)
        ok, code, hint = _correct(platform, body["args"], row)
        answer = {"ok": "true" if ok else "false", "code": code, "hint": hint}
        self._dispatch(Event(row.platform, f"request:{row.id}", "", body["then"], clock.now(), row.matter, answer))
        return Result(row, "sent", code)


def _tried(row: Row, move: Move, locale: str) -> Result:
    try:
        with speaking(locale):
            return move()
    except PlatformError as error:
        return failed(row, error)
    except Exception as error:  # noqa: BLE001 - one row's bug must not take the results of the others with it
        log.error("delivery.broken", row=row.id, error=type(error).__name__)
        return failed(row, PlatformError(type(error).__name__, "unexpected", retry_after=30))


def _send(row: Row, platform: Platform) -> Result:
    sent = platform.send(row.user_id, load_card(row.body), row.id)
    parts = {"platform.json": _json(sent.raw), "card.json": row.body}
    type = "delivery.accepted"
    return Result(
        row, "sent", message_id=sent.message_id, token=sent.update_token, type=type, parts=parts, raw=sent.raw
    )


def _crowd(row: Row, platform: Platform) -> Result | Move:
    users = [user for _, user in crowds.listed(row) if user]
    if not users:
        return Result(row, "stopped", "everybody in it was erased", code="erased")
    if not isinstance(platform, Crowds) or row.route not in platform.routes:
        return failed(row, PlatformError("route.off", permanent=True))

    def move() -> Result:
        handed = platform.send_many(row.route, users, load_card(row.body), row.id)
        return Result(row, "sent", message_id=handed.message_id, raw=handed.raw, refused=handed.refused)

    return move


def _correct(platform: Platform, args: dict[str, str], row: Row) -> tuple[bool, str, str]:
    correction = Correction(
        user_id=args["user_id"],
        day=date.fromisoformat(args["day"]),
        slot_start=datetime.fromisoformat(args["slot_start"]),
        at=datetime.fromisoformat(args["at"]),
        plan_ref=args.get("plan_ref", ""),
        reason=args.get("reason", ""),
        ref=row.matter,
    )
    try:
        # A repeat after a crash must not write twice: what is there already is enough.
        if not platform.attendance.corrected(correction):
            platform.attendance.correct(correction)
        if platform.attendance.corrected(correction):
            return True, "", ""
        return False, "not_visible", "考勤系统接受了补卡，但重新读取时还看不到"
    except PlatformError as error:
        if not error.permanent and not error.alarm and row.attempts < MAX_ATTEMPTS:
            raise
        return False, error.code, error.hint


def failed(row: Row, error: PlatformError) -> Result:
    """Given up, or to be tried again after the vendor's pause, doubled with each attempt."""
    alarm = (error.hint or error.code) if error.alarm else ""
    if error.permanent or row.attempts >= MAX_ATTEMPTS:
        log.error("delivery.failed", row=row.id, code=error.code)
        parts = {"error.txt": str(error)}
        return Result(row, "failed", str(error), type="delivery.failed", parts=parts, code=error.code, alarm=alarm)
    wait = timedelta(seconds=min(error.retry_after * 2 ** (row.attempts - 1), 3600) if not error.alarm else 300)
    log.warning("delivery.postponed", row=row.id, code=error.code, attempt=row.attempts, alarm=error.alarm)
    return Result(row, "later", str(error), until=clock.now() + wait, code=error.code, alarm=alarm)


def _json(raw: object) -> str:
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, default=str)
