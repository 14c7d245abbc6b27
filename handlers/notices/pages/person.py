"""One person and one notice: every attempt and every receipt, what each does not prove, and the paper copy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from bot import access, clock, receipts
from bot.errors import Refused
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_event
from bot.locale import speaking
from bot.people import People, Person
from bot.web import record
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.notices import board, store
from handlers.notices.pages import words as page_words
from handlers.notices.pages.board import Seen, seen
from handlers.notices.pages.own import draw
from handlers.notices.receiving import answers, parcels
from handlers.notices.store import Recipient

PHOTO = 6 << 20
"""Bytes of the form that brings a photo; `parcels.photo` takes a little less."""
RAW = ("platform.json", "track")
TEXTS = ("title", "text", "document", "stamp")
FILES = "chat."
SAID = ("parcel", "photo", "again", "deemed")
DEEMED = "notice.deemed_received"
OF_ALL = ("notice.accepted", "notice.platform_read", "notice.content_shown", "notice.dropped")
"""What a manager may see of somebody: that it went and arrived, never what was answered."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One recorded event. `at`: as its source says, `learned`: when we knew. `source`: names and codes.

    `page`: where HR opens the file that was sent."""

    id: str
    type: str
    at: datetime
    learned: datetime
    by: str
    source: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    raw: str
    page: str = ""


def happenings(visit: Visit, db: Connection, notice_id: str, person: Person, *, whole: bool) -> list[Happening]:
    """What is on record about the person in this notice, oldest first; contents only with `whole`."""
    c = ev_event.c
    rows = db.execute(sa.select(ev_event).where(c.subject == person.ref, c.object_id == notice_id).order_by(c.n)).all()
    names = record.names_of(db, {row.actor for row in rows})
    parts = record.parts_of(db, [row.event_id for row in rows], record.reader(visit.app)) if whole else {}
    found = []
    for row in rows:
        said = [(each.name, each.text or "") for each in parts.get(row.event_id, ())]
        raw = next((text for name, text in said if name in RAW), "")
        words = tuple((name, text) for name, text in said if name not in (*RAW, *TEXTS) and text)
        if row.type.startswith(FILES) and not access.is_hr(visit.person):  # it may be about health, and so may its name
            words = ()
        at, learned = record.moment(row.at_ms), record.moment(row.seen_ms)
        source = _source(row.envelope) if whole else ()
        page = dict(source).get("page", "") if row.type.startswith(FILES) and access.is_hr(visit.person) else ""
        by = names.get(row.actor, "")
        found.append(Happening(row.event_id, row.type, at, learned, by, source, words, raw, page))
    return found


def _source(envelope: bytes | None) -> tuple[tuple[str, str], ...]:
    known = json.loads(envelope).get("source", {}) if envelope else {}
    return tuple((str(name), str(value)) for name, value in sorted(known.items()))


def _one(visit: Visit, notice_id: str, person_id: str) -> tuple[Seen, Person, Recipient]:
    found = seen(visit, notice_id)
    with visit.app.engine.connect() as db:
        person, row = People(db).get(person_id), store.recipient(db, notice_id, person_id)
    if person is None or row is None or (found.whose is not None and person_id not in found.whose):
        raise NotFound
    return found, person, row


def page(visit: Visit, notice_id: str, person_id: str) -> ResponseReturnValue:
    """`/notices/<id>/people/<person>`. The person sees on their own record that somebody looked."""
    found, person, row = _one(visit, notice_id, person_id)
    what = f"notice:{notice_id}"
    with visit.app.engine.connect() as db:
        fresh = not access.seen_lately(db, visit.person, person, what, milliseconds(clock.now()))
    if fresh:
        with visit.app.context(visit.person) as ctx:
            access.viewed(ctx, person, what)
    whole = found.role == "all"
    with visit.app.engine.connect() as db:
        tries = board.attempts(db, notice_id, person)
        told = happenings(visit, db, notice_id, person, whole=whole)
        sent = parcels.of_person(db, notice_id, person_id) if whole else []
    if not whole:
        told = [each for each in told if each.type in OF_ALL]
    group = board.group(row.rung, row.trouble, row.answer)
    group = group if whole or group in board.FOR_MANAGERS else "answered"
    values = {"notice": found.notice, "subject": person, "row": row, "tries": tries, "told": told, "parcels": sent}
    said = request.args.get("said", "")
    values |= {"group": group, "role": found.role, "said": said if said in SAID else ""}
    return draw(visit, "person.html", tried={}, problem="", **_deemed(visit, person, row, told), **values)


def _deemed(visit: Visit, person: Person, row: Recipient, told: Sequence[Happening]) -> dict[str, object]:
    """Who may stamp it: HR, of somebody else who has not answered. And what was stamped already."""
    may = access.is_hr(visit.person) and person.id != visit.person.id and row.answered_at is None
    before = [(dict(each.words).get("clause", ""), each.by, each.at) for each in told if each.type == DEEMED]
    return {"may_deem": may, "deemed": before}


def deem(visit: Visit, notice_id: str, person_id: str) -> ResponseReturnValue:
    """视为收到 by the clause that HR cites: on record with the stamp, no rung and no answer."""
    found, person, row = _one(visit, notice_id, person_id)
    if found.role != "all" or not _deemed(visit, person, row, ())["may_deem"]:
        raise NotFound
    clause = request.form.get("clause", "")
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            answers.on_behalf(ctx, found.notice, person, "deemed", clause)
            receipts.give(ctx)
    except Refused as error:
        return _refused(visit, found, (person, row), {}, str(error))
    return redirect(f"/notices/{quote(notice_id, safe='')}/people/{quote(person_id, safe='')}?said=deemed", 303)


def parcel(visit: Visit, notice_id: str, person_id: str) -> ResponseReturnValue:
    """The paper copy was handed to a courier: number, address and who confirmed it, with a photo if there is one."""
    found, person, row = _one(visit, notice_id, person_id)
    if found.role != "all":
        raise NotFound
    given = {name: request.form.get(name, "").strip() for name in ("company", "number", "address", "pedigree")}
    photo = request.files.get("photo")
    content = photo.read() if photo and photo.filename else b""
    if not given["number"]:
        return _refused(visit, found, (person, row), given, page_words.say(visit.lang, "parcel_no_number"))
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            parcel_id = parcels.add(ctx, found.notice, person, **given)
            if content:
                parcels.photo(ctx, parcel_id, content)
            receipts.give(ctx)
    except Refused as error:
        return _refused(visit, found, (person, row), given, str(error))
    return redirect(f"/notices/{quote(notice_id, safe='')}/people/{quote(person_id, safe='')}?said=parcel", 303)


def _refused(
    visit: Visit, found: Seen, whom: tuple[Person, Recipient], given: dict[str, str], problem: str
) -> ResponseReturnValue:
    person, row = whom
    with visit.app.engine.connect() as db:
        tries = board.attempts(db, found.notice.id, person)
        told = happenings(visit, db, found.notice.id, person, whole=True)
        sent = parcels.of_person(db, found.notice.id, person.id)
    values = {"notice": found.notice, "subject": person, "row": row, "tries": tries, "told": told, "parcels": sent}
    values |= {"group": board.group(row.rung, row.trouble, row.answer), "role": "all", "said": ""}
    values |= _deemed(visit, person, row, told)
    return Response(draw(visit, "person.html", tried=given, problem=problem, **values), 422, mimetype="text/html")


def photo(visit: Visit, notice_id: str, parcel_id: str) -> ResponseReturnValue:
    """The photo of a posting receipt, as a download."""
    found = seen(visit, notice_id)
    with visit.app.engine.connect() as db:
        row = parcels.get(db, parcel_id)
    if found.role != "all" or row is None or row["notice_id"] != notice_id or not row["photo"]:
        raise NotFound
    return attached(bytes(row["photo"]), f"{row['number']}.{row['photo_type'].rpartition('/')[2]}", row["photo_type"])
