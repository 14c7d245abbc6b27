"""What the board of absences shows: open cases, and who is in, out or unknown right now. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.engine import Connection

from bot.evidence.tables import ev_event
from bot.ports import Platform
from bot.tables import ask, person as people
from handlers.missed_punch import rules, store, tables as t
from handlers.missed_punch.attendance import questions
from handlers.missed_punch.flow import case as flow_case
from handlers.missed_punch.ladder import standing, steps
from handlers.missed_punch.store import Case

MOST, NAMES = 300, 40
KINDS = ("in", "heard", "out", "due", "missing", "unseen")
"""Heard: has answered without a punch. Due: may still come in time. Unseen: we cannot know."""
RECENT, SOURCES = timedelta(hours=36), 6
"""How far back a source is remembered, and how many are shown."""
ANSWERED_FOR = timedelta(hours=12)
"""How long after its shift a case stays on the board when the person has answered and nothing is awaited."""
_FIELDS = Case.__dataclass_fields__
_CASE = sa.select(*(t.case.c[name] if name in t.case.c else t.shift.c[name] for name in _FIELDS)).join(
    t.shift, t.shift.c.id == t.case.c.shift_id
)
_OTHERS = (*steps.OTHERS, steps.HELP, steps.APPROVAL, steps.REASON, steps.REPAIR)
Feeds = Mapping[str, tuple[datetime | None, bool]]
"""platform -> (when its data was fetched last, whether a punch would be seen)."""
UNKNOWN: tuple[datetime | None, bool] = (None, False)


@dataclass(frozen=True, slots=True)
class Line:
    """One case. `state`: see page_words.STATES; `next`: a word, empty when nothing follows; `owners`: names."""

    case: Case
    name: str
    state: str
    next: str
    owners: tuple[str, ...]
    last: Row[Any] | None

    @property
    def held(self) -> bool:
        """HR holds the ladder."""
        return flow_case.holds(self.case, self.last)

    @property
    def place(self) -> str:
        """The site without its platform."""
        return self.case.site.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Source:
    """Where punches come from. `last`: when its newest row reached us; `down`: silent since before the running shifts
    began while another source of the platform went on."""

    name: str
    last: datetime
    down: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """People of one platform with a shift running now. `counts` by KINDS; `fetched_at` None:
    never. `planned_at`: when shifts and leave were fetched last. `waiting`: (name, person id) of those not seen, at
    most NAMES."""

    platform: str
    fetched_at: datetime | None
    fresh: bool
    planned_at: datetime | None
    sources: tuple[Source, ...]
    counts: dict[str, int]
    waiting: tuple[tuple[str, str], ...]

    @property
    def total(self) -> int:
        """Everybody with a shift now."""
        return sum(self.counts.values())


def open_lines(db: Connection, now: datetime, known: Feeds, whose: Collection[str] | None = None) -> list[Line]:
    """Open cases, those without an answer first, then the newest; `whose` None: of everybody. At most MOST + 1."""
    answered = sa.and_(t.case.c.state == "alive", t.shift.c.end_at < now - ANSWERED_FOR)
    where = [t.case.c.state.in_(store.OPEN), ~answered] + ([] if whose is None else [t.case.c.person_id.in_(whose)])
    silent = sa.case((t.case.c.state == "waiting", 0), else_=1)
    order = (silent, t.case.c.rung.desc(), t.case.c.opened_at.desc(), t.case.c.id)
    return _lines(db, known, _CASE.where(*where).order_by(*order).limit(MOST + 1))


def of_person(db: Connection, known: Feeds, person_id: str, limit: int = 30) -> list[Line]:
    """Everything about one person, newest first."""
    mine = _CASE.where(t.case.c.person_id == person_id).order_by(t.shift.c.start_at.desc())
    return _lines(db, known, mine.limit(limit))


def one(db: Connection, known: Feeds, case_id: str) -> Line | None:
    """The line of one case, None when there is no such case."""
    return next(iter(_lines(db, known, _CASE.where(t.case.c.id == case_id))), None)


def silent(db: Connection, whose: Collection[str] | None) -> int:
    """How many people have not been heard from."""
    where = [t.case.c.state == "waiting"] + ([] if whose is None else [t.case.c.person_id.in_(whose)])
    return int(db.execute(sa.select(sa.func.count(sa.distinct(t.case.c.person_id))).where(*where)).scalar_one())


def _lines(db: Connection, known: Feeds, statement: sa.Select[Any]) -> list[Line]:
    cases = [Case(**row) for row in db.execute(statement).mappings()]
    ids = [case.id for case in cases]
    last, asked = _last_steps(db, ids), _asked(db, ids)
    wanted = {case.person_id for case in cases} | {case.decided_by for case in cases} | {p for _, p in asked}
    names = names_of(db, wanted)
    found = []
    for case in cases:
        step = last.get(case.id)
        held = flow_case.holds(case, step)
        state = standing.standing(case, held=held, fresh=known.get(case.platform, UNKNOWN)[1])
        owners = _owners(case, [person for matter, person in asked if matter == case.id])
        shown = tuple(dict.fromkeys(names[each] for each in owners if each in names))
        follows = standing.following(case, held=held)
        found.append(Line(case, names.get(case.person_id, ""), state, follows, shown, step))
    return found


def _owners(case: Case, asked: Sequence[str]) -> Sequence[str]:
    """Ids of whoever has it: somebody who took it, else those who were asked, else the person."""
    if case.state in ("closed", "writing"):
        return ()
    if case.state == "alive" and case.decided_by:
        return (case.decided_by,)
    return asked or ((case.person_id,) if case.state in ("waiting", "time") else ())


def _last_steps(db: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    where = (ev_event.c.object_id.in_(ids), ev_event.c.type.in_(flow_case.TYPES))
    return {row.object_id: row for row in db.execute(sa.select(ev_event).where(*where).order_by(ev_event.c.n))}


def _asked(db: Connection, ids: Sequence[str]) -> list[tuple[str, str]]:
    """(case, person) of open questions to others than the employee."""
    where = (ask.c.matter.in_(ids), ask.c.state == "open", ask.c.kind.in_(_OTHERS))
    return [(row.matter, row.person_id) for row in db.execute(sa.select(ask).where(*where).order_by(ask.c.created_at))]


def names_of(db: Connection, ids: Collection[str]) -> dict[str, str]:
    """Names by person id."""
    return {row.id: row.name for row in db.execute(sa.select(people.c.id, people.c.name).where(people.c.id.in_(ids)))}


def feeds(db: Connection, now: datetime, platforms: Mapping[str, Platform]) -> Feeds:
    """Of every platform we know. A platform is polled only while somebody is in question, so old data alone is no
    outage; data is stale when it should have come by now and did not."""
    at = {row.platform: row.fetched_at for row in db.execute(sa.select(t.feed))}
    found: dict[str, tuple[datetime | None, bool]] = {name: (moment, False) for name, moment in at.items()}
    for name, platform in platforms.items():
        fetched = at.get(name)
        recent = fetched is not None and now - fetched <= rules.FEED_MAX_AGE
        limits = questions.limits_of(platform.attendance)
        found[name] = (fetched, recent or (fetched is not None and not questions.blind(db, name, now, limits)))
    return found


def _now(now: datetime, whose: Collection[str] | None) -> sa.Subquery:
    """One row per running shift with what is known of its person: `what` is one of KINDS without unseen."""
    shift = t.shift
    within = (
        t.punch.c.person_id == shift.c.person_id,
        t.punch.c.at >= shift.c.early_at,
        t.punch.c.at < questions.UNTIL,
    )
    came = sa.select(sa.func.max(t.punch.c.at)).where(*within, t.punch.c.kind != "off").scalar_subquery()
    went = sa.select(sa.func.max(t.punch.c.at)).where(*within, t.punch.c.kind == "off").scalar_subquery()
    covered = (t.leave.c.person_id == shift.c.person_id, t.leave.c.start_at <= now, t.leave.c.end_at > now)
    late = now - rules.GRACE >= questions.CORE
    heard = sa.exists().where(t.case.c.shift_id == shift.c.id, t.case.c.state != "waiting")
    what = sa.case(
        (went > came, "out"),
        (came.is_not(None), "in"),
        (sa.exists().where(*covered, ~t.leave.c.pending), "out"),
        (heard, "heard"),
        (late, "missing"),
        else_="due",
    )
    where = [shift.c.start_at <= now, shift.c.end_at > now]
    where += [] if whose is None else [shift.c.person_id.in_(whose)]
    return sa.select(shift.c.platform, shift.c.person_id, what.label("what")).where(*where).subquery()


def presence(db: Connection, now: datetime, known: Feeds, whose: Collection[str] | None = None) -> list[Presence]:
    """Per platform. Where the data is old, whoever was not seen is `unseen`: nothing is said about them."""
    rows = _now(now, whose)
    grouped = sa.select(rows.c.platform, rows.c.what, sa.func.count()).group_by(rows.c.platform, rows.c.what)
    counts: dict[str, dict[str, int]] = {}
    for platform, what, count in db.execute(grouped):
        key = what if known.get(platform, UNKNOWN)[1] or what not in ("due", "missing") else "unseen"
        mine = counts.setdefault(platform, dict.fromkeys(KINDS, 0))
        mine[key] += count
    found = []
    for platform in sorted(counts):
        fetched_at, fresh = known.get(platform, UNKNOWN)
        waiting = _waiting(db, rows, platform, fresh)
        known_of = (_planned_at(db, platform), _sources(db, now, platform))
        found.append(Presence(platform, fetched_at, fresh, *known_of, counts[platform], waiting))
    return found


def _waiting(db: Connection, rows: sa.Subquery, platform: str, fresh: bool) -> tuple[tuple[str, str], ...]:
    what = ("missing",) if fresh else ("missing", "due")
    statement = (
        sa.select(people.c.name, people.c.id)
        .join(rows, rows.c.person_id == people.c.id)
        .where(rows.c.platform == platform, rows.c.what.in_(what))
        .distinct()
        .order_by(people.c.name, people.c.id)
        .limit(NAMES)
    )
    return tuple((row.name, row.id) for row in db.execute(statement))


def _planned_at(db: Connection, platform: str) -> datetime | None:
    where = (t.fetch.c.platform == platform, t.fetch.c.what == "plan")
    found: datetime | None = db.execute(sa.select(sa.func.max(t.fetch.c.at)).where(*where)).scalar_one_or_none()
    return found


def _sources(db: Connection, now: datetime, platform: str) -> tuple[Source, ...]:
    """Sources of the last day's punches of people with a shift now, the newest first; at most SOURCES."""
    shift = t.shift
    running = (shift.c.platform == platform, shift.c.start_at <= now, shift.c.end_at > now)
    mine = sa.select(shift.c.person_id).where(*running).distinct()
    start = db.execute(sa.select(sa.func.max(shift.c.start_at)).where(*running)).scalar_one_or_none()
    newest = (sa.func.max(t.punch.c.at), sa.func.max(t.punch.c.fetched_at))
    recent = (t.punch.c.person_id.in_(mine), t.punch.c.at > now - RECENT, t.punch.c.at <= now)
    rows = db.execute(sa.select(t.punch.c.source, *newest).where(*recent).group_by(t.punch.c.source)).all()
    found = []
    for name, at, fetched in rows:
        others = max((each[1] for each in rows if each[0] != name), default=None)
        down = start is not None and rules.device_down(rules.DEVICE_PEOPLE, at, others, start)
        found.append(Source(name, max(at, fetched) if fetched <= now else at, down))
    return tuple(sorted(found, key=lambda each: (each.last, each.name), reverse=True)[:SOURCES])
