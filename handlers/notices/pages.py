"""Where the pages of notices are."""

from __future__ import annotations

from pathlib import Path

from bot.web.pages import Pages, Place
from handlers.notices import (
    page_words,
    previewing,
    views_actions,
    views_board,
    views_check,
    views_compose,
    views_own,
    views_person,
)


def register(pages: Pages) -> None:
    """The routes of this room, its templates and its place in the navigation."""
    pages.templates("notices", Path(__file__).parent / "templates")
    one, person = "/notices/<notice_id>", "/notices/<notice_id>/people/<person_id>"
    pages.get("/notices", views_board.overview)
    pages.get("/notices/new", views_compose.new)
    pages.post("/notices/new", views_compose.save, most=views_compose.MOST)
    pages.post("/notices/preview", previewing.preview)
    pages.get("/notices/list.csv", views_compose.example)
    _own(pages, one)
    pages.get(f"{one}/edit", views_compose.edit)
    pages.post(f"{one}/edit", views_compose.save, most=views_compose.MOST)
    pages.get(f"{one}/check", views_check.page)
    pages.post(f"{one}/submit", views_check.submit)
    pages.post(f"{one}/schedule", views_check.change)
    pages.get(f"{one}/board", views_board.one)
    pages.get(f"{one}/people", views_board.people)
    pages.get(f"{one}/charts", views_board.chart)
    pages.get(person, views_person.page)
    pages.post(f"{person}/deem", views_person.deem)
    pages.post(f"{person}/parcel", views_person.parcel, most=views_person.PHOTO)
    pages.get(f"{one}/parcels/<parcel_id>/photo", views_person.photo)
    for view in (views_actions.pause, views_actions.resume, views_actions.stop, views_actions.remind):
        pages.post(f"{one}/{view.__name__}", view)
    pages.post(f"{one}/recall", views_actions.take_back)
    pages.post(f"{one}/duplicate", views_actions.duplicate)
    pages.post(f"{one}/export/<kind>", views_actions.export)
    words = page_words.WORDS
    pages.place(Place("/notices", words["notices"], words["notices_about"], views_board.may_open, views_board.status))


def _own(pages: Pages, one: str) -> None:
    """What an employee opens from chat."""
    pages.get(one, views_own.page)
    pages.post(f"{one}/answer", views_own.answer)
    pages.get(f"{one}/files/<file_id>", views_own.attachment)
    pages.get(f"{one}/copy", views_own.copy)
    pages.post(f"{one}/sign", views_own.sign)
