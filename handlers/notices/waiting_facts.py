"""Notices that wait for somebody: to be read, confirmed or signed by them, and those they are sending. Counts only."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from handlers.notices import tables as tb
from handlers.notices.sending import plan
from handlers.notices.store import Recipient

OPEN = "待确认通知"
SENDING = "在办通知"
OUT = ("sending", "paused", "sent")
UNDER_WAY = ("approving", "scheduled", "waiting", "sending", "paused")


def waiting(db: Connection, person_id: str) -> Mapping[str, int]:
    """What is asked of the person and not done; notices they wrote that are under way. Nothing that was recalled or
    superseded, and nothing that only informs."""
    n, r = tb.notice.c, tb.recipient.c
    live = (n.state.in_(OUT), n.recalled_at.is_(None), n.replaced_id == "", n.importance != "inform")
    mine = sa.select(tb.recipient, n.importance.label("importance_")).join(tb.notice, n.id == r.notice_id)
    rows = db.execute(mine.where(r.person_id == person_id, r.left_at.is_(None), *live)).mappings()
    open_ = 0
    for row in rows:
        columns = dict(row)
        importance = columns.pop("importance_")
        open_ += not plan.satisfied(importance, Recipient(**columns).receipt)
    own = sa.select(sa.func.count()).where(n.author_id == person_id, n.state.in_(UNDER_WAY), n.recalled_at.is_(None))
    return {OPEN: open_, SENDING: db.execute(own).scalar_one()}
