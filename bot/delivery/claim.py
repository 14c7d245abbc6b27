"""Taking rows to send, many at a time. A row is claimed with a lease, so that a crash between any two steps leaves
either an unsent row, a sent row, or one whose lease ran out: that one is sent again under the same key (the platforms
drop the repeat where they compare keys) and flagged `ambiguous`.

Claims of all workers happen one after the other, and a person with a message in flight gets no second one meanwhile:
so messages to one person keep their order however many threads and workers there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.delivery.outbox import BULK, COLUMNS, NORMAL, SOON, Row
from bot.tables import outbox, outbox_pause

LEASE = timedelta(seconds=20)
"""A living worker renews it, see `renew`."""
RENEW = 5.0
"""Seconds between renewals."""
_LOCK = 0x6875697A6869
_LIMIT = 50
_BEYOND, _FAR = 32, 4096
"""Rows looked at beyond the room, because several to one person wait for each other; and at most."""
_CHUNK = 500
# Written out: a partial index is used only where its condition is spelled like this.
_QUEUED = outbox.c.state == sa.literal_column("'queued'")
_SENDING = outbox.c.state == sa.literal_column("'sending'")
_PAUSED = sa.select(outbox_pause.c.matter)
_HELD = _PAUSED.where(outbox_pause.c.state == "held")
_NEXT_PLATFORM = sa.select(sa.func.min(outbox.c.platform)).where(_QUEUED, outbox.c.platform > sa.bindparam("after"))
_READY = (
    sa.select(outbox.c.id, outbox.c.platform, outbox.c.user_id)
    .where(
        _QUEUED,
        outbox.c.platform == sa.bindparam("platform"),
        outbox.c.priority == sa.bindparam("priority"),
        outbox.c.due <= sa.bindparam("now"),
        outbox.c.matter.not_in(_PAUSED),
    )
    .order_by(outbox.c.due, outbox.c.id)
    .limit(sa.bindparam("most"))
)
_LEFT = (
    sa.select(outbox.c.id, outbox.c.platform, outbox.c.user_id)
    .where(_SENDING, outbox.c.lease < sa.bindparam("now"), outbox.c.matter.not_in(_HELD))
    .order_by(outbox.c.lease, outbox.c.id)
    .limit(sa.bindparam("most"))
)
_FLYING = sa.select(outbox.c.platform, outbox.c.user_id).where(_SENDING, outbox.c.lease >= sa.bindparam("now"))


def lanes(connection: Connection) -> list[str]:
    """Platforms and channels with something queued, by an index skip: as many steps as there are names."""
    found: list[str] = []
    while name := connection.execute(_NEXT_PLATFORM, {"after": found[-1] if found else ""}).scalar_one():
        found.append(name)
    return found


def due(
    connection: Connection,
    now: datetime,
    room: Mapping[str, int] | None = None,
    names: Collection[str] | None = None,
) -> list[str]:
    """Ids that may be claimed now: first those whose worker died, then by priority and age, one per person.

    `room`: how many of each platform, 50 of one that is not named. `names`: the `lanes`, where they are known.
    """
    room = room or {}
    busy = {(row.platform, row.user_id) for row in connection.execute(_FLYING, {"now": now}) if row.user_id}
    counts: dict[str, int] = {}
    chosen: dict[str, None] = {}

    def choose(rows: Iterable[sa.Row[tuple[str, str, str]]]) -> None:
        for row in rows:
            person = (row.platform, row.user_id)
            free = row.id not in chosen and not (row.user_id and person in busy)
            if free and counts.get(row.platform, 0) < room.get(row.platform, _LIMIT):
                busy.add(person)
                counts[row.platform] = counts.get(row.platform, 0) + 1
                chosen[row.id] = None

    choose(connection.execute(_LEFT, {"now": now, "most": _LIMIT}))
    for platform in lanes(connection) if names is None else names:
        for priority in (SOON, NORMAL, BULK):
            wanted, most = {"platform": platform, "priority": priority, "now": now}, 0
            while (left := room.get(platform, _LIMIT) - counts.get(platform, 0)) > 0:
                most = min(4 * most or left + _BEYOND, _FAR)
                rows = connection.execute(_READY, wanted | {"most": most}).all()
                choose(rows)
                if len(rows) < most or most == _FAR:
                    break
    return list(chosen)


def claim_many(
    connection: Connection,
    now: datetime,
    room: Mapping[str, int] | None = None,
    names: Collection[str] | None = None,
) -> list[Row]:
    """Take what may be said now, see `due`. Its transaction should end at once: other workers wait for it."""
    lock(connection)
    ids = due(connection, now, room, names)
    parts = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
    found = {row.id: row for part in parts for row in _take(connection, part, now)}
    return [found[row_id] for row_id in ids if row_id in found]


def claim(connection: Connection, row_id: str, now: datetime) -> Row | None:
    """Take one row, or None when somebody has it."""
    lock(connection)
    return next(iter(_take(connection, [row_id], now)), None)


def _take(connection: Connection, ids: Sequence[str], now: datetime) -> list[Row]:
    ready = sa.or_(_QUEUED, sa.and_(_SENDING, outbox.c.lease < now))
    lost = sa.case((outbox.c.state == "sending", sa.true()), else_=outbox.c.ambiguous)
    values = {"state": "sending", "lease": now + LEASE, "attempts": outbox.c.attempts + 1, "ambiguous": lost}
    taken = sa.update(outbox).where(outbox.c.id.in_(ids), ready).values(values).returning(*COLUMNS)
    return [Row(**row) for row in connection.execute(taken).mappings()]


def lock(connection: Connection) -> None:
    """One claim, or one pause, at a time. On SQLite the transaction has the only writer's place already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def renew(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Keep the rows of a worker that is alive."""
    mine = sa.and_(outbox.c.id.in_(ids), _SENDING)
    connection.execute(sa.update(outbox).where(mine).values(lease=now + LEASE))


def give_back(connection: Connection, ids: Sequence[str]) -> None:
    """Rows that were claimed and not touched: as they were before."""
    mine = sa.and_(outbox.c.id.in_(ids), _SENDING)
    connection.execute(sa.update(outbox).where(mine).values(state="queued", lease=None, attempts=outbox.c.attempts - 1))


def paused(connection: Connection, matters: Iterable[str]) -> dict[str, str]:
    """matter -> held or cancelled, of those that are."""
    wanted = sorted(set(matters))
    rows = connection.execute(sa.select(outbox_pause).where(outbox_pause.c.matter.in_(wanted))) if wanted else ()
    return {row.matter: row.state for row in rows}
