"""The composition root: settings, database, shared store, platforms and handlers, put together once per process."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from sqlalchemy.engine import Connection, Engine

from bot import clock, db, freshness, installed, router
from bot.approvals import data as approvals_data
from bot.context import Context
from bot.embedded import redis_url
from bot.evidence.keys import Keys, load_or_create, newest
from bot.people import People, Person
from bot.ports import Door, Platform, Reported
from bot.progress import inbox as progress_inbox
from bot.store import RedisStore
from bot.web.links import page_url
from config.settings import Settings, load

ORIGIN_SUFFIX = "hr-log/1"
_CORE = (
    "bot.tables",
    "bot.approvals.delegates",
    "bot.delivery.channels",
    "bot.leaver.requests",
    "bot.signing.provider",
    "bot.signing.refusal",
)
"""Modules of the core that answer events, or erase; they are there when the application is."""


@dataclass(slots=True)
class App:
    """Everything a process needs. Built by `build`; nothing here is a global."""

    settings: Settings
    engine: Engine
    redis: redis.Redis
    store: RedisStore
    keys: Keys
    platforms: Mapping[str, Platform] = field(default_factory=dict)

    @contextmanager
    def context(self, actor: Person | None = None) -> Iterator[Context]:
        """A context with its own transaction, for jobs."""
        with db.begin(self.engine) as connection:
            yield self.context_on(connection, actor)

    def context_on(self, connection: Connection, actor: Person | None = None) -> Context:
        """A context inside the caller's transaction."""
        zone, pages = self.settings.timezone, functools.partial(page_url, self.settings)
        return Context(
            connection,
            now=clock.now(),
            keys=newest(self.keys),
            zone=zone,
            settings=self.settings,
            actor=actor,
            pages=pages,
        )

    def doors(self) -> list[tuple[str, tuple[str, str], Door]]:
        """(whose, (method, path), door): of every platform, and of every channel that is reported to."""
        found = installed.channels(self.settings, self.store)
        owners: dict[str, Any] = {
            **self.platforms,
            **{name: each for name, each in found.items() if isinstance(each, Reported)},
        }
        owners |= installed.signing_providers(self.settings)
        owners[progress_inbox.NAME] = progress_inbox.build(self.settings, self.store)
        return [(name, at, door) for name, each in owners.items() for at, door in each.doors().items()]

    def people_on(self, platform: str) -> list[Person]:
        """Active people of a platform, read outside any write transaction."""
        with self.engine.connect() as connection:
            return People(connection).on(platform)


def build(settings: Settings) -> App:
    """Connect and load. Raises Misconfigured with every problem at once (settings were validated before)."""
    for core in _CORE:
        importlib.import_module(core)
    router.discover("handlers", "tables")
    router.discover("handlers", "flow")
    router.discover("handlers", "erasing")
    approvals_data.use(settings.approvals)
    freshness.use(settings.progress_stale_days)
    client = redis.Redis.from_url(redis_url(settings.redis_url))
    store = RedisStore(client)
    pin = settings.pkcs11_pin
    keys = load_or_create(Path(settings.key_dir), origin(settings), pkcs11=settings.pkcs11, pin=pin)
    platforms = {
        name: importlib.import_module(f"adapters.{name}").build(settings, store) for name in settings.platforms
    }
    return App(settings, db.create_engine(settings.database_url), client, store, keys, platforms)


def origin(settings: Settings) -> str:
    """The log's name: the firm's public host and the epoch, e.g. `hr.example.com/hr-log/1`."""
    host = settings.public_url.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0]
    return f"{host}/{ORIGIN_SUFFIX}"


@functools.cache
def current() -> App:
    """The process's application, from its environment."""
    return build(load(os.environ))
