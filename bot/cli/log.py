"""Commands about the log itself: `huizhi evidence checkpoint|tiles|keys|audit|…` and `huizhi witness`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from bot import clock
from bot.cli.app import application
from bot.errors import Misconfigured

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MAX_FILE = 1 << 20


@click.command("audit")
@click.option("--json", "as_json", is_flag=True)
@click.option("--fast", is_flag=True, help="Tree, tiles and checkpoints only; records no event.")
def audit_command(as_json: bool, fast: bool) -> None:
    """Check everything stored against what was signed. Exit 1 with findings; the result becomes an event."""
    from bot.evidence.selfaudit import audit, examine

    app = application()
    report = examine(app.engine, fast=True) if fast else audit(app)
    if as_json:
        click.echo(json.dumps({"ok": report.ok, **asdict(report)}, ensure_ascii=False))
    else:
        for each in report.findings:
            where = f"{each.epoch}/{'-' if each.index is None else each.index}"
            click.echo(f"✗ {each.kind} {each.event_id or '-'} {where}: {each.zh} / {each.en}")
        mark = "✓ 全部相符 / everything fits" if report.ok else f"✗ {report.found} 处不符 / findings"
        click.echo(f"{mark} ({report.events} 条已编入 / placed, {report.checkpoints} 个检查点 / checkpoints)")
    raise SystemExit(0 if report.ok else 1)


@click.command("checkpoint")
@click.option("--since", default=0, show_default=True, help="The size the witness saw last; its answer names it.")
def checkpoint(since: int) -> None:
    """Print the newest checkpoint with its consistency proof, as a witness takes it."""
    from bot.evidence.cosignatures import offer
    from bot.evidence.keys import newest

    app = application()
    try:
        with app.engine.connect() as conn:
            click.echo(offer(conn, newest(app.keys).epoch, since), nl=False)
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"没有这样的检查点 / no such checkpoint: {error}") from error


@click.command("add-cosignature")
@click.argument("file", type=_FILE)
def add_cosignature(file: Path) -> None:
    """Store what a witness gave back: the checkpoint with its cosignature. Checked against HUIZHI_WITNESSES."""
    from bot.db import begin
    from bot.evidence.cosignatures import add

    app = application()
    try:
        with begin(app.engine) as conn:
            names = add(conn, _read(file), app.settings.witnesses, clock.now())
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"未收下：见证签名或检查点不符 / not accepted: {error}") from error
    click.echo("\n".join(f"✓ {name}" for name in names) or "已有 / known already")


@click.command("tiles")
@click.argument("folder", type=_FOLDER)
@click.option("--epoch", type=int, default=None, help="Default: the newest.")
def tiles(folder: Path, epoch: int | None) -> None:
    """Write the log as a directory any tlog client reads (no personal data in it)."""
    from bot.evidence.keys import newest
    from bot.evidence.tlog_export import write

    app = application()
    try:
        with app.engine.connect() as conn:
            size = write(conn, epoch or newest(app.keys).epoch, folder)
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"无法导出 / cannot export: {error}") from error
    click.echo(f"{folder}: {size}")


@click.command("keys")
def keys_command() -> None:
    """Print the public keys to be printed in consents and posts, and who must keep what."""
    from bot.evidence.epochs import custody
    from bot.evidence.keys import newest

    click.echo(custody(newest(application().keys)))


@click.command("rotate-keys")
def rotate_keys() -> None:
    """Replace the keys (yearly, or when staff changes): a new epoch the old key vouches for during 30 days."""
    from bot.evidence.epochs import custody, rotate

    app = application()
    with _explained():
        click.echo(custody(rotate(app.engine, app.keys, clock.now())))


@click.command("revoke-keys")
@click.option("--reason", required=True, help="Shown to everybody who verifies; no names.")
def revoke_keys(reason: str) -> None:
    """Stop trusting the present keys because they leaked: a new epoch, at once."""
    from bot.evidence.epochs import custody, revoke

    app = application()
    with _explained():
        click.echo(custody(revoke(app.engine, app.keys, reason, clock.now())))


@click.command("new-epoch")
@click.option("--reason", required=True, help="Shown to everybody who verifies; no names.")
def new_epoch_command(reason: str) -> None:
    """Go on after an old backup or a lost key: a new log that commits to the last checkpoint of the old one."""
    from bot.evidence.epochs import custody, new_epoch

    app = application()
    with _explained():
        click.echo(custody(new_epoch(app.engine, app.keys, reason, clock.now())))


@click.group()
def witness() -> None:
    """For a third party (union, counsel): cosign a firm's checkpoints. Needs no settings and no database."""


