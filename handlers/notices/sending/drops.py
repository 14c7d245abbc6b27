"""Messages that a platform accepted and dropped: found within minutes, and served again another way in other words.

Two sources: what the platform's own lists say (through `hearing.reported`), and our own count of what one member was
sent, where the platform says nothing at all (WeCom docs 90454: beyond 30 a minute or 1,000 an hour per member).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from bot.tables import outbox
from handlers.notices import store, tables as tb
from handlers.notices.receiving import hearing
from handlers.notices.rules import Fact
from handlers.notices.sending import climbing, reminding, sending, serving
from handlers.notices.store import Recipient

if TYPE_CHECKING:
    from bot.app import App

WITHIN = timedelta(minutes=10)
"""A drop is found this soon after the platform accepted."""
MOST = 1000
TRIES = 3
"""How often somebody is served again in the chat; then the plan's other channels have their turn at once."""


def find(app: App) -> int:
    """Job: name what was dropped by our own count, then serve again whoever was dropped; how many of those."""
    for platform, limits in _limits(app).items():
        with app.context() as ctx:
            for notice_id, people in _accepted(ctx.db, platform, ctx.now).items():
                over = dropped(ctx.db, platform, people, limits)
                source = {"ch": platform, "code": "own.count"}
                hearing.learn_many(ctx, notice_id, {each: (Fact("dropped", ctx.now), source) for each in over})
                a = tb.attempt.c
                mine = (a.notice_id == notice_id, a.person_id.in_(over), a.state == "accepted")
                if over:
                    ctx.db.execute(sa.update(tb.attempt).where(*mine).values(state="dropped", code="own.count"))
    return again(app)


def _limits(app: App) -> dict[str, tuple[tuple[int, timedelta], ...]]:
    minute, hour = app.settings.wecom_member_per_minute, app.settings.wecom_member_per_hour
    known = {"wecom": ((minute, timedelta(minutes=1)), (hour, timedelta(hours=1)))}
    return {name: known[name] for name in app.platforms if name in known}


def _accepted(db: Connection, platform: str, now: datetime) -> dict[str, dict[str, datetime]]:
    """notice -> person -> when their newest message was accepted, in the window in which a drop must be found."""
    a = tb.attempt.c
    fresh = (a.state == "accepted", a.at >= now - WITHIN, a.channel.startswith(f"{platform}."))
    found: dict[str, dict[str, datetime]] = {}
    for row in db.execute(sa.select(a.notice_id, a.person_id, a.at).where(*fresh).limit(100 * MOST)):
        found.setdefault(row.notice_id, {})[row.person_id] = row.at
    return found


def dropped(
    db: Connection, platform: str, people: Mapping[str, datetime], limits: Sequence[tuple[int, timedelta]]
) -> list[str]:
    """Who had more than a ceiling's messages in the span that ends with the one at their time (UTC)."""
    if not people:
        return []
    longest = max(span for _, span in limits)
    first, last = min(people.values()) - longest, max(people.values())
    busy = _busy(db, platform, (first, last), min(most for most, _ in limits))
    found = []
    for person in busy & people.keys():
        times = _sent(db, platform, person, (first, people[person]))
        if any(sum(people[person] - at < span for at in times) > most for most, span in limits):
            found.append(person)
    return sorted(found)


def _busy(db: Connection, platform: str, span: tuple[datetime, datetime], least: int) -> set[str]:
    """Only somebody who got more than the smallest ceiling at all in that time is looked at closely."""
    o, a = outbox.c, tb.attempt.c
    mine = (o.platform == platform, o.state == "sent", o.kind == "send", o.sent_at.between(*span))
    alone = sa.select(o.person_id.label("person"), o.id.label("row")).where(*mine)
    joined = (a.channel.startswith(f"{platform}."), a.at.between(*span), a.state.in_(("accepted", "opened")))
    many = sa.select(a.person_id.label("person"), a.row_id.label("row")).where(*joined)
    both = sa.union(alone, many).subquery()  # a personal card of ours is in both, and counts once
    rows = sa.select(both.c.person).group_by(both.c.person).having(sa.func.count() > least)
    return set(db.execute(rows).scalars())


def _sent(db: Connection, platform: str, person: str, span: tuple[datetime, datetime]) -> list[datetime]:
    o, a = outbox.c, tb.attempt.c
    mine = (o.platform == platform, o.state == "sent", o.kind == "send", o.person_id == person)
    times = {
        row.id: row.sent_at for row in db.execute(sa.select(o.id, o.sent_at).where(*mine, o.sent_at.between(*span)))
    }
    joined = (a.person_id == person, a.channel.startswith(f"{platform}."), a.at.between(*span))
    reached = a.state.in_(("accepted", "opened"))
    shared = {row.row_id: row.at for row in db.execute(sa.select(a.row_id, a.at).where(*joined, reached))}
    return sorted((shared | times).values())


def again(app: App) -> int:
    """Serve again, by another route and in other words, whoever was dropped and got nothing since; how many."""
    total = 0
    for notice_id in _with_drops(app):
        with app.context() as ctx:
            total += _again(app, ctx, notice_id)
    return total


def _with_drops(app: App) -> list[str]:
    r, n = tb.recipient.c, tb.notice.c
    with app.engine.connect() as db:
        live = (n.state.in_(("sending", "sent")), n.recalled_at.is_(None), r.trouble == "dropped", r.left_at.is_(None))
        found = sa.select(n.id).join(tb.recipient, r.notice_id == n.id).where(*live).distinct()
        return list(db.execute(found.order_by(n.id)).scalars())


def _again(app: App, ctx: Context, notice_id: str) -> int:
    notice = store.get(ctx.db, notice_id)
    if notice is None:
        return 0
    a = tb.attempt.c
    r = tb.recipient.c
    served = sa.exists().where(
        a.notice_id == notice_id, a.person_id == r.person_id, a.state != "dropped", a.step >= sending.AGAIN
    )
    rows = next(store.each(ctx.db, notice_id, r.trouble == "dropped", r.left_at.is_(None), ~served, size=MOST), [])
    numbers = reminding.last_numbers(ctx, notice, [each.person_id for each in rows], sending.AGAIN)
    groups: dict[tuple[str, str, int, str], list[Recipient]] = {}
    for row in rows:
        number = numbers[row.person_id] + 1
        if number - sending.AGAIN > TRIES or row.platform not in app.platforms:
            if row.next_at and row.next_at > ctx.now:
                climbing.change(ctx, row, next_at=ctx.now)
            continue
        groups.setdefault((row.platform, row.locale, number, _route(ctx.db, row)), []).append(row)
    for (platform, _locale, number, route), group in sorted(groups.items()):
        folk = serving.people_of(ctx.db, [each.person_id for each in group])
        sent = serving.serve(ctx, app.platforms[platform], notice, group, folk, number, avoid=route)
        serving.attempts(ctx, notice, group, number, sent)
        ctx.record("notice.served_again", notice.id, source={"count": str(len(group)), "instead_of": route})
    return sum(len(group) for group in groups.values())


def _route(db: Connection, row: Recipient) -> str:
    """The way that dropped them."""
    a = tb.attempt.c
    mine = (a.notice_id == row.notice_id, a.person_id == row.person_id, a.state == "dropped")
    channel = db.execute(sa.select(a.channel).where(*mine).order_by(a.step.desc()).limit(1)).scalar() or ""
    return str(channel).rpartition(".")[2]
