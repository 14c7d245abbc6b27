"""New rooms with their tests: copies the templates beside this file, never overwrites."""

from __future__ import annotations

import re
from pathlib import Path

ROOMS = {"handler": "handlers", "platform": "adapters"}


def write(kind: str, name: str, root: Path) -> list[Path]:
    """Write the room `name` below `root`; returns the files. Raises ValueError for a bad name or an existing room."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", name):
        raise ValueError(f"{name!r}: 名称只能用小写字母、数字和下划线 / use lower-case letters, digits and underscores")
    room = root / ROOMS[kind] / name
    tests = root / "tests" / ROOMS[kind] / name
    if room.exists() or tests.exists():
        raise ValueError(f"{room} 已存在 / already exists")
    written = []
    for template in sorted((Path(__file__).parent / kind).glob("*.txt")):
        stem = template.name.removesuffix(".txt")
        folder = tests if stem.startswith(("test_", "tests__")) else room
        target = folder / stem.replace("tests__", "__")
        target.parent.mkdir(parents=True, exist_ok=True)
        title = "".join(part.capitalize() for part in name.split("_"))
        target.write_text(template.read_text().replace("NEW_NAME", name).replace("NewName", title))
        written.append(target)
    return written
