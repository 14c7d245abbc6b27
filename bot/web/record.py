"""What is recorded about or by a person, as a page shows it. Reads only; times are aware UTC."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from bot import access
from bot.app import App
from bot.evidence import audit
from bot.evidence.tables import ev_event, ev_part, ev_token
from bot.evidence.vault import vault_of
from bot.people import People, Person
from bot.tables import person as person_table

PAGE = 40
PRIVATE = ("chat.", "consent.", "access.", "export.", "erasure.", "hold.", "identity.", "certificate.")
"""Between a person and HR: nothing a manager decides about."""
LOOKS = 20
ReadPart = Callable[[Connection, Any], bytes | None]
"""The plain bytes of an ev_part row or of its `salt_of`; None: erased. ValueError: they were tampered with."""


@dataclass(frozen=True, slots=True)
class PartShown:
    """A part: `text` for what a person can read, else None with only its size."""

    name: str
    size: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `index` None: only promised. `stamped`: earliest outside time over a checkpoint that covers it.
    `actor` and `subject` are names, empty for the system or nobody."""

    n: int
    id: str
    type: str
    at: datetime
    actor: str
    subject: str
    mine: bool
    index: int | None
    stamped: datetime | None
    erased: bool
    object: str
    parts: tuple[PartShown, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody opened the file (`exported`: took it away)."""

    at: datetime
    name: str
    exported: bool


def reader(app: App) -> ReadPart:
    """Opens parts with the installation's data keys."""
    vault = vault_of(app.keys.key_dir)
    return lambda conn, part: None if part.salt is None else vault.open_part(conn, part)


def entries(
    conn: Connection, person: Person, before: int | None, read: ReadPart | None, hidden: Sequence[str] = ()
) -> list[Entry]:
    """The newest PAGE events about or by `person` below `before`; contents only with `read`, no type that begins like
    one of `hidden`."""
    stamped = (
        sa.select(ev_token.c.gen_ms)
        .where(ev_token.c.epoch == ev_event.c.epoch, ev_token.c.size > ev_event.c.log_index)
        .order_by(ev_token.c.size, ev_token.c.gen_ms)
        .limit(1)
        .scalar_subquery()
    )
    where = sa.or_(ev_event.c.subject == person.ref, ev_event.c.actor == person.ref)
    if before is not None:
        where = sa.and_(where, ev_event.c.n < before)
    where = sa.and_(where, *(ev_event.c.type.not_like(f"{each}%") for each in hidden))
    statement = sa.select(ev_event, stamped.label("stamped_ms")).where(where).order_by(ev_event.c.n.desc()).limit(PAGE)
    rows = conn.execute(statement).all()
    names = names_of(conn, {ref for row in rows for ref in (row.actor, row.subject)})
    subjects = {ref for ref in {row.subject for row in rows} if may_read(conn, person, ref)}
    shown = parts_of(conn, [row.event_id for row in rows if row.subject in subjects], read) if read else {}
    return [_entry(row, person, names, shown.get(row.event_id, ())) for row in rows]


def _entry(row: Row[Any], person: Person, names: dict[str, str], parts: Sequence[PartShown]) -> Entry:
    return Entry(
        n=row.n,
        id=row.event_id,
        type=row.type,
        at=moment(row.at_ms),
        actor=names.get(row.actor, ""),
        subject=names.get(row.subject, ""),
        mine=row.actor == person.ref,
        index=row.log_index,
        stamped=None if row.stamped_ms is None else moment(row.stamped_ms),
        erased=row.envelope is None,
        object=row.object_id,
        parts=tuple(parts),
    )


def parts_of(conn: Connection, ids: Sequence[str], read: ReadPart) -> dict[str, list[PartShown]]:
    """Event id -> its parts that are left, as a page shows them."""
    found: dict[str, list[PartShown]] = {}
    statement = sa.select(ev_part).where(ev_part.c.event_id.in_(ids)).order_by(ev_part.c.event_id, ev_part.c.position)
    for row in conn.execute(statement):
        content = read(conn, row)
        if content is not None:
            found.setdefault(row.event_id, []).append(PartShown(row.name, row.length, _readable(row, content)))
    return found


def _readable(row: Row[Any], content: bytes) -> str | None:
    """Short plain text as it is; vendor answers and files are only named."""
    if not row.media_type.startswith("text/plain") or row.name.endswith(".json") or len(content) > 4000:
        return None
    return content.decode("utf-8", "replace")


def may_read(conn: Connection, holder: Person, subject: str) -> bool:
    """May `holder` read what an event says that they took part in? What one did about somebody else is one's own act;
    its contents are the other's, once one may not see that file (any more)."""
    if subject in (holder.ref, "p:none"):
        return True
    row = conn.execute(sa.select(person_table.c.id).where(person_table.c.ref == subject)).one_or_none()
    other = People(conn).get(row.id) if row else None
    return other is not None and access.may_see(conn, holder, other)


def looks(conn: Connection, person: Person) -> list[Look]:
    """The newest LOOKS at this person's file by others, newest first."""
    statement = (
        sa.select(ev_event.c.at_ms, ev_event.c.actor, ev_event.c.type)
        .where(
            ev_event.c.subject == person.ref,
            ev_event.c.actor != person.ref,
            ev_event.c.type.in_([audit.VIEWED, audit.EXPORTED]),
        )
        .order_by(ev_event.c.n.desc())
        .limit(LOOKS)
    )
    rows = conn.execute(statement).all()
    names = names_of(conn, {row.actor for row in rows})
    return [Look(moment(row.at_ms), names.get(row.actor, ""), row.type == audit.EXPORTED) for row in rows]


@dataclass(frozen=True, slots=True)
class Given:
    """One consent as it was asked for. Times are aware UTC. `covers`: the addresses, or the log's key, it names."""

    kind: str
    version: int
    state: str
    asked_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None
    covers: tuple[str, ...]


def consents(conn: Connection, person: Person) -> list[Given]:
    """The person's consents, newest first; empty where the feature is not installed."""
    table = person_table.metadata.tables.get("consent")
    if table is None:
        return []
    c = table.c
    columns = (c.kind, c.version, c.state, c.asked_at, c.decided_at, c.expires_at, c.scope)
    wanted = sa.select(*columns).where(c.person_id == person.id).order_by(c.asked_at.desc(), c.id)
    found = conn.execute(wanted).all()
    return [
        Given(
            each.kind,
            each.version,
            each.state,
            each.asked_at,
            each.decided_at,
            each.expires_at,
            _covers(json.loads(each.scope)),
        )
        for each in found
    ]


def _covers(scope: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(scope[name] for name in ("mobile", "email", "post", "fingerprint") if scope.get(name))


def names_of(conn: Connection, refs: set[str]) -> dict[str, str]:
    """Names behind pseudonyms, those that are still known."""
    statement = sa.select(person_table.c.ref, person_table.c.name).where(person_table.c.ref.in_(refs))
    return {row.ref: row.name for row in conn.execute(statement)}


def moment(value: int) -> datetime:
    """Unix milliseconds as aware UTC."""
    return datetime.fromtimestamp(value / 1000, UTC)
