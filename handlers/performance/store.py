"""Reads and writes of the performance rows; every function works inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot.store import new_ref
from handlers.performance import tables as t

GOAL, RESULT, APPEAL, NUDGE, CYCLE = "pg-", "pr-", "pa-", "pn-", "pc-"
"""Prefixes of ids, which are also the matters in the outbox and the objects in the evidence log."""
SIDES = ("self", "manager", "hr")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dimension:
    """Part of a template. `weight` of 100; a score is given from 0 to `max`."""

    code: str
    name: str
    weight: Decimal
    max: Decimal


@dataclass(frozen=True, slots=True)
class Clause:
    """Part of a policy. A band holds scores from `at_least` up to, and without, `below`; both None: no band.

    `factor`: what the performance pay is multiplied with; None: the clause says nothing about pay.
    """

    no: str
    text: str
    at_least: Decimal | None = None
    below: Decimal | None = None
    band: str = ""
    consequence: str = ""
    factor: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy, in force from the local day `since`."""

    id: str
    name: str
    version: int
    since: date
    clauses: tuple[Clause, ...]
    deemed_clause: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Template:
    """What is scored, and with how many decimals."""

    id: str
    name: str
    version: int
    dimensions: tuple[Dimension, ...]
    places: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """A period for some populations. `timeline`: population ("" for all others) -> step -> ISO day."""

    id: str
    name: str
    starts_on: date
    ends_on: date
    state: str
    policy_id: str
    template_id: str
    sides: tuple[str, ...]
    visibility: Mapping[str, Sequence[str]]
    timeline: Mapping[str, Mapping[str, str]]
    populations: Mapping[str, Sequence[str]]
    appeal_days: int
    created_by: str
    created_at: datetime

    def day(self, population: str, step: str) -> date | None:
        """The day by which `step` is due for a population."""
        found = self.timeline.get(population, {}).get(step) or self.timeline.get("", {}).get(step)
        return date.fromisoformat(found) if found else None


@dataclass(frozen=True, slots=True)
class Member:
    """One person in one cycle; see tables.py."""

    cycle_id: str
    person_id: str
    population: str
    department: str
    scorer_id: str
    state: str
    score: str
    answer: str
    attainment: str
    next_at: datetime | None
    reminded_at: datetime | None


