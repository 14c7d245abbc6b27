"""One normalised punch from any source: every source's row is kept, rows about the same moment are one punch.

A row is never proof twice: `mp_record` holds what each source said (with the time it was fetched and the SHA-256 of its
raw form), `mp_punch` what they agree on. Records of different sources within a minute of each other are one punch.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.people import Person
from bot.ports import Punch
from handlers.missed_punch import tables as t

SAME = timedelta(seconds=60)
SKEW = timedelta(minutes=5)
"""A clock may be ahead of ours by this much; a later time is a fault and proves nothing."""
SOURCE, CHUNK = 64, 300


@dataclass(frozen=True, slots=True)
class Record:
    """One row of one source. `at` is aware; `kind` is on, off or other."""

    person_id: str
    at: datetime
    kind: str
    source: str
    raw_sha256: str = ""

    @property
    def key(self) -> tuple[str, datetime, str]:
        """Two rows with this in common are the same row."""
        return self.person_id, self.at, self.source


@dataclass(slots=True)
class Added:
    """What `add` did: `new` punches (with `punches`, their records), `merged` and `known` records, `future` ones."""

    new: int = 0
    merged: int = 0
    known: int = 0
    punches: list[Record] = field(default_factory=list)
    future: list[Record] = field(default_factory=list)

    def plus(self, other: Added) -> None:
        """Sum up."""
        self.new, self.merged, self.known = self.new + other.new, self.merged + other.merged, self.known + other.known
        self.punches += other.punches
        self.future += other.future


@dataclass(slots=True)
class Group:
    """One punch and who reported it; `id` 0 until stored, `bare` without records. Time and source are the first's."""

    id: int
    at: datetime
    kind: str
    source: str
    sources: set[str]
    bare: bool = False

    def is_push_of(self, record: Record) -> bool:
        """Whether this punch was pushed and the record is that same row, fetched only now."""
        return self.bare and (self.at, self.source) == (record.at, record.source)

    def takes(self, record: Record) -> bool:
        """Whether the record tells of the same punch: another source, the same minute, no contradiction."""
        agrees = record.kind == self.kind or "other" in (record.kind, self.kind)
        return agrees and record.source not in self.sources and abs(record.at - self.at) <= SAME

    def take(self, record: Record) -> None:
        """Let the record in: the earlier time wins, and a direction wins over none."""
        self.sources.add(record.source)
        self.kind = record.kind if self.kind == "other" else self.kind
        if record.at < self.at:
            self.at, self.source = record.at, record.source


def records(punches: Iterable[Punch], people: Mapping[str, Person]) -> list[Record]:
    """A platform's punches of known people; `people` by case-folded user id."""
    found = []
    for each in punches:
        if person := people.get(each.user_id.casefold()):
            digest = hashlib.sha256(each.raw).hexdigest() if each.raw else ""
            found.append(Record(person.id, each.at, each.kind, each.source[:SOURCE], digest))
    return found


def add(db: Connection, rows: Sequence[Record], now: datetime, batch: str | None = None) -> Added:
    """Store what is new. Idempotent: a row that was stored before is counted as known and changes nothing."""
    mine: dict[str, list[Record]] = defaultdict(list)
    for each in {row.key: row for row in rows}.values():
        mine[each.person_id].append(each)
    result, ids = Added(), sorted(mine)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        result.plus(_add(db, part, [row for person in part for row in mine[person]], now, batch))
    return result


def undo(db: Connection, batch: str, most: int) -> tuple[int, int, bool]:
    """Remove `most` of a batch's records, and those about the same punches. (punches removed, punches that other
    sources still report, whether there may be more)."""
    c = t.record.c
    # Not sorted: the index of the batch gives them as they lie, however many there are.
    rows = db.execute(sa.select(c.id, c.punch_id).where(c.batch_id == batch).limit(most)).all()
    ids = sorted({int(row.punch_id) for row in rows if row.punch_id is not None})
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        same = sa.or_(c.id.in_([row.id for row in some]), c.punch_id.in_([row.punch_id for row in some]))
        db.execute(sa.delete(t.record).where(c.batch_id == batch, same))
    removed = 0
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        left: dict[int, list[Any]] = defaultdict(list)
        of_part = sa.select(t.record).where(t.record.c.punch_id.in_(part)).order_by(t.record.c.at, t.record.c.id)
        for row in db.execute(of_part):
            left[row.punch_id].append(row)
        empty = [each for each in part if each not in left]
        db.execute(sa.delete(t.punch).where(t.punch.c.id.in_(empty)))
        removed += len(empty)
        for punch_id, kept in left.items():
            kind = next((row.kind for row in kept if row.kind != "other"), "other")
            values = {"at": kept[0].at, "source": kept[0].source, "kind": kind, "raw_sha256": kept[0].raw_sha256}
            db.execute(sa.update(t.punch).where(t.punch.c.id == punch_id).values(**values))
    return removed, len(ids) - removed, len(rows) == most


