"""Reminders by hand: to those without a final state, never in the same words, and not to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot import absence_facts, quiet_facts
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from bot.ports import Platform
from handlers.notices import plan, sending, serving, store
from handlers.notices import tables as tb
from handlers.notices.store import Notice, Recipient

if TYPE_CHECKING:
    from bot.app import App

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
    platforms: Mapping[str, Platform] | None = None,
) -> Reminded:
    """Queue one more message for `people` (ids; None: everybody on the list) who have not done what was asked.

    `platforms` as in App; without them every reminder is a personal card, which the worker sends by name. Refused when
    the notice takes no reminders.
    """
    if notice.state not in ("sending", "sent") or notice.recalled_at or notice.replaced_id:
        raise Refused(t("这份通知已暂停、结束或被撤回，不能提醒。"))
    r = tb.recipient.c
    where = (r.person_id.in_(list(people)),) if people is not None else ()
    count, skipped = 0, dict[str, list[str]]()
    for rows in store.each(ctx.db, notice.id, *where):
        folk = serving.people_of(ctx.db, [each.person_id for each in rows])
        go = []
        for row, why in zip(rows, _reasons(ctx, notice, rows, folk), strict=True):
            if why:
                skipped.setdefault(why, []).append(row.person_id)
            else:
                go.append(row)
        _send(ctx, notice, go, folk, platforms or {})
        count += len(go)
    found = {why: tuple(ids) for why, ids in skipped.items()}
    source = {"count": str(count)} | {why: str(len(ids)) for why, ids in found.items()}
    ctx.record("notice.reminded", notice.id, source=source)
    return Reminded(count, found)


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
        known = platforms.get(platform) or _Personal(platform)
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
