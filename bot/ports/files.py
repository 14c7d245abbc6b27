"""Files that people send in the chat: how they are announced, and how their bytes are fetched afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

SENT = "chat.file"
"""`action` of a file somebody sent to us alone, one event for each: `data["file"]` is the platform's short-lived key of
its bytes, `data["kind"]` one of KINDS, `data["name"]` what the sender's device called it (empty: not said)."""
KINDS = ("image", "voice", "video", "file")
GONE = "file.gone"
"""Code of the permanent PlatformError for a key that is unknown, used up or too old: only the sender can help."""
TOO_BIG = "file.too_big"
"""Code of the permanent PlatformError for more bytes than were wanted; what had come was thrown away."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The whole file. `name`: what the platform calls it, empty where it says nothing."""

    name: str
    content: bytes


@runtime_checkable
class Files(Protocol):
    """A platform whose files can be fetched."""

    def fetch_file(self, key: str, most: int) -> Fetched:
        """At most `most` bytes, counted while they come in and not believed beforehand. PlatformError, see GONE."""
        ...