def _add(db: Connection, ids: Sequence[str], rows: list[Record], now: datetime, batch: str | None) -> Added:
    span = (min(row.at for row in rows) - SAME, max(row.at for row in rows) + SAME)
    stored = sa.select(t.record.c.person_id, t.record.c.at, t.record.c.source).where(
        t.record.c.person_id.in_(ids), t.record.c.at.between(*span)
    )
    keys = {tuple(row) for row in db.execute(stored)}
    groups = _groups(db, ids, span)
    result, placed = Added(), list[tuple[Record, Group]]()
    for row in sorted(rows, key=lambda row: (row.at, row.source)):
        if row.key in keys:
            result.known += 1
        elif row.at > now + SKEW:
            result.future.append(row)
        elif pushed := next((each for each in groups[row.person_id] if each.is_push_of(row)), None):
            # Not the batch's own: its undo must leave what was pushed.
            kind = pushed.kind if row.kind == "other" else row.kind
            _record(db, [(replace(row, kind=kind), pushed.id)], now, None)
            pushed.bare = False
            result.known += 1
        else:
            placed.append((row, _place(row, groups[row.person_id], result)))
    _store(db, placed, now)
    _record(db, [(row, group.id) for row, group in placed] + [(row, None) for row in result.future], now, batch)
    return result


def _groups(db: Connection, ids: Sequence[str], span: tuple[datetime, datetime]) -> dict[str, list[Group]]:
    """The punches of that time with all their sources, also those whose record lies outside of it."""
    where = (t.punch.c.person_id.in_(ids), t.punch.c.at.between(*span))
    told = sa.select(t.record.c.punch_id, t.record.c.source).join(t.punch, t.punch.c.id == t.record.c.punch_id)
    sources: dict[int, set[str]] = defaultdict(set)
    for punch_id, source in db.execute(told.where(*where)):
        sources[punch_id].add(source)
    groups: dict[str, list[Group]] = defaultdict(list)
    for row in db.execute(sa.select(t.punch).where(*where)):
        known = sources.get(row.id)
        groups[row.person_id].append(Group(row.id, row.at, row.kind, row.source, known or {row.source}, not known))
    return groups


def _place(row: Record, groups: list[Group], result: Added) -> Group:
    """The nearest punch that the record may belong to, else a new one."""
    fitting = [each for each in groups if each.takes(row)]
    if fitting:
        group = min(fitting, key=lambda each: abs(each.at - row.at))
        group.take(row)
        result.merged += 1
        return group
    group = Group(0, row.at, row.kind, row.source, {row.source})
    groups.append(group)
    result.new += 1
    result.punches.append(row)
    return group


def _store(db: Connection, placed: Sequence[tuple[Record, Group]], now: datetime) -> None:
    owner = {id(group): (group, row) for row, group in placed}
    fresh = {(row.person_id, group.at, group.source): (group, row) for group, row in owner.values() if group.id == 0}
    for group, row in owner.values():
        if group.id:
            _keep_bare(db, group, row.person_id)
            values = {"at": group.at, "kind": group.kind, "source": group.source}
            db.execute(sa.update(t.punch).where(t.punch.c.id == group.id).values(**values))
    if not fresh:
        return
    lines = []
    for (person_id, at, source), (group, row) in fresh.items():
        line = {"person_id": person_id, "at": at, "kind": group.kind, "source": source}
        lines.append(line | {"fetched_at": now, "raw_sha256": row.raw_sha256})
    db.execute(sa.insert(t.punch), lines)
    times = [at for _, at, _ in fresh]
    columns = (t.punch.c.id, t.punch.c.person_id, t.punch.c.at, t.punch.c.source)
    where = (t.punch.c.person_id.in_({key[0] for key in fresh}), t.punch.c.at.between(min(times), max(times)))
    for found in db.execute(sa.select(*columns).where(*where)):
        if own := fresh.get((found.person_id, found.at, found.source)):
            own[0].id = found.id


def _keep_bare(db: Connection, group: Group, person_id: str) -> None:
    """A pushed punch has no record of its own yet: without one, an undo of the other would take it along."""
    if group.bare:
        row = db.execute(sa.select(t.punch).where(t.punch.c.id == group.id)).one()
        _record(db, [(Record(person_id, row.at, row.kind, row.source, row.raw_sha256), row.id)], row.fetched_at, None)


def _record(db: Connection, rows: Sequence[tuple[Record, int | None]], now: datetime, batch: str | None) -> None:
    lines = []
    for row, punch_id in rows:
        line = {"person_id": row.person_id, "at": row.at, "kind": row.kind, "source": row.source, "punch_id": punch_id}
        lines.append(line | {"fetched_at": now, "raw_sha256": row.raw_sha256, "batch_id": batch})
    if lines:
        db.execute(sa.insert(t.record), lines)
