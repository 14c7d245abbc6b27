"""Rows to be said, and what the platforms know of them. Claimed by bot.delivery.claim, sent by bot.delivery.deliver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.people import Person
from bot.store import ordered_ref
from bot.tables import outbox

MAX_ATTEMPTS = 8
MAX_TOKENS = 6
SOON, NORMAL, BULK = 0, 1, 2
"""Priorities: what answers somebody goes before what was planned, and both before a message to thousands."""


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
    priority: int = SOON
    people: int = 1
    route: str = ""
    crowd: str | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """One personal card of a message to many; `body` is our JSON of the card, see bot.wire."""

    person: Person
    body: str
    ask_ref: str | None = None


_INSERT = sa.insert(outbox)
COLUMNS = [outbox.c[name] for name in Row.__dataclass_fields__]
_CHUNK = 1000


def row_of(
    now: datetime,
    kind: str,
    platform: str,
    person: Person | None,
    matter: str,
    body: str,
    *,
    ask_ref: str | None = None,
    of: str | None = None,
    priority: int = SOON,
) -> dict[str, object]:
    """Something to be said, as a row for `insert`; its `id` is also the platform's idempotency key."""
    row = {"id": ordered_ref(), "kind": kind, "platform": platform, "matter": matter, "ask_ref": ask_ref, "of": of}
    who = {"person_id": person.id if person else None, "user_id": person.user_id if person else ""}
    when = {"state": "queued", "due": now, "created_at": now}
    return row | who | when | {"body": body, "priority": priority}


def insert(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows to be said after commit."""
    connection.execute(_INSERT, list(rows))


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
    priority: int = SOON,
) -> str:
    """Insert one such row; returns its id."""
    row = row_of(now, kind, platform, person, matter, body, ask_ref=ask_ref, of=of, priority=priority)
    insert(connection, [row])
    return str(row["id"])


def queue_many(
    connection: Connection, now: datetime, matter: str, sayings: Iterable[Saying], *, priority: int = BULK
) -> int:
    """Personal cards of one matter, in bulk and with flat memory; returns how many."""
    total = 0
    rows: list[dict[str, object]] = []
    for each in sayings:
        row: dict[str, object] = {"id": ordered_ref(), "kind": "send", "platform": each.person.platform}
        row |= {"person_id": each.person.id, "user_id": each.person.user_id, "ask_ref": each.ask_ref, "body": each.body}
        row |= {"matter": matter, "state": "queued", "due": now, "created_at": now, "priority": priority}
        rows.append(row)
        if len(rows) == _CHUNK:
            connection.execute(_INSERT, rows)
            total, rows = total + len(rows), []
    if rows:
        connection.execute(_INSERT, rows)
    return total + len(rows)


def get(connection: Connection, row_id: str) -> Row | None:
    """The row as it is now, claimed or not."""
    found = connection.execute(sa.select(*COLUMNS).where(outbox.c.id == row_id)).mappings().first()
    return Row(**found) if found else None


def message_of(connection: Connection, row_id: str) -> str:
    """The vendor's key of a row's message; empty before it went out."""
    return connection.execute(sa.select(outbox.c.message_id).where(outbox.c.id == row_id)).scalar() or ""


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


def unsay(connection: Connection, refs: Sequence[str]) -> None:
    """Whatever still waits to be said of these asks is not said any more; the asks themselves stay as they are."""
    waits = (outbox.c.ask_ref.in_(refs), outbox.c.state == "queued", outbox.c.kind.in_(("send", "channel")))
    connection.execute(sa.update(outbox).where(*waits).values(state="stopped", error="answered"))


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


def pressed(connection: Connection, ref: str, person: Person, token: str, message_id: str) -> None:
    """A press of a button: proof that its card arrived, and what the platform calls it, where it says so.

    `token`: a fresh single-use code to change the card with, kept beside the unused ones, newest last. `message_id`:
    the card's own; kept where the answer to sending it never got here, "" where the platform does not name it.
    """
    if not ref or not (token or message_id):
        return
    mine = sa.and_(outbox.c.ask_ref == ref, outbox.c.kind == "send", outbox.c.person_id == person.id)
    rows = connection.execute(sa.select(outbox.c.id, outbox.c.update_token, outbox.c.message_id).where(mine)).all()
    unnamed = [row.id for row in rows if row.message_id is None]
    # A question may have been sent twice (我的待办): a press that does not say on which card tells nothing then.
    ours = message_id not in {row.message_id for row in rows} if message_id else len(rows) == 1
    for row in rows:
        values = {"message_id": message_id} if ours and unnamed == [row.id] else {}
        if token:
            values["update_token"] = " ".join([*row.update_token.split(), token][-MAX_TOKENS:])
        if values:
            connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(values))


def arrived(connection: Connection, rows: Iterable[Row]) -> dict[str, str]:
    """Row id -> vendor's id ("" where unknown) of cards whose sending nobody saw end and whose buttons were pressed."""
    unsure = sorted(row.id for row in rows if row.ambiguous and row.kind == "send")
    if not unsure:
        return {}
    found = sa.select(outbox.c.id, outbox.c.message_id).where(outbox.c.id.in_(unsure), outbox.c.message_id.is_not(None))
    return {row.id: row.message_id for row in connection.execute(found)}


def spend_token(connection: Connection, row_id: str, token: str) -> None:
    """Forget a code that was used; the others stay."""
    held = connection.execute(sa.select(outbox.c.update_token).where(outbox.c.id == row_id)).scalar_one_or_none()
    left = " ".join(each for each in (held or "").split() if each != token)
    connection.execute(sa.update(outbox).where(outbox.c.id == row_id).values(update_token=left))
