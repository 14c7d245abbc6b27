"""A log with its authorities, for the tests of trusted time."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from adapters.timestamp.client import Stamper
from bot.db import begin
from bot.evidence.keys import Keys
from bot.evidence.log import append
from bot.evidence.sequencer import sequence
from bot.evidence.stamping import Outcome, stamp_due
from bot.evidence.tables import ev_checkpoint, ev_event, ev_token

number = count()


@dataclass(frozen=True)
class Log:
    """A log, its authorities, and a few verbs."""

    engine: Engine
    keys: Keys
    stampers: list[Any]
    roots: bytes

    def happen(self, type: str, now: datetime) -> None:
        with begin(self.engine) as conn:
            append(
                conn,
                self.keys,
                event_id=f"evt_{next(number)}",
                type=type,
                at=now,
                seen=now,
                actor="p:hr",
                subject="p:e1",
                object_id="ntc_1",
                parts=[],
                source={},
            )

    def run(self, now: datetime) -> list[Outcome]:
        """What the scheduler does: sequence, then stamp."""
        while sequence(self.engine, self.keys, now):
            continue
        return stamp_due(self.engine, self.keys, self.stampers, self.roots, now)

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        with self.engine.connect() as conn:
            return list(conn.execute(query).all())

    def tokens(self) -> list[Any]:
        return self.rows(sa.select(ev_token).order_by(ev_token.c.size, ev_token.c.authority))

    def types(self, prefix: str = "anchor.") -> list[str]:
        rows = self.rows(sa.select(ev_event.c.type).order_by(ev_event.c.n))
        return [row.type for row in rows if row.type.startswith(prefix)]

    def note(self, size: int) -> bytes:
        found = self.rows(sa.select(ev_checkpoint.c.note).where(ev_checkpoint.c.size == size))
        return str(found[0].note).encode()


def openssl_agrees(token: bytes, note: bytes, roots: Path, folder: Path) -> bool:
    (folder / "t.tst").write_bytes(token)
    (folder / "c.note").write_bytes(note)
    command = ["openssl", "ts", "-verify", "-token_in", "-in", "t.tst", "-data", "c.note", "-CAfile", str(roots)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0 and "Verification: OK" in done.stdout + done.stderr


class During:
    """The real authority, and something that happens while it is being asked."""

    name = "tsa1"

    def __init__(self, url: str, meanwhile: Callable[[], None]) -> None:
        self._real, self._meanwhile = Stamper("tsa1", url), meanwhile

    def ask(self, request: bytes) -> bytes:
        self._meanwhile()
        return self._real.ask(request)
