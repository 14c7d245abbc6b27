"""The first pages: my record, what waits for me, the people I may see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import access
from bot.people import People, Person
from bot.tables import ask, outbox
from bot.web import leaver_desk, record
from bot.web.pages import Pages, Visit
from bot.web.receipts import receipt
from bot.web.words import LANGS
from bot.wire import load_card

SHOWN = 100
PAGE_NAME = "record"
LATEST = 3
QUIET = ("delivery.", "access.")
"""What the start page leaves to the record: it would crowd out what people did."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open question as its card put it; times aware UTC."""

    title: str
    text: str
    asked: datetime
    deadline: datetime | None


def register(pages: Pages) -> None:
    """The routes of this module."""
    pages.get("/", home)
    pages.get("/me", me)
    pages.get("/me/receipts/<event_id>.json", my_receipt)
    pages.get("/todo", todo)
    pages.get("/people", people)
    pages.get("/people/<person_id>", somebody)


def home(visit: Visit) -> str:
    """The start page: what waits, what was recorded last, and what else the person has."""
    person = visit.person
    with visit.app.engine.connect() as conn:
        others = access.is_hr(person) or access.MANAGER in access.roles(conn, person)
        places = [
            (each.path, each.words, each.about, each.status(conn, person, visit.lang))
            for each in visit.places
            if each.opens(conn, person)
        ]
        latest = record.entries(conn, person, None, None, QUIET)[:LATEST]
        return visit.page(
            "home.html",
            waiting=waiting(conn, person),
            latest=latest,
            others=others,
            places=places,
            number=number(visit),
        )


def number(visit: Visit) -> int:
    """Which of a pair (Chinese, English) the visitor reads."""
    return LANGS.index(visit.lang)


def me(visit: Visit) -> str:
    """Everything recorded about or by the person, who looked, and what was agreed to."""
    with visit.app.engine.connect() as conn:
        return show(visit, conn, visit.person, record.reader(visit.app))


def somebody(visit: Visit, person_id: str) -> ResponseReturnValue:
    """Another person's record for those who may see it: what happened, without what was said; the look is recorded.

    For everybody else the page does not exist: a refusal would tell that the person does.
    """
    if person_id == visit.person.id:
        return redirect("/me")
    with visit.app.engine.connect() as conn:
        subject = People(conn).get(person_id)
        if subject is None or not access.may_see(conn, visit.person, subject):
            raise NotFound
    with visit.app.context(visit.person) as ctx:
        access.viewed(ctx, subject, PAGE_NAME)
    with visit.app.engine.connect() as conn:
        return show(visit, conn, subject, None, **leaver_desk.offer(visit, conn, subject))


def show(
    visit: Visit,
    conn: Connection,
    person: Person,
    read: record.ReadPart | None,
    template: str = "record.html",
    **more: Any,
) -> str:
    """The record page of a person; contents only with `read`. `more` goes to the template as it is."""
    own = person.id == visit.person.id
    hidden = () if own or access.is_hr(visit.person) else record.PRIVATE
    shown = record.entries(conn, person, _before(), read, hidden)
    return visit.page(
        template,
        subject=person,
        own=own,
        hr=access.is_hr(visit.person),
        entries=shown,
        first_of=_first_of(shown),
        older=shown[-1].n if len(shown) == record.PAGE else None,
        paged=_before() is not None,
        looks=record.looks(conn, person) if read else [],
        consents=record.consents(conn, person) if read else [],
        **more,
    )


def _before() -> int | None:
    given = request.args.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None


def _first_of(entries: Sequence[record.Entry]) -> set[int]:
    """Entries that are the newest shown of their matter: its export button stands there once."""
    seen: dict[str, int] = {}
    for entry in entries:
        seen.setdefault(entry.object, entry.n)
    return set(seen.values())


def my_receipt(visit: Visit, event_id: str) -> Response:
    """The receipt of one event the person took part in, as a file to keep."""
    with visit.app.engine.connect() as conn:
        found = receipt(conn, visit.person, event_id, record.reader(visit.app))
    if found is None:
        raise NotFound
    response = make_response(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{quote(event_id)}.json"'
    return response


def todo(visit: Visit) -> str:
    """Open questions to the person; they are answered in chat."""
    with visit.app.engine.connect() as conn:
        return visit.page("todo.html", waiting=waiting(conn, visit.person))


def waiting(conn: Connection, person: Person) -> list[Waiting]:
    """Open asks, the most urgent first, in the words of the card that asked."""
    body = (
        sa.select(outbox.c.body)
        .where(outbox.c.ask_ref == ask.c.ref, outbox.c.kind == "send")
        .order_by(outbox.c.id)
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        sa.select(ask.c.created_at, ask.c.deadline, body.label("body"))
        .where(ask.c.person_id == person.id, ask.c.state == "open")
        .order_by(ask.c.deadline.is_(None), ask.c.deadline, ask.c.created_at.desc())
        .limit(SHOWN)
    )
    found = []
    for row in conn.execute(statement):
        card = load_card(row.body) if row.body else None
        found.append(Waiting(card.title if card else "", card.text if card else "", row.created_at, row.deadline))
    return found


def people(visit: Visit) -> str:
    """Those whose record the person may open; a page that does not exist for everybody else."""
    wanted = request.args.get("q", "").strip()[:40]
    with visit.app.engine.connect() as conn:
        if not access.is_hr(visit.person) and access.MANAGER not in access.roles(conn, visit.person):
            raise NotFound
        found = access.visible(conn, visit.person, wanted, SHOWN + 1)
        gone = access.gone(conn, visit.person, wanted, SHOWN + 1)
    more = max(len(found), len(gone)) > SHOWN
    return visit.page("people.html", people=found[:SHOWN], gone=gone[:SHOWN], more=more, most=SHOWN, q=wanted)
