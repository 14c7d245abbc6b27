"""The alerts and weekend messages of a replayed month, from our rows, as lines and as messages that would count."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot import clock
from bot.evidence.tables import ev_event
from bot.tables import person as people
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import calendar
from handlers.missed_punch.ladder import absence, rungs as ladder
from handlers.missed_punch.replay import absences, lines
from handlers.missed_punch.replay.absences import Past, Shift, What
from handlers.missed_punch.replay.cost import Counted
from handlers.missed_punch.replay.hindsight import Day, Played
from handlers.missed_punch.replay.lines import Line

BACK = timedelta(days=absences.BACK)
KINDS = ("absence.run", "checkin.missed_punch_asked")
WHO: Mapping[What, str] = {"alert2": "manager+hr+hr_head", "alert3": "hr_head+hr", "weekend": "employee"}
_CHUNK = 500
Shifts = dict[date, list[Shift]]
Times = Mapping[tuple[date, What], datetime]


@dataclass(slots=True)
class Silences:
    """What was collected while the month was played: person -> their shifts in each column, and a row about them."""

    force: dict[str, Shifts] = field(default_factory=dict)
    draft: dict[str, Shifts] = field(default_factory=dict)
    rows: dict[str, RowMapping] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)

    def add(self, row: RowMapping, day: Day, force: Played, draft: Played | None) -> None:
        """One more shift as both ladders played it."""
        self.rows[day.person_id] = row
        if row["case_id"]:
            self.cases[row["case_id"]] = day.person_id
        for into, played in ((self.force, force), (self.draft, draft)):
            if played is not None:
                into.setdefault(day.person_id, {}).setdefault(day.day, []).append(_shift(day, played))


def _shift(day: Day, played: Played) -> Shift:
    asked = played.steps[0].at if played.steps else None
    answered = asked + day.answered_after if asked and day.answered_after is not None else None
    away = any(start < day.end and end > day.start for start, end in day.leaves)
    return Shift(day.day, day.start, asked, tuple(each for each in (day.came, answered) if each), away)


@dataclass(frozen=True, slots=True)
class Month:
    """What the lines are made of: `span` (its end is not in it), the rules of both columns, everybody's leave."""

    span: tuple[date, date]
    force: Sequence[ladder.Version]
    draft: Sequence[ladder.Version] | None
    leaves: Mapping[str, Sequence[tuple[datetime, datetime]]]


@dataclass(frozen=True, slots=True)
class Extra:
    """A line about `what` with its person's row, and in which columns (then, in force, draft) it was said."""

    line: Line
    row: RowMapping
    what: What
    columns: tuple[bool, ...]


def found(db: Connection, silences: Silences, month: Month) -> Iterator[Extra]:
    """By person, then by day."""
    force, draft, now = silences.force, silences.draft, clock.now()
    quiet = sorted(each for each in force if _asked(force[each]) or _asked(draft.get(each, {})))
    punched, then, book = _punched(db, quiet, silences), _then(db, silences, month.span), calendar.book(db)
    kind = partial(absence.calendar_kind, book)
    for person in quiet:
        row, leaves = silences.rows[person], month.leaves.get(person, ())
        past = partial(Past, zone=row["zone"], punched=frozenset(punched[person]), leaves=leaves, kind=kind)
        old = _played(past(shifts=force[person]), month.force, month.span, now)
        new = _played(past(shifts=draft[person]), month.draft, month.span, now) if month.draft else {}
        columns: tuple[Times, ...] = (then[person], old, new)
        for day, what in sorted({*columns[0], *columns[1], *columns[2]}):
            at = tuple(each.get((day, what)) for each in columns)
            how = (what, WHO[what], _channel(row, what))
            shown = lines.line(row, day.isoformat(), how, at, month.draft is not None)
            yield Extra(shown, row, what, tuple(each is not None for each in at))


def _played(past: Past, versions: Sequence[ladder.Version], span: tuple[date, date], now: datetime) -> Times:
    return {(each.day, each.what): each.at for each in absences.said(past, versions, span, now)}


def _channel(row: RowMapping, what: What) -> str:
    return "mail" if what == "weekend" and row["email"] else "card"


def _asked(shifts: Shifts) -> bool:
    return any(each.asked for day in shifts.values() for each in day)


def count(db: Connection, sent: Counted, extras: Sequence[Extra]) -> None:
    """Add the messages of these lines: to everybody in HR and each head, as `ladder.absence` tells them."""
    hr, heads = _staff(db) if extras else (0, 0)
    for each in extras:
        cards = {
            "weekend": 1,
            "alert2": hr + heads + bool(each.row["manager_id"]),
            "alert3": 2 * heads + hr if heads else 2 * hr,
        }[each.what]
        for name, said in zip(("then", "in_force", "draft"), each.columns, strict=True):
            sent[name][each.row["platform"], _channel(each.row, each.what)] += cards * said


def _staff(db: Connection) -> tuple[int, int]:
    roles = sa.select(people.c.role, sa.func.count()).where(people.c.active, people.c.role.in_(("hr", "hr_head")))
    known = dict(db.execute(roles.group_by(people.c.role)).tuples().all())
    return known.get("hr", 0), known.get("hr_head", 0)


def _punched(db: Connection, persons: Sequence[str], silences: Silences) -> dict[str, set[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    for start in range(0, len(persons), _CHUNK):
        some = persons[start : start + _CHUNK]
        rows = sa.select(t.punch.c.person_id, t.punch.c.at).where(t.punch.c.person_id.in_(some))
        for person, at in db.execute(rows):
            days[person].add(at.astimezone(ZoneInfo(silences.rows[person]["zone"])).date())
    return days


def _then(db: Connection, silences: Silences, span: tuple[date, date]) -> dict[str, dict[tuple[date, What], datetime]]:
    """person -> what was said then, as the evidence has it; a record that has expired is left out."""
    said: dict[str, dict[tuple[date, What], datetime]] = defaultdict(dict)
    low = datetime.combine(span[0], time(), UTC) - timedelta(days=1)
    cases = sorted(silences.cases)
    for start in range(0, len(cases), _CHUNK):
        where = (ev_event.c.object_id.in_(cases[start : start + _CHUNK]), ev_event.c.type.in_(KINDS))
        for row in db.execute(sa.select(ev_event).where(*where, ev_event.c.at_ms >= low.timestamp() * 1000)):
            source: Mapping[str, Any] = json.loads(row.envelope).get("source", {}) if row.envelope else {}
            person, at = silences.cases[row.object_id], datetime.fromtimestamp(row.at_ms / 1000, UTC)
            day = at.astimezone(ZoneInfo(silences.rows[person]["zone"])).date()
            if (what := _what(row.type, source)) and span[0] <= day < span[1]:
                said[person].setdefault((day, what), at)
    return said


def _what(type: str, source: Mapping[str, Any]) -> What | None:
    if type == "checkin.missed_punch_asked":
        return "weekend" if source.get("rung") == "weekend" else None
    return "alert2" if source.get("days") == "2" else "alert3"
