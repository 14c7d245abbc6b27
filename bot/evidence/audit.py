"""Records about the handling of data itself: who looked, who exported, who held, who erased. Ids and times only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.context import Context
from bot.evidence.keys import Keys
from bot.evidence.log import append, milliseconds
from bot.evidence.tables import ev_event
from bot.people import Person
from bot.store import new_ref

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VIEWED, EXPORTED = "access.viewed", "export.made"


@dataclass(frozen=True, slots=True)
class View:
    """`viewer`: pseudonym; `at`: aware UTC; `what`: an id like `case:mp-1`; `exported`: taken away, not only seen."""

    viewer: str
    at: datetime
    what: str
    exported: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What to put on record: `actor` did `type` to `object_id`, about `subject`."""

    type: str
    object_id: str
    actor: str
    subject: str


def note(conn: Connection, keys: Keys, what: Note, *, now: datetime, source: Mapping[str, str]) -> str:
    """Append an event without parts; returns its id. `source` holds ids and codes, never people's words."""
    event_id = f"evt_{new_ref()}"
    append(
        conn,
        keys,
        event_id=event_id,
        type=what.type,
        at=now,
        seen=now,
        actor=what.actor,
        subject=what.subject,
        object_id=what.object_id,
        parts=(),
        source=source,
    )
    return event_id


def viewed(ctx: Context, subject: Person, what: str) -> str:
    """`ctx.actor` looks at data of `subject`; `what` names them by id. Looking at one's own data is not recorded ("").

    Returns the event's id.
    """
    if ctx.actor and ctx.actor.id == subject.id:
        return ""
    return ctx.record(VIEWED, f"access:{subject.ref}", subject=subject, source={"what": what[:120]})


def exported(
    conn: Connection, keys: Keys, *, by: str, subjects: Iterable[str], what: str, now: datetime
) -> dict[str, str]:
    """`by` (a pseudonym) takes data of these people away; subject -> event id. Nobody's data: one for `p:none`."""
    people = sorted({each for each in subjects if each.startswith("p:") and each not in ("p:none", "p:system")})
    return {
        subject: note(
            conn, keys, Note(EXPORTED, f"access:{subject}", by, subject), now=now, source={"what": what[:120]}
        )
        for subject in people or ["p:none"]
    }


def who_viewed(conn: Connection, subject: str, since: datetime) -> list[View]:
    """Who saw or exported data of `subject` (pseudonym) since then, newest first."""
    where = (
        ev_event.c.object_id == f"access:{subject}",
        ev_event.c.type.in_((VIEWED, EXPORTED)),
        ev_event.c.at_ms >= milliseconds(since),
    )
    rows = conn.execute(sa.select(ev_event).where(*where).order_by(ev_event.c.object_seq.desc()))
    return [
        View(row.actor, _EPOCH + timedelta(milliseconds=row.at_ms), _what(row.envelope), row.type == EXPORTED)
        for row in rows
    ]


def _what(envelope: bytes | None) -> str:
    """Empty once the record itself has expired."""
    return "" if envelope is None else str(json.loads(envelope)["source"].get("what", ""))
