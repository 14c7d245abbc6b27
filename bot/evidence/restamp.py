"""Old time stamps under new ones: before an authority's certificate ends, a list of its tokens enters the log.

The idea of RFC 4998 (Evidence Record Syntax), kept plain: the part `tokens.txt` of an event `tokens.restamped` holds
the SHA-256 of every token since the last list, in the form `sha256sum -c` reads, under the tokens' names in a package.
The checkpoint over that event is stamped like any other, and by then the authority signs with its next certificate. The
tokens over that checkpoint are part of the next list, and so on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from cryptography import x509
from sqlalchemy import Connection, Row, select

from bot import clock
from bot.db import begin
from bot.evidence.keys import Keys, newest
from bot.evidence.log import Part, append, milliseconds
from bot.evidence.package_rows import RESTAMPED
from bot.evidence.tables import ev_event, ev_token
from bot.store import new_ref

if TYPE_CHECKING:
    from bot.app import App

logger = structlog.get_logger("huizhi.tsa")
EVERY = 86400.0
"""Seconds between two looks; the list itself is made about once a year."""
AHEAD = timedelta(days=90)
"""Before the first certificate ends: time enough for an authority that is down, or a renewal that is late."""
OLDEST = timedelta(days=365)
"""A list is also made when the oldest token that is on none has this age."""


def restamp(app: App) -> int:
    """The daily job: how many tokens were put on a list, 0 while none is due."""
    with begin(app.engine) as conn:
        return restamp_due(conn, newest(app.keys), clock.now())


def restamp_due(conn: Connection, keys: Keys, now: datetime) -> int:
    """Record the list if it is due; does not commit. Tokens received before `now` count (aware)."""
    since, now_ms = _listed_until(conn), milliseconds(now)
    at = ev_token.c
    where = (at.received_ms > since, at.received_ms < now_ms)
    tokens = conn.execute(select(ev_token).where(*where).order_by(at.epoch, at.size, at.authority)).all()
    if not tokens or not _due(tokens, now):
        return 0
    append(
        conn,
        keys,
        event_id=f"evt_{new_ref()}",
        type="tokens.restamped",
        at=now,
        seen=now,
        actor="p:system",
        subject="p:none",
        object_id=RESTAMPED,
        parts=[Part("tokens.txt", "text/plain; charset=utf-8", "".join(map(_line, tokens)).encode())],
        source={"tokens": str(len(tokens)), "until_ms": str(max(row.received_ms for row in tokens))},
    )
    logger.info("tsa.restamped", tokens=len(tokens))
    return len(tokens)


def chain_ends(chain_pem: bytes) -> datetime:
    """When the first certificate of a token's chain ends (UTC); from then on the token alone is no proof of its age."""
    return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(chain_pem))


def _due(tokens: Sequence[Row[Any]], now: datetime) -> bool:
    oldest = datetime.fromtimestamp(min(row.received_ms for row in tokens) / 1000, UTC)
    if now - oldest >= OLDEST:
        return True
    return any(chain_ends(chain) - now <= AHEAD for chain in {bytes(row.chain) for row in tokens})


def _line(row: Row[Any]) -> str:
    return f"{hashlib.sha256(row.token).hexdigest()}  checkpoints/{row.epoch}-{row.size}.{row.authority}.tst\n"


def _listed_until(conn: Connection) -> int:
    """Newest `received_ms` on a list so far; -1 before the first."""
    mine = select(ev_event.c.envelope).where(ev_event.c.object_id == RESTAMPED)
    envelope = conn.execute(mine.order_by(ev_event.c.object_seq.desc()).limit(1)).scalar()
    return -1 if envelope is None else int(json.loads(envelope)["source"]["until_ms"])
