"""The list of a notice as a table: each of the four answers stays a value of its own, every rung has its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from bot.sheets_out import Value, write_csv, write_xlsx
from bot.web.words import Lang
from handlers.notices import board, store
from handlers.notices.pages import words as page_words
from handlers.notices.rules import RUNGS
from handlers.notices.store import Notice

MOST_XLSX = 50_000
COLUMNS = (
    "x_name", "x_platform", "x_account", "x_site", "x_group", "x_rung", "x_trouble", "x_answer", "x_words",
    "x_accepted", "x_delivered", "x_opened", "x_answered", "x_signed", "x_reminded", "x_joined", "x_left",
)  # fmt: skip


def rows(db: Connection, notice: Notice, lang: Lang, zone: ZoneInfo) -> Iterator[list[Value]]:
    """One row a person, in the order of the list; times are the reader's, ISO 8601 with their zone."""

    def local(at: datetime | None) -> datetime | None:
        return at.astimezone(zone).replace(microsecond=0) if at else None

    def said(name: str) -> str:
        return page_words.group(lang, name) if name else ""

    for part in store.each(db, notice.id):
        for line in board.named(db, part):
            row = line.row
            group = board.group(row.rung, row.trouble, row.answer)
            who = [line.name, row.platform, row.user_id, line.site]
            stands = [said(group), said(RUNGS[row.rung]), said(row.trouble), said(row.answer), row.words]
            times = (row.accepted_at, row.delivered_at, row.opened_at, row.answered_at, row.signed_at, row.reminded_at)
            joined = page_words.say(lang, "yes") if row.late_joiner else ""
            yield [*who, *stands, *(local(each) for each in times), joined, local(row.left_at)]


def table(db: Connection, notice: Notice, kind: str, lang: Lang, zone: ZoneInfo) -> bytes:
    """The whole list as `csv` or `xlsx`. ValueError when a list is too long for a workbook."""
    heads = [page_words.say(lang, each) for each in COLUMNS]
    if kind == "xlsx" and notice.people > MOST_XLSX:
        raise ValueError("too long for a workbook")
    write = write_xlsx if kind == "xlsx" else write_csv
    return write(heads, rows(db, notice, lang, zone))
