"""Reads and writes of the consent rows, and the steps flows and jobs share; all inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import clock
from bot.card import Card
from bot.context import Context
from bot.people import Person
from bot.store import ordered_ref
from handlers.agreements import cards, rules, wording
from handlers.agreements.rules import Addresses, Kind, State
from handlers.agreements.tables import consent as table
from handlers.agreements.wording import Log

ASK, ADDRESS = "agreements.ask", "agreements.address"


@dataclass(frozen=True, slots=True)
class Consent:
    """One asking. Times are aware UTC; `scope` holds account and addresses, or account and the log's key."""

    id: str
    person_id: str
    kind: Kind
    state: str
    version: int
    text: str
    text_sha256: str
    scope: Mapping[str, str]
    asked_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None
    event_id: str | None

    @property
    def known(self) -> rules.Known:
        """What the rules want to know of it."""
        account = self.scope.get("account", "")
        return rules.Known(self.state, account, self.version, self.asked_at, self.decided_at, self.expires_at)

    @property
    def where(self) -> Addresses:
        """The addresses it names."""
        return Addresses(*(self.scope.get(name, "") for name in ("mobile", "email", "post")))


def get(db: Connection, consent_id: str) -> Consent | None:
    """The asking, or None."""
    return next(iter(_rows(db, table.c.id == consent_id)), None)


def of(db: Connection, person_id: str, kind: Kind) -> list[Consent]:
    """A person's askings of one kind, newest first."""
    return _rows(db, table.c.person_id == person_id, table.c.kind == kind)


def agreed(db: Connection) -> list[Consent]:
    """Every asking that was agreed to and not ended since."""
    return _rows(db, table.c.state == "agreed")


def asked_since(db: Connection, since: datetime) -> int:
    """How many people were asked since then."""
    count = sa.select(sa.func.count(sa.distinct(table.c.person_id))).where(table.c.asked_at >= since)
    return int(db.execute(count).scalar_one())


def _rows(db: Connection, *where: sa.ColumnElement[bool]) -> list[Consent]:
    found = db.execute(sa.select(table).where(*where).order_by(table.c.asked_at.desc(), table.c.id.desc())).mappings()
    return [Consent(**{**row, "scope": json.loads(row["scope"])}) for row in found]


def move(db: Connection, consent_id: str, states: tuple[str, ...], **values: Any) -> bool:
    """Change the asking only while its state is one of `states`. False: somebody was first."""
    where = (table.c.id == consent_id, table.c.state.in_(states))
    return db.execute(sa.update(table).where(*where).values(**values)).rowcount == 1


def account(person: Person) -> str:
    """The account a consent is bound to."""
    return f"{person.platform}:{person.user_id}"


def state_of(db: Connection, person: Person, now: datetime | None = None) -> tuple[State, State]:
    """Electronic delivery and electronic signature, in this order; `valid` False means: rely on nothing."""
    moment = now or clock.now()
    return _state(db, person, "edelivery", moment), _state(db, person, "esign", moment)


def _state(db: Connection, person: Person, kind: Kind, now: datetime) -> State:
    found = of(db, person.id, kind)
    good = next((each for each in found if rules.counts(each.known, account(person), now)), None)
    if good:
        return State(kind, "agreed", True, good.decided_at, good.expires_at, good.scope, good.event_id or "")
    if not found:
        return State(kind, "none", False)
    newest = found[0]
    ended = "expired" if newest.state == "agreed" else newest.state
    return State(kind, ended, False, newest.decided_at, newest.expires_at, newest.scope, newest.event_id or "")


def ask(ctx: Context, person: Person, kind: Kind, *, where: Addresses | None = None, log: Log | None = None) -> None:
    """Show the whole text page by page, then ask. Earlier questions of the kind that are still open are replaced.

    `where` for edelivery, `log` for esign.
    """
    for old in of(ctx.db, person.id, kind):
        if move(ctx.db, old.id, ("asked",), state="superseded"):
            ctx.close(old.id, lambda _person, _ask: cards.replaced())
    expires = ctx.now + rules.VALID
    until = local_day(expires, person)
    mine, scope = account(person), {"account": account(person)}
    if log:
        text = wording.esign(person.name, mine, log, until)
        scope |= {"log": log.origin, "log_key": log.key, "fingerprint": log.fingerprint}
    else:
        text = wording.edelivery(person.name, mine, where or Addresses(), until)
        scope |= asdict(where or Addresses())
    consent_id = ordered_ref()  # of two askings in the same moment the later one counts
    row = {"id": consent_id, "person_id": person.id, "kind": kind, "state": "asked", "version": wording.VERSION}
    row |= {"text": text, "text_sha256": wording.digest(text), "scope": json.dumps(scope, ensure_ascii=False)}
    ctx.db.execute(sa.insert(table).values(**row, asked_at=ctx.now, expires_at=expires))
    show(ctx, person, kind, text, consent_id)
    ctx.ask(person, ASK, consent_id, lambda ref: _card(ref, scope, str(until)))


def show(ctx: Context, person: Person, kind: Kind, text: str, matter: str) -> None:
    """Send the full text."""
    found = wording.pages(text)
    for number, page in enumerate(found, 1):
        ctx.say(person, cards.page(kind, number, len(found), page), matter)


def _card(ref: str, scope: Mapping[str, str], until: str) -> Card:
    if "log" in scope:
        return cards.ask_esign(ref, scope["log"], scope["fingerprint"], until)
    return cards.ask_edelivery(ref, Addresses(scope["mobile"], scope["email"], scope["post"]), until)


def known_addresses(db: Connection, person: Person) -> Addresses:
    """The newest addresses the person has seen in an asking, whatever became of it."""
    return next((each.where for each in of(db, person.id, "edelivery")), Addresses())


def local_day(moment: datetime, person: Person) -> Any:
    """The person's calendar day of a moment."""
    return moment.astimezone(ZoneInfo(person.zone)).date()
