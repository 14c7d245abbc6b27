"""The job: fetch what was announced, one file at a time and outside any transaction, then keep it."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot import clock, receipts
from bot.app import App
from bot.errors import PlatformError
from bot.locale import speaking, t
from bot.people import People, Person
from bot.ports.files import GONE, TOO_BIG, Fetched, Files
from handlers.chat_files import cards, keeping, rules, store
from handlers.chat_files.store import Sent

log = structlog.get_logger("huizhi.chat_files")
ATTEMPTS, GIVE_UP = 10, timedelta(days=2)
"""WeCom keeps what was sent for three days, DingTalk says only that its code is temporary."""
SECOND = 1.0
PATIENCE = 2
"""After so many attempts its sender hears, once, that it takes a while."""
OFF = "platform.off"


def fetch_due(app: App) -> int:
    """Everything that is due; how many files were settled."""
    done = 0
    while row := store.claim(app.engine, clock.now()):
        done += _one(app, row)
    return done


def _one(app: App, row: Sent) -> bool:
    with app.engine.connect() as conn:
        person = People(conn).get(row.person_id)
    try:
        found = _fetch(app, row) if person else None
        if person is None or found is None:
            return _end(app, row, person, "lost", OFF)
        with app.context(person) as ctx, speaking(person.locale):
            if card := keeping.take(ctx, row, found.name, found.content):
                ctx.say(person, card, "chat")
                receipts.give(ctx)
    except PlatformError as error:
        return _failed(app, row, person, error)
    except Exception as error:  # noqa: BLE001 - one file's bug must not hold up the others, nor lose it without a word
        log.error("chat_file.broken", file=row.id, error=type(error).__name__)
        return _failed(app, row, person, PlatformError(type(error).__name__, retry_after=60))
    return True


def _fetch(app: App, row: Sent) -> Fetched | None:
    platform = app.platforms.get(row.platform)
    return platform.fetch_file(row.key, app.settings.chat_file_mb << 20) if isinstance(platform, Files) else None


def _failed(app: App, row: Sent, person: Person | None, error: PlatformError) -> bool:
    log.warning("chat_file.not_fetched", file=row.id, code=error.code, attempt=row.attempts, alarm=error.alarm)
    if error.code == TOO_BIG:
        return _end(app, row, person, "refused", error.code)
    until = next_try(row, error)
    if error.code == GONE or (error.permanent and not error.alarm) or until is None:
        return _end(app, row, person, "lost", error.code)
    store.later(app.engine, row.id, until, error.code)
    if row.attempts == PATIENCE and person and person.active:
        with app.context(person) as ctx, speaking(person.locale):
            ctx.say(person, cards.later(rules.spoken(row.kind)), "chat")
    return False


def next_try(row: Sent, error: PlatformError) -> datetime | None:
    """When to try again; None when it is of no more use. What an administrator must put right may take a while."""
    now = clock.now()
    if row.attempts >= ATTEMPTS or now - row.sent_at > GIVE_UP:
        return None
    wait = max(error.retry_after, 300) if error.alarm else error.retry_after
    return now + timedelta(seconds=min(wait * 2 ** (row.attempts - 1), 6 * 3600))


def _end(app: App, row: Sent, person: Person | None, state: str, code: str) -> bool:
    """Nothing was kept: its sender is told what to do now."""
    with app.context(person) as ctx:
        if store.settle(ctx.db, row.id, state, code=code[:80]) and person and person.active:
            with speaking(person.locale):
                why = t(rules.TOO_BIG, most=app.settings.chat_file_mb)
                kind = rules.spoken(row.kind)
                ctx.say(person, cards.refused(row.name, why) if state == "refused" else cards.lost(kind), "chat")
    return True
