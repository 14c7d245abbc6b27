"""Rows of reviews and their lines; every function works inside the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from handlers.performance import tables as t
from handlers.performance.rules import plain
from handlers.performance.rules.scoring import Line
from handlers.performance.store import number

DRAFT, SUBMITTED = "draft", "submitted"


@dataclass(frozen=True, slots=True)
class Review:
    """One version of what one side wrote. `state` draft or submitted; `score` None while a draft. Times UTC."""

    cycle_id: str
    person_id: str
    side: str
    version: int
    by_id: str
    behalf_person_id: str
    state: str
    comment: str
    score: Decimal | None
    reason: str
    saved_at: datetime
    submitted_at: datetime | None
    event_id: str | None
    lines: tuple[Line, ...] = ()

    @property
    def keys(self) -> dict[str, Any]:
        """The row's primary key."""
        return {
            "cycle_id": self.cycle_id, "person_id": self.person_id, "side": self.side, "version": self.version
        }  # fmt: skip


def every(db: Connection, cycle_id: str, person_id: str) -> list[Review]:
    """All versions of all sides with their lines, newest first."""
    mine = {"cycle_id": cycle_id, "person_id": person_id}
    rows = db.execute(_select(t.review, mine).order_by(t.review.c.version.desc())).mappings()
    found = [Review(**{**row, "score": number(row["score"])}) for row in rows]
    if not found:
        return []
    lines: dict[tuple[str, int], list[Line]] = {}
    for row in db.execute(_select(t.line, mine).order_by(t.line.c.no)).mappings():
        found_line = Line(
            row["dimension"],
            Decimal(row["points"]),
            Decimal(row["deduction"]),
            row["fact"],
            row["clause"],
            row["goal_id"],
        )
        lines.setdefault((row["side"], row["version"]), []).append(found_line)
    return [replace(each, lines=tuple(lines.get((each.side, each.version), ()))) for each in found]


def newest(found: list[Review], side: str, state: str = "") -> Review | None:
    """The newest of a side, of one state when it is named."""
    return next((each for each in found if each.side == side and state in ("", each.state)), None)


def put(db: Connection, new: Review, before: Review | None) -> None:
    """Write the version and its lines in the place of `before`, what was there: only ever a draft, of this version."""
    names = ("by_id", "behalf_person_id", "state", "comment", "reason", "saved_at", "submitted_at", "event_id")
    row = {name: getattr(new, name) for name in names} | {"score": "" if new.score is None else format(new.score, "f")}
    if before is None:
        db.execute(sa.insert(t.review), new.keys | row)
    else:
        db.execute(sa.update(t.review).where(*_mine(t.review, new.keys)).values(**row))
        if before.lines == new.lines:
            return
        db.execute(sa.delete(t.line).where(*_mine(t.line, new.keys)))
    rows = [
        new.keys
        | {"no": no, "dimension": each.dimension[:20], "points": plain(each.points)[:12]}
        | {"deduction": plain(each.deduction)[:12], "fact": each.fact, "clause": each.clause[:20]}
        | {"goal_id": each.goal_id[:32]}
        for no, each in enumerate(new.lines, 1)
    ]
    if rows:
        db.execute(sa.insert(t.line), rows)


def _select(table: sa.Table, mine: dict[str, str]) -> sa.Select[Any]:
    return sa.select(table).where(*_mine(table, mine))


def _mine(table: sa.Table, mine: dict[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in mine.items()]
