"""Attendance files into punches: look first (dry run), load part by part, take back exactly what was loaded.

A file is read through before anything is stored. Each part is a transaction of its own, so that nobody waits for a
million rows; what breaks off is taken back. Evidence names the file's hash, never a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.context import Context
from bot.errors import BotError
from bot.store import new_ref
from handlers.missed_punch import findings, import_rows, late, sources
from handlers.missed_punch import tables as t
from handlers.missed_punch.import_files import BadFile, Row, rows
from handlers.missed_punch.import_who import Directory, directory
from handlers.missed_punch.sources import Record

if TYPE_CHECKING:
    from bot.app import App

PART = 2_000
"""Rows of one transaction: others who write wait no longer than these take."""
SHOWN = 1_000
"""Rejected rows kept with their reason; the rest are counted."""


class Unknown(BotError):
    """No such batch, or it was undone before."""


@dataclass(slots=True)
class Report:
    """What loading the file does or would do. `skipped` rows say that there was no punch; `problems` are (row, why)."""

    batch: str = ""
    sha256: str = ""
    new: int = 0
    merged: int = 0
    known: int = 0
    skipped: int = 0
    future: int = 0
    rejected: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)

    def reject(self, number: int, why: str) -> None:
        """One row that is not taken."""
        self.rejected += 1
        if len(self.problems) < SHOWN:
            self.problems.append((number, why))


Told = Callable[[int], None]
"""Hears how many rows are stored, after each part."""


class _DryRun(Exception):
    """Leaves the transaction without a trace."""


def load(app: App, path: Path, platform: str = "", *, dry_run: bool = False, told: Told | None = None) -> Report:
    """Read the file and store its punches, or only say what would change. Raises BadFile; then nothing was stored.

    The same file loaded twice changes nothing the second time, and goes on where a crash ended the first. A dry run
    is one transaction that is rolled back: it takes the write lock while it counts.
    """
    report = Report(sha256=_digest(path))
    if dry_run:
        _try(app, path, platform, report)
        return report
    _read_through(path)
    report.batch = f"mpb-{new_ref()}"
    with app.context() as ctx:
        _begin(ctx, report, path, platform)
        who = directory(ctx.db, platform)
    try:
        _load(app, _parts(_records(rows(path), who, path.name, report)), report, platform, told)
    except Unknown:
        raise  # somebody else took it back
    except BaseException:
        undo(app, report.batch)
        raise
    return report


def _load(
    app: App, parts: Iterator[list[tuple[int, Record]]], report: Report, platform: str, told: Told | None
) -> None:
    stored = 0
    for part in parts:
        with app.context() as ctx:
            _still_ours(ctx, report)
            _store(ctx, part, report, platform)
        stored += len(part)
        if told:
            told(stored)
    with app.context() as ctx:
        _still_ours(ctx, report)
        _done(ctx, report, platform)


def _try(app: App, path: Path, platform: str, report: Report) -> None:
    try:
        with app.context() as ctx:
            for part in _parts(_records(rows(path), directory(ctx.db, platform), path.name, report)):
                _store(ctx, part, report, platform)
            raise _DryRun
    except _DryRun:
        report.batch = ""


def _read_through(path: Path) -> None:
    """BadFile for a file that is broken anywhere, before anything of it is stored."""
    for _ in _lines(rows(path)):
        continue


def undo(app: App, batch: str) -> tuple[int, int]:
    """Remove exactly this batch's rows: (punches removed, punches that other sources still report). Raises Unknown.

    Also of a batch that a crash left half loaded; a process that is still loading it stops at its next part.
    """
    with app.context() as ctx:
        where = (t.batch.c.id == batch, t.batch.c.state.in_(("done", "loading")))
        row = ctx.db.execute(sa.select(t.batch).where(*where)).first()
        if row is None:
            raise Unknown(f"没有这个批次，或已撤销 / no such batch, or it was undone: {batch}")
        removed, kept = sources.undo(ctx.db, batch)
        ctx.db.execute(sa.update(t.batch).where(t.batch.c.id == batch).values(state="undone", undone_at=ctx.now))
        source = {"sha256": row.sha256, "removed": str(removed), "kept": str(kept)}
        ctx.record("attendance.import_undone", batch, source=source)
    return removed, kept


def _still_ours(ctx: Context, report: Report) -> None:
    """Lock the batch for this part; Unknown when somebody has undone it meanwhile."""
    where = (t.batch.c.id == report.batch, t.batch.c.state == "loading")
    if ctx.db.execute(sa.update(t.batch).where(*where).values(added=report.new)).rowcount != 1:
        raise Unknown(f"这个批次已被撤销 / the batch was undone meanwhile: {report.batch}")


def _begin(ctx: Context, report: Report, path: Path, platform: str) -> None:
    row = {"id": report.batch, "file": path.name[:200], "sha256": report.sha256, "platform": platform[:32]}
    counts = {"added": 0, "merged": 0, "known": 0, "rejected": 0}
    ctx.db.execute(sa.insert(t.batch).values(**row, **counts, state="loading", loaded_at=ctx.now))


def _done(ctx: Context, report: Report, platform: str) -> None:
    counts = {"merged": report.merged, "known": report.known, "rejected": report.rejected}
    where = t.batch.c.id == report.batch
    ctx.db.execute(sa.update(t.batch).where(where).values(**counts, added=report.new, state="done"))
    if report.rejected:
        detail = f"{report.rejected} / {report.batch}"
        findings.note(ctx, "rejected", platform or "file", report.sha256[:16], detail)
    source = {name: str(value) for name, value in {"new": report.new, **counts}.items()}
    ctx.record("attendance.imported", report.batch, source={"sha256": report.sha256, **source})


def _lines(found: Iterator[Row]) -> Iterator[tuple[int, list[str], dict[str, int]]]:
    """(number, cells, columns) of every row below the heading. BadFile without one."""
    columns: dict[str, int] | None = None
    for place, (number, cells) in enumerate(found, 1):
        if columns is not None:
            yield number, cells, columns
            continue
        columns = import_rows.header(cells)
        if columns is None and place >= import_rows.HEADER_WITHIN:
            break
    if columns is None:
        raise BadFile(
            "没有找到表头：需要人员（person/账号/姓名）和时间（at/打卡时间）两列"
            " / no heading with a person and a time column"
        )


def _records(found: Iterator[Row], who: Directory, file: str, report: Report) -> Iterator[tuple[int, Record]]:
    for number, cells, columns in _lines(found):
        try:
            row = import_rows.line(cells, columns)
            if row is None:
                report.skipped += 1
                continue
            person = who.find(row)
            at = import_rows.moment(row, person.zone)
        except (ValueError, OverflowError) as error:
            report.reject(number, str(error))
            continue
        source = f"file:{row.device or file}"[: sources.SOURCE]
        raw = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()
        yield number, Record(person.id, at, row.kind, source, raw)


def _parts(found: Iterator[tuple[int, Record]]) -> Iterator[list[tuple[int, Record]]]:
    part: list[tuple[int, Record]] = []
    for each in found:
        part.append(each)
        if len(part) >= PART:
            yield part
            part = []
    if part:
        yield part


def _store(ctx: Context, part: list[tuple[int, Record]], report: Report, platform: str) -> None:
    added = sources.add(ctx.db, [row for _, row in part], ctx.now, report.batch)
    repeats = len(part) - len({row.key for _, row in part})
    report.new, report.merged = report.new + added.new, report.merged + added.merged
    report.known += added.known + repeats
    numbers = {row.key: number for number, row in part}
    for row in added.future:
        report.future += 1
        report.reject(numbers[row.key], "打卡时间在将来 / the punch lies in the future")
        findings.note(ctx, "future", platform or "file", row.person_id, _when(row.at, ctx), row.person_id)
    late.settle(ctx, added.punches)


def _when(at: datetime, ctx: Context) -> str:
    return at.astimezone(ctx.zone).strftime("%m-%d %H:%M")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
