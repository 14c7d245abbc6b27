"""Hops 5 and 6: claim a row, re-check its stop condition, call the platform outside any transaction, write back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog

from bot import channels, clock, db, outbox
from bot.app import App
from bot.card import Card
from bot.context import Context
from bot.errors import PlatformError
from bot.event import Event
from bot.locale import MASTER, speaking
from bot.outbox import MAX_ATTEMPTS, Row
from bot.people import People
from bot.ports import Correction, Platform, Sent
from bot.wire import load_card

log = structlog.get_logger("huizhi.deliver")


class Courier:
    """Drains the outbox. `dispatch` receives the events that requests come back with."""

    def __init__(self, app: App, dispatch: Callable[[Event], Card | None]) -> None:
        self._app, self._dispatch = app, dispatch

    def drain(self) -> int:
        """Everything due, until nothing is; returns how many rows were settled."""
        done = 0
        while True:
            with self._app.engine.connect() as connection:
                ids = outbox.due(connection, clock.now())
            moved = sum(self.deliver(row_id) for row_id in ids)
            done += moved
            if not moved:
                return done

    def deliver(self, row_id: str) -> int:
        """One row; 1 when it moved, 0 when another worker has it or it has to wait."""
        with db.begin(self._app.engine) as connection:
            row = outbox.claim(connection, row_id, clock.now())
        if row is None:
            return 0
        if row.kind == channels.KIND:
            return self._channel(row)
        platform = self._app.platforms.get(row.platform)
        if platform is None:
            return self._give_up(row, PlatformError("platform.off", permanent=True))
        move = {"send": self._send, "update": self._update, "interim": self._update, "request": self._request}[row.kind]
        try:
            # What a platform adds to a card (an invitation to reply, 打开处理) is said in its reader's language.
            with speaking(self._locale(row)):
                return move(row, platform)
        except PlatformError as error:
            return self._failed(row, error)

    def _locale(self, row: Row) -> str:
        with self._app.engine.connect() as connection:
            person = People(connection).get(row.person_id)
        return person.locale if person else MASTER

    def _send(self, row: Row, platform: Platform) -> int:
        sent = platform.send(row.user_id, load_card(row.body), row.id)
        with self._app.context() as ctx:
            outbox.finish(ctx.db, row.id, ctx.now, state="sent", message_id=sent.message_id, token=sent.update_token)
            self._record(ctx, row, "delivery.accepted", {"platform.json": _json(sent.raw), "card.json": row.body})
        return 1

    def _channel(self, row: Row) -> int:
        with self._app.engine.connect() as connection:
            answered = channels.settled(connection, row)
        if answered:
            return self._settle(row, "stopped", "answered before it was sent")
        try:
            sent, text = channels.send(self._app, row)
        except PlatformError as error:
            if error.code == channels.OFF:  # a rung names every channel there may be; nothing was tried
                return self._settle(row, "stopped", "the channel is not set up")
            return self._failed(row, error)
        with self._app.context() as ctx:
            outbox.finish(ctx.db, row.id, ctx.now, state="sent", message_id=sent.message_id)
            self._record(ctx, row, "delivery.accepted", {"channel.json": _json(sent.raw), "text.txt": text})
        return 1

    def _update(self, row: Row, platform: Platform) -> int:
        with self._app.engine.connect() as connection:
            found = outbox.original(connection, row.of or "")
            later = outbox.superseded(connection, row)
        if later:
            return self._settle(row, "stopped", "a later state of the same card is waiting")
        if found is None or found[2] in ("stopped", "failed"):
            return self._settle(row, "stopped", "original never went out")
        message_id, tokens, state = found
        if state != "sent":
            raise PlatformError("card.not_out_yet", retry_after=1)
        if row.kind == "interim" and len(tokens) == 1:
            return self._settle(row, "stopped", "the last update code is kept for the outcome")
        token, type = tokens[-1] if tokens else "", "delivery.updated"
        try:
            platform.update(row.user_id, load_card(row.body), Sent(message_id, token))
        except PlatformError as error:
            if not error.permanent:
                raise
            # The old card can no longer be changed (code used or expired): its person learns the outcome otherwise.
            with self._app.engine.connect() as connection:
                known = row.kind == "interim" or outbox.said_already(connection, row)
            if known:
                return self._settle(row, "stopped", f"{error.code}: the person is told in another message")
            platform.send(row.user_id, load_card(row.body), row.id)
            type = "delivery.superseded"
        with self._app.context() as ctx:
            outbox.spend_token(ctx.db, row.of or "", token)
            outbox.finish(ctx.db, row.id, ctx.now, state="sent", message_id=message_id)
            self._record(ctx, row, type, {"card.json": row.body})
        return 1

    def _request(self, row: Row, platform: Platform) -> int:
        body = json.loads(row.body)
        ok, code, hint = self._correct(platform, body["args"], row)
        answer = {"ok": "true" if ok else "false", "code": code, "hint": hint}
        self._dispatch(Event(row.platform, f"request:{row.id}", "", body["then"], clock.now(), row.matter, answer))
        return self._settle(row, "sent", code)

    def _correct(self, platform: Platform, args: dict[str, str], row: Row) -> tuple[bool, str, str]:
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

    def _failed(self, row: Row, error: PlatformError) -> int:
        if error.permanent or row.attempts >= MAX_ATTEMPTS:
            return self._give_up(row, error)
        wait = timedelta(seconds=min(error.retry_after * 2 ** (row.attempts - 1), 3600) if not error.alarm else 300)
        with db.begin(self._app.engine) as connection:
            outbox.postpone(connection, row.id, clock.now() + wait, str(error))
        log.warning("delivery.postponed", row=row.id, code=error.code, attempt=row.attempts, alarm=error.alarm)
        return 0

    def _give_up(self, row: Row, error: PlatformError) -> int:
        with self._app.context() as ctx:
            outbox.finish(ctx.db, row.id, ctx.now, state="failed", error=str(error))
            self._record(ctx, row, "delivery.failed", {"error.txt": str(error)})
        log.error("delivery.failed", row=row.id, code=error.code)
        return 1

    def _settle(self, row: Row, state: str, note: str) -> int:
        with db.begin(self._app.engine) as connection:
            outbox.finish(connection, row.id, clock.now(), state=state, error=note)
        return 1

    def _record(self, ctx: Context, row: Row, type: str, parts: dict[str, str]) -> None:
        if row.matter in ("system", "chat"):
            return
        subject = ctx.people.get(row.person_id)
        source = {"ch": row.platform, "attempt": str(row.attempts), "ambiguous": str(row.ambiguous).lower()}
        ctx.record(type, row.matter, subject=subject, parts=parts, source=source)


def _json(raw: object) -> str:
    return json.dumps(raw, ensure_ascii=False, sort_keys=True, default=str)
