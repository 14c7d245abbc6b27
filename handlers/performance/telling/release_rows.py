"""Results that wait for approval, read in bulk: a chunk of them, with locks, in a fixed number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.people import Person
from bot.tables import approval, approval_seat, approval_step, person as people_table
from handlers.performance import store, tables as t
from handlers.performance.rules import scoring as rules_scoring
from handlers.performance.rules.release import Waiting
from handlers.performance.store import Cycle, Result


@dataclass(frozen=True, slots=True)
class Release:
    """One confirmation of HR over many results. `department` None: over all; `apart`: left to be decided one by one."""

    id: str
    cycle_id: str
    department: str | None
    by_id: str
    state: str
    total: int
    done: int
    apart: int
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is known of some results. `approvals`: result -> (approval id, step)."""

    results: Mapping[str, Result]
    people: Mapping[str, Person]
    approvals: Mapping[str, tuple[str, int]]
    waiting: Mapping[str, Waiting]


def get(db: Connection, release_id: str) -> Release:
    """The release. LookupError when there is none."""
    return store.there(next(iter(found(db, id=release_id)), None))


def found(db: Connection, **where: str) -> list[Release]:
    """Releases by column values, newest first."""
    c = t.release.c
    wanted = [c[name] == value for name, value in where.items()]
    rows = db.execute(sa.select(t.release).where(*wanted).order_by(c.created_at.desc(), c.id).limit(20)).mappings()
    return [Release(**row) for row in rows]


def load(db: Connection, cycle: Cycle, ids: Sequence[str], *, lock: bool) -> Chunk:
    """Everything about these results. `lock`: approvals first, members then, in one order, as each decision does."""
    approvals = _approvals(db, ids, lock=lock)
    r, c = t.result.c, t.member.c
    if lock:
        mine = sa.select(r.person_id).where(r.id.in_(ids))
        locked = sa.select(c.person_id).where(c.cycle_id == cycle.id, c.person_id.in_(mine)).order_by(c.person_id)
        db.execute(locked.with_for_update()).all()
    rows = db.execute(sa.select(t.result).where(r.id.in_(ids))).mappings()
    results = {row["id"]: Result(**{**row, "score": Decimal(row["score"])}) for row in rows}
    persons = [each.person_id for each in results.values()]
    staff = db.execute(sa.select(people_table).where(people_table.c.id.in_(persons))).mappings()
    people = {row["id"]: Person(**row) for row in staff}
    seats, last = _seats(db, [approval_id for approval_id, _, _ in approvals.values()])
    given = _scored_by(db, cycle.id, persons)
    waiting = {}
    for result_id, each in results.items():
        approval_id, step, state = approvals.get(result_id, ("", 0, ""))
        at = seats.get((approval_id, step), set())
        waiting[result_id] = Waiting(
            each.person_id,
            each.state,
            each.sha256,
            state == "open",
            step >= last.get(approval_id, 0),
            at,
            given[each.person_id],
        )
    known = {result_id: (approval_id, step) for result_id, (approval_id, step, _) in approvals.items()}
    return Chunk(results, people, known, waiting)


def waiting(db: Connection, cycle_id: str, approver: str, department: str | None) -> list[tuple[str, str, Waiting]]:
    """(result, band, what is known) of all that wait in a cycle, in one pass: 20,000 are counted while a page opens."""
    r, c, a, s, p = t.result.c, t.member.c, approval.c, approval_seat.c, approval_step.c
    last = sa.select(sa.func.max(p.no)).where(p.approval_id == a.id).correlate(approval).scalar_subquery()
    seat = sa.and_(s.approval_id == a.id, s.no == a.step, s.person_id == approver)
    found = sa.select(r.id, r.band, r.person_id, r.sha256, c.scorer_id, a.state, a.step >= last, s.behalf_person_id)
    found = found.join(t.member, sa.and_(c.cycle_id == r.cycle_id, c.person_id == r.person_id))
    found = found.join(approval, a.matter == r.id, isouter=True)
    found = found.join(approval_seat, seat, isouter=True).where(r.cycle_id == cycle_id, r.state == "approving")
    found = found if department is None else found.where(c.department == department)
    v = t.review.c
    wrote = sa.select(v.person_id).where(v.cycle_id == cycle_id, v.side == rules_scoring.MANAGER)
    own = set(db.execute(wrote.where(sa.or_(v.by_id == approver, v.behalf_person_id == approver))).scalars())
    rows = dict[str, tuple[str, str, Waiting]]()  # asked for again, a result has more than one: the open one counts
    for result_id, band, person_id, sha256, scorer_id, state, ends, behalf in db.execute(found).tuples():
        seats = () if behalf is None else ((approver, behalf),)
        by = (scorer_id, approver) if person_id in own else (scorer_id,)
        one = Waiting(person_id, "approving", sha256, state == "open", bool(ends), seats, by)
        if one.open or result_id not in rows:
            rows[result_id] = (result_id, band, one)
    return list(rows.values())


def _approvals(db: Connection, ids: Sequence[str], *, lock: bool) -> dict[str, tuple[str, int, str]]:
    """result -> (approval id, step, state): the open request, else the newest."""
    a = approval.c
    chosen = sa.select(a.id, a.matter, a.step, a.state).where(a.matter.in_(ids))
    chosen = chosen.order_by(a.matter, a.state == "open", a.opened_at)
    rows = db.execute(chosen.with_for_update() if lock else chosen)
    return {row.matter: (row.id, row.step, row.state) for row in rows}


def _seats(db: Connection, ids: Sequence[str]) -> tuple[dict[tuple[str, int], set[tuple[str, str]]], dict[str, int]]:
    """Seats of (approval, step), and the last step of each approval."""
    s, p = approval_seat.c, approval_step.c
    seats: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for row in db.execute(sa.select(approval_seat).where(s.approval_id.in_(ids))):
        seats[row.approval_id, row.no].add((row.person_id, row.behalf_person_id))
    last = sa.select(p.approval_id, sa.func.max(p.no)).where(p.approval_id.in_(ids)).group_by(p.approval_id)
    return seats, dict(list(db.execute(last).tuples()))


def _scored_by(db: Connection, cycle_id: str, people: Sequence[str]) -> dict[str, set[str]]:
    """person -> their scorer, and whoever wrote the manager's side, in whose place it was."""
    c, r = t.member.c, t.review.c
    found: dict[str, set[str]] = defaultdict(set)
    mine = sa.select(c.person_id, c.scorer_id).where(c.cycle_id == cycle_id, c.person_id.in_(people))
    for person_id, scorer_id in db.execute(mine).tuples():
        found[person_id].add(scorer_id)
    wrote = sa.select(r.person_id, r.by_id, r.behalf_person_id)
    wrote = wrote.where(r.cycle_id == cycle_id, r.person_id.in_(people), r.side == rules_scoring.MANAGER)
    for person_id, by, behalf in db.execute(wrote).tuples():
        found[person_id] |= {by, behalf} - {""}
    return found
