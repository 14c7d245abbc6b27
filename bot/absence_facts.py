"""Who is on leave now, so that nobody is reminded then. Handlers that know of leave register."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.engine import Connection

from bot.approvals import org as approvals_org

Provider = Callable[[Connection, Collection[str], datetime], Collection[str]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add a function: (db, person ids, moment in UTC) -> those of them who are on leave then."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def on_leave(conn: Connection, person_ids: Collection[str], moment: datetime) -> set[str]:
    """Those of `person_ids` who are on leave at `moment` (UTC) or whom nobody can expect to answer, by every source
    that registered here or with `bot.approvals.org.away`."""
    if not person_ids:
        return set()
    asked = [*_providers, *approvals_org.sources]
    return {each for source in asked for each in source(conn, person_ids, moment)} & set(person_ids)
