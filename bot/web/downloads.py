"""Evidence packages over the web: a button, a page to wait on, a file. Every export is recorded before it is built."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access, clock, db
from bot.app import App
from bot.evidence import audit
from bot.evidence.tables import ev_event
from bot.people import People, Person
from bot.tables import person as person_table
from bot.web import security
from bot.web.pages import Pages, Visit, said
from bot.web.session import TICKET

PER_PERSON = 6
"""Packages a minute: building one is work."""


def register(pages: Pages) -> None:
    """One's own copy for everybody; files about others for HR."""
    pages.post("/me/copy", wait_mine)
    pages.get("/me/copy.zip", my_copy)
    pages.post("/people/<person_id>/case", wait_person)
    pages.get("/people/<person_id>/case.zip", person_case)
    pages.post("/cases/<object_id>/case", wait_case)
    pages.get("/cases/<object_id>/case.zip", one_case)


def wait(visit: Visit, path: str, back: str = "/me") -> str:
    """The page shown while the file is built; it goes on to the file by itself."""
    ticket = visit.sessions.ticket(visit.session, path, clock.now())
    return visit.page("wait.html", path=f"{path}?t={ticket}", back=back)


def wait_mine(visit: Visit) -> ResponseReturnValue:
    """The person asks for their own copy."""
    return wait(visit, "/me/copy.zip")


def wait_person(visit: Visit, person_id: str) -> ResponseReturnValue:
    """HR asks for everything about one person."""
    subject = _subject(visit, person_id)
    return wait(visit, f"/people/{subject.id}/case.zip", f"/people/{subject.id}")


def wait_case(visit: Visit, object_id: str) -> ResponseReturnValue:
    """HR asks for one matter."""
    _case(visit, object_id)
    return wait(visit, f"/cases/{object_id}/case.zip", "/people")


def my_copy(visit: Visit) -> ResponseReturnValue:
    """Everything about the person, for the person."""
    return take(visit, "/me/copy.zip", "/me", [visit.person], None)


def person_case(visit: Visit, person_id: str) -> ResponseReturnValue:
    """Everything about one person, for HR."""
    subject = _subject(visit, person_id)
    return take(visit, f"/people/{subject.id}/case.zip", f"/people/{subject.id}", [subject], None)


def one_case(visit: Visit, object_id: str) -> ResponseReturnValue:
    """One matter, for HR; everybody it is about sees that it was exported."""
    subjects = _case(visit, object_id)
    return take(visit, f"/cases/{object_id}/case.zip", "/people", subjects, object_id)


def _subject(visit: Visit, person_id: str) -> Person:
    with visit.app.engine.connect() as conn:
        subject = People(conn).get(person_id)
    if subject is None or not access.is_hr(visit.person):
        raise NotFound
    return subject


def _case(visit: Visit, object_id: str) -> list[Person]:
    """Whom the matter is about, as far as they are known."""
    if not access.is_hr(visit.person):
        raise NotFound
    with visit.app.engine.connect() as conn:
        refs = conn.execute(sa.select(ev_event.c.subject).where(ev_event.c.object_id == object_id).distinct()).scalars()
        known = list(refs)
        rows = conn.execute(sa.select(person_table).where(person_table.c.ref.in_(known))).mappings()
        people = [Person(**row) for row in rows]
    if not known:
        raise NotFound
    return people


def take(visit: Visit, path: str, back: str, subjects: Sequence[Person], case: str | None) -> ResponseReturnValue:
    """The file behind a ticket; without one the visitor is sent `back`. Recorded once for each ticket."""
    ticket, store = request.args.get("t", ""), visit.app.store
    if not visit.sessions.admits(ticket, visit.session, path, clock.now()):
        return redirect(back, 303)
    if security.too_many(store, "package", visit.person.id, PER_PERSON):
        return said("slow_down", 429)
    # A download manager fetches the same ticket again; that is still the one export.
    if store.count(f"ticket:{ticket[-64:]}", TICKET) == 1:
        _record(visit, subjects, case)
    try:
        data = build(visit.app, subjects, case)
    except ValueError:
        return said("too_big", 413)
    name = f"huizhi-{'case' if case else 'record'}-{clock.now():%Y%m%d-%H%M%S}.zip"
    return attached(data, name, "application/zip")


def attached(content: bytes, name: str, media_type: str) -> Response:
    """A file to keep, under its own name in every browser; never shown inside our pages."""
    response = make_response(content)
    response.headers["Content-Type"] = media_type
    ascii_name = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in name)
    told = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Disposition"] = told
    return response


def _record(visit: Visit, subjects: Sequence[Person], case: str | None) -> None:
    """Before the file exists, so that none exists unrecorded."""
    app, about = visit.app, [each.ref for each in subjects]
    with db.begin(app.engine) as conn:
        what = f"case:{case}" if case else "person"
        audit.exported(conn, app.keys, by=visit.person.ref, subjects=about, what=what, now=clock.now())


def build(app: App, subjects: Sequence[Person], case: str | None) -> bytes:
    """The package of one matter, or of everything about the one subject. ValueError when it is too large."""
    from bot.handover import Wanted, package  # loads verifier, fonts and typesetter: only who exports waits for them

    with tempfile.TemporaryDirectory(prefix="huizhi-package-") as folder:
        out = Path(folder) / "package.zip"
        package(app, [case] if case else subjects[0].ref, out, Wanted(report=True))
        return out.read_bytes()
