"""我的待办: every question that still waits for a person, sent to them again. Works for each matter alike."""

from __future__ import annotations

import sqlalchemy as sa

from bot import asks
from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.locale import t
from bot.people import Person
from bot.tables import outbox as table

WORDS = frozenset({"我的待办", "待办", "todo", "my tasks"})
MENU_ACTION = "menu.todo"
MOST = 5


def todo(ctx: Context, person: Person) -> Card:
    """Queue the newest open questions once more and say how many there are. A done one is never listed."""
    waiting, count = asks.newest_of(ctx.db, person.id, MOST)
    for ask in waiting:
        sent = sa.and_(table.c.ask_ref == ask.ref, table.c.kind == "send")
        body = ctx.db.execute(sa.select(table.c.body).where(sent).order_by(table.c.id).limit(1)).scalar_one_or_none()
        if body:
            outbox.queue(ctx.db, ctx.now, "send", person.platform, person, ask.matter, body, ask_ref=ask.ref)
    if not waiting:
        return Card(t("我的待办"), t("现在没有需要您处理的事项。"))
    if count > MOST:
        text = t("有 {count} 件事等您回复，先发最近的 {most} 件，卡片已重新发给您。", count=count, most=MOST)
    else:
        text = t("有 {count} 件事等您回复，卡片已重新发给您。", count=count)
    return Card(t("我的待办"), text)
