"""Reminders by hand: to those without a final state, never in the same words, and not to everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import absence_facts, quiet_facts, receipts
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.locale import speaking, t
from bot.people import People, Person
from bot.ports import Platform
from handlers.notices import store, tables as tb
from handlers.notices.sending import plan, sending, serving
from handlers.notices.store import Notice, Recipient

if TYPE_CHECKING:
    from bot.app import App

Folk = Mapping[str, Person]
APART = timedelta(hours=4)
"""Between two reminders by hand to one person."""
REASONS = {
    "done": "已完成",
    "away": "休假中",
    "quiet": "免打扰时段",
    "recent": "刚提醒过",
    "left": "已离开或账号停用",
    "waiting": "上一条还在发送",
}


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many are reminded; who is not, by reason (keys of REASONS), as person ids."""

    count: int
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def remind(
    ctx: Context,
    notice: Notice,
    people: Sequence[str] | None = None,
    *,
    platforms: Mapping[str, Platform],
) -> Reminded:
    """Queue one more message for `people` (ids; None: everybody on the list) who have not done what was asked.

    `platforms` as in App: the same words go by each platform's way for many. Refused when the notice takes no
    reminders.
    """
    done = _through(ctx, notice, people, lambda go, folk: _send(ctx, notice, go, folk, platforms))
    source = {"count": str(done.count)} | {why: str(len(ids)) for why, ids in done.skipped.items()}
    ctx.record("notice.reminded", notice.id, source=source)
    return done


def ask(ctx: Context, notice: Notice) -> Reminded:
    """From the chat: whom a reminder would reach now. The worker, which knows the ways for many, sends it at once and
    looks again who has to be left out. Refused as in `remind`."""
    found = _through(ctx, notice, None, lambda _go, _folk: None)
    who = ctx.actor.id if ctx.actor else ""
    ctx.db.execute(sa.update(tb.notice).where(tb.notice.c.id == notice.id).values(remind_by=who))
    return found


def asked(app: App) -> int:
    """Job: what `ask` left to do; how many notices."""
    with app.engine.connect() as db:
        c = tb.notice.c
        due = [(row.id, row.remind_by) for row in db.execute(sa.select(c.id, c.remind_by).where(c.remind_by != ""))]
    return sum(_asked(app, *each) for each in due)


def _asked(app: App, notice_id: str, who: str) -> bool:
    with app.engine.connect() as db:
        person = People(db).get(who)
    with app.context(person) as ctx:
        mine = (tb.notice.c.id == notice_id, tb.notice.c.remind_by == who)
        taken = ctx.db.execute(sa.update(tb.notice).where(*mine).values(remind_by="")).rowcount == 1
        notice = store.get(ctx.db, notice_id)
        if not taken or notice is None or person is None or not person.active:
            return False
        with speaking(person.locale):
            try:
                remind(ctx, notice, platforms=app.platforms)
            except Refused as refusal:  # paused or recalled in between
                title = notice.said(person.locale)[0]
                ctx.say(person, Card(t("《{title}》没有提醒", title=title), str(refusal)), store.desk(notice.id))
            receipts.give(ctx)
    return True


def _through(
    ctx: Context, notice: Notice, people: Sequence[str] | None, send: Callable[[list[Recipient], Folk], None]
) -> Reminded:
    if notice.state not in ("sending", "sent") or notice.recalled_at or notice.replaced_id:
        raise Refused(t("这份通知已暂停、结束或被撤回，不能提醒。"))
    where = (tb.recipient.c.person_id.in_(list(people)),) if people is not None else ()
    count, skipped = 0, dict[str, list[str]]()
    for rows in store.each(ctx.db, notice.id, *where):
        folk = serving.people_of(ctx.db, [each.person_id for each in rows])
        go = []
        for row, why in zip(rows, _reasons(ctx, notice, rows, folk), strict=True):
            if why:
                skipped.setdefault(why, []).append(row.person_id)
            else:
                go.append(row)
        send(go, folk)
        count += len(go)
    return Reminded(count, {why: tuple(ids) for why, ids in skipped.items()})


def _reasons(ctx: Context, notice: Notice, rows: Sequence[Recipient], folk: Mapping[str, Person]) -> list[str]:
    ids = [each.person_id for each in rows]
    away, quiet = absence_facts.on_leave(ctx.db, ids, ctx.now), quiet_facts.quiet(ctx.db, ids)
    a = tb.attempt.c
    queued = sa.select(a.person_id).where(a.notice_id == notice.id, a.person_id.in_(ids), a.state == "queued")
    waiting = set(ctx.db.execute(queued).scalars())
    found = []
    for row in rows:
        person = folk.get(row.person_id)
        if plan.satisfied(notice.importance, row.receipt) and row.rung > 1:
            found.append("done")
        elif person is None or not person.active or row.left_at:
            found.append("left")
        elif row.person_id in waiting or not row.rung and not row.trouble:
            found.append("waiting")
        elif row.person_id in away:
            found.append("away")
        elif row.reminded_at and ctx.now - row.reminded_at < APART:
            found.append("recent")
        else:
            span = plan.quiet(quiet.get(person.id, "")) or plan.quiet(notice.quiet) or plan.QUIET
            found.append("quiet" if plan.quiet_until(ctx.now, person.zone, span) else "")
    return found


def _send(
    ctx: Context,
    notice: Notice,
    rows: Sequence[Recipient],
    folk: Mapping[str, Person],
    platforms: Mapping[str, Platform],
) -> None:
    numbers = last_numbers(ctx, notice, [each.person_id for each in rows], sending.BY_HAND)
    groups: dict[tuple[str, str, int], list[Recipient]] = {}
    for row in rows:
        groups.setdefault((row.platform, row.locale, numbers[row.person_id] + 1), []).append(row)
    for (platform, _locale, number), group in sorted(groups.items()):
        known = platforms.get(platform) or _Personal(platform)  # switched off since: the row waits for it by name
        sent = serving.serve(ctx, known, notice, group, folk, number)  # type: ignore[arg-type]  # only its name is read
        serving.attempts(ctx, notice, group, number, sent)
        mine = (tb.recipient.c.notice_id == notice.id, tb.recipient.c.person_id.in_([e.person_id for e in group]))
        ctx.db.execute(sa.update(tb.recipient).where(*mine).values(reminded_at=ctx.now))


def last_numbers(ctx: Context, notice: Notice, people: Sequence[str], base: int) -> dict[str, int]:
    """person id -> number of their newest attempt that is counted from `base`; `base` when there is none."""
    a = tb.attempt.c
    mine = (a.notice_id == notice.id, a.person_id.in_(list(people)), a.step >= base, a.step < base + 50)
    rows = ctx.db.execute(sa.select(a.person_id, sa.func.max(a.step)).where(*mine).group_by(a.person_id))
    return dict.fromkeys(people, base) | {person: int(step) for person, step in rows}


@dataclass(frozen=True, slots=True)
class _Personal:
    """A platform known by name alone: everybody gets a card of their own."""

    name: str


def due_again(app: App, notice_id: str, people: Sequence[str] | None = None) -> Reminded:
    """`remind` in a transaction of its own, by the ways for many."""
    with app.context() as ctx:
        notice = store.get(ctx.db, notice_id)
        if notice is None:
            raise Refused(t("没有找到这份通知。"))
        return remind(ctx, notice, people, platforms=app.platforms)
