"""What everybody can ask the bot at any time, whatever the matter: 我的待办, 我的记录, the language, help."""

from __future__ import annotations

import sqlalchemy as sa

from bot import receipts, todo
from bot.card import Card
from bot.context import Context
from bot.event import TEXT, Event
from bot.locale import speaking, t
from bot.people import Person
from bot.tables import person as table

ENGLISH = frozenset({"english", "英文", "英语", "speak english", "in english"})
CHINESE = frozenset({"中文", "chinese", "说中文", "汉语"})
HELP = frozenset({"帮助", "菜单", "help", "menu", "?", "？"})
RECORDS_ACTION = "menu.records"


def answered(event: Event, ctx: Context, page: str) -> bool:
    """True when the event asked for something of the menu; it is said. `page` is the address of 我的记录."""
    person = ctx.actor
    if person is None:
        return False
    card = _card(event.action, _plain(event) if event.action == TEXT else "", ctx, person, page)
    if card is None:
        return False
    ctx.say(person, card, "chat")
    return True


def welcome() -> Card:
    """For words nobody understood, and for 帮助."""
    return Card(
        t("我在"),
        t(
            "消息已收到，但我没有看懂。收到问题卡片时，点按钮或直接用自己的话回复都可以；需要人帮忙请回复「需要帮助」，"
            "想看还有什么要处理请回复「我的待办」，想看关于您的记录请回复「我的记录」。"
        ),
        footer='English: reply "English"',
    )


def _plain(event: Event) -> str:
    return event.data.get("text", "").strip().strip("。.!！").lower()


def _card(action: str, words: str, ctx: Context, person: Person, page: str) -> Card | None:
    if action == todo.MENU_ACTION or words in todo.WORDS:
        return todo.todo(ctx, person)
    if action == RECORDS_ACTION or words in receipts.WORDS:
        return receipts.records(ctx, person, page)
    if words in ENGLISH | CHINESE:
        return _speak(ctx, person, "en" if words in ENGLISH else "zh")
    return welcome() if words in HELP else None


def _speak(ctx: Context, person: Person, locale: str) -> Card:
    ctx.db.execute(sa.update(table).where(table.c.id == person.id).values(locale=locale))
    with speaking(locale):
        return Card(t("语言"), t("好的，以后用中文和您说。"))
