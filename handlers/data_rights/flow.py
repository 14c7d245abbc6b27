"""我的数据, 更正, 删除我的数据: asked by the person, decided by HR, each step in the log.

The request's id is its matter; who asked and in what words is in the log and in the ask, nowhere else.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.asks import Ask, of_matter
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.evidence.audit import who_viewed
from bot.evidence.register import kind_of
from bot.evidence.tables import ev_event
from bot.people import Person
from bot.router import on, words
from bot.store import new_ref
from bot.tables import ask as ask_table, person as person_table
from handlers.data_rights import cards, deciding, rules

__all__ = ["deciding"]
_SHOWN = 5
_YEAR = timedelta(days=365)


@words
def said(event: Event, ctx: Context) -> Card | None:
    """None when the words are about something else."""
    person, text = ctx.actor, event.data.get("text", "")
    if person is None:
        return None
    asked = rules.understand(text)
    if asked is None:
        return deciding.reason_given(event, ctx, person, text)
    if asked.wish == "mine":
        return _mine(ctx, person)
    if asked.wish == "erase":
        return _erase(event, ctx, person, text)
    return _correct(event, ctx, person, asked.words)


def _mine(ctx: Context, person: Person) -> Card:
    counts: dict[tuple[str, str], int] = {}
    where = (ev_event.c.subject == person.ref, ev_event.c.envelope.is_not(None))
    rows = ctx.db.execute(sa.select(ev_event.c.type, sa.func.count()).where(*where).group_by(ev_event.c.type))
    for event_type, count in rows:
        if kind := kind_of(event_type):
            key = (kind.name[0], kind.purpose[0])
            counts[key] = counts.get(key, 0) + count
    views = who_viewed(ctx.db, person.ref, ctx.now - _YEAR)[:_SHOWN]
    zone = ZoneInfo(person.zone)
    lines = [
        f"{each.at.astimezone(zone):%m-%d %H:%M} {_name(ctx, each.viewer)} {'导出' if each.exported else '查看'}"
        for each in views
    ]
    return cards.mine([(name, count, purpose) for (name, purpose), count in sorted(counts.items())], lines)


def _name(ctx: Context, ref: str) -> str:
    found = ctx.db.execute(sa.select(person_table.c.name).where(person_table.c.ref == ref)).scalar()
    return str(found) if found else "管理员"


def _correct(event: Event, ctx: Context, person: Person, text: str) -> Card:
    if not rules.a_reason(text):
        return cards.how_to_correct()
    if len(text) > rules.MOST:
        return cards.too_long(rules.MOST)
    matter = f"dr-{new_ref()}"
    ctx.record("data.correction_requested", matter, subject=person, parts={"words": text}, at=event.at)
    people = deciding.hr_people(ctx, person)
    for each in people:
        ctx.ask(each, deciding.CORRECTION, matter, lambda ref: cards.correction(ref, person.name, text))
    _keep(ctx, person, matter)
    return cards.received(matter[3:11], "更正请求") if people else cards.nobody()


def _erase(event: Event, ctx: Context, person: Person, text: str) -> Card:
    if open_one := deciding.open_request(ctx, person):
        return cards.already(open_one[3:11])
    matter = f"dr-{new_ref()}"
    ctx.record("data.erasure_requested", matter, subject=person, parts={"words": text}, at=event.at)
    people = deciding.heads(ctx, person)
    lines = deciding.kept_lines(ctx, person)
    for each in people:
        ctx.ask(each, deciding.ERASURE, matter, lambda ref: cards.erasure(ref, person.name, lines))
    _keep(ctx, person, matter, deciding.REQUESTER)
    return cards.received(matter[3:11], "删除请求") if people else cards.nobody()


def _keep(ctx: Context, person: Person, matter: str, kind: str = "data_rights.correction_of") -> None:
    """Who asked: a row without a card, so that the decision finds its person and a second request the first."""
    row = {"ref": new_ref(), "kind": kind, "matter": matter, "person_id": person.id, "state": "noted"}
    ctx.db.execute(sa.insert(ask_table).values(**row, created_at=ctx.now))


@on("data_rights.back")
def back(event: Event, ctx: Context) -> Card | None:
    """[返回]: no refusal after all; the question is open again."""
    ask = ctx.asked(event.ref)
    if ask.kind != deciding.REASON or not ctx.answer(ask.ref, "back"):
        raise Refused(deciding.SETTLED)
    person = deciding.requester(ctx, ask.matter)
    actor = ctx.actor
    if person is None or actor is None:
        raise Refused(deciding.SETTLED)
    kind = _kind(of_matter(ctx.db, ask.matter, None))
    if kind == deciding.ERASURE:
        lines = deciding.kept_lines(ctx, person)
        ctx.ask(actor, kind, ask.matter, lambda ref: cards.erasure(ref, person.name, lines))
    else:
        ctx.ask(actor, kind, ask.matter, lambda ref: cards.correction(ref, person.name, "原话见之前的卡片"))
    return cards.answered("已返回，请在新的卡片上处理")


def _kind(found: list[Ask]) -> str:
    return deciding.ERASURE if any(each.kind == deciding.ERASURE for each in found) else deciding.CORRECTION
