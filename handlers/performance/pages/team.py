"""/performance/team: whom somebody scores or decides about, with what is missing and how far they are."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import access
from bot.people import Person
from bot.web.pages import Visit
from handlers.performance import board, store, tables as t
from handlers.performance.pages import charts
from handlers.performance.pages.base import draw

LIVE = ("goals", "running", "scoring", "results", "closed")


def team(visit: Visit) -> ResponseReturnValue:
    """`/performance/team`: whom I score or decide about, cycle by cycle; attainment and what is missing."""
    with visit.app.engine.connect() as db:
        if not manages(db, visit.person):
            raise NotFound
        reports = [] if access.is_hr(visit.person) else access.visible(db, visit.person, limit=1000)
        ids = [each.id for each in reports]
        live = store.cycles(db, limit=6, state=LIVE)
        parts = [(each, board.people_of(db, each.id, visit.person.id, ids)) for each in live]
    shown = [(cycle, lines, _counted(lines)) for cycle, lines in parts if lines]
    return draw(visit, "team.html", parts_shown=shown, bar=charts.bar)


def _counted(lines: Sequence[board.Line]) -> dict[str, int]:
    counts = dict.fromkeys(board.GROUPS, 0)
    for line in lines:
        counts[line.group] += 1
    return {name: count for name, count in counts.items() if count}


def manages(db: Connection, person: Person) -> bool:
    """Whether somebody scores others in any cycle, or decides about others."""
    scores = sa.select(t.member.c.person_id).where(t.member.c.scorer_id == person.id).limit(1)
    return db.execute(scores).first() is not None or access.MANAGER in access.roles(db, person)


def manages_now(visit: Visit) -> bool:
    """The same for the visitor."""
    with visit.app.engine.connect() as db:
        return manages(db, visit.person)
