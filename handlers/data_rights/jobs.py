"""What an erasure by chat still owes once it is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.app import App
from bot.evidence import scrub as files


def scrub(app: App) -> bool:
    """Clean the database's files after an erasure; True when that was done."""
    return files.owed(app.engine) and files.scrub(app.engine)


JOBS: Mapping[str, tuple[float, Callable[[App], object]]] = MappingProxyType({"scrub": (60.0, scrub)})
