"""The chains in force, read once: the shipped ones, or the file HUIZHI_APPROVALS names; and what a working day is."""

from __future__ import annotations

import functools
from datetime import datetime
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.approvals import Chain, Version, in_force, parse
from bot.errors import Misconfigured

_file: list[str] = [""]


def use(path: str) -> None:
    """Take the chains from this file from now on; empty: the shipped ones. Raises Misconfigured with every problem."""
    _versions(path)
    _file[0] = path


def text(path: str) -> str:
    """The data as written. Misconfigured when the file cannot be read."""
    try:
        shipped = resources.files("bot.approvals").joinpath("approvals.toml")
        return Path(path).read_text(encoding="utf-8") if path else shipped.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"HUIZHI_APPROVALS: {path} cannot be read ({type(error).__name__})") from error


@functools.cache
def _versions(path: str) -> tuple[Version, ...]:
    try:
        return parse(text(path))
    except ValueError as error:
        raise Misconfigured(f"HUIZHI_APPROVALS: {error}") from error


def version_at(now: datetime, zone: str) -> Version:
    """The version in force on the local day of `now`."""
    return in_force(_versions(_file[0]), now.astimezone(ZoneInfo(zone)).date())


def numbered(number: int) -> Version:
    """The version a request was opened under; the newest when the firm's file no longer has it."""
    known = _versions(_file[0])
    return next((each for each in known if each.number == number), known[-1])


def chain_of(version: Version, kind: str) -> Chain:
    """Misconfigured when the data has no chain for the kind."""
    if kind not in version.chains:
        raise Misconfigured(f"HUIZHI_APPROVALS: version {version.number} has no chain {kind!r}")
    return version.chains[kind]
