"""Which rows a package is made of, read in few statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, true

from bot.evidence.keys import Keys
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_event, ev_object

CONSENT = "consent:"
"""Ids of objects that hold one person's consents begin so."""
EPOCHS = "log:epochs"
"""The object that tells how one log followed another."""
RESTAMPED = "log:restamped"
"""The object whose events list old time stamps, so that newer ones cover them."""
NOBODY = frozenset({"p:none", "p:system"})
MAX_EVENTS = 12_000
"""With two parts each and their proofs a package stays below the number of files a zip can hold."""
_CHUNK = 500
_HOLES = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """`events` in package order; `objects`: id -> its row in ev_object; `others`: id -> how many of its events are left
    out, being about other people; `person`: pseudonym or empty; `open`: ids of events whose parts may be disclosed;
    `refs`: pseudonyms met."""

    events: Sequence[Row[Any]]
    objects: Mapping[str, Row[Any]]
    others: Mapping[str, int]
    person: str
    open: Collection[str]
    refs: Sequence[str]


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Pieces short enough for one IN (…)."""
    return (values[at : at + _CHUNK] for at in range(0, len(values), _CHUNK))


def choose(conn: Connection, scope: Sequence[str] | str) -> Chosen:
    """The rows of `package.export`'s scope. KeyError when there are none, ValueError when there are too many."""
    person = scope if isinstance(scope, str) else ""
    wanted = set(_objects(conn, _about(person)) if person else scope)
    objects = _heads(conn, wanted)
    if unknown := sorted(wanted - objects.keys()) or ([person] if person and not wanted else []):
        raise KeyError(f"no evidence about {', '.join(unknown)}")
    events = _events(conn, objects, _concerning(person) if person else true())
    subjects = {person} if person else {row.subject for row in events} - NOBODY
    agreed: set[str] = set()
    for some in chunks(sorted(subjects)):
        place = ev_event.c.object_id.startswith(CONSENT, autoescape=True)
        agreed |= set(_objects(conn, place & ev_event.c.subject.in_(some)))
    if any(row.epoch > 1 for row in events):
        agreed.add(EPOCHS)  # why one log followed another
    agreed.add(RESTAMPED)  # what keeps the oldest time stamps good; absent in the first year
    if more := agreed - objects.keys():
        added = _heads(conn, more)
        events, objects = [*events, *_events(conn, added, true())], {**objects, **added}
    events = sorted(events, key=_order)
    ours = (EPOCHS, RESTAMPED)
    mine = (row for row in events if not person or person in (row.subject, row.actor) or row.object_id in ours)
    shown = {row.event_id for row in mine}
    refs = sorted({ref for row in events for ref in (row.actor, row.subject)} - NOBODY)
    held = Counter(row.object_id for row in events)
    others = {name: left for name, row in objects.items() if (left := row.head_seq - held[name]) and person}
    return Chosen(events, dict(sorted(objects.items())), others, person, shown, refs)


def _about(person: str) -> ColumnElement[bool]:
    return or_(ev_event.c.subject == person, ev_event.c.actor == person)


def _concerning(person: str) -> ColumnElement[bool]:
    """What belongs in one person's file: all of a matter that began about them; of a matter of many people, as a notice
    is, their own events and those about nobody. What became of the other recipients is not theirs to read, and a notice
    to 100,000 people would not fit."""
    first = ev_event.alias()
    began = select(first.c.object_id).where(first.c.object_seq == 1, first.c.subject == person)
    return or_(_about(person), ev_event.c.subject.in_(sorted(NOBODY)), ev_event.c.object_id.in_(began))


def _objects(conn: Connection, where: ColumnElement[bool]) -> Sequence[str]:
    return conn.execute(select(ev_event.c.object_id).where(where).distinct()).scalars().all()


def _heads(conn: Connection, wanted: Collection[str]) -> dict[str, Row[Any]]:
    found = dict[str, Row[Any]]()
    for some in chunks(sorted(wanted)):
        rows = conn.execute(select(ev_object).where(ev_object.c.object_id.in_(some), ev_object.c.head_seq > 0))
        found |= {row.object_id: row for row in rows}
    return found


