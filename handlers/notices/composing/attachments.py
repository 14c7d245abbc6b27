"""What may be attached to a notice; what a file is, its bytes tell (bot.filetypes). Pure."""

from __future__ import annotations

from bot import filetypes

SIZE = 10 << 20
"""The most an attachment may hold; unless a caller names less."""
COUNT = 9
KINDS = tuple(filetypes.KINDS)


def checked(name: str, content: bytes, most: int = SIZE) -> tuple[str, str]:
    """(file name to keep, media type). ValueError says to the author what is wrong with the file."""
    return filetypes.checked(name, content, KINDS, most)
