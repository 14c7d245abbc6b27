"""Rows to be said. A row is claimed by a conditional update with a lease, so that a crash between any two steps
leaves either an unsent row, a sent row, or one whose lease ran out: that one is sent again under the same key (both
platforms drop the repeat) and flagged `ambiguous`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.people import Person
from bot.store import ordered_ref
from bot.tables import ask, outbox

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 8
MAX_TOKENS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A claimed row; `body` is our JSON of a card or a request."""

    id: str
    kind: str
    platform: str
    person_id: str | None
    user_id: str
    matter: str
    ask_ref: str | None
    of: str | None
    body: str
    attempts: int
    ambiguous: bool


_INSERT = sa.insert(outbox)
_COLUMNS = [outbox.c[name] for name in Row.__dataclass_fields__]


def queue(
    connection: Connection,
    now: datetime,
    kind: str,
    platform: str,
    person: Person | None,
    matter: str,
    body: str,
    *,
    ask_ref: str | None = None,
    of: str | None = None,
) -> str:
    """Insert a row to be said after commit; returns its id, which is also the platform's idempotency key."""
    row_id = ordered_ref()
    row = {
        "id": row_id,
        "kind": kind,
        "platform": platform,
        "matter": matter,
        "ask_ref": ask_ref,
        "of": of,
        "body": body,
    }
    who = {"person_id": person.id if person else None, "user_id": person.user_id if person else ""}
    connection.execute(_INSERT, row | who | {"state": "queued", "due": now, "created_at": now})
    return row_id


def reword(connection: Connection, row_id: str, body: str) -> None:
    """Change what a row of this very transaction will say."""
    connection.execute(sa.update(outbox).where(outbox.c.id == row_id).values(body=body))


def cards_of(connection: Connection, refs: Sequence[str]) -> dict[str, list[str]]:
    """Outbox ids of the cards of these asks that went out or may have gone out."""
    where = sa.and_(outbox.c.ask_ref.in_(refs), outbox.c.kind == "send", outbox.c.state.in_(("sent", "sending")))
    found: dict[str, list[str]] = {}
    for row in connection.execute(sa.select(outbox.c.ask_ref, outbox.c.id).where(where)):
        found.setdefault(row.ask_ref, []).append(row.id)
    return found


def due(connection: Connection, now: datetime, limit: int = 50) -> list[str]:
    """Ids that may be claimed now, oldest first: queued ones, and those whose worker died."""
    ready = sa.or_(
        sa.and_(outbox.c.state == "queued", outbox.c.due <= now),
        sa.and_(outbox.c.state == "sending", outbox.c.lease < now),
    )
    return list(
        connection.execute(
            sa.select(outbox.c.id).where(ready).order_by(outbox.c.due, outbox.c.id).limit(limit)
        ).scalars()
    )


def claim(connection: Connection, row_id: str, now: datetime) -> Row | None:
    """Take the row, or None when somebody has it, its question was settled, or its card is not out yet."""
    ready = sa.or_(outbox.c.state == "queued", sa.and_(outbox.c.state == "sending", outbox.c.lease < now))
    lost = sa.case((outbox.c.state == "sending", sa.true()), else_=outbox.c.ambiguous)
    taken = connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == row_id, ready)
        .values(state="sending", lease=now + LEASE, attempts=outbox.c.attempts + 1, ambiguous=lost)
    )
    if taken.rowcount != 1:
        return None
    row = Row(**connection.execute(sa.select(*_COLUMNS).where(outbox.c.id == row_id)).mappings().one())
    if row.ask_ref and row.kind == "send" and not row.ambiguous and _settled(connection, row.ask_ref):
        finish(connection, row_id, now, state="stopped")
        return None
    return row


def _settled(connection: Connection, ref: str) -> bool:
    state = connection.execute(sa.select(ask.c.state).where(ask.c.ref == ref)).scalar_one_or_none()
    return state is not None and state != "open"


def finish(
    connection: Connection,
    row_id: str,
    now: datetime,
    *,
    state: str,
    message_id: str = "",
    token: str = "",
    error: str = "",
) -> None:
    """Write the result back: sent, stopped or failed."""
    values: dict[str, object] = {"state": state, "lease": None, "error": error[:300] or None}
    if state == "sent":
        values |= {"sent_at": now, "message_id": message_id}
        if token:
            # A click may have brought its own code before this write: both are kept.
            values["update_token"] = sa.func.trim(outbox.c.update_token + f" {token}")
    connection.execute(sa.update(outbox).where(outbox.c.id == row_id).values(**values))


def postpone(connection: Connection, row_id: str, until: datetime, error: str) -> None:
    """Try again at `until`."""
    connection.execute(
        sa.update(outbox).where(outbox.c.id == row_id).values(state="queued", due=until, lease=None, error=error[:300])
    )


def original(connection: Connection, row_id: str) -> tuple[str, list[str], str] | None:
    """(message id, unused single-use update codes, state) of the card an update changes."""
    columns = (outbox.c.message_id, outbox.c.update_token, outbox.c.state)
    row = connection.execute(sa.select(*columns).where(outbox.c.id == row_id)).first()
    return (row.message_id or "", row.update_token.split(), row.state) if row else None


def superseded(connection: Connection, row: Row) -> bool:
    """True when a later update of the same card is waiting: codes are scarce and only the last state matters."""
    later = sa.and_(
        outbox.c.of == row.of,
        outbox.c.kind.in_(("update", "interim")),
        outbox.c.id > row.id,
        outbox.c.state == "queued",
    )
    return connection.execute(sa.select(sa.func.count()).where(later)).scalar_one() > 0


def said_already(connection: Connection, row: Row) -> bool:
    """True when the same person got, or is about to get, the same card in the same matter another way."""
    same = sa.and_(
        outbox.c.matter == row.matter,
        outbox.c.person_id == row.person_id,
        outbox.c.body == row.body,
        outbox.c.id != row.id,
        outbox.c.state.in_(("sent", "sending", "queued")),
        sa.or_(outbox.c.kind == "send", outbox.c.state == "sent"),
    )
    return connection.execute(sa.select(sa.func.count()).where(same)).scalar_one() > 0


def remember_token(connection: Connection, ref: str, token: str) -> None:
    """A click brings a fresh single-use code for its card; keep it beside the unused ones, newest last."""
    if not token or not ref:
        return
    mine = sa.and_(outbox.c.ask_ref == ref, outbox.c.kind == "send")
    for row in connection.execute(sa.select(outbox.c.id, outbox.c.update_token).where(mine)).all():
        tokens = [*row.update_token.split(), token][-MAX_TOKENS:]
        connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(update_token=" ".join(tokens)))


def spend_token(connection: Connection, row_id: str, token: str) -> None:
    """Forget a code that was used; the others stay."""
    held = connection.execute(sa.select(outbox.c.update_token).where(outbox.c.id == row_id)).scalar_one_or_none()
    left = " ".join(each for each in (held or "").split() if each != token)
    connection.execute(sa.update(outbox).where(outbox.c.id == row_id).values(update_token=left))
