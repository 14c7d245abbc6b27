"""我的待办: every question that still waits for a person, sent to them again. Works for each matter alike."""

from __future__ import annotations

import sqlalchemy as sa

from bot import asks, outbox
from bot.card import Card
from bot.context import Context
from bot.people import Person
from bot.tables import outbox as table

WORDS = frozenset({"我的待办", "待办", "todo", "my tasks"})
MENU_ACTION = "menu.todo"
MOST = 5


def wanted(text: str) -> bool:
    """True when the person asks for the list, in either language."""
    return text.strip().strip("。.!！").lower() in WORDS


def todo(ctx: Context, person: Person) -> Card:
    """Queue the newest open questions once more and say how many there are. A done one is never listed."""
    waiting = asks.open_of(ctx.db, person.id, "")
    for ask in waiting[:MOST]:
        sent = sa.and_(table.c.ask_ref == ask.ref, table.c.kind == "send")
        body = ctx.db.execute(sa.select(table.c.body).where(sent).order_by(table.c.id).limit(1)).scalar_one_or_none()
        if body:
            outbox.queue(ctx.db, ctx.now, "send", person.platform, person, ask.matter, body, ask_ref=ask.ref)
    if not waiting:
        return Card("我的待办", "现在没有需要您处理的事项。")
    more = f"，先发最近的 {MOST} 件" if len(waiting) > MOST else ""
    return Card("我的待办", f"有 {len(waiting)} 件事等您回复{more}，卡片已重新发给您。")
