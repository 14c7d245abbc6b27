"""What every command starts with: the application or its settings, with every problem said at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from bot.errors import Misconfigured
from config.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from bot.app import App


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
