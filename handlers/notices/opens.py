"""Who may see and do what: HR everything, authors their own notices, managers how their own people stand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import access
from bot.context import Context
from bot.evidence import audit
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_event
from bot.people import Person
from handlers.notices import store, tables as t
from handlers.notices.store import Notice

DRAFTS = ("draft", "approving", "scheduled", "waiting")
"""States before anything went out."""


def may_compose(db: Connection, person: Person, notice: Notice) -> bool:
    """The whole of it: HR, and its author while they are with the firm."""
    return access.is_hr(person) or (person.active and notice.author_id == person.id)


def may_board(db: Connection, person: Person, notice: Notice) -> bool:
    """The board: whoever may compose it, and once it is out a manager of somebody on the list."""
    if may_compose(db, person, notice):
        return True
    return notice.state not in DRAFTS and bool(_listed(db, notice, reports(db, person)))


def whose(db: Connection, person: Person, notice: Notice) -> Collection[str] | None:
    """Ids of the people of the list whose standing the visitor may see; None: everybody's."""
    return None if may_compose(db, person, notice) else _listed(db, notice, reports(db, person))


def reports(db: Connection, person: Person) -> list[str]:
    """Ids of the people whom a manager decides about; HR's come from nowhere here."""
    return [] if access.is_hr(person) else [each.id for each in access.visible(db, person, limit=1000)]


def _listed(db: Connection, notice: Notice, ids: Collection[str]) -> list[str]:
    if not ids:
        return []
    c = t.recipient.c
    return list(db.execute(sa.select(c.person_id).where(c.notice_id == notice.id, c.person_id.in_(ids))).scalars())


def work_path(notice: Notice) -> str:
    """Where its author goes on: the form while it is a draft, else the board."""
    return f"/notices/{quote(notice.id, safe='')}/{'edit' if notice.state in DRAFTS else 'board'}"


def for_team(db: Connection, person: Person, limit: int) -> list[Notice]:
    """Notices that went to somebody whom this manager decides about, the newest first."""
    ids = reports(db, person)
    if not ids:
        return []
    listed = sa.select(t.recipient.c.notice_id).where(t.recipient.c.person_id.in_(ids))
    mine = (t.notice.c.id.in_(listed), t.notice.c.state.not_in(DRAFTS))
    found = db.execute(sa.select(t.notice.c.id).where(*mine).order_by(t.notice.c.created_at.desc()).limit(limit))
    return [notice for each in found.scalars().all() if (notice := store.get(db, each))]


def looked_lately(db: Connection, person: Person, notice_id: str, now: datetime) -> bool:
    """Is a look of this person at the notice's lists on record within the last ten minutes?"""
    since = milliseconds(now - access.AGAIN)
    columns = (ev_event.c.object_id == f"access:{notice_id}", ev_event.c.actor == person.ref)
    return db.execute(sa.select(ev_event.c.n).where(*columns, ev_event.c.seen_ms > since).limit(1)).first() is not None


def looked(ctx: Context, notice_id: str, what: str) -> None:
    """Who saw a list is on record; it is about nobody in particular."""
    ctx.record(audit.VIEWED, f"access:{notice_id}", source={"what": f"page:{what}"[:120]})
