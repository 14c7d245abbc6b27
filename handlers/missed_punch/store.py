"""Reads and writes of the case rows; every function works inside the caller's transaction."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot.context import Context
from bot.errors import Refused
from bot.locale import t as say
from bot.people import Person
from bot.store import new_ref
from bot.tables import person as people
from handlers.missed_punch import tables as t

OPEN = ("waiting", "alive", "time", "approval", "reason", "writing", "write_failed")
"""States in which something is still expected of somebody."""


EARLY = timedelta(hours=3)
"""How long before its start a punch still belongs to a shift."""


@dataclass(frozen=True, slots=True)
class Case:
    """One missed punch of one person with its shift. Times are aware UTC; `day` is the local working day."""

    id: str
    person_id: str
    shift_id: int
    state: str
    rung: int
    base_at: datetime
    next_at: datetime | None
    opened_at: datetime
    asked_at: datetime | None
    replied_at: datetime | None
    escalated_at: datetime | None
    timeline: str
    reason: str
    words: str
    claimed_at: datetime | None
    outcome: str
    decided_by: str
    decided_at: datetime | None
    platform: str
    user_id: str
    day: date
    start_at: datetime
    end_at: datetime
    plan_ref: str
    site: str


_SHIFT = ("platform", "user_id", "day", "start_at", "end_at", "plan_ref", "site")
_FULL = sa.select(t.case, *(t.shift.c[name] for name in _SHIFT)).join(t.shift, t.shift.c.id == t.case.c.shift_id)
# Run for every message of everybody: built once.
_OPEN_OF = _FULL.where(t.case.c.person_id == sa.bindparam("person_id"), t.case.c.state.in_(OPEN)).order_by(
    t.case.c.opened_at.desc()
)
_DUE = (
    sa.select(t.case.c.id)
    .where(t.case.c.next_at <= sa.bindparam("now"), t.case.c.next_at > sa.bindparam("since"))
    .where(t.case.c.state.in_(OPEN))
    .order_by(t.case.c.next_at, t.case.c.id)
)
_DUE_OF = (
    _FULL.where(t.case.c.id.in_(sa.bindparam("ids", expanding=True)), t.case.c.next_at <= sa.bindparam("now"))
    .where(t.case.c.state.in_(OPEN))
    .order_by(t.case.c.next_at, t.case.c.id)
    .with_for_update(of=t.case, skip_locked=True)
)
_EVER = datetime.min.replace(tzinfo=UTC)
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_PEOPLE = sa.select(people).where(people.c.id.in_(_IDS))
_PUNCHED = (
    sa.select(t.case.c.id, sa.func.min(t.punch.c.at))
    .join(t.shift, t.shift.c.id == t.case.c.shift_id)
    .join(t.punch, t.punch.c.person_id == t.case.c.person_id)
    .where(t.case.c.id.in_(_IDS), t.punch.c.kind != "off", t.punch.c.at >= t.shift.c.early_at)
    .where(t.punch.c.at < sa.func.coalesce(t.shift.c.until_at, t.shift.c.end_at))
    .group_by(t.case.c.id)
)
_INSERT = sa.insert(t.case)
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(("timeline", "reason", "words", "outcome", "decided_by"), ""),
    **dict.fromkeys(("next_at", "asked_at", "replied_at", "escalated_at", "claimed_at", "decided_at")),
}


def _case(row: RowMapping | None) -> Case | None:
    return Case(**row) if row else None


def get(db: Connection, case_id: str) -> Case | None:
    """The case, or None."""
    return _case(db.execute(_FULL.where(t.case.c.id == case_id)).mappings().first())


def need(ctx: Context, case_id: str) -> tuple[Case, Person]:
    """The case and its person; Refused when either is gone."""
    found = get(ctx.db, case_id)
    person = ctx.people.get(found.person_id) if found else None
    if found is None or person is None:
        raise Refused(say("没有找到这条缺卡记录，可能已经处理完了。"))
    return found, person


def open_of(db: Connection, person_id: str) -> list[Case]:
    """A person's cases in which something is still expected."""
    rows = db.execute(_OPEN_OF, {"person_id": person_id})
    return [Case(**row) for row in rows.mappings()]


def due(db: Connection, now: datetime, since: datetime = _EVER) -> list[str]:
    """Ids of cases whose next step became due after `since`, oldest first."""
    return list(db.execute(_DUE, {"now": now, "since": since}).scalars())


def due_of(db: Connection, ids: Sequence[str], now: datetime) -> list[Case]:
    """Those of `ids` that are still due, kept from others until the transaction ends; who is being changed is left out.

    Only PostgreSQL has more than one writer.
    """
    rows = db.execute(_DUE_OF, {"ids": list(ids), "now": now})
    return [Case(**row) for row in rows.mappings()]


def move(db: Connection, case: Case, *, states: tuple[str, ...] = (), **values: Any) -> bool:
    """Change the case, only while its state is one of `states` (any when empty). False: somebody was first."""
    given = {"its_id": case.id} | ({"its_states": list(states)} if states else {})
    return db.execute(_move(tuple(values), bool(states)), given | values).rowcount == 1


@functools.cache
def _move(names: tuple[str, ...], guarded: bool) -> sa.Update:
    where = [t.case.c.id == sa.bindparam("its_id")]
    if guarded:
        where.append(t.case.c.state.in_(sa.bindparam("its_states", expanding=True)))
    return sa.update(t.case).where(*where).values({name: sa.bindparam(name) for name in names})


