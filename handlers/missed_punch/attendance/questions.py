"""Who is in question now: a running shift without an arrival, without leave, not settled. Read from our own rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ports import Attendance, Limited, Limits, Punch
from handlers.missed_punch import rules, tables as t
from handlers.missed_punch.attendance import calendar, polling
from handlers.missed_punch.ladder import steps

CORE = sa.func.coalesce(t.shift.c.core_at, t.shift.c.start_at)
"""From when somebody is late: the start, with flexible hours the start of the core time."""
UNTIL = sa.func.coalesce(t.shift.c.until_at, t.shift.c.end_at)
"""Until when an arrival belongs to the shift."""
PATIENCE = timedelta(minutes=1)
LONGEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Open:
    """One shift in question. Times are UTC; `day` is the local working day."""

    person_id: str
    user_id: str
    day: date
    early_at: datetime
    start_at: datetime
    end_at: datetime
    core: datetime
    until: datetime
    case: bool
    next_at: datetime | None

    @property
    def question(self) -> polling.Question:
        """As polling wants it."""
        return polling.Question(self.person_id, self.core + rules.GRACE, self.case, self.next_at)


@dataclass(frozen=True, slots=True)
class Known:
    """People who punched on the day before, since when, and whether anybody has punched today."""

    users: Sequence[str] = ()
    since: datetime = datetime.min.replace(tzinfo=UTC)
    today: bool = False


def limits_of(attendance: Attendance) -> Limits:
    """What asking costs there; modest batches without a limit when the platform does not say."""
    return attendance.limits if isinstance(attendance, Limited) else Limits()


def due(db: Connection, platform: str, now: datetime, limits: Limits) -> list[Open]:
    """The shifts to ask the platform about now; empty when nothing could come of it."""
    found = _open(db, platform, now)
    feed_at = db.execute(sa.select(t.feed.c.fetched_at).where(t.feed.c.platform == platform)).scalar_one_or_none()
    wanted = set(polling.asks([each.question for each in found], feed_at, now, limits))
    return [each for each in found if each.question in wanted]


def ended(db: Connection, now: datetime, within: timedelta) -> bool:
    """Whether the grace of a shift without an arrival ended in the time `within` before `now`, and nobody asked yet."""
    s, late = t.shift.c, now - rules.GRACE
    mine = (t.punch.c.person_id == s.person_id, t.punch.c.kind != "off", t.punch.c.at >= s.early_at)
    opened = sa.exists().where(t.case.c.shift_id == s.id)
    away = sa.exists().where(t.leave.c.person_id == s.person_id, t.leave.c.start_at <= now, t.leave.c.end_at > now)
    silent = sa.select(s.id).where(~sa.exists().where(*mine, t.punch.c.at < UNTIL), ~opened, ~away).limit(1)
    # Two questions, because each then has an index of its own.
    fixed = silent.where(s.core_at.is_(None), s.start_at <= late, s.start_at > late - within)
    flexible = silent.where(s.core_at <= late, s.core_at > late - within)
    return any(db.execute(each).first() is not None for each in (fixed, flexible))


def blind(db: Connection, platform: str, now: datetime, limits: Limits) -> bool:
    """Whether the platform should have been heard by now and was not: then we know nothing, and must say so."""
    if due(db, platform, now - PATIENCE, limits):
        return True
    where = (t.fetch.c.platform == platform, t.fetch.c.what == "plan")
    last = db.execute(sa.select(sa.func.max(t.fetch.c.at)).where(*where)).scalar_one_or_none()
    return polling.plan_overdue(last, now, limits, rules.FEED_MAX_AGE)


def without(asked: Sequence[Open], punches: Sequence[Punch]) -> list[Open]:
    """Those of `asked` for whose shift none of the punches is an arrival."""
    mine: dict[str, list[datetime]] = {}
    for each in punches:
        if each.kind != "off":
            mine.setdefault(each.user_id.casefold(), []).append(each.at)
    return [
        each
        for each in asked
        if not any(each.early_at <= at < each.until for at in mine.get(each.user_id.casefold(), ()))
    ]


def known_punchers(db: Connection, platform: str, now: datetime, most: int) -> Known:
    """A control group: if the platform has forgotten even these people's punches, it is the platform."""
    today, yesterday = now - timedelta(hours=12), now - timedelta(days=4)
    joined = sa.select(t.shift.c.user_id).join(t.punch, t.punch.c.person_id == t.shift.c.person_id)
    mine = joined.where(t.shift.c.platform == platform)
    fresh = db.execute(mine.where(t.punch.c.at >= today).limit(1)).first() is not None
    old = mine.where(t.punch.c.at >= yesterday, t.punch.c.at < today).distinct().order_by(t.shift.c.user_id)
    return Known(list(db.execute(old.limit(most)).scalars()), yesterday, fresh)


def _open(db: Connection, platform: str, now: datetime) -> list[Open]:
    s = t.shift.c
    arrived = sa.exists().where(
        t.punch.c.person_id == s.person_id, t.punch.c.kind != "off", t.punch.c.at >= s.early_at, t.punch.c.at < UNTIL
    )
    away = sa.exists().where(t.leave.c.person_id == s.person_id, t.leave.c.start_at <= now, t.leave.c.end_at > now)
    columns = (s.person_id, s.user_id, s.day, s.early_at, s.start_at, s.end_at, s.core_at, s.until_at)
    query = (
        sa.select(*columns, t.case.c.state, t.case.c.next_at)
        .outerjoin(t.case, t.case.c.shift_id == s.id)
        .where(s.platform == platform, s.start_at <= now - rules.GRACE + polling.LEAD, s.start_at > now - LONGEST)
        .where(sa.or_(s.end_at > now, t.case.c.state == "waiting"))
        .where(sa.or_(t.case.c.id.is_(None), t.case.c.state.in_(steps.LISTENING)))
        .where(~arrived, ~away)
        .order_by(s.start_at, s.id)
    )
    book = calendar.book(db)
    found = []
    for row in db.execute(query):
        # Nobody is asked on a holiday: then nothing has to be fetched either.
        if row.state or book.kind(row.day) != "holiday":
            times = (row.early_at, row.start_at, row.end_at, row.core_at or row.start_at, row.until_at or row.end_at)
            found.append(Open(row.person_id, row.user_id, row.day, *times, row.state is not None, row.next_at))
    return found
