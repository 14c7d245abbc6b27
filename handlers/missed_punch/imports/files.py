"""Rows of an attendance file: read by the core (bot.sheets), within the limits of a firm's month of punches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot import sheets
from bot.sheets import BadFile, Caps, Row

__all__ = ["CAPS", "BadFile", "Row", "rows"]
CAPS = Caps(size=128 << 20, rows=(1 << 20) + 1, unpacked=2 << 30)
"""Rows: what a spreadsheet holds (1,048,576) and a heading above them."""


def rows(path: Path) -> Iterator[Row]:
    """Every row with its number, in bounded memory. Raises BadFile, also half-way."""
    return sheets.rows(path, CAPS)
