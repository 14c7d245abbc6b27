"""The receipt: whoever causes evidence gets its promise in chat, in the same transaction. It cannot be switched off:
a promise in the employee's hands is what shows that an event was left out later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.evidence.meaning import meaning
from bot.evidence.tables import ev_checkpoint, ev_event
from bot.locale import current, t
from bot.people import Person
from bot.waiting import Recorded
from bot.wire import dump_card

TITLE = "存证回执"
KEEP = "请保留本条。以后可用它核对：您做过的事没有被漏掉或改动。回复「我的记录」可查看全部。"
WORDS = frozenset({"我的记录", "记录", "我的回执", "my records", "my receipts", "records"})
LATEST = 8


def give(ctx: Context) -> None:
    """Say what was recorded for the person who acted: below the plain reply of this transaction, or by itself."""
    actor = ctx.actor
    if actor is None or not ctx.recorded:
        return
    text = receipt_text(ctx.recorded, ctx.zone)
    if ctx.reply and not ctx.reply[1].buttons:
        row_id, card = ctx.reply
        footer = "\n".join(line for line in (card.footer, f"【{t(TITLE)}】", text) if line)
        outbox.reword(ctx.db, row_id, dump_card(_with_footer(card, footer)))
    else:
        ctx.say(actor, Card(t(TITLE), text), "chat")


def receipt_text(recorded: Sequence[Recorded], zone: ZoneInfo) -> str:
    """What, when, and the signed promise of each event, whole: anybody with the log's public key can check it."""
    blocks = []
    for each in recorded:
        when = each.seen.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        number = t("编号 {id}", id=each.appended.event_id)
        blocks.append(f"{_title(each.type)}｜{when}\n{number}\n{each.appended.promise.strip()}")
    return "\n\n".join([*blocks, t(KEEP)])


def _title(type: str) -> str:
    found = meaning(type)
    return found.title_en if current() == "en" else found.title_zh


def _with_footer(card: Card, footer: str) -> Card:
    return replace(card, buttons=(), footer=footer)


def records(ctx: Context, person: Person, page: str) -> Card:
    """我的记录: the newest events about or by the person, each with its place in the log; `page` shows all of them."""
    mine = sa.or_(ev_event.c.subject == person.ref, ev_event.c.actor == person.ref)
    columns = (ev_event.c.type, ev_event.c.seen_ms, ev_event.c.epoch, ev_event.c.log_index, ev_event.c.event_id)
    found = ctx.db.execute(sa.select(*columns).where(mine).order_by(ev_event.c.n.desc()).limit(LATEST)).all()
    if not found:
        return Card(t("我的记录"), t("现在没有关于您的记录。"))
    lines = []
    for row in found:
        when = _local(row.seen_ms, ctx.zone)
        place = t("已承诺，待编入") if row.log_index is None else t("日志第 {index} 位", index=row.log_index)
        lines.append(f"{when} {_title(row.type)} · {place}\n{row.event_id}")
    newest = sa.select(ev_checkpoint.c.note).order_by(ev_checkpoint.c.epoch.desc(), ev_checkpoint.c.size.desc())
    note = ctx.db.execute(newest.limit(1)).scalar()
    footer = t("存证检查点 {line}", line=checkpoint_line(note)) if note else ""
    lines.append(t("全部记录和可下载的证明都在「查看详情」里。"))
    return Card(t("我的记录"), "\n".join(lines), footer=footer, link=page)


def checkpoint_line(note: str) -> str:
    """`origin size root` of a signed checkpoint note: the three lines it signs, as one."""
    return " ".join(note.split("\n", 3)[:3])


def _local(milliseconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(zone).strftime("%m-%d %H:%M")
