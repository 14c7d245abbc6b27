"""Evidence handed over as one file: a case, a person, everything. For the command line and for the pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import clock, jobs
from bot.app import App
from bot.db import begin
from bot.errors import Misconfigured
from bot.evidence.audit import exported
from bot.evidence.facts import PackageFacts
from bot.evidence.package import export
from bot.evidence.package_rows import chunks
from bot.evidence.stamping import roots_of, stampers_of
from bot.evidence.tables import ev_event
from bot.evidence.vault import vault_of
from bot.people import People
from bot.tables import person

log = structlog.get_logger("huizhi.handover")
Scope = Sequence[str] | str
"""Object ids, or the pseudonym of one person."""


def cases(app: App, limit: int = 10) -> list[str]:
    """Ids of the cases that were recorded last, newest first."""
    latest = sa.func.max(ev_event.c.n)
    statement = sa.select(ev_event.c.object_id).group_by(ev_event.c.object_id).order_by(latest.desc()).limit(limit)
    with app.engine.connect() as connection:
        return list(connection.execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to hand over. `withhold`: names of parts that are not disclosed. `report`: with the sealed PDF. `by`: the
    pseudonym of whoever takes it away; that is recorded."""

    withhold: frozenset[str | tuple[str, str]] = frozenset()
    report: bool = False
    by: str = "p:system"


PLAIN = Wanted()


def export_case(app: App, case_id: str, out: Path, wanted: Wanted = PLAIN) -> int:
    """Sequence what is waiting, then write the case (or every case for `all`); returns the number of events."""
    _place(app)
    with app.engine.connect() as connection:
        ids = sa.select(ev_event.c.object_id).distinct().order_by(ev_event.c.object_id)
        if case_id != "all":
            ids = ids.where(ev_event.c.object_id == case_id)
        objects = list(connection.execute(ids).scalars())
        about = sa.select(ev_event.c.subject).distinct()
        if case_id != "all":
            about = about.where(ev_event.c.object_id == case_id)
        subjects = set(connection.execute(about).scalars())
    return _hand_over(app, objects, out, wanted, f"case:{case_id}", subjects) if objects else 0


def export_person(app: App, platform: str, user_id: str, out: Path, wanted: Wanted = PLAIN) -> int:
    """Everything about one person, likewise; 0 when nobody has that account or nothing was recorded."""
    with app.engine.connect() as connection:
        found = People(connection).find(platform, user_id)
    try:
        return _hand_over(app, found.ref, out, wanted, f"person:{found.ref}", {found.ref}) if found else 0
    except KeyError:
        return 0  # known, but without evidence


def _hand_over(app: App, scope: Scope, out: Path, wanted: Wanted, what: str, subjects: Iterable[str]) -> int:
    count = package(app, scope, out, wanted)
    with begin(app.engine) as connection:
        exported(connection, app.keys, by=wanted.by, subjects=subjects, what=what, now=clock.now())
    return count


def package(app: App, scope: Scope, out: Path, wanted: Wanted = PLAIN) -> int:
    """Write the package of these objects, or of everything about one pseudonym; returns the number of events.

    What is waiting gets its place in the log first. Records nothing: the caller does. KeyError when there is no such
    evidence, ValueError when it is too large.
    """
    _place(app)
    now, roots = clock.now(), roots_of(app.settings) if app.settings.tsa else b""
    with app.engine.connect() as connection:
        return export(
            connection,
            app.keys,
            scope,
            out,
            now=now,
            withhold=wanted.withhold,
            names=partial(_names, connection),
            witnesses=app.settings.witnesses,
            roots=roots,
            read=vault_of(app.keys.key_dir).open_part,
            report=partial(_report, app, roots, now) if wanted.report else None,
        )


def _place(app: App) -> None:
    try:
        jobs.run_here("sequence", app)
    except Misconfigured as error:
        # A log that refuses to sign is exactly what somebody may want to hand over; the package says what is unplaced.
        log.error("export.unsequenced", error=type(error).__name__)


def _names(connection: Connection, refs: Sequence[str]) -> dict[str, str]:
    named = dict[str, str]()
    for some in chunks(refs):
        known = sa.select(person.c.ref, person.c.name).where(person.c.ref.in_(some))
        named |= dict(connection.execute(known).tuples().all())
    return named


def _report(app: App, roots: bytes, now: datetime, facts: PackageFacts) -> bytes:
    from bot.evidence.report import Sealing, sealed_report  # reads its fonts: only for those who want a PDF

    sealing = Sealing(app.keys.key_dir, stampers_of(app.settings), roots)
    with begin(app.engine) as connection:
        return sealed_report(connection, facts, sealing, now)
