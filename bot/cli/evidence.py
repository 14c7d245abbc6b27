"""`huizhi evidence`: hand a case over, check it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from bot.cli.app import application
from bot.cli.log import evidence_commands
from bot.errors import BotError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """The tamper-evident log."""


@evidence.command("export")
@click.option("--case", "case_id", default="", help="A case or notice id.")
@click.option("--person", default="", metavar="PLATFORM:USERID", help="Everything about one person.")
@click.option("--all", "everything", is_flag=True, help="Every case.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("evidence.zip"), show_default=True)
@click.option("--withhold", multiple=True, metavar="PART", help="Name of a part not to disclose, or EVENT/PART.")
@click.option("--report/--no-report", default=True, show_default=True, help="Put the sealed PDF report in.")
@click.option("--json", "as_json", is_flag=True)
def evidence_export(
    case_id: str, person: str, everything: bool, out: Path, withhold: tuple[str, ...], report: bool, as_json: bool
) -> None:
    """Write a case, a person's file or everything as one file that anybody can check offline."""
    from bot.handover import Wanted, cases, export_case, export_person

    if sum(map(bool, (case_id, person, everything))) != 1:
        raise click.UsageError("请给出 --case、--person 或 --all 之一 / give one of --case, --person, --all")
    app = application()
    wanted = Wanted(frozenset(_part(each) for each in withhold), report)
    platform, _, user_id = person.partition(":")
    try:
        count = (
            export_person(app, platform, user_id, out, wanted)
            if person
            else export_case(app, case_id or "all", out, wanted)
        )
    except (BotError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    if not count:
        known = ", ".join(cases(app)) or "-"
        what = f"没有 {person or case_id or 'all'} 的记录 / no evidence about it."
        raise click.ClickException(f"{what} 最近的个案 / latest cases: {known}")
    click.echo(json.dumps({"file": str(out), "events": count}) if as_json else f"{out}: {count} events")


def _part(text: str) -> str | tuple[str, str]:
    """`evt_…/name` names a part of one event, anything else a part wherever it occurs."""
    event_id, slash, name = text.partition("/")
    return (event_id, name) if slash and event_id.startswith("evt_") else text


@evidence.command("verify")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True)
@click.option("--log-key", multiple=True, help="The log's public key as the consent prints it; repeat for later logs.")
@click.option("--checkpoint", multiple=True, type=_FILE, help="A checkpoint somebody else kept: receipt, note, line.")
@click.option("--tsa-roots", type=_FILE, help="Roots (PEM) of the time-stamping authorities instead of the package's.")
@click.option("--lang", type=click.Choice(["zh", "en", "both"]), default="both", show_default=True)
def evidence_verify(
    file: Path, as_json: bool, log_key: tuple[str, ...], checkpoint: tuple[Path, ...], tsa_roots: Path | None, lang: str
) -> None:
    """Check an evidence file offline. Exit 0 proven, 1 damaged or not proven, 2 not an evidence file."""
    from bot.evidence.verify import main as verify

    arguments = [f"--lang={lang}", *(["--json"] if as_json else [])]
    arguments += [*(f"--log-key={key}" for key in log_key), *(f"--checkpoint={each}" for each in checkpoint)]
    arguments += [f"--tsa-roots={tsa_roots}"] if tsa_roots else []
    raise SystemExit(verify([*arguments, "--", str(file)]))


for _each in evidence_commands:
    evidence.add_command(_each)
commands = (evidence,)
