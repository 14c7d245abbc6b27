"""What a person asked for and what was answered, read from the log. Times are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.evidence.tables import ev_event
from bot.leaver.requests import TYPES
from bot.people import Person
from bot.web.record import PartShown, ReadPart, moment, names_of, parts_of

MOST = 60
"""Events that are looked at; older ones stand in the record below."""
_ASKED = {types.asked: kind for kind, types in TYPES.items()}
_DONE = {types.done for types in TYPES.values()}
_REFUSED = {types.refused for types in TYPES.values()}


@dataclass(frozen=True, slots=True)
class Request:
    """`state`: waiting, done or refused; `words` and `answer` are empty when nothing was said or it was erased."""

    kind: str
    words: str
    asked: datetime
    state: str = "waiting"
    answer: str = ""
    by: str = ""
    answered: datetime | None = None


def requests(conn: Connection, person: Person, read: ReadPart) -> list[Request]:
    """The person's requests, newest first, however they were made."""
    wanted = (*_ASKED, *_DONE, *_REFUSED)
    where = (ev_event.c.subject == person.ref, ev_event.c.type.in_(wanted))
    statement = sa.select(ev_event).where(*where).order_by(ev_event.c.n.desc()).limit(MOST)
    rows = list(reversed(conn.execute(statement).all()))
    parts = parts_of(conn, [row.event_id for row in rows], read)
    names = names_of(conn, {row.actor for row in rows})
    found: dict[str, Request] = {}
    for row in rows:
        text, at = _text(parts.get(row.event_id, [])), moment(row.at_ms)
        if row.type in _ASKED:
            found[row.object_id] = Request(_ASKED[row.type], text, at)
        elif row.object_id in found:
            state, by = "done" if row.type in _DONE else "refused", names.get(row.actor, "")
            ended = replace(found[row.object_id], state=state, answer=text, by=by, answered=at)
            found[row.object_id] = ended
    return list(reversed(found.values()))


def _text(parts: list[PartShown]) -> str:
    return next((each.text for each in parts if each.name in ("words", "answer", "reason") and each.text), "")