@dataclass(frozen=True, slots=True)
class Goal:
    """The newest version of a goal. `target` None for a milestone."""

    id: str
    cycle_id: str
    person_id: str
    no: int
    version: int
    state: str
    text: str
    kind: str
    target: Decimal | None
    unit: str
    weight: Decimal
    due_on: date | None
    dimension: str
    source: str
    source_key: str
    sha256: str
    reason: str
    proposed_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What was, or will be, told to one person; see tables.py."""

    id: str
    cycle_id: str
    person_id: str
    version: int
    score: Decimal
    band: str
    clause: str
    consequence: str
    text: str
    sha256: str
    state: str
    answer: str
    words: str
    document_ref: str
    held: bool
    deemed_clause: str
    published_at: datetime | None
    opened_at: datetime | None
    answered_at: datetime | None
    deadline: datetime | None
    next_at: datetime | None


def new_id(prefix: str) -> str:
    """A fresh id with one of the prefixes."""
    return f"{prefix}{new_ref()}"[:32]


def there(found: T | None) -> T:
    """A row that this transaction has just written or read. LookupError when it is gone all the same."""
    if found is None:
        raise LookupError("the row is not there")
    return found


def number(value: str) -> Decimal | None:
    """Stored text as a number; empty is None."""
    return Decimal(value) if value else None


def policy(db: Connection, policy_id: str) -> Policy | None:
    """The version with that id."""
    row = db.execute(sa.select(t.policy).where(t.policy.c.id == policy_id)).mappings().first()
    return _policy(row) if row else None


def _policy(row: RowMapping) -> Policy:
    return Policy(**{**row, "clauses": tuple(_clause(each) for each in json.loads(row["clauses"]))})


def _clause(raw: Mapping[str, str]) -> Clause:
    numbers = {name: number(raw.get(name, "")) for name in ("at_least", "below", "factor")}
    words = {name: raw.get(name, "") for name in ("no", "text", "band", "consequence")}
    return Clause(**{**words, **numbers})  # type: ignore[arg-type]  # words and numbers have different names


def template(db: Connection, template_id: str) -> Template | None:
    """The version with that id."""
    row = db.execute(sa.select(t.template).where(t.template.c.id == template_id)).mappings().first()
    if row is None:
        return None
    found = json.loads(row["dimensions"])
    parts = (Dimension(each["code"], each["name"], Decimal(each["weight"]), Decimal(each["max"])) for each in found)
    return Template(**{**row, "dimensions": tuple(parts)})


def cycle(db: Connection, cycle_id: str) -> Cycle | None:
    """The cycle, or None."""
    return next(iter(cycles(db, id=cycle_id)), None)


def cycles(db: Connection, limit: int = 50, **where: Any) -> list[Cycle]:
    """Cycles by column values (a tuple means any of them), newest first."""
    c = t.cycle.c
    statement = sa.select(t.cycle).order_by(c.starts_on.desc(), c.id.desc()).limit(limit)
    rows = db.execute(statement.where(*_where(t.cycle, where))).mappings()
    read = ("visibility", "timeline", "populations")
    return [
        Cycle(**{**row, "sides": tuple(row["sides"].split(",")), **{name: json.loads(row[name]) for name in read}})
        for row in rows
    ]


def member(db: Connection, cycle_id: str, person_id: str, *, lock: bool = False) -> Member | None:
    """The person's place in the cycle, or None. `lock`: nobody else moves it until the end of this transaction."""
    found = sa.select(t.member).where(t.member.c.cycle_id == cycle_id, t.member.c.person_id == person_id)
    row = db.execute(found.with_for_update() if lock else found).mappings().first()
    return Member(**row) if row else None


def members(db: Connection, limit: int | None = None, **where: Any) -> list[Member]:
    """Members by column values (a tuple means any of them), by department and person."""
    c = t.member.c
    statement = sa.select(t.member).where(*_where(t.member, where)).order_by(c.department, c.person_id).limit(limit)
    return [Member(**row) for row in db.execute(statement).mappings()]


def goal(db: Connection, goal_id: str) -> Goal | None:
    """The newest version of the goal, or None."""
    return next(iter(goals(db, id=goal_id)), None)


def goals(db: Connection, **where: Any) -> list[Goal]:
    """Newest versions by values of the goal row (a tuple means any of them), in the order of their numbers."""
    g, v = t.goal.c, t.goal_version.c
    columns = [*t.goal.c, *(column for column in t.goal_version.c if column.name not in ("goal_id", "version"))]
    joined = sa.select(*columns).join(t.goal_version, sa.and_(v.goal_id == g.id, v.version == g.version))
    rows = db.execute(joined.where(*_where(t.goal, where)).order_by(g.person_id, g.no)).mappings()
    return [Goal(**{**row, "target": number(row["target"]), "weight": Decimal(row["weight"])}) for row in rows]


def result(db: Connection, result_id: str) -> Result | None:
    """The result, or None."""
    return next(iter(results(db, id=result_id)), None)


def results(db: Connection, **where: Any) -> list[Result]:
    """Results by column values (a tuple means any of them); of one person the newest version first."""
    c = t.result.c
    statement = sa.select(t.result).where(*_where(t.result, where)).order_by(c.person_id, c.version.desc())
    return [Result(**{**row, "score": Decimal(row["score"])}) for row in db.execute(statement).mappings()]


def move(db: Connection, table: sa.Table, keys: Mapping[str, Any], states: Sequence[str], **values: Any) -> bool:
    """Change the row with these keys only while its state is one of `states`. False: somebody was first."""
    where = (*_where(table, keys), table.c.state.in_(states))
    return db.execute(sa.update(table).where(*where).values(**values)).rowcount == 1


def _where(table: sa.Table, wanted: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    columns = ((table.c[name], value) for name, value in wanted.items())
    return [column.in_(value) if isinstance(value, tuple) else column == value for column, value in columns]
