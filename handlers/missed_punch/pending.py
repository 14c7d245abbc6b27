"""What waits for somebody who is away, so that colleagues can take it over: counts and names of kinds, no contents.

Approvals that only they can decide are named by kind. Of questions put to the person themself only the number is told:
their titles may be about their score, their pay or their health, and nobody else can answer them anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.approvals.faces import faces
from bot.tables import approval, approval_seat, approval_step, ask, person
from bot.waiting_facts import waiting


@dataclass(frozen=True, slots=True)
class Pending:
    """`approvals`: name of a kind (to be said with `t`) -> how many wait for this person's decision.

    `asks`: other questions open to them; `own`: requests of theirs under way; `team`: active people who report to them.
    `others`: what other rooms keep for them, such as notices to confirm: a text for `t` -> how many.
    """

    approvals: Mapping[str, int]
    asks: int
    own: int
    team: int
    others: Mapping[str, int] = field(default_factory=dict)


def of(db: Connection, person_id: str) -> Pending:
    """As it is now."""
    deciding = {face.ask for face in faces.values()}
    mine = sa.select(ask.c.kind).where(ask.c.person_id == person_id, ask.c.state == "open")
    kinds = db.execute(mine).scalars()
    # Our own questions about their absence are no work that somebody could take over.
    asks = sum(kind not in deciding and not kind.startswith("missed_punch.") for kind in kinds)
    own = sa.select(sa.func.count()).where(approval.c.person_id == person_id, approval.c.state == "open")
    team = sa.select(sa.func.count()).where(person.c.manager_id == person_id, person.c.active)
    counts = (asks, db.execute(own).scalar_one(), db.execute(team).scalar_one())
    return Pending(_approvals(db, person_id), *counts, waiting(db, person_id))


def _approvals(db: Connection, person_id: str) -> Mapping[str, int]:
    s, seat = approval_step.c, approval_seat.c
    joined = sa.select(approval.c.kind).join(approval_step, s.approval_id == approval.c.id)
    joined = joined.join(approval_seat, sa.and_(seat.approval_id == s.approval_id, seat.no == s.no))
    where = (approval.c.state == "open", s.state == "open", seat.person_id == person_id)
    found = Counter(db.execute(joined.where(*where)).scalars())
    return {faces[kind].name if kind in faces else kind: count for kind, count in sorted(found.items())}
