"""Attendance files into punches: look first (dry run), load part by part, take back exactly what was loaded.

A file is read through before anything is stored. Each part is a transaction of its own, so that nobody waits for a
million rows; what breaks off is taken back, what is killed goes on where it was. Evidence names the file's hash,
never a person.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import clock
from bot.context import Context
from bot.db import for_many
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import findings, late, sources
from handlers.missed_punch.attendance.sources import Added, Record
from handlers.missed_punch.imports import batches, parsing, trial
from handlers.missed_punch.imports.batches import Batch, Elsewhere, Report, Unknown
from handlers.missed_punch.imports.files import BadFile, Row, rows
from handlers.missed_punch.imports.who import Directory, directory

if TYPE_CHECKING:
    from bot.app import App

__all__ = ["Elsewhere", "Report", "Unknown", "listed", "load", "undo"]
PART = 2_000
"""Rows of one transaction: others who write wait no longer than these take."""
PAUSE = 0.02
"""Seconds between two parts of an undo: SQLite's lock goes to whoever asks first, and that would be us again."""
Told = Callable[[int], None]
"""Hears after each part how many rows of the file, below its heading, are dealt with."""


@dataclass(frozen=True, slots=True)
class Item:
    """A row that tells of a punch: `place` counts the rows below the heading, `number` is what the file calls it."""

    place: int
    number: int
    record: Record


def listed(app: App) -> list[Batch]:
    """The newest imports with how far they came; also those that a crash left half done."""
    with app.engine.connect() as db:
        return batches.listed(db)


def load(app: App, path: Path, platform: str = "", *, dry_run: bool = False, told: Told | None = None) -> Report:
    """Read the file and store its punches, or only say what would change. Raises BadFile; then nothing was stored.

    The same file loaded twice changes nothing the second time. After a crash it goes on with the batch that the crash
    left, behind the last part that is in. Raises Elsewhere when another process is loading the same file meanwhile, and
    Unknown when somebody took the batch back. A dry run only reads.
    """
    report = Report(sha256=_digest(path))
    if dry_run:
        _try(app, path, platform, report, told)
        return report
    _read_through(path)
    with app.engine.connect() as db:
        broken = batches.half_undone(db, report.sha256)
    for batch in broken:
        undo(app, batch)
    with app.context() as ctx:
        batches.start(ctx, report, path, platform)
        who = directory(ctx.db, platform)
    try:
        _load(app, _parts(_items(rows(path), who, path.name, report)), report, platform, told)
    except (Unknown, Elsewhere):
        raise  # somebody else took it back, or goes on with it
    except BaseException:
        undo(app, report.batch)
        raise
    return report


def _load(app: App, parts: Iterator[list[Item]], report: Report, platform: str, told: Told | None) -> None:
    for part in parts:
        with app.context() as ctx:
            for_many(ctx.db)
            batches.advance(ctx, report, part[-1].place)
            added = sources.add(ctx.db, [each.record for each in part], ctx.now, report.batch)
            _count(report, part, added)
            for row in added.future:
                findings.note(ctx, "future", platform or "file", row.person_id, _when(row.at, ctx), row.person_id)
            late.settle(ctx, added.punches)
            batches.count(ctx, report)
        if told:
            told(report.taken)
    with app.context() as ctx:
        batches.done(ctx, report, platform)


def _try(app: App, path: Path, platform: str, report: Report, told: Told | None) -> None:
    with app.engine.connect() as real:
        who = directory(real, platform)
    with trial.scratch() as db:
        for part in _parts(_items(rows(path), who, path.name, report)):
            found = [each.record for each in part]
            with app.engine.connect() as real:
                trial.bring(real, db, found)
            _count(report, part, sources.add(db, found, clock.now(), "dry"))
            if told:
                told(part[-1].place)


def _read_through(path: Path) -> None:
    """BadFile for a file that is broken anywhere, before anything of it is stored."""
    for _ in _lines(rows(path)):
        continue


def undo(app: App, batch: str) -> tuple[int, int]:
    """Remove exactly this batch's rows: (punches removed, punches that other sources still report). Raises Unknown.

    Part by part like the loading, and to be called again after a crash. Also of a batch that a crash left half loaded;
    a process that is still loading it stops at its next part.
    """
    where, removed, kept = t.batch.c.id == batch, 0, 0
    while True:
        with app.context() as ctx:
            open_ = (where, t.batch.c.state.in_(("done", "loading", "undoing")))
            if ctx.db.execute(sa.update(t.batch).where(*open_).values(state="undoing")).rowcount != 1:
                raise Unknown(f"没有这个批次，或已撤销 / no such batch, or it was undone: {batch}")
            gone, left, more = sources.undo(ctx.db, batch, PART)
            removed, kept = removed + gone, kept + left
            if not more:
                ctx.db.execute(sa.update(t.batch).where(where).values(state="undone", undone_at=ctx.now))
                sha256 = ctx.db.execute(sa.select(t.batch.c.sha256).where(where)).scalar_one()
                source = {"sha256": sha256, "removed": str(removed), "kept": str(kept)}
                ctx.record("attendance.import_undone", batch, source=source)
                return removed, kept
        time.sleep(PAUSE)


def _lines(found: Iterator[Row]) -> Iterator[tuple[int, list[str], dict[str, int]]]:
    """(number, cells, columns) of every row below the heading. BadFile without one."""
    columns: dict[str, int] | None = None
    for place, (number, cells) in enumerate(found, 1):
        if columns is not None:
            yield number, cells, columns
            continue
        columns = parsing.header(cells)
        if columns is None and place >= parsing.HEADER_WITHIN:
            break
    if columns is None:
        raise BadFile(
            "没有找到表头：需要人员（person/账号/姓名）和时间（at/打卡时间）两列"
            " / no heading with a person and a time column"
        )


def _items(found: Iterator[Row], who: Directory, file: str, report: Report) -> Iterator[Item]:
    """The rows that tell of a punch; what a batch has stored before is read again, for its problems, and not given."""
    for place, (number, cells, columns) in enumerate(_lines(found), 1):
        try:
            row = parsing.line(cells, columns)
            if row is None:
                report.skipped += 1
                continue
            person = who.find(row)
            at = parsing.moment(row, person.zone)
        except (ValueError, OverflowError) as error:
            report.reject(number, str(error))
            continue
        if place > report.resumed:
            source = f"file:{row.device or file}"[: sources.SOURCE]
            raw = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()
            yield Item(place, number, Record(person.id, at, row.kind, source, raw))


def _parts(found: Iterator[Item]) -> Iterator[list[Item]]:
    part: list[Item] = []
    for each in found:
        part.append(each)
        if len(part) >= PART:
            yield part
            part = []
    if part:
        yield part


def _count(report: Report, part: list[Item], added: Added) -> None:
    repeats = len(part) - len({each.record.key for each in part})
    report.new, report.merged = report.new + added.new, report.merged + added.merged
    report.known += added.known + repeats
    numbers = {each.record.key: each.number for each in part}
    for row in added.future:
        report.future += 1
        report.reject(numbers[row.key], "打卡时间在将来 / the punch lies in the future")


def _when(at: datetime, ctx: Context) -> str:
    return at.astimezone(ctx.zone).strftime("%m-%d %H:%M")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
