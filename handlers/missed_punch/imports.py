"""Attendance files into punches: look first (dry run), load in one piece, take back exactly what was loaded.

All of a file is one transaction: it is in or it is not. Evidence names the file's hash, never a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.context import Context
from bot.errors import BotError
from bot.people import Person
from bot.store import new_ref
from bot.tables import person as person_table
from handlers.missed_punch import findings, import_rows, late, sources
from handlers.missed_punch import tables as t
from handlers.missed_punch.import_files import BadFile, Row, rows
from handlers.missed_punch.sources import Record

if TYPE_CHECKING:
    from bot.app import App

PART = 2_000
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


class _DryRun(Exception):
    """Leaves the transaction without a trace."""


class Directory:
    """Whom a file means: by user id, else by a name that only one person has. `platform` empty: all of them."""

    def __init__(self, people: Iterable[Person], platform: str) -> None:
        self._ids: dict[str, list[Person]] = {}
        self._names: dict[str, list[Person]] = {}
        for each in people:
            if platform in ("", each.platform):
                self._ids.setdefault(each.user_id.casefold(), []).append(each)
                self._names.setdefault(each.name, []).append(each)

    def find(self, row: import_rows.Line) -> Person:
        """ValueError when nobody or more than one is meant."""
        found = self._ids.get(row.person.casefold(), []) if row.person else []
        if not found:
            found = self._names.get(row.name or row.person, [])
        if not found:
            raise ValueError(f"找不到人员 / nobody of this id or name: {(row.person or row.name)[:40]!r}")
        if len(found) > 1:
            raise ValueError("有多人符合，请用账号并指定平台 / more than one: use the user id and name the platform")
        return found[0]


def load(app: App, path: Path, platform: str = "", *, dry_run: bool = False) -> Report:
    """Read the file and store its punches, or only say what would change. Raises BadFile; then nothing was stored.

    The same file loaded twice changes nothing the second time. A dry run takes the same write lock while it counts.
    """
    report = Report(sha256=_digest(path))
    try:
        with app.context() as ctx:
            report.batch = f"mpb-{new_ref()}"
            _begin(ctx, report, path, platform)
            people = [Person(**row) for row in ctx.db.execute(sa.select(person_table)).mappings()]
            directory = Directory((each for each in people if each.active), platform)
            for part in _parts(_records(rows(path), directory, path.name, report)):
                _store(ctx, part, report, platform)
            if dry_run:
                raise _DryRun
            _done(ctx, report, platform)
    except _DryRun:
        report.batch = ""
    return report


def undo(app: App, batch: str) -> tuple[int, int]:
    """Remove exactly this batch's rows: (punches removed, punches that other sources still report). Raises Unknown."""
    with app.context() as ctx:
        row = ctx.db.execute(sa.select(t.batch).where(t.batch.c.id == batch, t.batch.c.state == "done")).first()
        if row is None:
            raise Unknown(f"没有这个批次，或已撤销 / no such batch, or it was undone: {batch}")
        removed, kept = sources.undo(ctx.db, batch)
        ctx.db.execute(sa.update(t.batch).where(t.batch.c.id == batch).values(state="undone", undone_at=ctx.now))
        source = {"sha256": row.sha256, "removed": str(removed), "kept": str(kept)}
        ctx.record("attendance.import_undone", batch, source=source)
    return removed, kept


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


def _records(found: Iterator[Row], who: Directory, file: str, report: Report) -> Iterator[tuple[int, Record]]:
    columns: dict[str, int] | None = None
    for place, (number, cells) in enumerate(found, 1):
        if columns is None:
            columns = import_rows.header(cells)
            if columns is None and place >= import_rows.HEADER_WITHIN:
                break
            continue
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
    if columns is None:
        raise BadFile(
            "没有找到表头：需要人员（person/账号/姓名）和时间（at/打卡时间）两列"
            " / no heading with a person and a time column"
        )


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
