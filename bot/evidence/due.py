"""Which checkpoint an authority owes a token for. Read only; nothing here knows how a token is got."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from sqlalchemy import Connection, select

from bot.evidence.tables import ev_checkpoint, ev_epoch, ev_event, ev_token

HOUR = 3_600_000
"""Milliseconds between two tokens while nothing urgent happens."""
ANCHOR = "anchor."
HIGH_STAKES = (
    "decision.*",
    "signature.*",
    "consent.*",
    "identity.verified",
    "ems.dispatched",
    "ems.returned",
    "erasure.*",
    "hold.*",
    "log.*",
    "notice.expired",
    "*.refused",
    "*.declined",
    "*.objected",
    "*.disputed",
    "*.appealed",
    "*.rejected",
    "*.approved",
    "*.agreed",
    "*.confirmed",
    "*.signed",
    "*.withdrawn",
)
"""Event types after which the time itself may be what is disputed: what cannot be taken back, and every no."""


@dataclass(frozen=True, slots=True)
class Due:
    """A checkpoint that wants a token; `note` is its exact text."""

    epoch: int
    size: int
    note: str


def high_stakes(type: str) -> bool:
    """Whether an event of this type needs a token at once."""
    return not type.startswith(ANCHOR) and any(fnmatchcase(type, pattern) for pattern in HIGH_STAKES)


def due_for(conn: Connection, epoch: int, name: str, now_ms: int) -> Due | None:
    """What authority `name` should stamp now (Unix ms), or None. `epoch` is the present one; an older one that ended
    uncovered gets its last checkpoint stamped as well."""
    epochs = {epoch, *conn.execute(select(ev_epoch.c.epoch)).scalars()}
    found = (_due_in(conn, each, name, now_ms) for each in sorted(epochs, reverse=True))
    return next((each for each in found if each), None)


def _due_in(conn: Connection, epoch: int, name: str, now_ms: int) -> Due | None:
    at, of = ev_checkpoint.c, ev_token.c
    newest = conn.execute(
        select(at.size, at.note).where(at.epoch == epoch).order_by(at.size.desc()).limit(1)
    ).one_or_none()
    mine = select(of.size, of.received_ms).where(of.epoch == epoch, of.authority == name)
    last = conn.execute(mine.order_by(of.size.desc()).limit(1)).one_or_none()
    if newest is None or (last and last.size >= newest.size):
        return None
    due = Due(epoch, newest.size, newest.note)
    if last is None:
        return due
    # By place in the log, not by clock: what the last token does not cover.
    which = ev_event.c.epoch == epoch, ev_event.c.log_index >= last.size, ev_event.c.log_index < newest.size
    types = set(conn.execute(select(ev_event.c.type).where(*which).distinct()).scalars())
    grown = any(not each.startswith(ANCHOR) for each in types)
    urgent = any(high_stakes(each) for each in types)
    return due if urgent or (grown and now_ms - last.received_ms >= HOUR) else None
