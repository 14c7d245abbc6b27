"""What arrived, once each. Normally an event is remembered by the very transaction that answers it. When callbacks come
faster than they can be answered, the event itself is stored first and acknowledged: many such rows share one commit,
and the worker answers them in turn."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot import db
from bot.event import Event
from bot.tables import inbox
from bot.wire import dump_event, load_event

WAITING, DONE = "waiting", "done"
SHARE = 64
"""Most events in one commit: more only makes the first of them wait."""
_ARRIVED = sa.insert(inbox)
_COLUMNS = "INSERT INTO inbox (platform, event_id, action, received_at, state, event) VALUES"
# Text, not an expression: SQLAlchemy compiles ON CONFLICT anew each time, which costs as much as all the rest.
_INSERT = {
    "sqlite": f"{_COLUMNS} (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    "postgresql": f"{_COLUMNS} (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
}
_TAKE = (
    sa.update(inbox)
    .where(
        inbox.c.platform == sa.bindparam("of_platform"),
        inbox.c.event_id == sa.bindparam("of_id"),
        inbox.c.state == WAITING,
    )
    .values(state=DONE, event=None)
)
_OLDEST = (
    sa.select(inbox.c.event)
    .where(inbox.c.state == WAITING)
    .order_by(inbox.c.received_at, inbox.c.event_id)
    .limit(sa.bindparam("most"))
)


def arrived(connection: Connection, event: Event, now: datetime) -> bool:
    """Remember the event in the caller's transaction; False when it was here before."""
    try:
        with connection.begin_nested():
            connection.execute(_ARRIVED, _row(event, now) | {"state": DONE, "event": None})
    except IntegrityError:
        return False
    return True


def take(connection: Connection, event: Event) -> bool:
    """Claim a stored event for the caller's transaction; False when somebody else answers it or has done so."""
    given = {"of_platform": event.platform, "of_id": event.id[:200]}
    return connection.execute(_TAKE, given).rowcount == 1


def waiting(engine: Engine, most: int = 100) -> list[Event]:
    """Stored events nobody has answered yet, oldest first."""
    with engine.connect() as connection:
        return [load_event(text) for text in connection.execute(_OLDEST, {"most": most}).scalars()]


def _row(event: Event, now: datetime) -> dict[str, object]:
    key = {"platform": event.platform, "event_id": event.id[:200], "action": event.action[:80]}
    return key | {"received_at": now}


@dataclass(slots=True)
class _Share:
    """Rows that will be committed together; `error` is what the commit raised."""

    rows: list[tuple[object, ...]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Porch:
    """Stores events with shared commits: while one thread commits, the next share fills up (leader and followers)."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._door, self._turn = engine, threading.Lock(), threading.Lock()
        self._open = _Share()
        self._sql = _INSERT[engine.dialect.name]

    def keep(self, event: Event, now: datetime) -> None:
        """Returns when the event is on disk, or was there before. Raises what the database raised."""
        row = event.platform, event.id[:200], event.action[:80], self._moment(now), WAITING, dump_event(event)
        with self._door:
            share, leads = self._open, not self._open.rows
            share.rows.append(row)
            if len(share.rows) >= SHARE:
                self._open = _Share()
        if leads:
            self._commit(share)
        share.done.wait()
        if share.error is not None:
            raise share.error

    def _commit(self, share: _Share) -> None:
        with self._turn:  # meanwhile others join this share
            with self._door:
                if self._open is share:
                    self._open = _Share()
            try:
                self._write(share.rows)
            except BaseException as error:  # noqa: BLE001 - every follower has to hear of it
                share.error = error
            finally:
                share.done.set()

    def _write(self, rows: Sequence[tuple[object, ...]]) -> None:
        with db.begin(self._engine) as connection:
            connection.exec_driver_sql(self._sql, list(rows))

    def _moment(self, now: datetime) -> object:
        """As the column's own type stores it: below the type system nobody else does it."""
        naive = now.astimezone(UTC).replace(tzinfo=None)
        return naive if self._engine.dialect.name == "postgresql" else naive.strftime("%Y-%m-%d %H:%M:%S.%f")
