"""Lawful erasure (个人信息保护法 art. 47): contents, salts and the person's key go, everybody else's proofs stay valid.

Every statement runs in the caller's transaction; `scrub` afterwards removes what the database's files still hold.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.evidence.audit import Note, note
from bot.evidence.forget import forget
from bot.evidence.keys import Keys
from bot.evidence.log import milliseconds
from bot.evidence.register import Kind, kind_of
from bot.evidence.scrub import owe
from bot.evidence.tables import ev_event, ev_hold, ev_part, ev_report, ev_subject_key
from bot.store import new_ref
from bot.tables import person

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = ("p:none", "p:system")
HOLD, ROSTER = "hold", "person"
_ROSTER_WHY = "劳动合同法 第七条：职工名册备查"


@dataclass(frozen=True, slots=True)
class Stay:
    """What may not be erased yet: `kind` is a prefix of the register, "hold" or "person" (name and account of somebody
    still employed). `why`: a statute; of a hold the reason it was placed for, in HR's words. `until` None: not known
    yet (still employed, or until the hold is released)."""

    kind: str
    why: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Erased:
    """`done`: nothing about the person is left. Otherwise `stays` says what remains, and only storage goes on."""

    done: bool
    stays: tuple[Stay, ...]
    events: int
    parts: int


def erase_person(conn: Connection, keys: Keys, *, subject: str, now: datetime, by: str, request_event: str) -> Erased:
    """Erase all that may be erased about `subject` (pseudonym). Safe to repeat.

    A hold keeps everything; a running statutory period keeps its kind, and with it key and name. Events that concern
    others as well (somebody else acted) keep their envelope and lose what is sealed for the person.
    """
    about = f"erasure:{subject}"
    # The first write locks the object's row: of two erasers the second waits and then finds nothing left to do.
    note(conn, keys, Note("erasure.requested", about, by, subject), now=now, source={"request": request_event})
    if _destroyed(conn, subject):
        return Erased(True, (), 0, 0)
    remaining = stays(conn, subject, now)
    held = [stay.kind for stay in remaining]
    counts = (0, 0)
    if HOLD not in held:
        free = [each for each in left(conn, subject) if (kind := kind_of(each)) and kind.prefix not in held]
        counts = erase_events(conn, subject, free)
        owe(conn, now)
    if remaining:
        until = max((stay.until for stay in remaining if stay.until), default=None)
        source = {"kinds": " ".join(sorted(set(held))), "until": until.isoformat() if until else "open"}
        note(conn, keys, Note("erasure.postponed", about, by, subject), now=now, source=source)
        return Erased(False, remaining, *counts)
    _destroy(conn, subject, now)
    forget(conn, subject)
    source = {"events": str(counts[0]), "parts": str(counts[1])}
    note(conn, keys, Note("erasure.done", about, by, subject), now=now, source=source)
    return Erased(True, (), *counts)


def stays(conn: Connection, subject: str, now: datetime) -> tuple[Stay, ...]:
    """What keeps data of `subject` from being erased at `now`; empty: nothing does."""
    held = sa.select(ev_hold.c.reason).where(ev_hold.c.subject == subject, ev_hold.c.released_ms.is_(None))
    reasons = conn.execute(held.order_by(ev_hold.c.placed_ms, ev_hold.c.id)).scalars()
    found = [Stay(HOLD, each, None) for each in reasons]
    latest: dict[str, tuple[Kind, datetime]] = {}
    for event_type, at in left(conn, subject).items():
        kind = kind_of(event_type)
        if kind:
            latest[kind.prefix] = (kind, max(at, latest.get(kind.prefix, (kind, at))[1]))
    employed, ended = _employment(conn, subject)
    found += [Stay(ROSTER, _ROSTER_WHY, None)] if employed else []
    for prefix, (kind, at) in sorted(latest.items()):
        since = at if kind.clock == "record" else None if employed else ended
        until = since + kind.minimum if since else None
        if until is None or until > now:
            found.append(Stay(prefix, kind.statute, until))
    return tuple(found)


def left(conn: Connection, subject: str) -> dict[str, datetime]:
    """Event type -> its newest time, for everything that still holds erasable content about `subject`."""
    some = sa.exists().where(ev_part.c.event_id == ev_event.c.event_id, ev_part.c.content.is_not(None), _part(subject))
    where = (_about(subject), sa.or_(sa.and_(_own(subject), ev_event.c.envelope.is_not(None)), some))
    found = sa.select(ev_event.c.type, sa.func.max(ev_event.c.seen_ms)).where(*where).group_by(ev_event.c.type)
    return {
        row[0]: _EPOCH + timedelta(milliseconds=row[1])
        for row in conn.execute(found)
        if (kind := kind_of(row[0])) and not kind.audit
    }


def erase_events(conn: Connection, subject: str, types: Collection[str]) -> tuple[int, int]:
    """Null contents and salts of these types of events; (envelopes, parts) erased."""
    _reports(conn, subject)
    of_types = ev_event.c.type.in_(list(types))
    parts = sa.update(ev_part).where(
        ev_part.c.event_id == ev_event.c.event_id,
        of_types,
        _about(subject),
        _part(subject),
        ev_part.c.content.is_not(None),
    )
    events = sa.update(ev_event).where(of_types, _own(subject), ev_event.c.envelope.is_not(None))
    erased = conn.execute(parts.values(salt=None, content=None)).rowcount
    return conn.execute(events.values(salt=None, envelope=None)).rowcount, erased


def _reports(conn: Connection, subject: str) -> None:
    """Sealed reports repeat what was said; whoever asks again gets a new one, of what is left."""
    conn.execute(sa.delete(ev_report).where(ev_report.c.about.contains(f" {subject} ", autoescape=True)))


def place_hold(conn: Connection, keys: Keys, *, subject: str, reason: str, by: str, now: datetime) -> str:
    """Keep everything about `subject` (a dispute); returns the hold's id. The reason stays out of the log."""
    hold_id = f"hold-{new_ref()}"
    row = {"id": hold_id, "subject": subject, "reason": reason, "placed_by": by, "placed_ms": milliseconds(now)}
    conn.execute(sa.insert(ev_hold).values(**row))
    note(conn, keys, Note("hold.placed", f"hold:{subject}", by, subject), now=now, source={"hold": hold_id})
    return hold_id


