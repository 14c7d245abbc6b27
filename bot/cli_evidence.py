"""`huizhi evidence`: hand a case over, check it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bot.cli_app import application


@click.group()
def evidence() -> None:
    """The tamper-evident log."""


@evidence.command("export")
@click.option("--case", "case_id", required=True, help="A case id, or `all`.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("evidence.zip"), show_default=True)
@click.option("--json", "as_json", is_flag=True)
def evidence_export(case_id: str, out: Path, as_json: bool) -> None:
    """Write one case as a file that anybody can check offline."""
    from bot.replay import cases, export_case

    app = application()
    count = export_case(app, case_id, out)
    if not count:
        known = ", ".join(cases(app)) or "-"
        raise click.ClickException(f"没有个案 {case_id} / no such case. 最近的个案 / latest cases: {known}")
    click.echo(json.dumps({"file": str(out), "events": count}) if as_json else f"{out}: {count} events")


@evidence.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def evidence_verify(file: Path, as_json: bool) -> None:
    """Check an evidence file offline. Exit 0 proven, 1 damaged, 2 not an evidence file."""
    from bot.evidence.verify import main as verify

    raise SystemExit(verify([str(file), *(["--json"] if as_json else [])]))


commands = (evidence,)
