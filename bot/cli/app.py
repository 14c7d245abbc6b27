"""What every command starts with: the application or its settings, with every problem said at once."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from bot.errors import Misconfigured
from config.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from bot.app import App


class House(click.Group):
    """Whose commands say what to do when they meet no database, or an old one (exit code 2). Other errors are bugs."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if advice := _database_says(error):
                click.echo(f"✗ {advice}", err=True)
                raise SystemExit(2) from error
            raise


def _database_says(error: Exception) -> str:
    if "sqlalchemy" not in sys.modules:
        return ""  # not even loaded, and it is slow to load
    from sqlalchemy.exc import DBAPIError

    if not isinstance(error, DBAPIError):
        return ""
    from bot.schema import state

    try:
        found, wanted = state(settings().database_url)
    except DBAPIError as unreachable:
        why = type(unreachable.orig).__name__
        return f"数据库连接不上（{why}），请检查 DATABASE_URL / the database cannot be reached, check DATABASE_URL"
    if found == wanted:
        return ""
    return "数据库没有本版本的表，请先运行 huizhi db upgrade / not this version's tables: run huizhi db upgrade first"


def application() -> App:
    """The process's application; exit code 2 with one line per problem when settings are unusable."""
    from bot.app import current

    try:
        return current()
    except SettingsError as error:
        raise _unusable(error) from error
    except Misconfigured as error:
        raise click.ClickException(str(error)) from error


def settings() -> Settings:
    """The environment's settings; exit code 2 likewise."""
    try:
        return load(os.environ)
    except SettingsError as error:
        raise _unusable(error) from error


def _unusable(error: SettingsError) -> SystemExit:
    for problem in error.problems:
        click.echo(f"✗ {problem}", err=True)
    return SystemExit(2)
