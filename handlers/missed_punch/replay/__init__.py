"""`huizhi replay-month`: a month of stored shifts, punches and leave through the rules once more. Reads only.

Three columns for every step: what was sent then, what the rules in force say, what a draft would do. Nothing is sent
and nothing is written. Messages are counted as planned: a channel without an address would not have used any.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot import clock
from bot.errors import BotError
from bot.evidence.tables import ev_event
from bot.tables import person as people
from handlers.missed_punch import rules, tables as t
from handlers.missed_punch.attendance import calendar, questions
from handlers.missed_punch.ladder import reach, rungs as ladder
from handlers.missed_punch.replay import alerts, cost as replay_cost, hindsight, lines
from handlers.missed_punch.replay.cost import Cost, Counted
from handlers.missed_punch.replay.hindsight import Day, Step
from handlers.missed_punch.replay.lines import Line

if TYPE_CHECKING:
    from bot.app import App

ASKING = ("checkin.missed_punch_asked", "checkin.escalated")
AFTER = timedelta(days=14)
"""How long after a shift its ladder may still climb."""


class BadRules(BotError):
    """The draft cannot be used; the text says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Report:
    """`cost`: what -> messages and calls; what is `then`, `in_force` or `draft`."""

    month: str
    shifts: int
    lines: tuple[Line, ...]
    cost: Mapping[str, Cost]


