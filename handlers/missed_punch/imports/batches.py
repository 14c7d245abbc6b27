"""The rows of `mp_batch`: how far an import has come, so that a process that dies is gone on with, or taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from bot.errors import BotError
from bot.store import new_ref
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import findings

SHOWN = 1_000
"""Rejected rows kept with their reason; the rest are counted."""
LISTED = 50


class Unknown(BotError):
    """No such batch, or it was undone before."""


class Elsewhere(BotError):
    """Another process goes on with this batch: this one stops, and takes nothing back."""


@dataclass(slots=True)
class Report:
    """What loading the file does or would do. `skipped` rows say that there was no punch; `problems` are (row, why).

    `resumed`: rows of the file that an earlier process had dealt with before it died; 0 for a fresh batch.
    """

    batch: str = ""
    sha256: str = ""
    new: int = 0
    merged: int = 0
    known: int = 0
    skipped: int = 0
    future: int = 0
    rejected: int = 0
    resumed: int = 0
    taken: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)

    def reject(self, number: int, why: str) -> None:
        """One row that is not taken."""
        self.rejected += 1
        if len(self.problems) < SHOWN:
            self.problems.append((number, why))


@dataclass(frozen=True, slots=True)
class Batch:
    """One import. `taken`: rows of the file below its heading that are in; `loaded_at` is UTC, when it began.

    `state`: loading, done, undoing or undone; loading and undoing also stand there after a process was killed.
    """

    id: str
    file: str
    state: str
    taken: int
    added: int
    loaded_at: datetime


def listed(db: Connection) -> list[Batch]:
    """The newest imports first, at most 50."""
    c = t.batch.c
    columns = (c.id, c.file, c.state, c.taken, c.added, c.loaded_at)
    found = db.execute(sa.select(*columns).order_by(c.loaded_at.desc(), c.id).limit(LISTED)).mappings()
    return [Batch(**row) for row in found]


def half_undone(db: Connection, sha256: str) -> list[str]:
    """Batches of this file whose undo a crash cut short."""
    where = (t.batch.c.sha256 == sha256, t.batch.c.state == "undoing")
    return list(db.execute(sa.select(t.batch.c.id).where(*where)).scalars())


def start(ctx: Context, report: Report, path: Path, platform: str) -> None:
    """A new batch, or the one of the same file that a crash left half loaded: then the report goes on from there."""
    c = t.batch.c
    where = (c.sha256 == report.sha256, c.platform == platform[:32], c.state == "loading")
    row = ctx.db.execute(sa.select(t.batch).where(*where).order_by(c.loaded_at.desc()).limit(1)).first()
    if row is not None:
        report.batch, report.new, report.merged, report.known = row.id, row.added, row.merged, row.known
        report.taken = report.resumed = row.taken
        ahead = (t.record.c.batch_id == row.id, t.record.c.punch_id.is_(None))
        report.future = ctx.db.execute(sa.select(sa.func.count()).select_from(t.record).where(*ahead)).scalar_one()
        report.rejected = report.future
        return
    report.batch = f"mpb-{new_ref()}"
    line = {"id": report.batch, "file": path.name[:200], "sha256": report.sha256, "platform": platform[:32]}
    counts = {"taken": 0, "added": 0, "merged": 0, "known": 0, "rejected": 0}
    ctx.db.execute(sa.insert(t.batch).values(**line, **counts, state="loading", loaded_at=ctx.now))


def advance(ctx: Context, report: Report, taken: int) -> None:
    """Lock the batch for a part that ends at row `taken`. Raises Unknown when it was undone meanwhile, Elsewhere when
    another process has stored a part since: of two that go on with the same batch, one does."""
    c = t.batch.c
    where = (c.id == report.batch, c.state == "loading", c.taken == report.taken)
    if ctx.db.execute(sa.update(t.batch).where(*where).values(taken=taken)).rowcount == 1:
        report.taken = taken
        return
    state = ctx.db.execute(sa.select(c.state).where(c.id == report.batch)).scalar_one()
    if state in ("loading", "done"):
        raise Elsewhere(f"另一个进程正在导入这个批次 / another process goes on with this batch: {report.batch}")
    raise Unknown(f"这个批次已被撤销 / the batch was undone meanwhile: {report.batch}")


def count(ctx: Context, report: Report) -> None:
    """Write the counts of the parts so far, in the transaction of the part."""
    counts = {"added": report.new, "merged": report.merged, "known": report.known}
    ctx.db.execute(sa.update(t.batch).where(t.batch.c.id == report.batch).values(**counts))


def done(ctx: Context, report: Report, platform: str) -> None:
    """All of it is in."""
    advance(ctx, report, report.taken)
    counts = {"merged": report.merged, "known": report.known, "rejected": report.rejected}
    where = t.batch.c.id == report.batch
    ctx.db.execute(sa.update(t.batch).where(where).values(**counts, added=report.new, state="done"))
    if report.rejected:
        detail = f"{report.rejected} / {report.batch}"
        findings.note(ctx, "rejected", platform or "file", report.sha256[:16], detail)
    source = {name: str(value) for name, value in {"new": report.new, **counts}.items()}
    ctx.record("attendance.imported", report.batch, source={"sha256": report.sha256, **source})
