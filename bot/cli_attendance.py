"""Commands about attendance data: `huizhi calendar load|show` and `huizhi attendance import|undo`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from bot import router
from bot.cli_app import application
from bot.errors import BotError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MAX_CALENDAR = 1 << 20


def _part(name: str) -> Any:
    """The module of the handler that keeps attendance data; handlers are found by name."""
    return router.discover("handlers", name)[0]


@click.group()
def calendar() -> None:
    """Statutory days: which are known, and a newly published year."""


@calendar.command("load")
@click.argument("file", type=_FILE)
def calendar_load(file: Path) -> None:
    """Load a published year: CSV with date,kind,name; kind is holiday or workday. It replaces that year's days."""
    if file.stat().st_size > _MAX_CALENDAR:
        raise click.UsageError(f"文件过大 / the file is too large: {file}")
    try:
        year, days = _part("calendar").load_file(application(), file.read_bytes())
    except BotError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"✓ {year}: {days} 天 / days")


@calendar.command("show")
@click.argument("year", type=click.IntRange(1, 9998))
@click.option("--json", "as_json", is_flag=True)
def calendar_show(year: int, as_json: bool) -> None:
    """Print the days of a year that differ from Monday to Friday. Exit 1 when the year is unknown."""
    book = _part("calendar")
    with application().engine.connect() as db:
        days = book.listed(book.book(db), year)
    if days is None:
        click.echo(f"✗ {year} 年还没有数据 / nothing is known about {year}: huizhi calendar load FILE", err=True)
        raise SystemExit(1)
    rows = [{"date": each.day.isoformat(), "kind": each.kind, "name": each.name} for each in days]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    click.echo("date,kind,name")
    for row in rows:
        click.echo(",".join(row.values()))


@click.group()
def attendance() -> None:
    """Punches from devices and files."""


@attendance.command("import")
@click.argument("file", type=_FILE)
@click.option("--platform", default="", help="Whose user ids the file holds, e.g. wecom; empty: all platforms.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
@click.option("--json", "as_json", is_flag=True)
def attendance_import(file: Path, platform: str, dry_run: bool, as_json: bool) -> None:
    """Load punches from CSV or XLSX (docs/attendance-import.md). Exit 1 when rows were rejected."""
    app = application()
    if platform and platform not in app.platforms:
        raise click.UsageError(f"没有这个平台 / no such platform: {platform} ({', '.join(app.platforms)})")
    try:
        report = _part("imports").load(app, file, platform, dry_run=dry_run)
    except BotError as error:
        raise click.ClickException(str(error)) from error
    counts = {name: getattr(report, name) for name in ("new", "merged", "known", "skipped", "rejected")}
    if as_json:
        problems = [{"row": row, "why": why} for row, why in report.problems]
        click.echo(json.dumps({"batch": report.batch, "sha256": report.sha256, **counts, "problems": problems}))
    else:
        for row, why in report.problems:
            click.echo(f"✗ {row}: {why}", err=True)
        click.echo(" ".join(f"{name}={value}" for name, value in counts.items()))
        click.echo("试运行，没有改动 / dry run, nothing changed" if dry_run else f"批次 / batch: {report.batch}")
    raise SystemExit(1 if report.rejected else 0)


@attendance.command("undo")
@click.argument("batch")
def attendance_undo(batch: str) -> None:
    """Take back exactly what one import brought; punches that other sources report too stay."""
    try:
        removed, kept = _part("imports").undo(application(), batch)
    except BotError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"✓ 已移除 / removed {removed}，保留 / kept {kept}")


commands = (calendar, attendance)
