"""The copy that an employee takes away: the exact text with its hash, and every receipt that the firm has of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.evidence.tables import ev_event
from bot.people import Person
from bot.web import record
from bot.web.pages import Visit
from bot.web.record import moment
from handlers.notices import cards
from handlers.notices.pages import words as page_words
from handlers.notices.receiving import hearing
from handlers.notices.store import File, Notice, Recipient

LINE = "-" * 24


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it was given. `answer` is a key of hearing.SAID; `at` when they gave it, UTC."""

    answer: str
    at: datetime
    words: str


_ANSWERS = {type: answer for answer, type in hearing.SAID.items()}


def given(visit: Visit, db: Connection, notice_id: str, person: Person) -> list[Said]:
    """Everything the person answered about a notice, in order: what came later takes nothing back."""
    c = ev_event.c
    where = (c.subject == person.ref, c.object_id == notice_id, c.type.in_(_ANSWERS))
    rows = db.execute(sa.select(c.event_id, c.type, c.at_ms).where(*where).order_by(c.n)).all()
    parts = record.parts_of(db, [row.event_id for row in rows], record.reader(visit.app))
    found = []
    for row in rows:
        words = next((each.text or "" for each in parts.get(row.event_id, ()) if each.name == "words"), "")
        found.append(Said(_ANSWERS[row.type], moment(row.at_ms), words))
    return found


def handed(db: Connection, notice_id: str, person: Person) -> bool:
    """Was a copy handed over before?"""
    where = (ev_event.c.subject == person.ref, ev_event.c.object_id == notice_id)
    found = sa.select(ev_event.c.n).where(*where, ev_event.c.type == "notice.copy_delivered")
    return db.execute(found.limit(1)).first() is not None


def text(visit: Visit, db: Connection, notice: Notice, row: Recipient, files: Sequence[File]) -> str:
    """The whole file. Times are on the person's own clock, with the zone named."""

    def say(key: str, **values: object) -> str:
        return page_words.say(visit.lang, key, **values)

    title, body = notice.said(visit.lang)
    head = [say("copy_head"), f"{say('number')}: {cards.number(notice.id)} ({notice.id}, v{notice.version})"]
    head += [f"{say('for')}: {visit.person.name}", f"{say('zone')}: {visit.person.zone}"]
    if notice.started_at:
        head.append(f"{say('sent_at')}: {visit.time(notice.started_at)}")
    if notice.recalled_at:
        head.append(f"{say('recalled_at')}: {visit.time(notice.recalled_at)}")
    exact = [LINE, title, body, LINE, f"SHA-256: {page_words.text_hash(title, body)}", say("copy_hash")]
    attached = [f"{each.name} ({each.size} B) SHA-256 {each.sha256}" for each in files]
    mine = [say("copy_yours"), *_events(visit, db, notice, visit.person)]
    if row.answer:
        mine.append(f"{say('your_answer')}: {page_words.group(visit.lang, row.answer)}")
    if row.words:
        mine += [say("your_words"), row.words]
    parts = [head, exact, attached, mine, [say("copy_foot")]]
    return "\r\n\r\n".join("\r\n".join(part) for part in parts if part) + "\r\n"


def _events(visit: Visit, db: Connection, notice: Notice, person: Person) -> list[str]:
    where = (ev_event.c.subject == person.ref, ev_event.c.object_id == notice.id)
    columns = (ev_event.c.type, ev_event.c.at_ms, ev_event.c.event_id, ev_event.c.log_index)
    found = []
    for each in db.execute(sa.select(*columns).where(*where).order_by(ev_event.c.n)):
        place = "" if each.log_index is None else f" #{each.log_index}"
        limit = page_words.say(visit.lang, "not_proved", what=visit.limits(each.type)[1])
        found.append(f"{visit.time(moment(each.at_ms))} {visit.event(each.type)} {each.event_id}{place}\r\n  {limit}")
    return found
