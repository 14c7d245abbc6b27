"""Make any text printable with one font: what the font lacks, and what would act instead of show, becomes visible."""

from __future__ import annotations

import functools
import re
import struct
import unicodedata
from collections.abc import Callable
from pathlib import Path

WORD, PIECE = 28, 14
_BREAK = "\u200b"
_KEPT = frozenset("\n ")
# Format characters (direction overrides, joiners, zero-width), controls, surrogates, private use, unassigned and the
# line and paragraph separators: a reader could not see them, or they would reorder what he sees.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# A run without a place to break a line: everything but spaces and the wide characters, which break anywhere.
_RUN = re.compile(rf"[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\u3000-\u303f{_BREAK}]{{{WORD + 1},}}")


@functools.lru_cache(maxsize=4)
def characters(font: Path) -> frozenset[int]:
    """Code points an OpenType font can show, from its format 12 `cmap` subtable (OpenType specification, cmap).

    Raises ValueError for a font without one.
    """
    data = font.read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {tag: offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", data[12 : 12 + 16 * count])}
    base = tables.get(b"cmap")
    if base is None:
        raise ValueError(f"{font.name} is not a font with a character map")
    (subtables,) = struct.unpack_from(">H", data, base + 2)
    for _, _, offset in struct.iter_unpack(">HHI", data[base + 4 : base + 4 + 8 * subtables]):
        start = base + offset
        if struct.unpack_from(">H", data, start)[0] == 12:
            (groups,) = struct.unpack_from(">I", data, start + 12)
            found = struct.iter_unpack(">III", data[start + 16 : start + 16 + 12 * groups])
            return frozenset(point for first, last, _ in found for point in range(first, last + 1))
    raise ValueError(f"{font.name} has no full Unicode character map")


def printer(has: frozenset[int], missing: set[str]) -> Callable[[str], str]:
    """A function that makes text printable; every character it replaced is added to `missing`.

    A replaced character shows as 〔U+20BB7〕. CR LF becomes LF, a tab four spaces; long runs get places to break.
    """
    known: dict[str, str] = {}

    def shown(char: str) -> str:
        if char in _KEPT or (ord(char) in has and unicodedata.category(char) not in _UNSEEN):
            return char
        missing.add(char)
        return f"〔U+{ord(char):04X}〕"

    def printable(text: str) -> str:
        out = []
        for char in text.replace("\r\n", "\n").replace("\t", "    "):
            if char not in known:
                known[char] = shown(char)
            out.append(known[char])
        return _RUN.sub(_breakable, "".join(out))

    return printable


def _breakable(run: re.Match[str]) -> str:
    word = run[0]
    return _BREAK.join(word[at : at + PIECE] for at in range(0, len(word), PIECE))


def named(char: str) -> str:
    """`U+20BB7 CJK UNIFIED IDEOGRAPH-20BB7`: for the note below a text."""
    return f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL OR UNNAMED')}"
