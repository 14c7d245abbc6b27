"""Where the absence pages are."""

from __future__ import annotations

from pathlib import Path

from bot.web.pages import Pages, Place
from handlers.missed_punch.pages import letter, proof, views, words as page_words


def register(pages: Pages) -> None:
    """The routes of this room, its templates and its place in the navigation."""
    pages.templates("missed_punch", Path(__file__).parent / "templates")
    pages.get("/absences", views.overview)
    pages.get("/absences/mine", views.mine)
    pages.get("/absences/<case_id>", views.one)
    for view in (views.hold, views.resume, views.advance, views.stop):
        pages.post(f"/absences/<case_id>/{view.__name__}", view)
    pages.get("/absences/<case_id>/proof", proof.proof)
    pages.get("/absences/<case_id>/proof/<event_id>", proof.file)
    pages.post("/absences/<case_id>/proof", proof.add, most=proof.MOST_FORM)
    pages.get("/letters/<letter_id>", letter.letter)
    words = page_words.WORDS
    pages.place(Place("/absences", words["board"], words["board_about"], views.may_open, views.status))
    pages.place(
        Place(
            "/absences/mine",
            words["mine"],
            words["mine_about"],
            lambda db, person: not views.may_open(db, person),
            views.status_mine,
        )
    )
