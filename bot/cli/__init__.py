"""The `huizhi` command. Exit codes: 0 fine, 1 a finding (doctor, verify, check), 2 wrong use or settings."""

from __future__ import annotations

import json
import os
import secrets
import sys

import click
import structlog

from bot.cli.app import House, application, settings


@click.group(cls=House, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="huizhi")
def main() -> None:
    """Huizhi 回执：住在企业微信与钉钉里的人事机器人 / the HR bot that lives in WeCom and DingTalk."""
    if os.environ.get("HUIZHI_ENVIRONMENT") != "production" and "HUIZHI_SECRET_KEY_FILE" not in os.environ:
        os.environ.setdefault("HUIZHI_SECRET_KEY", secrets.token_hex(32))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def web(host: str, port: int) -> None:
    """Receive callbacks: the HTTP doors, /healthz, /readyz, /metrics."""
    from bot.processes import web as serve

    serve(application(), host, port)


@main.command()
@click.option("--burst", is_flag=True, help="Stop when the queue is empty.")
def worker(burst: bool) -> None:
    """Say what is waiting: drains the outbox and runs the timed jobs."""
    from bot.jobs import work

    work(application(), burst=burst)


@main.command()
def scheduler() -> None:
    """Nudge the timed jobs. Exactly one is enough; two do no harm."""
    from bot.jobs import schedule
    from bot.processes import stop_flag

    schedule(application(), stop_flag())


@main.command()
def stream() -> None:
    """Hold DingTalk's Stream connection (needs no public address)."""
    from bot.processes import stop_flag, stream as hold

    app = application()
    if not hold(app, stop_flag()):
        click.echo("没有平台使用 Stream 模式 / no platform uses Stream mode", err=True)


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema."""
    from bot.schema import upgrade

    click.echo(upgrade(settings().database_url))


@db.command("check")
@click.option("--json", "as_json", is_flag=True)
def db_check(as_json: bool) -> None:
    """Is the schema current? Exit 1 when not."""
    from bot.schema import state

    found, wanted = state(settings().database_url)
    click.echo(json.dumps({"found": found, "wanted": wanted}) if as_json else f"found {found or '-'}, wanted {wanted}")
    raise SystemExit(0 if found == wanted else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """Check settings, database, Redis, keys, clock and every platform; say what to do about each finding."""
    from dataclasses import asdict

    from bot.doctor import examine

    findings = examine(os.environ)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in findings], ensure_ascii=False))
    else:
        for each in findings:
            mark = {True: "✓", False: "✗", None: "?"}[each.ok]
            click.echo(
                f"{mark} {each.check}: {each.detail}"
                + (f"\n    → {each.advice}" if each.advice and each.ok is not True else "")
            )
    raise SystemExit(1 if any(each.ok is False for each in findings) else 0)


@main.command()
@click.option("--json", "as_json", is_flag=True)
def routes(as_json: bool) -> None:
    """Every action and every HTTP door, with the function behind it."""
    from bot.routes import listing

    rows = listing(application())
    click.echo(
        json.dumps(rows, ensure_ascii=False) if as_json else "\n".join(f"{left:<40} {right}" for left, right in rows)
    )


@main.command()
@click.argument("failed_id", required=False)
@click.option("--json", "as_json", is_flag=True)
def replay(failed_id: str | None, as_json: bool) -> None:
    """Answer kept failed events again: one, or all that are waiting. Exit 1 when one failed again."""
    from bot.replay import replay as again

    results = again(application(), failed_id)
    if as_json:
        click.echo(json.dumps(results))
    else:
        click.echo(
            "\n".join(f"{key} {value}" for key, value in results.items()) or "nothing to replay / 没有待补办的事件"
        )
    raise SystemExit(1 if "failed" in results.values() else 0)


def _register() -> None:
    from bot.cli import approvals, attendance, dev, evidence, log, privacy

    rooms = (approvals, attendance, dev, evidence, log, privacy)
    for command in (each for room in rooms for each in room.commands):
        main.add_command(command)


_register()