def run(app: App, month: str, draft: str | None = None) -> Report:
    """Replay a month `2026-06`; `draft` is the text of a ladder file. BadRules, or ValueError for no such month."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=32)).replace(day=1)
    try:
        planned = ladder.parse(draft) if draft is not None else None
    except (ValueError, KeyError, TypeError) as error:
        raise BadRules(f"{type(error).__name__}: {error}") from error
    monthly = {name: questions.limits_of(each.attendance).monthly_calls for name, each in app.platforms.items()}
    with app.engine.connect() as db:
        found, shifts, sent = _run(db, (first, following), planned)
    return Report(month, shifts, found, replay_cost.costs(sent, monthly))


def _run(
    db: Connection, span: tuple[date, date], planned: Sequence[ladder.Version] | None
) -> tuple[tuple[Line, ...], int, Counted]:
    book, now = calendar.book(db), clock.now()

    def works(day: date) -> bool:
        known = book.workday(day)
        return day.weekday() < 5 if known is None else known

    found: list[Line] = []
    sent = {what: Counter[tuple[str, str]]() for what in ("then", "in_force", "draft")}
    rows = _rows(db, (span[0] - alerts.BACK, span[1]))
    crowd, silences, shifts = _crowd(rows), alerts.Silences(), 0
    happened = _happened(db, [row["case_id"] for row in rows if row["case_id"]])
    leaves = _leaves(db, span)
    for row in rows:
        day = _day(row, book, leaves.get(row["person_id"], ()), crowd)
        until = min(now, row["end_at"] + AFTER)
        force = hindsight.play(day, reach.versions(), works, until)
        draft = hindsight.play(day, planned, works, until) if planned is not None else None
        silences.add(row, day, force, draft)
        if row["day"] < span[0]:
            continue  # only for the days in a row that reach into the month
        shifts += 1
        then = happened.get(row["case_id"], {})
        found += lines.of_shift(row, then, force, draft)
        steps = (draft.steps if draft else ()), force.steps
        _count(sent, row["platform"], [channels for _at, channels in then.values()], *steps)
    extras = list(alerts.found(db, silences, alerts.Month(span, reach.versions(), planned, leaves)))
    alerts.count(db, sent, extras)
    found += [each.line for each in extras]
    return tuple(sorted(found, key=lambda each: each.day)), shifts, sent


def _rows(db: Connection, span: tuple[date, date]) -> Sequence[RowMapping]:
    """Shifts of the month with their person, case, contact and first punch."""
    s, kept = t.shift.c, t.contact.c
    mine = (t.punch.c.person_id == s.person_id, t.punch.c.kind != "off", t.punch.c.at >= s.early_at)
    came = sa.select(sa.func.min(t.punch.c.at)).where(*mine, t.punch.c.at < questions.UNTIL).scalar_subquery()
    query = (
        sa.select(
            t.shift,
            people.c.name,
            people.c.zone,
            people.c.manager_id,
            t.case.c.id.label("case_id"),
            t.case.c.asked_at,
            t.case.c.replied_at,
            kept.profile,
            kept.kin_name,
            kept.kin_agreed_at,
            kept.email,
            came.label("came"),
        )
        .join(people, people.c.id == s.person_id)
        .outerjoin(t.case, t.case.c.shift_id == s.id)
        .outerjoin(t.contact, kept.person_id == s.person_id)
        .where(s.day >= span[0], s.day < span[1])
        .order_by(s.day, s.start_at, people.c.name, s.id)
    )
    return db.execute(query).mappings().all()


def _leaves(db: Connection, span: tuple[date, date]) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    low, high = (
        datetime.combine(each, time(), UTC) + timedelta(days=shift)
        for each, shift in zip(span, (-1 - alerts.BACK.days, 15), strict=True)
    )
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in db.execute(sa.select(t.leave).where(t.leave.c.end_at > low, t.leave.c.start_at < high)).mappings():
        found.setdefault(row["person_id"], []).append((row["start_at"], row["end_at"]))
    return {person: tuple(spans) for person, spans in found.items()}


def _crowd(rows: Sequence[RowMapping]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """(site, day, start) -> people due then, and how many of them had not come at the end of grace."""
    due, missing = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for row in rows:
        start = row["core_at"] or row["start_at"]
        key = (row["platform"], row["site"], row["day"], start)
        due[key] += 1
        missing[key] += row["came"] is None or row["came"] > start + rules.GRACE
    return {key: (count, missing[key]) for key, count in due.items()}


def _day(
    row: RowMapping,
    book: calendar.Book,
    leaves: tuple[tuple[datetime, datetime], ...],
    crowd: Mapping[tuple[Any, ...], tuple[int, int]],
) -> Day:
    start = row["core_at"] or row["start_at"]
    expected, missing = crowd[row["platform"], row["site"], row["day"], start]
    answered = row["replied_at"] - row["asked_at"] if row["replied_at"] and row["asked_at"] else None
    return Day(
        person_id=row["person_id"],
        day=row["day"],
        site=row["site"],
        zone=row["zone"],
        start=start,
        end=row["end_at"],
        kind=book.kind(row["day"]),
        came=row["came"],
        leaves=leaves,
        answered_after=answered,
        own_profile=row["profile"] or "",
        managed=bool(row["manager_id"]),
        kin=bool(row["kin_name"] and row["kin_agreed_at"]),
        expected=expected,
        missing=missing,
    )


def _happened(db: Connection, ids: Sequence[str]) -> dict[str, dict[int, tuple[datetime, tuple[str, ...]]]]:
    """case -> rung -> (when, channels) as the evidence has it; a record that has expired is left out."""
    found: dict[str, dict[int, tuple[datetime, tuple[str, ...]]]] = {}
    for start in range(0, len(ids), 500):
        where = (ev_event.c.object_id.in_(ids[start : start + 500]), ev_event.c.type.in_(ASKING))
        for row in db.execute(sa.select(ev_event).where(*where).order_by(ev_event.c.n)):
            source: Mapping[str, str] = json.loads(row.envelope).get("source", {}) if row.envelope else {}
            if source.get("rung", "").isdigit():
                at = datetime.fromtimestamp(row.at_ms / 1000, UTC)
                found.setdefault(row.object_id, {}).setdefault(int(source["rung"]), (at, ("card",)))
    return found


def _count(
    sent: Counted, platform: str, then: Sequence[Sequence[str]], draft: Sequence[Step], force: Sequence[Step]
) -> None:
    columns = {"draft": [step.channels for step in draft], "in_force": [step.channels for step in force], "then": then}
    for what, steps in columns.items():
        sent[what].update((platform, "card" if each == "again" else each) for step in steps for each in step)
