"""What the working tables know about an erased person: name, account, messages. Rows stay, the person goes."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.card import Card
from bot.db import PERSON, metadata
from bot.router import Gone, routes
from bot.tables import ask, failed, outbox, person
from bot.wire import dump_card, load_event

NAME = "已删除"


def forget(conn: Connection, ref: str) -> None:
    """Erase the person behind a pseudonym from every working table; unknown or already forgotten: nothing happens.

    The id changes too (it holds the account's name), in every column that refers to it: otherwise the directory's next
    report about the same account would meet the old row.
    """
    row = conn.execute(sa.select(person).where(person.c.ref == ref)).one_or_none()
    if row is None or row.name == NAME:
        return
    new = f"erased:{secrets.token_hex(12)}"
    _failed(conn, row.platform, row.user_id)
    conn.execute(
        sa.update(person)
        .where(person.c.ref == ref)
        .values(id=new, name=NAME, user_id=new, manager_id=None, role="employee", site="", active=False)
    )
    for column in _references():
        conn.execute(sa.update(column.table).where(column == row.id).values({column.name: new}))
    matters = {matter for eraser in routes.erasers for matter in eraser(conn, Gone(new, ref))}
    _messages(conn, outbox.c.person_id == new)
    for matter in sorted(matters):
        _messages(conn, outbox.c.matter == matter)
    _named(conn, row.name)


def _references() -> list[sa.Column[str]]:
    """Columns that may hold a person's id, by the house's naming (`…person_id`, `manager_id`, `…_by`) or marked so."""
    return [
        column
        for table in metadata.sorted_tables
        if not table.name.startswith("ev_")
        for column in table.c
        if isinstance(column.type, sa.String)
        and (column.info == PERSON or column.name.endswith(("person_id", "manager_id", "_by")))
    ]


def _messages(conn: Connection, where: sa.ColumnElement[bool]) -> None:
    unsaid = sa.and_(where, outbox.c.state.in_(("queued", "held", "kept", "sending")))
    conn.execute(sa.update(outbox).where(unsaid).values(state="stopped"))
    blank = {"body": dump_card(Card(NAME)), "user_id": "", "message_id": None, "update_token": "", "error": None}
    conn.execute(sa.update(outbox).where(where).values(**blank))


def _named(conn: Connection, name: str) -> None:
    """Our copies of what colleagues were told about them, outside of any matter of theirs. Somebody of the same name is
    taken along: a copy is not the record, which stays. A question that is still open keeps its words."""
    unanswered = sa.exists().where(ask.c.ref == outbox.c.ask_ref, ask.c.state == "open")
    told = (outbox.c.state == "sent", outbox.c.body.contains(name, autoescape=True), ~unanswered)
    if len(name) > 1:
        conn.execute(sa.update(outbox).where(*told).values(body=dump_card(Card(NAME))))


def _failed(conn: Connection, platform: str, user_id: str) -> None:
    """Events kept for a second try hold the person's own words."""
    rows = conn.execute(sa.select(failed.c.id, failed.c.event).where(failed.c.platform == platform)).all()
    for row in rows:
        if load_event(row.event).actor.lower() == user_id.lower():
            conn.execute(sa.delete(failed).where(failed.c.id == row.id))
