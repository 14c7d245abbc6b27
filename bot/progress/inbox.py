"""The door for other systems: signed values of goals, POST /progress/webhook.

Headers `X-Huizhi-Timestamp` (seconds since 1970) and `X-Huizhi-Signature` (`sha256=` and the hex HMAC-SHA256 of
timestamp, a full stop and the body, keyed with HUIZHI_PROGRESS_SECRET). Body: `[{"key", "done", "target", "at"}, …]`,
`at` in ISO 8601 with its zone. Every good row becomes one Event; the answer names every bad one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal

from bot import clock
from bot.errors import BadRequest
from bot.event import Event
from bot.ports import Dispatch, Door, SharedStore, WireReply, WireRequest
from bot.progress.rows import Pushed, RowError, checked
from config.settings import Settings

NAME = "progress"
PATH = "/progress/webhook"
PUSHED = "progress.pushed"
"""`action` of one pushed value: `data` holds key, done, target (plain decimals) and at (ISO 8601, UTC); `at` the same.
Only the door says so, on platform NAME and without an actor: whoever answers it refuses the action from a person."""
WINDOW, REMEMBERED = 300, 660.0
"""Seconds a timestamp may differ from our clock, and for which a signature is known again: a little over both sides."""
MOST_BYTES, MOST_ROWS = 128 * 1024, 500


class Inbox:
    """`secret` empty: nothing is accepted."""

    name = NAME

    def __init__(self, secret: str, store: SharedStore) -> None:
        self._secret, self._store = secret.encode(), store

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """See bot.ports.Reported."""
        return {("POST", PATH): self.receive}

    def receive(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """Signed values of goals from other systems: 200 all taken, 207 some, 422 none; the body says which not.

        BadRequest: 403 no secret set, 413 too long, 401 signature or time, 409 the same request again.
        """
        seen = f"progress:seen:{self._verified(request)}"
        if self._store.count(seen, REMEMBERED) > 1:
            raise BadRequest("replayed", 409)
        try:
            return self._taken(request.body, dispatch)
        except Exception:
            # Nothing was written, so the sender's repetition is welcome.
            self._store.compare_and_delete(seen, "1")
            raise

    def _verified(self, request: WireRequest) -> str:
        """The signature in hex, when it is right and recent."""
        if not self._secret:
            raise BadRequest("no secret", 403)
        if len(request.body) > MOST_BYTES:
            raise BadRequest("body too long", 413)
        stamp = request.headers.get("x-huizhi-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise BadRequest("timestamp", 401)
        right = signature(self._secret, stamp, request.body)
        given = request.headers.get("x-huizhi-signature", "")
        if not hmac.compare_digest(given.encode(), f"sha256={right}".encode()):
            raise BadRequest("signature", 401)
        if abs(clock.now().timestamp() - int(stamp)) > WINDOW:
            raise BadRequest("timestamp too old or too new", 401)
        return right

    def _taken(self, body: bytes, dispatch: Dispatch) -> WireReply:
        try:
            rows = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return _answer(400, 0, [RowError(0, "", "", "不是 JSON / is no JSON")])
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_ROWS:
            text = f"应为 1 到 {MOST_ROWS} 行的列表 / must be a list of 1 to {MOST_ROWS} rows"
            return _answer(400, 0, [RowError(0, "", "", text)])
        now = clock.now()
        found = [checked(row, number, now) for number, row in enumerate(rows, 1)]
        good = [each for each in found if isinstance(each, Pushed)]
        for each in good:
            dispatch(to_event(each))
        wrong = [each for each in found if isinstance(each, RowError)]
        return _answer(200 if not wrong else 207 if good else 422, len(good), wrong)


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 of `stamp.body`."""
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def to_event(value: Pushed) -> Event:
    """The same value pushed again has the same id, so that it is taken once."""
    said = {"key": value.key, "done": format(value.done, "f"), "target": format(value.target, "f")}
    said["at"] = value.at.isoformat()
    raw = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
    return Event(NAME, hashlib.sha256(raw).hexdigest()[:40], "", PUSHED, value.at, "", said, raw)


def _answer(status: int, accepted: int, errors: list[RowError]) -> WireReply:
    body = json.dumps({"accepted": accepted, "errors": [asdict(each) for each in errors]}, ensure_ascii=False)
    return WireReply(status, body.encode(), "application/json; charset=utf-8")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def build(settings: Settings, store: SharedStore) -> Inbox:
    """Always there: without HUIZHI_PROGRESS_SECRET it refuses."""
    return Inbox(settings.progress_secret, store)
