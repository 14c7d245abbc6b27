"""Who has not been asked is asked, in working hours and not all at once; what has run out is ended and said so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot import clock
from bot.context import Context
from bot.people import Person
from bot.statutory import office_day
from handlers.agreements import cards, rules, store, wording
from handlers.agreements.rules import KINDS
from handlers.agreements.wording import Log

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.consents")


def ask(app: App) -> int:
    """Ask everybody active whose consents are missing, run out soon, or belong to another account or wording.

    Returns how many people were asked now; at most `rules.DAILY_CAP` a local day.
    """
    local = clock.now().astimezone(ZoneInfo(app.settings.timezone))
    if not rules.quiet_hour(local, not office_day(local.date())):
        return 0
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    with app.engine.connect() as connection:
        left = rules.DAILY_CAP - store.asked_since(connection, midnight)
    named = wording.log_of(app.keys.origin, str(app.keys.log_vkey))
    asked = 0
    for person in (each for name in app.platforms for each in app.people_on(name)):
        if asked >= left:
            break
        with app.context() as ctx:
            asked += _ask(ctx, person, named)
    if asked:
        log.info("agreements.asked", people=asked)
    return asked


def _ask(ctx: Context, person: Person, named: Log) -> bool:
    """Decided inside the writing transaction: of two workers one asks."""
    done = False
    for kind in KINDS:
        found = [each.known for each in store.of(ctx.db, person.id, kind)]
        if rules.to_ask(found, store.account(person), wording.VERSION, ctx.now):
            where = store.known_addresses(ctx.db, person) if kind == "edelivery" else None
            store.ask(ctx, person, kind, where=where, log=named if kind == "esign" else None)
            done = True
    return done


def expire(app: App) -> int:
    """End consents whose year is over or whose account is no longer the person's; returns how many."""
    with app.engine.connect() as connection:
        waiting = store.agreed(connection)
    ended = 0
    for found in waiting:
        with app.context() as ctx:
            person = ctx.people.get(found.person_id)
            if person is None:
                continue
            late = found.expires_at is None or found.expires_at <= ctx.now
            if not late and found.scope.get("account") == store.account(person):
                continue
            ended += _expire(ctx, found, person, "time" if late else "account")
    return ended


def _expire(ctx: Context, found: store.Consent, person: Person, why: str) -> bool:
    if not store.move(ctx.db, found.id, ("agreed",), state="expired"):
        return False
    source = {"kind": found.kind, "reason": why}
    ctx.record("consent.expired", f"consent:{person.ref}", subject=person, source=source)
    if person.active:
        ctx.say(person, cards.expired(found.kind, why), found.id)
    return True


JOBS: Mapping[str, tuple[float, Callable[[App], object]]] = MappingProxyType(
    {"ask": (600.0, ask), "expire": (600.0, expire)}
)