def _events(conn: Connection, objects: Mapping[str, Row[Any]], where: ColumnElement[bool]) -> list[Row[Any]]:
    """An object may grow between two statements; its head was read first, so later events wait for the next export."""
    found = list[Row[Any]]()
    for some in chunks(sorted(objects)):
        rows = conn.execute(select(ev_event).where(ev_event.c.object_id.in_(some), where).limit(MAX_EVENTS + 1))
        found += [row for row in rows if row.object_seq <= objects[row.object_id].head_seq]
        if len(found) > MAX_EVENTS:
            raise ValueError(
                f"一个证据包最多 {MAX_EVENTS} 条记录，请按个案分开导出。"
                f" A package holds at most {MAX_EVENTS} events; export case by case."
            )
    return found


def _order(row: Row[Any]) -> tuple[int, bool, int, int]:
    return row.epoch, row.log_index is None, row.log_index or 0, row.n


def epochs_of(conn: Connection, keys: Keys) -> list[dict[str, Any]]:
    """The logs and their keys, newest first; the present one even when it has signed nothing yet."""
    rows = conn.execute(select(ev_epoch).where(ev_epoch.c.epoch <= keys.epoch).order_by(ev_epoch.c.epoch.desc()))
    found = [dict(row._mapping) for row in rows]
    if not found or found[0]["epoch"] != keys.epoch:
        mine = {"epoch": keys.epoch, "origin": keys.origin, "began_ms": None, "ended_ms": None, "reason": ""}
        found.insert(0, mine | {"log_vkey": str(keys.log_vkey), "promise_vkey": str(keys.promise_vkey)})
    return found


def alarms(
    conn: Connection, events: Sequence[Row[Any]], envelopes: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, str]]:
    """What the database betrays: places in the log without a row, and index columns that differ from the envelope."""
    found = list[dict[str, str]]()
    sizes = select(ev_checkpoint.c.epoch, func.max(ev_checkpoint.c.size)).group_by(ev_checkpoint.c.epoch)
    for epoch, size in conn.execute(sizes.order_by(ev_checkpoint.c.epoch)).all():
        for first, last in _holes(conn, epoch, size):
            where = f"{epoch}-{first}" if first == last else f"{epoch}-{first} … {epoch}-{last}"
            found.append(_alarm("", f"日志第 {where} 位的记录已从数据库中删除", f"log entry {where} was deleted"))
    for row in events:
        envelope = envelopes.get(row.event_id)
        if envelope and (wrong := _differing(row, envelope)):
            zh = f"数据库的索引列被改动，与原始记录不符：{'、'.join(wrong)}"
            found.append(_alarm(row.event_id, zh, f"index columns of the database were changed: {', '.join(wrong)}"))
    return found


def _alarm(event_id: str, zh: str, en: str) -> dict[str, str]:
    return {"event": event_id, "file": "", "zh": zh, "en": en}


def _holes(conn: Connection, epoch: int, size: int) -> list[tuple[int, int]]:
    """Runs of places below `size` without an event: at most 20."""
    placed = (ev_event.c.epoch == epoch) & (ev_event.c.log_index < size)
    if conn.execute(select(func.count()).select_from(ev_event).where(placed)).scalar_one() == size:
        return []
    runs, expected = list[tuple[int, int]](), 0
    order = select(ev_event.c.log_index).where(placed).order_by(ev_event.c.log_index)
    for index in [*conn.execute(order).scalars(), size]:
        if index > expected:
            runs.append((expected, index - 1))
        expected = index + 1
    return runs[:_HOLES]


def _differing(row: Row[Any], envelope: Mapping[str, Any]) -> list[str]:
    columns = {"type": row.type, "actor": row.actor, "subject": row.subject}
    wrong = [name for name, value in columns.items() if envelope.get(name) != value]
    times = {"at": row.at_ms, "seen": row.seen_ms}
    wrong += [name for name, ms in times.items() if milliseconds(datetime.fromisoformat(envelope[name])) != ms]
    return wrong + (["object"] if envelope["object"]["id"] != row.object_id else [])
