"""Stand-ins: 「我休假到6月20日，由王HR代理」. Set in chat, echoed and confirmed, bounded in time, never in a circle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.approvals import cards
from bot.approvals.delegates_words import CANCEL, Wish, wish
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on, words
from bot.store import new_ref
from bot.tables import delegate as table, person as person_table

ASK = "delegates.confirm"
LONGEST = timedelta(days=90)
DEEP = 10
NOBODY = "没有找到「{name}」，请写对方在通讯录里的姓名。"
SEVERAL = "有几个人叫「{name}」，请写对方的账号。"
SELF = "不能请自己代理。"
LONG = "一次最多 {days} 天，到期请再设一次。"
PAST = "「{day}」已经过了，请再确认一下日期。"
CIRCLE = "{name} 目前由您代理（或辗转由您代理），不能再请对方代理您。"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands in. `dated`: by date, so that the principal counts as away; else only during their leave."""

    person_id: str
    dated: bool


def in_force(db: Connection, ids: Collection[str], absent: Collection[str], now: datetime) -> Mapping[str, Standing]:
    """Principal -> who stands in now, by their newest wish. `absent`: on leave, so that a standing wish holds."""
    where = (
        table.c.person_id.in_(list(ids)),
        table.c.state == "on",
        table.c.since <= now,
        sa.or_(table.c.until.is_(None), table.c.until > now),
    )
    found: dict[str, Standing] = {}
    for row in db.execute(sa.select(table).where(*where).order_by(table.c.created_at, table.c.id)):
        if row.until is not None or row.person_id in absent:
            found[row.person_id] = Standing(row.delegate_person_id, row.until is not None)
    return found


@words
def said(event: Event, ctx: Context) -> Card | None:
    """None when the words are not about standing in."""
    person, text = ctx.actor, event.data.get("text", "").strip()
    if person is None:
        return None
    if text.strip("。.!！ ").lower() in CANCEL:
        return _cancel(event, ctx, person)
    wanted = wish(text, event.at.astimezone(ZoneInfo(person.zone)))
    return _propose(ctx, person, wanted) if wanted else None


def _propose(ctx: Context, person: Person, wanted: Wish) -> Card:
    to = _named(ctx, person, wanted.name)
    since, until = max(wanted.since or ctx.now, ctx.now), wanted.until
    if until and until <= ctx.now:
        raise Refused(t(PAST, day=cards.day_of(until, person.zone, last=True)))
    if until and until - since > LONGEST:
        raise Refused(t(LONG, days=LONGEST.days))
    _no_circle(ctx.db, person, to)
    row: dict[str, Any] = {"id": f"dg-{new_ref()}"[:32], "person_id": person.id, "delegate_person_id": to.id}
    ctx.db.execute(sa.insert(table).values(**row, state="asked", since=since, until=until, created_at=ctx.now))
    span = cards.span(since, until, person.zone)
    ctx.ask(person, ASK, row["id"], lambda ref: cards.delegate_wanted(ref, to.name, span()))
    return cards.delegate_noted()


def _named(ctx: Context, person: Person, name: str) -> Person:
    same = sa.or_(person_table.c.name == name, sa.func.lower(person_table.c.user_id) == name.lower())
    where = (person_table.c.platform == person.platform, person_table.c.active, same)
    found = list(ctx.db.execute(sa.select(person_table.c.id).where(*where)).scalars())
    if len(found) != 1:
        raise Refused(t(SEVERAL if found else NOBODY, name=name))
    to = ctx.people.get(found[0])
    if to is None or to.id == person.id:
        raise Refused(t(SELF))
    return to


def _no_circle(db: Connection, person: Person, to: Person) -> None:
    seen = at = {to.id}
    for _ in range(DEEP):
        where = (table.c.person_id.in_(at), table.c.state == "on")
        at = set(db.execute(sa.select(table.c.delegate_person_id).where(*where)).scalars()) - seen
        if person.id in at:
            raise Refused(t(CIRCLE, name=to.name))
        seen = seen | at


def _row(event: Event, ctx: Context) -> tuple[Ask, sa.Row[Any], Person, Person]:
    ask = ctx.asked(event.ref)
    row = ctx.db.execute(sa.select(table).where(table.c.id == ask.matter)).one_or_none()
    to = ctx.people.get(row.delegate_person_id) if row else None
    if row is None or to is None or ctx.actor is None:
        raise Refused(t(NOBODY, name=""))
    return ask, row, ctx.actor, to


@on("delegates.confirm")
def confirm(event: Event, ctx: Context) -> Card | None:
    """[确认]: from now on (or from the day named) requests go to the stand-in; both know."""
    ask, row, person, to = _row(event, ctx)
    _no_circle(ctx.db, person, to)
    if not ctx.answer(ask.ref, "confirm"):
        return cards.settled()
    mine = (table.c.person_id == person.id, table.c.state == "on")
    ctx.db.execute(sa.update(table).where(*mine).values(state="ended", ended_at=ctx.now))
    ctx.db.execute(sa.update(table).where(table.c.id == row.id).values(state="on"))
    span = cards.span(row.since, row.until, person.zone)
    source = {"to": to.ref, "until": row.until.isoformat() if row.until else "leave"}
    ctx.record("delegate.confirmed", row.id, subject=person, source=source, at=event.at)
    ctx.close(row.id, lambda _person, _ask: cards.delegate_on(to.name, span()))
    ctx.say(to, lambda: cards.delegate_told(person.name, to.name, span()), row.id)
    return cards.delegate_on(to.name, span())


@on("delegates.drop")
def drop(event: Event, ctx: Context) -> Card | None:
    """[不对]: nothing was changed."""
    ask, row, _person, _to = _row(event, ctx)
    if not ctx.answer(ask.ref, "drop"):
        return cards.settled()
    ctx.db.execute(sa.update(table).where(table.c.id == row.id).values(state="ended", ended_at=ctx.now))
    ctx.close(row.id, lambda _person, _ask: cards.delegate_off())
    return cards.delegate_off()


def _cancel(event: Event, ctx: Context, person: Person) -> Card:
    mine = (table.c.person_id == person.id, table.c.state == "on")
    for row in ctx.db.execute(sa.select(table).where(*mine)).all():
        ctx.db.execute(sa.update(table).where(table.c.id == row.id).values(state="ended", ended_at=ctx.now))
        ctx.record("delegate.ended", row.id, subject=person, at=event.at)
        if to := ctx.people.get(row.delegate_person_id):
            ctx.say(to, lambda: cards.delegate_over(person.name), row.id)
    return cards.delegate_off()
