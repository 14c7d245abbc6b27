"""Rows of approvals; every function works inside the caller's transaction. Times are aware UTC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from bot.router import Gone, erases
from bot.tables import approval, approval_bulk, approval_seat, approval_step, ask


@dataclass(frozen=True, slots=True)
class Approval:
    """A request. `facts`: the numbers its chain looks at; `details`: the kind's own texts; `step`: from 0."""

    id: str
    kind: str
    matter: str
    person_id: str
    day: date
    facts: Mapping[str, float]
    details: Mapping[str, str]
    version: int
    step: int
    state: str
    bulk: bool
    opened_at: datetime
    decided_at: datetime | None
    decided_by: str
    behalf_person_id: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One decision of a request. `seats`: who may decide -> in whose place, or empty."""

    approval_id: str
    no: int
    role: str
    asked_role: str
    state: str
    asked_at: datetime | None
    remind_at: datetime | None
    escalate_at: datetime | None
    decided_at: datetime | None
    decided_by: str
    behalf_person_id: str
    seats: Mapping[str, str]


def _approval(row: RowMapping) -> Approval:
    return Approval(**{**row, "facts": json.loads(row["facts"]), "details": json.loads(row["details"])})


def insert(db: Connection, new: Approval, roles: Iterable[str]) -> None:
    """The request and one waiting step per role."""
    row = {name: getattr(new, name) for name in Approval.__dataclass_fields__}
    db.execute(sa.insert(approval).values(row | {"facts": json.dumps(new.facts), "details": _text(new.details)}))
    base = {"approval_id": new.id, "state": "waiting"}
    rows = [base | {"no": no, "role": role, "asked_role": role} for no, role in enumerate(roles)]
    if rows:
        db.execute(sa.insert(approval_step), rows)


def of_matter(db: Connection, matter: str, *, lock: bool = False) -> Approval | None:
    """The open request of a matter, else the newest, or None.

    `lock`: taken before anything of the matter is changed, so that two who decide in the same moment wait for each
    other here instead of holding one question each and waiting for the other's.
    """
    newest = (approval.c.state != "open"), approval.c.opened_at.desc()
    found = sa.select(approval).where(approval.c.matter == matter).order_by(*newest).limit(1)
    row = db.execute(found.with_for_update() if lock else found).mappings().first()
    return _approval(row) if row else None


def steps_of(db: Connection, approval_id: str) -> list[StepRow]:
    """Its steps in order."""
    seats: dict[int, dict[str, str]] = {}
    for row in db.execute(sa.select(approval_seat).where(approval_seat.c.approval_id == approval_id)):
        seats.setdefault(row.no, {})[row.person_id] = row.behalf_person_id
    where = approval_step.c.approval_id == approval_id
    rows = db.execute(sa.select(approval_step).where(where).order_by(approval_step.c.no)).mappings()
    return [StepRow(**row, seats=seats.get(row["no"], {})) for row in rows]


def seat(db: Connection, step: StepRow, person_id: str, behalf: str) -> None:
    """Let one more person decide the step."""
    row = {"approval_id": step.approval_id, "no": step.no, "person_id": person_id, "behalf_person_id": behalf}
    db.execute(sa.insert(approval_seat).values(row))


def move(db: Connection, found: Approval, *, states: tuple[str, ...] = ("open",), **values: Any) -> bool:
    """Change the request while it is in one of `states` and at the step it was read at. False: somebody was first."""
    where = (approval.c.id == found.id, approval.c.state.in_(states), approval.c.step == found.step)
    return db.execute(sa.update(approval).where(*where).values(**values)).rowcount == 1


def move_step(db: Connection, step: StepRow, was: str, **values: Any) -> bool:
    """Change a step while its state is `was`. Of two callers in the same moment exactly one gets True."""
    where = (
        approval_step.c.approval_id == step.approval_id,
        approval_step.c.no == step.no,
        approval_step.c.state == was,
    )
    return db.execute(sa.update(approval_step).where(*where).values(**values)).rowcount == 1


def due(db: Connection, now: datetime) -> list[str]:
    """Matters with a step that wants reminding, escalating, or somebody to be asked, oldest first."""
    own = (approval_seat.c.approval_id == approval_step.c.approval_id, approval_seat.c.no == approval_step.c.no)
    empty = ~sa.exists().where(*own)
    wants = sa.or_(approval_step.c.remind_at <= now, approval_step.c.escalate_at <= now, empty)
    joined = sa.select(approval.c.matter).join(approval_step, approval_step.c.approval_id == approval.c.id)
    where = joined.where(approval.c.state == "open", approval_step.c.state == "open", wants)
    return list(db.execute(where.order_by(approval.c.opened_at)).scalars())


def open_bulk(db: Connection) -> list[Approval]:
    """Open plain requests of kinds that may be approved together."""
    where = (approval.c.state == "open", approval.c.bulk)
    return [_approval(row) for row in db.execute(sa.select(approval).where(*where)).mappings()]


def open_of_kind(db: Connection, kind: str) -> list[Approval]:
    """Open requests of a kind whose words are still there."""
    where = (approval.c.state == "open", approval.c.kind == kind, approval.c.details != "{}")
    return [_approval(row) for row in db.execute(sa.select(approval).where(*where)).mappings()]


def history(db: Connection, person_id: str, kind: str, day: date) -> list[Approval]:
    """A person's requests of a kind for days of the calendar month of `day`, newest first, in every state."""
    month = day.replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    where = (
        approval.c.person_id == person_id,
        approval.c.kind == kind,
        approval.c.day >= month,
        approval.c.day < following,
    )
    rows = db.execute(sa.select(approval).where(*where).order_by(approval.c.opened_at.desc())).mappings()
    return [_approval(row) for row in rows]


def of_subject(db: Connection, person_id: str, kinds: Iterable[str], states: Iterable[str]) -> list[Approval]:
    """A person's requests of some kinds in some states."""
    where = (
        approval.c.person_id == person_id,
        approval.c.kind.in_(list(kinds)),
        approval.c.state.in_(list(states)),
    )
    return [_approval(row) for row in db.execute(sa.select(approval).where(*where)).mappings()]


def bulk_add(db: Connection, matter: str, refs: Iterable[str]) -> None:
    """The questions a summary card stands for."""
    db.execute(sa.insert(approval_bulk), [{"matter": matter, "ask_ref": each} for each in refs])


def bulk_refs(db: Connection, matter: str) -> list[str]:
    """The questions a summary card stands for, as they were when it was sent; in one order for everybody."""
    joined = sa.select(ask.c.ref).join(approval_bulk, approval_bulk.c.ask_ref == ask.c.ref)
    return list(db.execute(joined.where(approval_bulk.c.matter == matter).order_by(ask.c.matter, ask.c.ref)).scalars())


@erases
def forget(db: Connection, gone: Gone) -> list[str]:
    """The words of their requests go, and what was open ends; kinds, days and outcomes stay without a name.

    Returns their matters.
    """
    mine = approval.c.person_id == gone.person_id
    matters = list(db.execute(sa.select(approval.c.matter).where(mine)).scalars())
    db.execute(sa.update(approval).where(mine).values(details="{}"))
    db.execute(sa.update(approval).where(mine, approval.c.state == "open").values(state="withdrawn"))
    return matters


def _text(values: Mapping[str, str]) -> str:
    return json.dumps(dict(values), ensure_ascii=False)
