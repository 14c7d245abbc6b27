"""What the board counts and lists: every person of the list is in exactly one group, so the numbers add up. Reads only.

One covering index answers all counts. A list behind a number takes the index of states while the group is small, and
else the order of the list itself, where a page is full after a few rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.people import Person
from bot.tables import person as people_table
from handlers.notices import store, tables as t
from handlers.notices.rules import ACKNOWLEDGED, ANSWERS, RUNGS, SIGNED, TROUBLES
from handlers.notices.store import Notice, Recipient

SAID = (*ANSWERS, "declined")
GROUPS = (*RUNGS[:4], "acknowledged", *SAID, "signed", *TROUBLES[1:])
"""Every person is in one of these: a trouble, or else an answer, or else the highest rung that is known."""
FOR_MANAGERS = (*RUNGS[:4], "answered", *TROUBLES[1:])
"""A manager helps people to see a notice; what they answered is between them and HR."""
NEEDED = {"inform": 1, "read": 3, "confirm": ACKNOWLEDGED, "sign": SIGNED}
PAGE, FEW = 50, 20_000
_r = t.recipient.c


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts`: group -> people, every group. `frozen`: of the list; `joined`: added later by the notice's rule.

    `waiting`: who has not done what the notice asks. `reached`: rung -> people who are there or above.
    """

    counts: Mapping[str, int]
    frozen: int
    joined: int
    waiting: int
    reached: Mapping[str, int]

    @property
    def total(self) -> int:
        """The sum of all groups."""
        return sum(self.counts.values())

    @property
    def adds_up(self) -> bool:
        """Does the sum equal the list, to the last person?"""
        return self.total == self.frozen + self.joined


@dataclass(frozen=True, slots=True)
class Line:
    """One person in a list."""

    row: Recipient
    name: str
    site: str


def group(rung: int, trouble: str, answer: str) -> str:
    """The one group of a person."""
    if trouble:
        return trouble
    if rung >= ACKNOWLEDGED and answer in SAID:
        return answer
    return RUNGS[rung]


def tally(db: Connection, notice: Notice, whose: Collection[str] | None = None) -> Tally:
    """The counts, of all people or of `whose` alone; those for a manager say nothing of answers."""
    rows = store.counts(db, notice.id) if whose is None else _counts_of(db, notice.id, whose)
    counts = dict.fromkeys(GROUPS if whose is None else FOR_MANAGERS, 0)
    reached = dict.fromkeys(("accepted", "opened", "acknowledged", "signed"), 0)
    waiting = total = 0
    for rung, trouble, answer, people in rows:
        name = group(rung, trouble, answer)
        counts[name if name in counts else "answered"] += people
        for each in reached:
            reached[each] += people if rung >= RUNGS.index(each) else 0
        waiting += 0 if _done(notice.importance, rung, answer) else people
        total += people
    if whose is not None:
        return Tally(counts, total, 0, waiting, reached)
    return Tally(counts, notice.people, _joined(db, notice), waiting, reached)


def _done(importance: str, rung: int, answer: str) -> bool:
    if importance == "sign" and answer in ("declined", "objected", "appealed"):
        return True
    return rung >= NEEDED[importance]


def _joined(db: Connection, notice: Notice) -> int:
    if notice.joiners == "none":
        return 0
    where = (_r.notice_id == notice.id, _r.late_joiner)
    return db.execute(sa.select(sa.func.count()).select_from(t.recipient).where(*where)).scalar_one()


def _counts_of(db: Connection, notice_id: str, whose: Collection[str]) -> list[tuple[int, str, str, int]]:
    where = (_r.notice_id == notice_id, _r.person_id.in_(list(whose)))
    found = sa.select(_r.rung, _r.trouble, _r.answer, sa.func.count()).where(*where)
    return [tuple(row) for row in db.execute(found.group_by(_r.rung, _r.trouble, _r.answer))]


def where_of(name: str, importance: str) -> list[sa.ColumnElement[bool]] | None:
    """Conditions of a group, of `waiting` or of `all`; None: there is no such list."""
    if name == "all":
        return []
    if name == "waiting":
        late: list[sa.ColumnElement[bool]] = [_r.rung < NEEDED[importance]]
        return [*late, _r.answer.not_in(("declined", "objected", "appealed"))] if importance == "sign" else late
    if name in TROUBLES[1:]:
        return [_r.rung <= 1, _r.trouble == name]
    if name in SAID:
        return [_r.rung >= ACKNOWLEDGED, _r.trouble == "", _r.answer == name]
    if name == "answered":
        return [_r.rung >= ACKNOWLEDGED]
    if name not in RUNGS:
        return None
    rung = RUNGS.index(name)
    more = [_r.answer.not_in(SAID)] if rung >= ACKNOWLEDGED else []
    return [_r.rung == rung, _r.trouble == "", *more]


