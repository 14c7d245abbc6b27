"""Commands about attendance data: `huizhi calendar load|show`, `attendance import|undo` and `replay-month`."""

from __future__ import annotations

import csv
import importlib
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.app import application
from bot.errors import BotError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MAX_CALENDAR = 1 << 20


def _part(name: str) -> Any:
    """The module of the handler that keeps attendance data; handlers are found by name."""
    from bot import router

    folder, _, rest = name.partition(".")
    found: Any = router.discover("handlers", folder)[0]
    return importlib.import_module(f"{found.__name__}.{rest}") if rest else found


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
        year, days = _part("attendance.calendar").load_file(application(), file.read_bytes())
    except BotError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"✓ {year}: {days} 天 / days")


@calendar.command("show")
@click.argument("year", type=click.IntRange(1, 9998))
@click.option("--json", "as_json", is_flag=True)
def calendar_show(year: int, as_json: bool) -> None:
    """Print the days of a year that differ from Monday to Friday. Exit 1 when the year is unknown."""
    book = _part("attendance.calendar")
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


def _told(taken: int) -> None:
    click.echo(f"… {taken:,}", err=True)


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
        report = _part("imports").load(app, file, platform, dry_run=dry_run, told=None if as_json else _told)
    except BotError as error:
        raise click.ClickException(str(error)) from error
    counts = {name: getattr(report, name) for name in ("new", "merged", "known", "skipped", "rejected")}
    if as_json:
        problems = [{"row": row, "why": why} for row, why in report.problems]
        click.echo(json.dumps({"batch": report.batch, "sha256": report.sha256, **counts, "problems": problems}))
    else:
        for row, why in report.problems:
            click.echo(f"✗ {row}: {why}", err=True)
        if report.resumed:
            click.echo(f"接着上次中断处继续 / went on behind row {report.resumed:,}, where it was broken off", err=True)
        click.echo(" ".join(f"{name}={value}" for name, value in counts.items()))
        click.echo("试运行，没有改动 / dry run, nothing changed" if dry_run else f"批次 / batch: {report.batch}")
    raise SystemExit(1 if report.rejected else 0)


@attendance.command("imports")
@click.option("--json", "as_json", is_flag=True)
def attendance_imports(as_json: bool) -> None:
    """The newest imports and how far they came. Exit 1 when one was broken off: load its file again, or undo it."""
    found = [asdict(each) for each in _part("imports").listed(application())]
    for row in found:
        row["loaded_at"] = row["loaded_at"].isoformat()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for row in found:
            click.echo(f"{row['id']}  {row['loaded_at'][:16]}Z  {row['state']:<8}{row['taken']:>10,}  {row['file']}")
    raise SystemExit(1 if any(row["state"] in ("loading", "undoing") for row in found) else 0)


@attendance.command("undo")
@click.argument("batch")
def attendance_undo(batch: str) -> None:
    """Take back exactly what one import brought; punches that other sources report too stay."""
    try:
        removed, kept = _part("imports").undo(application(), batch)
    except BotError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"✓ 已移除 / removed {removed}，保留 / kept {kept}")


@attendance.command("people")
@click.argument("file", type=_FILE)
@click.option("--platform", default="", help="Whose user ids the file holds, e.g. wecom; empty: all platforms.")
@click.option("--dry-run", is_flag=True, help="Say what would change; change nothing.")
def attendance_people(file: Path, platform: str, dry_run: bool) -> None:
    """Load first and last working days: CSV with person,joined_on,leaving_on. All of it or nothing."""
    if file.stat().st_size > _MAX_CALENDAR:
        raise click.UsageError(f"文件过大 / the file is too large: {file}")
    try:
        found = _part("attendance.tenure").load_file(application(), file.read_bytes(), platform, dry_run=dry_run)
    except BotError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"✓ {found.rows} 行 / rows, {len(found.changed)} 处改动 / changed")
    if dry_run:
        click.echo("试运行，没有改动 / dry run, nothing changed")


@click.command("replay-month")
@click.argument("month")
@click.option("--rules", type=_FILE, help="A draft of the ladder to compare with the one in force.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--csv", "as_csv", is_flag=True)
@click.option("--changed", is_flag=True, help="Only steps that differ.")
def replay_month(month: str, rules: Path | None, as_json: bool, as_csv: bool, changed: bool) -> None:
    """Who would have been asked when in MONTH (2026-06): then, by the rules in force, by a draft. Sends nothing."""
    try:
        text = rules.read_text(encoding="utf-8") if rules else None
        report = _part("replay").run(application(), month, text)
    except (BotError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    except ValueError as error:
        raise click.UsageError(f"没有这个月份 / no such month: {month} (2026-06)") from error
    rows = [row for each in report.lines if (row := asdict(each)) and not (changed and row["change"] in ("", "same"))]
    if as_json:
        cost = {what: asdict(each) for what, each in report.cost.items()}
        rest = {"month": report.month, "shifts": report.shifts, "cost": cost}
        click.echo(json.dumps({**rest, "lines": rows}, ensure_ascii=False))
        return
    if as_csv:
        click.echo(_csv(rows), nl=False)
        return
    columns = {"day": 11, "name": 10, "who": 10, "then": 12, "in_force": 12, "draft": 12, "change": 8, "held": 12}
    click.echo("".join(f"{name:<{width}}" for name, width in columns.items()).rstrip())
    for row in rows:
        click.echo("".join(f"{row[name] or '-':<{width}}" for name, width in columns.items()).rstrip())
    for what, cost in report.cost.items():
        click.echo(f"{what}: {cost.told()}")
    click.echo(f"{report.shifts} 个班次，没有发送或改动任何内容 / shifts; nothing was sent or changed")


def _csv(rows: list[dict[str, str]]) -> str:
    """With a byte order mark, as spreadsheets want it; a cell that begins like a formula is disarmed."""
    out = io.StringIO()
    names = ("day", "person", "name", "rung", "who", "channels", "then", "in_force", "draft", "change", "held")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(
        [f"'{row[name]}" if row[name][:1] in "=+-@\t" and row[name] else row[name] for name in names] for row in rows
    )
    return "\ufeff" + out.getvalue()


commands = (calendar, attendance, replay_month)
