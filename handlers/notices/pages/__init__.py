"""Where the pages of notices are."""

from __future__ import annotations

from pathlib import Path

from bot.web.pages import Pages, Place
from handlers.notices.composing import previewing
from handlers.notices.pages import actions, board, check, compose, own, person as views_person, words as page_words


def register(pages: Pages) -> None:
    """The routes of this room, its templates and its place in the navigation."""
    pages.templates("notices", Path(__file__).parent / "templates")
    one, person = "/notices/<notice_id>", "/notices/<notice_id>/people/<person_id>"
    pages.get("/notices", board.overview)
    pages.get("/notices/new", compose.new)
    pages.post("/notices/new", compose.save, most=compose.MOST)
    pages.post("/notices/preview", previewing.preview)
    pages.get("/notices/list.csv", compose.example)
    _own(pages, one)
    pages.get(f"{one}/edit", compose.edit)
    pages.post(f"{one}/edit", compose.save, most=compose.MOST)
    pages.get(f"{one}/check", check.page)
    pages.post(f"{one}/submit", check.submit)
    pages.post(f"{one}/schedule", check.change)
    pages.get(f"{one}/board", board.one)
    pages.get(f"{one}/people", board.people)
    pages.get(f"{one}/charts", board.chart)
    pages.get(person, views_person.page)
    pages.post(f"{person}/deem", views_person.deem)
    pages.post(f"{person}/parcel", views_person.parcel, most=views_person.PHOTO)
    pages.get(f"{one}/parcels/<parcel_id>/photo", views_person.photo)
    for view in (actions.pause, actions.resume, actions.stop, actions.remind):
        pages.post(f"{one}/{view.__name__}", view)
    pages.post(f"{one}/recall", actions.take_back)
    pages.post(f"{one}/duplicate", actions.duplicate)
    pages.post(f"{one}/export/<kind>", actions.export)
    words = page_words.WORDS
    pages.place(Place("/notices", words["notices"], words["notices_about"], board.may_open, board.status))


def _own(pages: Pages, one: str) -> None:
    """What an employee opens from chat."""
    pages.get(one, own.page)
    pages.post(f"{one}/answer", own.answer)
    pages.get(f"{one}/files/<file_id>", own.attachment)
    pages.get(f"{one}/copy", own.copy)
    pages.post(f"{one}/sign", own.sign)
