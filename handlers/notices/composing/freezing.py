"""The list of a notice, fixed when it is sent, with its hash; afterwards only the stated rule adds or ends anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.tables import person as people_table
from handlers.notices import store, tables as tb
from handlers.notices.composing import audience
from handlers.notices.composing.audience import Target
from handlers.notices.composing.audience_rules import list_sha256
from handlers.notices.store import Notice

if TYPE_CHECKING:
    from bot.app import App

SIZE = 1000
_T = TypeVar("_T")


def freeze(ctx: Context, notice: Notice) -> Notice:
    """Write the list down and return the notice with it. Refused for an empty one, or when it was frozen before."""
    chosen = audience.resolve(ctx.db, notice.audience)
    if not chosen.people:
        raise Refused(t("选择的对象里没有人"))
    digest = list_sha256((each.platform, each.user_id) for each in chosen.people)
    values = {"list_sha256": digest, "people": len(chosen.people), "frozen_at": ctx.now}
    if notice.frozen_at or not store.move(ctx.db, notice.id, (notice.state,), **values):
        raise Refused(t("这份通知的名单已经固定。"))
    _insert(ctx, notice, chosen.people, late=False)
    source = {"list_sha256": digest, "people": str(len(chosen.people)), "excluded": str(chosen.excluded)}
    ctx.record("notice.frozen", notice.id, source=source)
    frozen = store.get(ctx.db, notice.id)
    return frozen or notice


def _insert(ctx: Context, notice: Notice, people: Sequence[Target], *, late: bool) -> None:
    fixed = {"rung": 0, "trouble": "", "answer": "", "words": "", "step": 0, "late_joiner": late}
    for chunk in _chunks(people):
        rows = [
            {"notice_id": notice.id, "person_id": each.id, "platform": each.platform, "user_id": each.user_id,
             "locale": each.locale, **fixed}
            for each in chunk
        ]  # fmt: skip
        ctx.db.execute(sa.insert(tb.recipient), rows)


def _chunks(people: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (people[at : at + SIZE] for at in range(0, len(people), SIZE))


def follow(app: App) -> int:
    """Job: people who joined until the deadline are added where the notice says so, people who left are ended."""
    with app.engine.connect() as db:
        live = [each.id for each in store.newest(db, 1000, state=("sending", "sent"))]
    return sum(_followed(app, notice_id) for notice_id in live)


def _followed(app: App, notice_id: str) -> int:
    with app.context() as ctx:
        notice = store.get(ctx.db, notice_id)
        if notice is None or notice.state not in ("sending", "sent") or notice.recalled_at or notice.replaced_id:
            return 0
        return joined(ctx, notice) + left(ctx, notice)


def joined(ctx: Context, notice: Notice) -> int:
    """Add who fits now and is not on the list; how many. The frozen list, its number and its hash stay as they were."""
    if notice.joiners != "deadline" or notice.deadline is None or notice.deadline <= ctx.now:
        return 0
    held = set(
        ctx.db.execute(sa.select(tb.recipient.c.person_id).where(tb.recipient.c.notice_id == notice.id)).scalars()
    )
    new = [each for each in audience.resolve(ctx.db, notice.audience).people if each.active and each.id not in held]
    if new:
        _insert(ctx, notice, new, late=True)
        digest = list_sha256((each.platform, each.user_id) for each in new)
        ctx.record("notice.joined", notice.id, source={"people": str(len(new)), "list_sha256": digest})
    return len(new)


def left(ctx: Context, notice: Notice) -> int:
    """Whoever left the firm is asked no further; how many. Whoever was not tried yet is left to the first send."""
    r, a = tb.recipient.c, tb.attempt.c
    gone = sa.select(people_table.c.id).where(~people_table.c.active)
    tried = sa.exists().where(a.notice_id == r.notice_id, a.person_id == r.person_id, a.step == 0)
    where = (r.notice_id == notice.id, r.left_at.is_(None), r.person_id.in_(gone), tried)
    count = ctx.db.execute(sa.update(tb.recipient).where(*where).values(left_at=ctx.now, next_at=None)).rowcount
    if count:
        ctx.record("notice.left", notice.id, source={"people": str(count)})
    return count
