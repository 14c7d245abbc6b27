"""What the cockpit shows of one cycle: counts that add up, the lists behind them, attainment, scores. Reads only.

Everything is one pass over the index of pf_member, so that 20,000 members stay quick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.tables import person as people
from handlers.performance import tables as t
from handlers.performance.pages import charts
from handlers.performance.store import Member

GROUPS = (
    "goals", "running", "self", "manager", "hr", "approving", "published",
    "received", "objected", "appealed", "signed", "deemed", "refused", "final",
)  # fmt: skip
"""Where a member stands: the answer once there is one, else the state. Everybody is in exactly one."""
ANSWERS = ("received", "objected", "appealed", "signed", "deemed", "refused")
SCORING = ("self", "manager", "hr")
TOLD = ("published", "answered", "final")
LISTS = ("goals", "scores", "answers", "unsigned", "low", "unknown")
"""Lists that are more, or other, than one group."""
LOW, PAGE, MOST_STRIPS = Decimal(70), 100, 60


@dataclass(frozen=True, slots=True)
class Tally:
    """People by GROUPS; every one of `total` is counted once."""

    counts: Mapping[str, int]
    unsigned: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def of(self, *groups: str) -> int:
        """People in these groups."""
        return sum(self.counts.get(each, 0) for each in groups)


@dataclass(frozen=True, slots=True)
class Department:
    """`known`: people with fresh progress, `below`: of those under LOW per cent; `mean` over the known."""

    name: str
    people: int
    known: int
    below: int
    mean: Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """One member with the names of whom it is about."""

    member: Member
    name: str
    scorer: str
    group: str

    @property
    def attainment(self) -> Decimal | None:
        return Decimal(self.member.attainment) if self.member.attainment else None


def group(state: str, answer: str) -> str:
    """Where somebody stands; a state nobody thought of is counted as `final` rather than lost."""
    found = answer if answer in ANSWERS else state
    return found if found in GROUPS else "final"


def tally(db: Connection, cycle_id: str, whose: Collection[str] | None = None) -> Tally:
    """The counts of a cycle; `whose`: only these people."""
    c = t.member.c
    where = [c.cycle_id == cycle_id] + ([] if whose is None else [c.person_id.in_(whose)])
    counts, unsigned = dict.fromkeys(GROUPS, 0), 0
    grouped = sa.select(c.state, c.answer, sa.func.count()).where(*where).group_by(c.state, c.answer)
    for state, answer, count in db.execute(grouped):
        counts[group(state, answer)] += count
        unsigned += count if state in TOLD and answer != "signed" else 0
    return Tally(counts, unsigned)


def departments(db: Connection, cycle_id: str) -> list[Department]:
    """Attainment by department, those with the most people under LOW first."""
    c = t.member.c
    value = _number(c.attainment)
    below = sa.func.sum(sa.case((value < LOW, 1), else_=0))
    columns = (c.department, sa.func.count(), sa.func.count(value), below, sa.func.avg(value))
    rows = db.execute(sa.select(*columns).where(c.cycle_id == cycle_id).group_by(c.department))
    found = [
        Department(name, total, known, int(under or 0), None if mean is None else _tenth(mean))
        for name, total, known, under, mean in rows
    ]
    return sorted(found, key=lambda each: (-each.below, each.mean if each.mean is not None else 101, each.name))


def _number(column: sa.Column[str]) -> sa.ColumnElement[Any]:
    # An empty text is no number in PostgreSQL; SQLite would take it for 0.
    return sa.cast(sa.func.nullif(column, ""), sa.Numeric(18, 6))


def _tenth(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.1"))


def _matching(wanted: str) -> list[sa.ColumnElement[bool]]:
    """The condition of a group or of one of LISTS; nothing for anything else: everybody."""
    c = t.member.c
    lists: dict[str, list[sa.ColumnElement[bool]]] = {
        "scores": [c.state.in_(SCORING)],
        "answers": [c.state == "published", c.answer == ""],
        "unsigned": [c.state.in_(TOLD), c.answer != "signed"],
        "low": [_number(c.attainment) < LOW],
        "unknown": [c.attainment == ""],
    }
    if wanted in lists:
        return lists[wanted]
    if wanted in ANSWERS:
        return [c.answer == wanted]
    if wanted == "final":
        return [c.state.in_(("final", "answered")), c.answer.not_in(ANSWERS)]
    return [c.state == wanted, c.answer.not_in(ANSWERS)] if wanted in GROUPS else []


def listed(
    db: Connection, cycle_id: str, wanted: str, department: str | None = None, after: str = ""
) -> tuple[list[Line], str]:
    """(up to PAGE people of a group or list, the id to go on after or ""). `department` None: of all."""
    c = t.member.c
    where = [c.cycle_id == cycle_id, c.person_id > after, *_matching(wanted)]
    where += [] if department is None else [c.department == department]
    rows = _lines(db, sa.select(t.member).where(*where).order_by(c.person_id).limit(PAGE + 1))
    return rows[:PAGE], rows[PAGE - 1].member.person_id if len(rows) > PAGE else ""


def people_of(db: Connection, cycle_id: str, scorer_id: str, also: Collection[str] = ()) -> list[Line]:
    """Whom somebody scores or decides about, by name."""
    c = t.member.c
    whose = sa.or_(c.scorer_id == scorer_id, c.person_id.in_(also))
    mine = sa.select(t.member).where(c.cycle_id == cycle_id, whose, c.person_id != scorer_id).limit(500)
    return sorted(_lines(db, mine), key=lambda line: (line.name, line.member.person_id))


def _lines(db: Connection, statement: sa.Select[Any]) -> list[Line]:
    found = [Member(**row) for row in db.execute(statement).mappings()]
    names = names_of(db, {each.person_id for each in found} | {each.scorer_id for each in found})
    return [
        Line(each, names.get(each.person_id, ""), names.get(each.scorer_id, ""), group(each.state, each.answer))
        for each in found
    ]


def names_of(db: Connection, ids: Collection[str]) -> dict[str, str]:
    """Names by person id."""
    return {row.id: row.name for row in db.execute(sa.select(people.c.id, people.c.name).where(people.c.id.in_(ids)))}


@dataclass(frozen=True, slots=True)
class Spread:
    """How scores are spread: over all, by department, by scorer. `scored` of `total` have one."""

    counts: Sequence[int]
    departments: Sequence[charts.Strip]
    scorers: Sequence[charts.Strip]
    scored: int
    total: int


def spread(db: Connection, cycle_id: str, side: str) -> Spread:
    """The scores that a side submitted, newest versions; `result`: of the newest results."""
    c = t.member.c
    if side == "result":
        mine = sa.select(c.department, c.scorer_id, c.score).where(c.cycle_id == cycle_id, c.score != "")
        rows = list(db.execute(mine).tuples().all())
    else:
        rows = _submitted(db, cycle_id, side)
    by_department, by_scorer = defaultdict[str, list[Decimal]](list), defaultdict[str, list[Decimal]](list)
    for department, scorer, text in rows:
        score = Decimal(text)
        by_department[department].append(score)
        by_scorer[scorer].append(score)
    total = db.execute(sa.select(sa.func.count()).where(c.cycle_id == cycle_id)).scalar_one()
    names = names_of(db, _largest(by_scorer))
    counts = charts.bins(score for scores in by_department.values() for score in scores)
    found = [charts.strip(name, name, by_department[name]) for name in _largest(by_department)]
    scorers = [charts.strip(each, names.get(each, ""), by_scorer[each]) for each in _largest(by_scorer)]
    return Spread(counts, found, scorers, sum(counts), total)


def _largest(found: Mapping[str, Sequence[Decimal]]) -> list[str]:
    return sorted(found, key=lambda name: (-len(found[name]), name))[:MOST_STRIPS]


def _submitted(db: Connection, cycle_id: str, side: str) -> list[tuple[str, str, str]]:
    """(department, scorer, score) by the newest version of each, chosen here, where it costs the least."""
    c, r = t.member.c, t.review.c
    mine = (r.cycle_id == cycle_id, r.side == side, r.state == "submitted")
    member = sa.and_(c.cycle_id == r.cycle_id, c.person_id == r.person_id)
    joined = sa.select(r.person_id, r.version, c.department, c.scorer_id, r.score).join(t.member, member).where(*mine)
    newest: dict[str, Any] = {}
    for row in db.execute(joined).tuples().all():
        if row[0] not in newest or row[1] > newest[row[0]][1]:
            newest[row[0]] = row
    return [(row[2], row[3], row[4]) for row in newest.values() if row[4]]


def scored(db: Connection, cycle_id: str, side: str, *, department: str = "", scorer: str = "") -> list[Line]:
    """People of one department or scorer for the calibration, with the score in question in `member.score`."""
    c, r = t.member.c, t.review.c
    where = [c.cycle_id == cycle_id] + ([c.department == department] if department else [])
    where += [c.scorer_id == scorer] if scorer else []
    lines = _lines(db, sa.select(t.member).where(*where).order_by(c.person_id).limit(2 * PAGE))
    if side == "result":
        return [each for each in lines if each.member.score]
    ids = [each.member.person_id for each in lines]
    mine = (r.cycle_id == cycle_id, r.side == side, r.state == "submitted", r.person_id.in_(ids))
    rows = db.execute(sa.select(r.person_id, r.score).where(*mine).order_by(r.version)).tuples()
    scores = dict(list(rows))
    found = [each for each in lines if scores.get(each.member.person_id)]
    return [_with_score(each, scores[each.member.person_id]) for each in found]


def _with_score(line: Line, score: str) -> Line:
    values = {name: getattr(line.member, name) for name in Member.__dataclass_fields__}
    return Line(Member(**values | {"score": score}), line.name, line.scorer, line.group)
