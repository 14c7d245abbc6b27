"""Somebody sends files in the chat; a platform that keeps them until somebody asks."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

from bot.card import as_text
from bot.errors import PlatformError
from bot.evidence.tables import ev_event, ev_part
from bot.ports.files import GONE, SENT, TOO_BIG, Fetched
from bot.web import record
from handlers.chat_files import fetching
from handlers.chat_files.tables import chat_file
from tests.web.office import SigningPlatform
from tests.world import Firm

PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 9
PDF = b"%PDF-1.7\n" + b"paper" * 9


def docx() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("word/document.xml", "<w/>")
    return made.getvalue()


@dataclass
class WithFiles(SigningPlatform):
    """`kept` by key; `errors` are raised first, in order."""

    kept: dict[str, Fetched] = field(default_factory=dict)
    errors: list[PlatformError] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def fetch_file(self, key: str, most: int) -> Fetched:
        self.fetched.append(key)
        if self.errors:
            raise self.errors.pop(0)
        if key not in self.kept:
            raise PlatformError(GONE, "no such file", permanent=True)
        if len(self.kept[key].content) > most:
            raise PlatformError(TOO_BIG, "", permanent=True)
        return self.kept[key]


class Hand:
    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.platform = WithFiles()
        firm.app.platforms = {"fake": self.platform}
        firm.platform = self.platform

    def send(self, user: str, kind: str, content: bytes, name: str = "", *, event_id: str = "") -> None:
        """Announced, not yet fetched."""
        key = f"key-{len(self.platform.kept)}"
        self.platform.kept[key] = Fetched("", content)
        self.firm.dispatch(self.firm.event(user, SENT, "", event_id, file=key, kind=kind, name=name))

    def fetch(self) -> int:
        done = fetching.fetch_due(self.firm.app)
        self.firm.courier.drain()
        return done

    def give(self, user: str, kind: str, content: bytes, name: str = "") -> str:
        """Sent and fetched; what the phone says then."""
        self.send(user, kind, content, name)
        self.fetch()
        return self.last(user)

    def said(self, user: str) -> list[str]:
        return [as_text(card) for to, card, _ in self.platform.sent if to == user]

    def last(self, user: str) -> str:
        return self.said(user)[-1]

    def rows(self) -> list[dict[str, object]]:
        return sorted(self.firm.rows(chat_file), key=lambda row: str(row["id"]))

    def kept(self) -> list[tuple[str, bytes]]:
        """(matter, bytes) of each file on record, oldest first."""
        events = {row["event_id"]: row for row in self.firm.rows(ev_event) if row["type"] == "chat.file_kept"}
        parts = []
        with self.firm.app.engine.connect() as db:
            for row in db.execute(ev_part.select().order_by(ev_part.c.event_id)):
                if row.event_id in events and row.name.startswith("sent."):
                    content = record.reader(self.firm.app)(db, row)
                    parts.append((str(events[row.event_id]["object_id"]), content or b""))
        return sorted(parts)