_STATE = click.option("--state", type=_FOLDER, required=True, help="The witness's own folder.")


@witness.command("init")
@_STATE
@click.option("--name", required=True, help="Like union.example/witness.")
def witness_init(state: Path, name: str) -> None:
    """Make a key; prints the line the firm puts into HUIZHI_WITNESSES."""
    from bot.evidence.witness import init

    try:
        click.echo(str(init(state, name).key))
    except FileExistsError as error:
        raise click.ClickException(f"{state} 已有密钥 / there is a key already") from error
    except ValueError as error:
        raise click.UsageError(f"名称不可用 / unusable name: {error}") from error


@witness.command("cosign")
@_STATE
@click.option("--log-key", required=True, help="The firm's log key, as its staff know it.")
@click.argument("checkpoint", type=_FILE)
@click.argument("proof", type=_FILE, required=False)
def witness_cosign(state: Path, log_key: str, checkpoint: Path, proof: Path | None) -> None:
    """Check a checkpoint (or what `huizhi evidence checkpoint` printed) and print it cosigned.

    Exit 1 when the log contradicts itself: both notes are kept in the state folder as proof.
    """
    from bot.evidence import notes
    from bot.evidence.witness import Behind, Conflict, load, parse_request

    body = _read(checkpoint)
    try:
        old, steps, note = parse_request(body) if body.startswith("old ") else (None, [], body)
        if proof:
            steps = [notes.unb64(line) for line in _read(proof).split()]
        key = notes.parse_vkey(log_key)
        click.echo(note + load(state).cosign(key, note, old, steps, clock.now()), nl=False)
    except Conflict as conflict:
        click.echo(
            f"✗ 日志前后矛盾，已保存证据 / the log contradicts itself, kept: {conflict.kept} ({conflict})", err=True
        )
        raise SystemExit(1) from conflict
    except Behind as behind:
        raise click.UsageError(
            f"请对方执行 / let the firm run: huizhi evidence checkpoint --since {behind.size}"
        ) from behind
    except (ValueError, FileNotFoundError) as error:
        raise click.UsageError(f"文件或密钥不可用 / unusable file or key: {error}") from error


@witness.command("serve")
@_STATE
@click.option("--log-key", "log_keys", required=True, multiple=True)
@click.option("--port", default=8100, show_default=True)
def witness_serve(state: Path, log_keys: tuple[str, ...], port: int) -> None:
    """Answer POST /add-checkpoint on 127.0.0.1 until stopped; TLS is the reverse proxy's part."""
    from bot.evidence.notes import parse_vkey
    from bot.evidence.witness import load
    from bot.evidence.witness_http import server

    try:
        known = {key.name: key for key in map(parse_vkey, log_keys)}
        running = server(load(state), known, port, clock.now)
    except (ValueError, OSError) as error:
        raise click.UsageError(f"无法启动 / cannot start: {error}") from error
    click.echo(f"http://127.0.0.1:{running.server_port}/add-checkpoint")
    running.serve_forever()


def _read(file: Path) -> str:
    if file.stat().st_size > _MAX_FILE:
        raise click.UsageError(f"文件过大 / the file is too large: {file}")
    return file.read_text(encoding="utf-8")


class _explained:
    """Misconfigured and ValueError become one readable line."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (Misconfigured, ValueError)):
            raise click.ClickException(str(error)) from error


evidence_commands = (
    audit_command, checkpoint, add_cosignature, tiles, keys_command, rotate_keys, revoke_keys, new_epoch_command,
)  # fmt: skip
commands = (witness,)
