"""The nightly self-audit: does everything stored still lead to what was signed? Its result is an event itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from bot import clock
from bot.db import begin
from bot.evidence import health
from bot.evidence.audit_content import Opener, check_contents
from bot.evidence.audit_tree import check_tree
from bot.evidence.findings import Report
from bot.evidence.keys import Keys, newest
from bot.evidence.log import Part, append
from bot.evidence.notes import parse_vkey
from bot.evidence.tables import ev_epoch
from bot.evidence.vault import vault_of

if TYPE_CHECKING:
    from bot.app import App

OBJECT = "system:audit"


def audit(app: App) -> Report:
    """Examine the whole log and record the result, and how the system is: the nightly job."""
    report = examine(app.engine, opener=vault_of(app.keys.key_dir).open_part)
    keys, now = newest(app.keys), clock.now()
    record(app.engine, keys, report, now)
    health.record(app.engine, keys, now)
    return report


def examine(engine: Engine, *, fast: bool = False, opener: Opener | None = None, start: int | None = None) -> Report:
    """Read the log as of now, in bounded memory; changes nothing. `fast`: without contents, parts and chains.

    Without `opener` encrypted parts are counted (`sealed`), not checked. `start`: where sampling of promises begins,
    unguessable by default.
    """
    report = Report()
    with _snapshot(engine) as conn:
        epochs = conn.execute(select(ev_epoch).order_by(ev_epoch.c.epoch)).all()
        for row in epochs:
            check_tree(conn, row.epoch, parse_vkey(row.log_vkey), report)
        if not fast:
            origins = {row.epoch: row.origin for row in epochs}
            begun = secrets.randbelow(1 << 20) if start is None else start
            check_contents(conn, origins, report, opener=opener, start=begun)
    return report


def record(engine: Engine, keys: Keys, report: Report, now: datetime) -> str:
    """Write the event `system.audit`; returns its id. The report names events by id only."""
    event_id = f"audit_{secrets.token_hex(12)}"
    body = json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False, sort_keys=True, indent=1)
    with begin(engine) as conn:
        append(
            conn, keys, event_id=event_id, type="system.audit", at=now, seen=now, actor="p:system", subject="p:none",
            object_id=OBJECT, parts=[Part("audit.json", "application/json", body.encode())],
            source={"ok": str(report.ok).lower(), "events": str(report.events), "found": str(report.found)},
        )  # fmt: skip
    return event_id


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """One unchanging view while others go on writing."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as conn:
            yield conn
        return
    with engine.connect() as conn:
        conn.exec_driver_sql("BEGIN")
        try:
            yield conn
        finally:
            conn.exec_driver_sql("ROLLBACK")
