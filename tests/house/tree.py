"""The repository as a list of files: what a clone would hold, without what tools leave behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "adapters", "config")
_LEFT_BEHIND = {".git", ".venv", "var", "build", "dist", "node_modules", "__pycache__"}


def files() -> Iterator[Path]:
    """Every file of the repository, in no particular order."""
    for folder, names, leaves in os.walk(ROOT):
        names[:] = [name for name in names if name not in _LEFT_BEHIND and not name.endswith(("_cache", ".egg-info"))]
        names[:] = [name for name in names if name != ".hypothesis"]
        yield from (Path(folder) / leaf for leaf in leaves)


def texts() -> Iterator[tuple[str, str]]:
    """(path from the root, content) of every UTF-8 file written here; vendored and minified ones are left out."""
    for path in files():
        if "vendor" in path.parts or ".min." in path.name:
            continue
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # A picture or a font: nothing to read in it.


def modules(*rooms: str) -> Iterator[tuple[str, str]]:
    """(path from the root, source) of every Python file in `rooms`."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
