"""Commands for trying and extending the product: run, sandbox, demo, scaffolds."""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from config.settings import load, sandbox_env


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--bot", "bot_url", default="http://127.0.0.1:8001", show_default=True, help="Where callbacks go.")
def sandbox(port: int, bot_url: str) -> None:
    """Both vendors' stand-in: phones on a page, the wire beside them, faults and a movable clock."""
    env = sandbox_env(f"http://127.0.0.1:{port}") | {key: value for key, value in os.environ.items() if value}
    shell: Any = importlib.import_module("adapters.sandbox.app")
    shell.serve(load(env), port, bot_url)


@click.command()
@click.option("--port", default=8000, show_default=True, help="Where the phones' page is served.")
@click.option(
    "--var", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/run"), show_default=True
)
def run(port: int, folder: Path) -> None:
    """Everything on this machine: bot, worker, scheduler, stream, Redis and the sandbox. Ctrl-C stops, data stays."""
    from bot.processes import stop_flag
    from bot.rehearsal import MORNING, stage

    stop = stop_flag()
    with stage(folder, sandbox_port=port) as everything:
        if not everything.played:
            everything.morning()
        everything.open()
        click.echo(f"\n  回执 Huizhi 已启动 / is running:  {everything.sandbox_url}/")
        click.echo(f"  机器人 bot: {everything.bot_url}/readyz   日志 logs: {folder}/*.log")
        click.echo(f"  沙盒时间从 {MORNING[:16]} 开始；在页面顶部点「+30 分」，看看谁会收到什么")
        click.echo("  按 Ctrl-C 停止，数据保留 / Ctrl-C stops, nothing is lost\n")
        everything.fleet.watch(stop)
        click.echo("正在停止… / stopping…")


@click.command()
@click.option(
    "--var", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("var/demo"), show_default=True
)
def demo(folder: Path) -> None:
    """Play the main job end to end on both platforms, export the evidence, verify it, damage it, and see it named."""
    from bot import router
    from bot.rehearsal import stage

    shutil.rmtree(folder, ignore_errors=True)
    console = Console(highlight=False)
    stories: list[Any] = list(router.discover("handlers", "demo"))
    wanted = {name: value for each in stories for name, value in getattr(each, "SETTINGS", {}).items()}
    with stage(folder, overrides=wanted) as theatre:
        for story in stories:
            story.play(theatre, console.print)
        theatre.settle()
        _prove(theatre, console)


def _prove(theatre: Any, console: Console) -> None:
    from bot.app import build
    from bot.evidence.verify import verify
    from bot.handover import export_case

    app = build(load(os.environ | dict(theatre.environment)))
    file = theatre.folder / "evidence.zip"
    export_case(app, "all", file)
    report = verify(file)
    console.print(f"\n[bold]存证包[/bold] {file}：{report.events} 个事件，验证{'通过' if report.ok else '失败'}")
    if not report.ok:
        raise SystemExit("the untouched evidence did not verify")
    damaged = theatre.folder / "evidence-damaged.zip"
    content = bytearray(file.read_bytes())
    spot = content.find(b'"envelope"')
    content[(spot if spot > 0 else len(content) // 2) + 40] ^= 1
    damaged.write_bytes(bytes(content))
    found = verify(damaged)
    if found.ok or not found.findings:
        raise SystemExit("a changed byte was not noticed")
    first = found.findings[0]
    console.print(f"改动一个字节之后：{first.file} · 事件 {first.event_id}：{first.zh}", style="yellow")
    print(f"demo: evidence verified: {report.events} events, 1 tampering detected")


@click.command("new-handler")
@click.argument("name")
def new_handler(name: str) -> None:
    """Write handlers/NAME with its tests."""
    _scaffold("handler", name)


@click.command("new-platform")
@click.argument("name")
def new_platform(name: str) -> None:
    """Write adapters/NAME with its tests."""
    _scaffold("platform", name)


def _scaffold(kind: str, name: str) -> None:
    from bot.scaffold import write

    try:
        for path in write(kind, name, Path.cwd()):
            click.echo(f"wrote {path}")
    except ValueError as error:
        raise click.UsageError(str(error)) from error


commands = [sandbox, run, demo, new_handler, new_platform]
