"""Reads and writes of notices and their people; every function works inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from handlers.notices import tables as t
from handlers.notices.rules import Fact, Receipt, learn

PREFIX = "nt-"
"""Of every notice's id, which is also its matter in the outbox and its object in the evidence log."""
LIVE = ("sending", "paused", "sent")
"""States in which answers are still taken."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. Times are aware UTC; see tables.py for the fields. `texts`: locale -> (title, body)."""

    id: str
    state: str
    importance: str
    answers: tuple[str, ...]
    basis: str
    deadline: datetime | None
    quiet: str
    urgent: bool
    send_at: datetime | None
    send_until: datetime | None
    audience: Mapping[str, Any]
    joiners: str
    plan: tuple[Mapping[str, Any], ...]
    list_sha256: str
    people: int
    frozen_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    author_id: str
    created_at: datetime
    version: int
    replaces_id: str
    replaced_id: str
    recalled_at: datetime | None
    reason: str
    remind_by: str
    texts: Mapping[str, tuple[str, str]]

    def said(self, locale: str) -> tuple[str, str]:
        """(title, body) in that language, else in Chinese, else in the one there is."""
        return self.texts.get(locale) or self.texts.get("zh") or next(iter(self.texts.values()))

    @property
    def title(self) -> str:
        """The Chinese title, else the one there is."""
        return self.said("zh")[0]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of the frozen list, and where they stand."""

    notice_id: str
    person_id: str
    platform: str
    user_id: str
    locale: str
    rung: int
    trouble: str
    answer: str
    words: str
    accepted_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    shown_at: datetime | None
    answered_at: datetime | None
    signed_at: datetime | None
    late_joiner: bool
    left_at: datetime | None
    step: int
    next_at: datetime | None
    reminded_at: datetime | None

    @property
    def receipt(self) -> Receipt:
        """What the rules want to know of it."""
        times = (self.accepted_at, self.delivered_at, self.opened_at, self.answered_at, self.signed_at)
        return Receipt(*times, answer=self.answer, trouble=self.trouble)  # type: ignore[arg-type]  # checked on the way in


@dataclass(frozen=True, slots=True)
class File:
    """An attachment without its content; `size` in bytes."""

    id: str
    name: str
    media_type: str
    sha256: str
    size: int


def desk(notice_id: str) -> str:
    """The matter of questions to those who write and approve: pausing the notice must not hold them."""
    return f"na-{notice_id.removeprefix(PREFIX)}"


def get(db: Connection, notice_id: str) -> Notice | None:
    """The notice with its texts, or None."""
    row = db.execute(sa.select(t.notice).where(t.notice.c.id == notice_id)).mappings().first()
    return _notice(db, row) if row else None


def newest(db: Connection, limit: int = 50, **where: Any) -> list[Notice]:
    """Notices by column values (a tuple means any of them), newest first."""
    statement = sa.select(t.notice)
    for name, value in where.items():
        column = t.notice.c[name]
        statement = statement.where(column.in_(value) if isinstance(value, tuple) else column == value)
    rows = db.execute(statement.order_by(t.notice.c.created_at.desc(), t.notice.c.id.desc()).limit(limit)).mappings()
    return [_notice(db, row) for row in rows.all()]


def _notice(db: Connection, row: RowMapping) -> Notice:
    said = db.execute(sa.select(t.text).where(t.text.c.notice_id == row["id"]).order_by(t.text.c.locale.desc()))
    texts = {each.locale: (each.title, each.body) for each in said}
    read = {"answers": tuple(json.loads(row["answers"])), "audience": json.loads(row["audience"])}
    return Notice(**{**row, **read, "plan": tuple(json.loads(row["plan"]))}, texts=texts)


def move(db: Connection, notice_id: str, states: Sequence[str], **values: Any) -> bool:
    """Change the notice only while its state is one of `states`. False: somebody was first."""
    where = (t.notice.c.id == notice_id, t.notice.c.state.in_(states))
    return db.execute(sa.update(t.notice).where(*where).values(**values)).rowcount == 1


def recipient(db: Connection, notice_id: str, person_id: str) -> Recipient | None:
    """The person's row, or None: not on the frozen list."""
    where = (t.recipient.c.notice_id == notice_id, t.recipient.c.person_id == person_id)
    row = db.execute(sa.select(t.recipient).where(*where)).mappings().first()
    return Recipient(**row) if row else None


def recipients(db: Connection, notice_id: str, ids: Iterable[str]) -> dict[str, Recipient]:
    """The rows of these people, by person id."""
    where = (t.recipient.c.notice_id == notice_id, t.recipient.c.person_id.in_(list(ids)))
    return {row["person_id"]: Recipient(**row) for row in db.execute(sa.select(t.recipient).where(*where)).mappings()}


def each(db: Connection, notice_id: str, *where: sa.ColumnElement[bool], size: int = 1000) -> Iterator[list[Recipient]]:
    """All rows that fulfil `where`, `size` at a time in the order of their person ids; memory stays flat."""
    after = ""
    while True:
        mine = (t.recipient.c.notice_id == notice_id, t.recipient.c.person_id > after, *where)
        rows = db.execute(sa.select(t.recipient).where(*mine).order_by(t.recipient.c.person_id).limit(size)).mappings()
        found = [Recipient(**row) for row in rows]
        if not found:
            return
        yield found
        after = found[-1].person_id


def counts(db: Connection, notice_id: str) -> list[tuple[int, str, str, int]]:
    """(rung, trouble, answer, people): adds up to the frozen list, by one covering index."""
    c = t.recipient.c
    rows = sa.select(c.rung, c.trouble, c.answer, sa.func.count()).where(c.notice_id == notice_id)
    return [tuple(row) for row in db.execute(rows.group_by(c.rung, c.trouble, c.answer))]


def learned(db: Connection, rows: Mapping[str, Recipient], facts: Iterable[tuple[str, Fact]]) -> list[tuple[str, Fact]]:
    """Write what was learned about people of one notice; returns the facts that changed something, in order."""
    now = {person: row.receipt for person, row in rows.items()}
    told = []
    for person, fact in facts:
        after = learn(now[person], fact)
        if after != now[person]:
            told.append((person, fact))
            now[person] = after
    changed = {person: receipt for person, receipt in now.items() if receipt != rows[person].receipt}
    if changed:
        c = t.recipient.c
        statement = (
            sa.update(t.recipient)
            .where(c.notice_id == sa.bindparam("its_notice"), c.person_id == sa.bindparam("its_person"))
            .values({name: sa.bindparam(f"new_{name}") for name in _LEARNED})
        )
        db.execute(statement, [_values(rows[person], receipt) for person, receipt in changed.items()])
    return told


_LEARNED = (
    "rung",
    "trouble",
    "answer",
    "accepted_at",
    "delivered_at",
    "opened_at",
    "answered_at",
    "signed_at",
)


def _values(row: Recipient, receipt: Receipt) -> dict[str, Any]:
    named = {f"new_{name}": getattr(receipt, name) for name in _LEARNED}
    return named | {"its_notice": row.notice_id, "its_person": row.person_id}