def open_case(ctx: Context, shift: RowMapping, base_at: datetime) -> Case:
    """A new case for a shift; `rung` -1 until the first card."""
    row = {"id": f"mp-{new_ref()}", "person_id": shift["person_id"], "shift_id": shift["id"], "state": "waiting"}
    row |= {"rung": -1, "base_at": base_at, "opened_at": ctx.now}
    ctx.db.execute(_INSERT, row)
    return Case(**_EMPTY, **row, **{name: shift[name] for name in _SHIFT})


def noted(case: Case, now: datetime, zone: str, words: str) -> str:
    """The timeline HR sees with one more line, in the employee's wall clock."""
    return "\n".join(line for line in (case.timeline, f"{hhmm(now, zone)} {words}") if line)


def corrections(db: Connection, person_id: str, day: date) -> int:
    """Corrections already written for days of the month of `day`."""
    month = day.replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    where = (
        t.case.c.person_id == person_id,
        t.case.c.outcome == "corrected",
        t.shift.c.day >= month,
        t.shift.c.day < following,
    )
    joined = sa.select(sa.func.count()).select_from(t.case).join(t.shift, t.shift.c.id == t.case.c.shift_id)
    return int(db.execute(joined.where(*where)).scalar_one())


def punch_since(db: Connection, case: Case) -> datetime | None:
    """The first punch that counts for the case's shift, however late it was fetched."""
    s = t.shift.c
    where = (
        t.punch.c.person_id == case.person_id,
        t.punch.c.kind != "off",
        s.id == case.shift_id,
        t.punch.c.at >= s.early_at,
        t.punch.c.at < sa.func.coalesce(s.until_at, s.end_at),
    )
    return db.execute(sa.select(sa.func.min(t.punch.c.at)).where(*where)).scalar_one_or_none()


def punches_since(db: Connection, ids: Sequence[str]) -> dict[str, datetime]:
    """`punch_since` of many cases, by case id; those without one are left out."""
    return {row[0]: row[1] for row in db.execute(_PUNCHED, {"ids": list(ids)})}


def people_of(db: Connection, ids: Collection[str]) -> dict[str, Person]:
    """The people of these ids, by id; read in one go."""
    rows = db.execute(_PEOPLE, {"ids": list(dict.fromkeys(ids))}).mappings()
    return {row["id"]: Person(**row) for row in rows}


def people_at(db: Connection, site: str) -> list[Person]:
    """Everybody of a site, also who left, by id."""
    rows = db.execute(sa.select(people).where(people.c.site == site).order_by(people.c.id)).mappings()
    return [Person(**row) for row in rows]


def leave_at(db: Connection, person_id: str, now: datetime) -> tuple[str, bool] | None:
    """(kind, pending) of the leave that covers `now`."""
    where = (t.leave.c.person_id == person_id, t.leave.c.start_at <= now, t.leave.c.end_at > now)
    row = db.execute(sa.select(t.leave.c.kind, t.leave.c.pending).where(*where).order_by(t.leave.c.pending)).first()
    return (row.kind, row.pending) if row else None


def leaves_for(db: Connection, ids: Sequence[str], now: datetime) -> dict[str, bool]:
    """case -> pending, of the leave that covers `now` or the end of a shift that is over; one that is granted counts
    first. A leave filed in the evening for the day that was missed is one: nobody climbs on the next morning."""
    shift, leave = t.shift.c, t.leave.c
    today = sa.and_(leave.start_at <= now, leave.end_at > now)
    that_day = sa.and_(shift.end_at <= now, leave.start_at <= shift.end_at, leave.end_at >= shift.end_at)
    query = sa.select(t.case.c.id, leave.pending).join(t.shift, shift.id == t.case.c.shift_id)
    query = query.join(t.leave, leave.person_id == t.case.c.person_id).where(t.case.c.id.in_(ids))
    found: dict[str, bool] = {}
    for row in db.execute(query.where(sa.or_(today, that_day))):
        found[row.id] = found.get(row.id, True) and row.pending
    return found


def hhmm(at: datetime, zone: str) -> str:
    """Local `HH:MM`."""
    return at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def span(case: Case, zone: str) -> str:
    """The shift as `09:00–18:00` local."""
    return f"{hhmm(case.start_at, zone)}–{hhmm(case.end_at, zone)}"


def seen(ctx: Context, key: str) -> RowMapping:
    """Mark a firm-wide hold as seen now; the row tells since when, and what a person decided about it."""
    where = t.notice.c.key == key
    if ctx.db.execute(sa.update(t.notice).where(where).values(last_at=ctx.now)).rowcount == 0:
        ctx.db.execute(sa.insert(t.notice).values(key=key, id=f"mpn-{new_ref()}", first_at=ctx.now, last_at=ctx.now))
    return ctx.db.execute(sa.select(t.notice).where(where)).mappings().one()


def notices(db: Connection, keys: list[str]) -> list[RowMapping]:
    """The holds of these keys that exist."""
    return list(db.execute(sa.select(t.notice).where(t.notice.c.key.in_(keys))).mappings())


def told(db: Connection, key: str, **values: Any) -> None:
    """Remember that somebody was told, or what they decided."""
    db.execute(sa.update(t.notice).where(t.notice.c.key == key).values(**values))
