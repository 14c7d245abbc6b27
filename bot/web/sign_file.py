"""A document as HR sees it: to read, and to write down a refusal in person. Nobody signs for somebody else."""

from __future__ import annotations

import functools

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import access, jobs, receipts, signing
from bot.errors import Refused
from bot.locale import speaking
from bot.people import People, Person
from bot.signing import refusal as signing_refusal
from bot.signing.store import Document
from bot.tables import person as table
from bot.web.pages import Pages, Visit
from bot.web.sign_words import WORDS, say


def register(pages: Pages) -> None:
    """For HR."""
    pages.get("/sign/<ref>/file", file)
    pages.post("/sign/<ref>/file", witnesses)


def file(visit: Visit, ref: str) -> str:
    """The document, read-only; the look is recorded where the person can see it."""
    document, subject = _theirs(visit, ref)
    with visit.app.context(visit.person) as ctx:
        access.viewed(ctx, subject, f"sign:{ref}")
    said, w = request.args.get("said", ""), functools.partial(say, visit.lang)
    said = said if said in WORDS and said.startswith("witness_") else ""
    return visit.page("sign_file.html", w=w, document=document, subject=subject, said=said)


def witnesses(visit: Visit, ref: str) -> ResponseReturnValue:
    """HR names two people who were there; both are asked in chat."""
    document, _subject = _theirs(visit, ref)
    here = f"{signing.path(document)}/file"
    with visit.app.context(visit.person) as ctx, speaking(visit.person.locale):
        found = [_one(ctx.db, visit.person, request.form.get(f"witness{n}", "").strip()) for n in (1, 2)]
        people = [each for each in found if each is not None]
        if len(people) != len(found):
            return redirect(f"{here}?said=witness_unknown", 303)
        try:
            signing_refusal.ask_witnesses(ctx, ref, people, request.form.get("how", ""))
        except Refused:
            return redirect(f"{here}?said=witness_wrong", 303)
        receipts.give(ctx)
    jobs.nudge(visit.app, "drain")
    return redirect(f"{here}?said=witness_asked", 303)


def _theirs(visit: Visit, ref: str) -> tuple[Document, Person]:
    with visit.app.engine.connect() as conn:
        document = signing.get(conn, ref)
        subject = People(conn).get(document.person_id) if document else None
    if document is None or subject is None or subject.id == visit.person.id or not access.is_hr(visit.person):
        raise NotFound
    return document, subject


def _one(db: Connection, hr: Person, wanted: str) -> Person | None:
    """By account on HR's own platform, else by a name that only one active person has."""
    if not wanted:
        return None
    if found := People(db).find(hr.platform, wanted):
        return found if found.active else None
    rows = db.execute(sa.select(table).where(table.c.name == wanted, table.c.active).limit(2)).mappings().all()
    return Person(**rows[0]) if len(rows) == 1 else None
