"""What is left of somebody's performance when they are erased: numbers without words, in rows that name nobody.

An appeal that is not decided holds everything (个人信息保护法 art. 47, para. 2: stored, not used).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.card import Card
from bot.context import Context
from bot.evidence.erase import place_hold, release_hold
from bot.evidence.forget import NAME
from bot.evidence.tables import ev_event, ev_hold, ev_part
from bot.people import Person
from bot.router import Gone, erases
from bot.tables import outbox
from bot.wire import dump_card
from handlers.performance import tables as tab

STEP, SYSTEM = 500, "p:system"
SHORT = 4
"""Letters under which words are nobody's own."""


@erases
def goals(db: Connection, gone: Gone) -> Iterable[str]:
    """Texts, keys and reasons of their goals, and what they or others wrote about support; the ids of both."""
    ids = _ids(db, tab.goal, gone)
    asked = _ids(db, tab.nudge, gone)
    rows = sa.select(tab.goal_version.c.text, tab.goal_version.c.reason)
    _echoes(db, rows.where(tab.goal_version.c.goal_id.in_(_mine(tab.goal, gone))))
    _echoes(db, sa.select(tab.nudge.c.words, tab.nudge.c.task_words).where(tab.nudge.c.person_id == gone.person_id))
    blank = {"text": "", "source_key": "", "reason": "", "sha256": ""}
    _blank(db, tab.goal_version, tab.goal_version.c.goal_id, ids, **blank)
    # A digest alone lets a short text be guessed back.
    _blank(db, tab.confirmation, tab.confirmation.c.goal_id, ids, sha256="")
    _blank(db, tab.progress, tab.progress.c.goal_id, ids, raw_sha256="", problem="")
    _blank(db, tab.nudge, tab.nudge.c.id, asked, words="", task_words="")
    return _delivered(db, [*ids, *asked])


@erases
def scores(db: Connection, gone: Gone) -> Iterable[str]:
    """What was written about them in reviews, results and appeals, and the files they brought. Points, bands, days and
    outcomes stay. What they wrote about others belongs to those others and stays with them, without the account."""
    results = _ids(db, tab.result, gone)
    rows = sa.select(tab.appeal.c.id).where(tab.appeal.c.result_id.in_(_mine(tab.result, gone)))
    heard = list(db.execute(rows).scalars())
    said = sa.select(tab.appeal.c.words, tab.appeal.c.reason)
    _echoes(db, said.where(tab.appeal.c.result_id.in_(results)))
    _echoes(db, sa.select(tab.result.c.words).where(tab.result.c.person_id == gone.person_id))
    db.execute(_of(tab.review, gone).values(comment="", reason="", event_id=None))
    db.execute(_of(tab.line, gone).values(fact="", goal_id=""))
    db.execute(_of(tab.result, gone).values(text="", words="", consequence="", sha256="", held=False, next_at=None))
    _blank(db, tab.release_item, tab.release_item.c.result_id, results, sha256="")
    _blank(db, tab.appeal, tab.appeal.c.id, heard, words="", reason="")
    _blank(db, tab.file, tab.file.c.matter, heard, name="", media_type="", sha256="", content=b"")
    return _delivered(db, [*results, *heard, *_cycles(db, gone)])


def _mine(table: sa.Table, gone: Gone) -> sa.Select[Any]:
    return sa.select(table.c.id).where(table.c.person_id == gone.person_id)


def _ids(db: Connection, table: sa.Table, gone: Gone) -> list[str]:
    return list(db.execute(_mine(table, gone)).scalars())


def _of(table: sa.Table, gone: Gone) -> sa.Update:
    return sa.update(table).where(table.c.person_id == gone.person_id)


def _blank(db: Connection, table: sa.Table, key: sa.Column[Any], ids: list[str], **values: object) -> None:
    for start in range(0, len(ids), STEP):
        db.execute(sa.update(table).where(key.in_(ids[start : start + STEP])).values(**values))


def _delivered(db: Connection, matters: list[str]) -> list[str]:
    """The contents of cards about them that colleagues got: that a card arrived, and its commitment, stay on record."""
    cards = sa.select(ev_event.c.event_id).where(ev_event.c.type.startswith("delivery."))
    for start in range(0, len(matters), STEP):
        of_them = cards.where(ev_event.c.object_id.in_(matters[start : start + STEP]))
        where = (ev_part.c.event_id.in_(of_them), ev_part.c.name == "card.json", ev_part.c.content.is_not(None))
        db.execute(sa.update(ev_part).where(*where).values(salt=None, content=None))
    return matters


def _echoes(db: Connection, texts: sa.Select[Any]) -> None:
    """Words that colleagues wrote or read in chat were said back to them outside of any matter."""
    found = {str(each) for row in db.execute(texts) for each in row if each and len(str(each)) >= SHORT}
    bodies = [outbox.c.body.contains(json.dumps(each, ensure_ascii=False)[1:-1], autoescape=True) for each in found]
    for start in range(0, len(bodies), 50):
        where = (outbox.c.matter == "chat", sa.or_(*bodies[start : start + 50]))
        db.execute(sa.update(outbox).where(*where).values(body=dump_card(Card(NAME))))


def _cycles(db: Connection, gone: Gone) -> list[str]:
    """The matters of one person in each cycle, see members.matter."""
    c = tab.member.c
    cycles = db.execute(sa.select(c.cycle_id).where(c.person_id == gone.person_id)).scalars()
    return [f"{each}.{gone.ref.removeprefix('p:')}"[:60] for each in cycles]


def hold(ctx: Context, appeal_id: str, subject: Person) -> None:
    """Keep everything about whoever appeals until the appeal is decided."""
    place_hold(ctx.db, ctx.keys, subject=subject.ref, reason=_reason(appeal_id), by=SYSTEM, now=ctx.now)


def let_go(ctx: Context, appeal_id: str) -> None:
    """The appeal was decided; other holds on the same person stay."""
    where = (ev_hold.c.reason == _reason(appeal_id), ev_hold.c.released_ms.is_(None))
    for hold_id in list(ctx.db.execute(sa.select(ev_hold.c.id).where(*where)).scalars()):
        release_hold(ctx.db, ctx.keys, hold_id=hold_id, by=SYSTEM, now=ctx.now)


def _reason(appeal_id: str) -> str:
    return f"绩效申诉未决 open appeal {appeal_id}"
