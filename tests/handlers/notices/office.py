"""A notice with a frozen list at the small firm, as composing and freezing leave it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot import router
from bot.db import begin
from bot.people import People, Person
from bot.tables import person
from handlers.notices import store, tables as tb
from handlers.notices.sending import sending
from handlers.notices.store import Notice, Recipient
from tests.world import Firm

ID = "nt-000000000000000000a1b2c3"
ANSWERS = ("received", "agreed", "objected", "appealed")


def crowd(firm: Firm, count: int, platform: str = "fake") -> list[str]:
    """More colleagues: their ids."""
    ids = [f"{platform}:p{at:04}" for at in range(count)]
    rows = [
        {"id": each, "ref": f"p:{each}", "name": f"同事{at}", "platform": platform, "user_id": each.split(":")[1]}
        for at, each in enumerate(ids)
    ]
    with begin(firm.app.engine) as db:
        db.execute(sa.insert(person), rows)
    return ids


def compose(firm: Firm, listed: Sequence[str], notice_id: str = ID, **values: Any) -> Notice:
    """A frozen notice, not begun."""
    router.discover("handlers", "flow")
    row: dict[str, Any] = {
        "id": notice_id, "state": "draft", "importance": "confirm", "answers": json.dumps(ANSWERS), "audience": "{}",
        "plan": "[]", "people": len(listed), "list_sha256": "ab" * 32, "frozen_at": firm.now, "author_id": "fake:wang",
        "created_at": firm.now, "quiet": "", "basis": "",
    }  # fmt: skip
    with begin(firm.app.engine) as db:
        db.execute(sa.insert(tb.notice).values(row | values))
        said = {"notice_id": notice_id, "locale": "zh", "title": "考勤制度", "body": "**第一条** 全文。", "sha256": ""}
        db.execute(sa.insert(tb.text).values(said))
        known = {row.id: row for row in db.execute(sa.select(person).where(person.c.id.in_(listed)))}
        rows = [
            {"notice_id": notice_id, "person_id": each, "platform": known[each].platform, "locale": known[each].locale,
             "user_id": known[each].user_id}
            for each in listed
        ]  # fmt: skip
        db.execute(sa.insert(tb.recipient), rows)
    return get(firm, notice_id)


def get(firm: Firm, notice_id: str = ID) -> Notice:
    with firm.app.engine.connect() as db:
        found = store.get(db, notice_id)
    assert found
    return found


def start(firm: Firm, notice_id: str = ID) -> None:
    with firm.app.context() as ctx:
        sending.start(ctx, get(firm, notice_id))


def send(firm: Firm, notice_id: str = ID) -> None:
    """Begun, queued, carried."""
    start(firm, notice_id)
    carry(firm)


def carry(firm: Firm) -> None:
    sending.send_due(firm.app)
    firm.courier.drain()
    sending.send_due(firm.app)


def who(firm: Firm, user: str) -> Person:
    with firm.app.engine.connect() as db:
        found = People(db).find("fake", user)
    assert found
    return found


def row(firm: Firm, person_id: str, notice_id: str = ID) -> Recipient:
    with firm.app.engine.connect() as db:
        found = store.recipient(db, notice_id, person_id)
    assert found
    return found


def attempts(firm: Firm, **where: object) -> list[dict[str, Any]]:
    return [each for each in firm.rows(tb.attempt) if all(each[name] == value for name, value in where.items())]


def events(firm: Firm, type: str) -> list[dict[str, Any]]:
    from bot.evidence.tables import ev_event

    return [dict(each) for each in firm.rows(ev_event) if each["type"] == type]


def types(firm: Firm) -> list[str]:
    """Of everything on record, in its order."""
    from bot.evidence.tables import ev_event

    return [str(each["type"]) for each in sorted(firm.rows(ev_event), key=lambda each: int(each["n"]))]


def at(firm: Firm, **delta: float) -> datetime:
    firm.pass_time(**delta)
    return firm.now