def lines(
    db: Connection, notice: Notice, name: str, *, after: str = "", whose: Collection[str] | None = None, count: int = 0
) -> list[Line]:
    """PAGE + 1 people of a list behind `after`, in the order of their ids. `count`: how many the list has, roughly.

    KeyError for a list that does not exist.
    """
    where = where_of(name, notice.importance)
    if where is None:
        raise KeyError(name)
    mine = [_r.notice_id == notice.id, _r.person_id > after, *where]
    if whose is not None:
        mine.append(_r.person_id.in_(list(whose)))
    # A computed order keeps the planner from walking a long list for the few rows of a small group.
    order = _r.person_id if count > FEW or name == "all" else _r.person_id + ""
    rows = db.execute(sa.select(t.recipient).where(*mine).order_by(order).limit(PAGE + 1)).mappings()
    return named(db, [Recipient(**row) for row in rows])


def found(db: Connection, notice: Notice, wanted: str, whose: Collection[str] | None = None) -> list[Line]:
    """At most PAGE people of the list whose name holds `wanted`."""
    like = sa.func.lower(people_table.c.name).contains(wanted.lower(), autoescape=True)
    both = sa.select(t.recipient).join(people_table, people_table.c.id == _r.person_id)
    mine = [_r.notice_id == notice.id, like]
    if whose is not None:
        mine.append(_r.person_id.in_(list(whose)))
    rows = db.execute(both.where(*mine).order_by(_r.person_id).limit(PAGE)).mappings()
    return named(db, [Recipient(**row) for row in rows])


def named(db: Connection, rows: list[Recipient]) -> list[Line]:
    """With names and places; of whom nothing is left, the id."""
    ids = [each.person_id for each in rows]
    c = people_table.c
    known = {each.id: each for each in db.execute(sa.select(c.id, c.name, c.site).where(c.id.in_(ids)))}
    return [
        Line(row, known[row.person_id].name, known[row.person_id].site) if row.person_id in known
        else Line(row, row.person_id, "")
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach one person. `at`: its newest state, UTC."""

    step: int
    channel: str
    state: str
    code: str
    at: datetime
    address: str
    pedigree: str


def attempts(db: Connection, notice_id: str, person: Person) -> list[Attempt]:
    """All tries for one person, the first send first."""
    a = t.attempt.c
    columns = (a.step, a.channel, a.state, a.code, a.at, a.address, a.pedigree)
    rows = db.execute(sa.select(*columns).where(a.notice_id == notice_id, a.person_id == person.id).order_by(a.step))
    return [Attempt(*row) for row in rows]


def opened_within(db: Connection, notice: Notice, spans: Sequence[timedelta]) -> list[int]:
    """How many had opened the text so long after the first send began; `spans` grow. One index answers it."""
    begun = notice.started_at
    if begun is None:
        return [0] * len(spans)
    ends = [begun + each for each in spans]
    parts = [[_r.opened_at <= ends[0]], *([_r.opened_at > a, _r.opened_at <= b] for a, b in pairwise(ends))]
    count = sa.select(sa.func.count()).select_from(t.recipient)
    found = db.execute(sa.select(*(count.where(_r.notice_id == notice.id, *each).scalar_subquery() for each in parts)))
    return list(accumulate(int(each) for each in found.one()))


def by_site(db: Connection, notice: Notice, limit: int = 30) -> list[tuple[str, int, int, int]]:
    """(place, people, opened, answered) of the largest places."""
    opened, answered = (sa.func.sum(sa.case((_r.rung >= rung, 1), else_=0)) for rung in (3, ACKNOWLEDGED))
    both = sa.select(people_table.c.site, sa.func.count(), opened, answered)
    both = both.join(people_table, people_table.c.id == _r.person_id).where(_r.notice_id == notice.id)
    grouped = both.group_by(people_table.c.site).order_by(sa.func.count().desc(), people_table.c.site)
    return [(site, people, int(o or 0), int(a or 0)) for site, people, o, a in db.execute(grouped.limit(limit))]
