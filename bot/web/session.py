"""Who is signed in: one signed cookie, checked on pages only. Doors never look at it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer

from bot.ports import SharedStore

IDLE, LONGEST = 8 * 3600, 24 * 3600
"""Seconds after which a session that is not used, or any session, has ended."""
GUEST_IDLE = 1800
"""The same for a guest, who may sit at somebody else's computer."""
TICKET = 600
"""Seconds a download stays open after its button was pressed."""


@dataclass(frozen=True, slots=True)
class Session:
    """`began` and `seen` are Unix seconds; `csrf` must come back with every form."""

    sid: str
    person_id: str
    csrf: str
    began: int
    seen: int


class Sessions:
    """Makes and reads session cookies. `secure`: the site is served over https. `guest`: of those who came by a link
    instead of a work account; neither kind is ever taken for the other."""

    def __init__(self, secret: str, store: SharedStore, *, secure: bool, guest: bool = False) -> None:
        # In development the key may be empty: sessions then end with the process.
        key = secret or secrets.token_hex(32)
        self._store, self.secure, self._guest = store, secure, guest
        self._idle = GUEST_IDLE if guest else IDLE
        signing = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        self._cookie = URLSafeSerializer(key, salt=f"huizhi.session{self._mark}", signer_kwargs=signing)
        self._ticket = URLSafeSerializer(key, salt=f"huizhi.ticket{self._mark}", signer_kwargs=signing)

    @property
    def name(self) -> str:
        """Of the cookie; the prefix makes browsers refuse it from other hosts and paths."""
        return ("__Host-huizhi" if self.secure else "huizhi") + self._mark

    @property
    def _mark(self) -> str:
        return "-leaver" if self._guest else ""

    def start(self, person_id: str, now: datetime) -> Session:
        """A new session with new secrets: nothing known before the sign-in is worth anything after it."""
        moment = int(now.timestamp())
        return Session(secrets.token_hex(16), person_id, secrets.token_hex(16), moment, moment)

    def dump(self, session: Session, now: datetime) -> str:
        """The cookie's value, used now."""
        return str(self._cookie.dumps(asdict(replace(session, seen=int(now.timestamp())))))

    def open(self, cookie: str | None, now: datetime) -> Session | None:
        """The session behind a cookie; None when it is forged, too old or signed out."""
        try:
            session = Session(**self._cookie.loads(cookie or ""))
        except (BadData, TypeError):
            return None
        moment = int(now.timestamp())
        if moment - session.seen > self._idle or moment - session.began > LONGEST:
            return None
        return None if self._store.get(f"signed-out:{session.sid}") else session

    def end(self, session: Session) -> None:
        """No copy of the cookie works any more."""
        self._store.set(f"signed-out:{session.sid}", "1", LONGEST)

    def ticket(self, session: Session, path: str, now: datetime) -> str:
        """Leave to fetch `path` for TICKET seconds, good in this session only."""
        return str(self._ticket.dumps([session.sid, path, int(now.timestamp()), secrets.token_hex(8)]))

    def admits(self, ticket: str, session: Session, path: str, now: datetime) -> bool:
        """Whether `ticket` opens `path` now."""
        try:
            sid, wanted, made, _ = self._ticket.loads(ticket)
            fresh = 0 <= int(now.timestamp()) - int(made) <= TICKET
        except (BadData, TypeError, ValueError):
            return False
        return fresh and bool(wanted == path) and hmac.compare_digest(str(sid), session.sid)