def release_hold(conn: Connection, keys: Keys, *, hold_id: str, by: str, now: datetime) -> bool:
    """End a hold; False when it is unknown or already released."""
    where = (ev_hold.c.id == hold_id, ev_hold.c.released_ms.is_(None))
    if conn.execute(sa.update(ev_hold).where(*where).values(released_ms=milliseconds(now))).rowcount != 1:
        return False
    subject = conn.execute(sa.select(ev_hold.c.subject).where(ev_hold.c.id == hold_id)).scalar_one()
    note(conn, keys, Note("hold.released", f"hold:{subject}", by, subject), now=now, source={"hold": hold_id})
    return True


def restricted(conn: Connection, subject: str) -> bool:
    """True while an erasure is postponed: the data are stored and not otherwise used (art. 47 para. 2)."""
    newest = (
        sa.select(ev_event.c.type)
        .where(ev_event.c.object_id == f"erasure:{subject}", ev_event.c.type != "erasure.requested")
        .order_by(ev_event.c.object_seq.desc())
    )
    return conn.execute(newest.limit(1)).scalar() == "erasure.postponed"


def _about(subject: str) -> sa.ColumnElement[bool]:
    return sa.or_(ev_event.c.subject == subject, ev_event.c.actor == subject)


def _own(subject: str) -> sa.ColumnElement[bool]:
    """Events that concern nobody else."""
    theirs = sa.and_(ev_event.c.subject == subject, ev_event.c.actor.in_((subject, *_NOBODY)))
    return sa.or_(theirs, sa.and_(ev_event.c.actor == subject, ev_event.c.subject.in_(_NOBODY)))


def _part(subject: str) -> sa.ColumnElement[bool]:
    """Parts that hold the person's content: sealed for them, or stored plainly in an event about them."""
    plain = sa.and_(ev_part.c.sealed_for.is_(None), sa.or_(ev_event.c.subject == subject, _own(subject)))
    return sa.or_(ev_part.c.sealed_for == subject, plain)


def _employment(conn: Connection, subject: str) -> tuple[bool, datetime]:
    """(still active, time of the newest record that is not about the handling of data)."""
    active = conn.execute(sa.select(person.c.active).where(person.c.ref == subject)).scalar()
    rows = conn.execute(
        sa.select(ev_event.c.type, sa.func.max(ev_event.c.seen_ms)).where(_about(subject)).group_by(ev_event.c.type)
    )
    times = [row[1] for row in rows if (kind := kind_of(row[0])) and not kind.audit]
    return bool(active), _EPOCH + timedelta(milliseconds=max(times, default=0))


def _destroyed(conn: Connection, subject: str) -> bool:
    where = (ev_subject_key.c.subject == subject, ev_subject_key.c.destroyed_ms.is_not(None))
    return conn.execute(sa.select(ev_subject_key.c.subject).where(*where)).first() is not None


def _destroy(conn: Connection, subject: str, now: datetime) -> None:
    when = milliseconds(now)
    gone = sa.update(ev_subject_key).where(ev_subject_key.c.subject == subject)
    if conn.execute(gone.values(wrapped=None, destroyed_ms=when)).rowcount == 0:
        conn.execute(sa.insert(ev_subject_key).values(subject=subject, made_ms=when, destroyed_ms=when))
