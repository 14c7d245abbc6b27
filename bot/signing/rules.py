"""What may be signed and how it must look: the exact text, the strokes, the sentence for each problem. Pure."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

Rows = tuple[tuple[str, str], ...]
Block = tuple[str, str | Rows]
"""(heading, paragraphs) or (heading, rows of (label, value)). Either may be empty."""
MOST_STROKES, MOST_POINTS, SIDE = 200, 8000, 4000
LEAST_POINTS, LEAST_LENGTH, LEAST_BOX = 8, 60.0, 12
"""Of a handwritten name, in CSS pixels: fewer is a slip of the finger, not a signature."""
NAME = 40
Stroke = tuple[tuple[int, int], ...]
STATEMENT = "我已看到本文件全文，并在此签名。 I have seen the whole of this document and sign it here."


class Problem(StrEnum):
    """Why a signature is not taken; the sentence lives where it is said."""

    EMPTY = "empty"
    DOT = "dot"
    SMALL = "small"
    GARBLED = "garbled"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to the document; `sha256` of its bytes is part of the signed text. `size` in bytes.

    `path`: where on this site the person can open it; the page links there. Not part of the signed text.
    """

    name: str
    sha256: str
    size: int
    path: str = ""


def blocks_of(given: Sequence[tuple[str, str | Sequence[tuple[str, str]]]]) -> tuple[Block, ...]:
    """The blocks frozen, line ends made one kind. ValueError when there is nothing to read."""
    found = tuple(
        (_line(heading), _text(body) if isinstance(body, str) else tuple((_line(a), _line(b)) for a, b in body))
        for heading, body in given
    )
    if not any(body for _heading, body in found):
        raise ValueError("a document without a text cannot be signed")
    return found


def exact(title: str, version: int, blocks: Sequence[Block], attachments: Sequence[Attachment]) -> bytes:
    """The bytes that are signed: readable UTF-8 text, the same for the same document, everything the page shows."""
    lines = [_line(title), f"第 {version} 版 / version {version}", ""]
    for heading, body in blocks:
        lines += [f"# {heading}"] if heading else []
        lines += [body] if isinstance(body, str) else [f"{label}：{value}" for label, value in body]
        lines.append("")
    lines += [f"附件 / attachment：{each.name}（{each.size} bytes，SHA-256 {each.sha256}）" for each in attachments]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def digest(content: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def dumped(blocks: Sequence[Block]) -> str:
    """For the database."""
    return json.dumps(blocks, ensure_ascii=False)


def loaded(text: str) -> tuple[Block, ...]:
    """`dumped` back."""
    raw = json.loads(text or "[]")
    return tuple((head, body if isinstance(body, str) else tuple((a, b) for a, b in body)) for head, body in raw)


def strokes(text: str) -> tuple[Stroke, ...] | Problem:
    """`x,y x,y;x,y …` in CSS pixels as the page sends it; the shape only, neither speed nor pressure."""
    if not text.strip():
        return Problem.EMPTY
    if not re.fullmatch(r"[0-9,; ]+", text, re.ASCII):
        return Problem.GARBLED
    try:
        found = tuple(tuple(_point(pair) for pair in part.split()) for part in text.split(";") if part.strip())
    except ValueError:
        return Problem.GARBLED
    points = sum(len(stroke) for stroke in found)
    return Problem.GARBLED if len(found) > MOST_STROKES or points > MOST_POINTS else found


def drawn(found: Sequence[Stroke]) -> Problem | None:
    """What is wrong with handwriting as a signature; None: nothing."""
    points = [point for stroke in found for point in stroke]
    if not points:
        return Problem.EMPTY
    if len(set(points)) < LEAST_POINTS:
        return Problem.DOT
    width = max(x for x, _ in points) - min(x for x, _ in points)
    height = max(y for _, y in points) - min(y for _, y in points)
    return Problem.SMALL if _length(found) < LEAST_LENGTH or max(width, height) < LEAST_BOX else None


def typed(text: str, name: str) -> Problem | None:
    """A typed name must be the person's, as the firm knows it; spaces and case do not matter."""
    return None if _folded(text) and _folded(text) == _folded(name) and len(text) <= NAME else Problem.NAME


def picture(found: Sequence[Stroke], ink: str = "#111111") -> str:
    """The handwriting as SVG, cropped to itself."""
    points = [point for stroke in found for point in stroke]
    left, top = min(x for x, _ in points) - 6, min(y for _, y in points) - 6
    width, height = max(x for x, _ in points) + 6 - left, max(y for _, y in points) + 6 - top
    paths = "".join(f'<path d="{_path(stroke, left, top)}"/>' for stroke in found)
    style = f'fill="none" stroke="{ink}" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><g {style}>{paths}</g></svg>'
    )


def _path(stroke: Stroke, left: int, top: int) -> str:
    moved = [(x - left, y - top) for x, y in stroke]
    if len(moved) < 3:
        x, y = moved[-1]
        return f"M{moved[0][0]} {moved[0][1]}L{x} {y + (0.1 if len(moved) == 1 else 0)}"
    # Through the middle of every two points, so that the pen's corners are as round as they were.
    curve = [f"Q{a} {b} {(a + c) / 2:g} {(b + d) / 2:g}" for (a, b), (c, d) in zip(moved[1:-1], moved[2:], strict=True)]
    return f"M{moved[0][0]} {moved[0][1]}{''.join(curve)}L{moved[-1][0]} {moved[-1][1]}"


def _point(pair: str) -> tuple[int, int]:
    x, y = (int(each) for each in pair.split(","))
    if x > SIDE or y > SIDE:
        raise ValueError("outside of any screen")
    return x, y


def _length(found: Sequence[Stroke]) -> float:
    steps = (pair for stroke in found for pair in zip(stroke, stroke[1:], strict=False))
    return sum(math.hypot(a - c, b - d) for (a, b), (c, d) in steps)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _text(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip("\n")


def _line(text: str) -> str:
    return " ".join(text.split())
