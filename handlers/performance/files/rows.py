"""Rows of a file below its heading, by the names of our columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.sheets import BadFile, Row as Cells, plain
from handlers.performance.rules import Problem

Table = Mapping[str, tuple[str, ...]]
"""Our column -> what a heading may call it."""
Row = tuple[int, Mapping[str, str]]
"""Row number as a spreadsheet shows it, and the cell of every column of ours, empty when the file has none."""
HEADER_WITHIN = 10


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file brought, or would bring in a dry run: rows taken, and what is wrong with the others."""

    taken: int
    problems: tuple[Problem, ...]


def read(rows: Iterable[Cells], table: Table, needed: Sequence[str]) -> list[Row]:
    """Rows that are not empty. Raises BadFile when none of the first rows names the `needed` columns."""
    at: dict[str, int] = {}
    found: list[Row] = []
    for count, (number, cells) in enumerate(rows, 1):
        if at:
            if any(cell.strip() for cell in cells):
                found.append((number, _named(cells, at, table)))
            continue
        heading = [re.sub(r"\s+", " ", cell.strip().lower().lstrip("\ufeff")) for cell in cells]
        known = {
            name: index
            for name, names in table.items()
            if (index := next((place for place, label in enumerate(heading) if label in names), -1)) >= 0
        }
        if all(name in known for name in needed):
            at = known
        elif count >= HEADER_WITHIN:
            break
    if not at:
        wanted = "、".join(table[name][-1] if len(table[name]) > 1 else name for name in needed)
        raise BadFile(f"找不到表头：需要 {wanted} / no heading with {', '.join(needed)}")
    return found


def _named(cells: Sequence[str], at: Mapping[str, int], table: Table) -> dict[str, str]:
    return {name: plain(cells[at[name]].strip()) if at.get(name, len(cells)) < len(cells) else "" for name in table}
