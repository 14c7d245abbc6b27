"""Where the files are."""

from __future__ import annotations

from pathlib import Path

from bot.web.pages import Pages
from handlers.chat_files import views


def register(pages: Pages) -> None:
    """The routes of this room and its template."""
    pages.templates("chat_files", Path(__file__).parent / "templates")
    pages.get("/chat-files/<desk>", views.page)
    pages.get("/chat-files/<desk>/<file_id>", views.file)
