"""The board of a cycle as a table: where everybody stands, one row a person."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from bot.context import Context
from bot.sheets_out import Value, write_csv, write_xlsx
from bot.tables import person as people
from bot.web.words import Lang
from handlers.performance import board, tables as t
from handlers.performance.agreeing import sides
from handlers.performance.files import Form
from handlers.performance.pages import words as page_words
from handlers.performance.store import Cycle

COLUMNS = ("x_person", "x_name", "x_department", "x_scorer", "x_stands", "x_attainment", "x_score", "x_answer")


def table(ctx: Context, cycle: Cycle, form: Form, lang: Lang) -> bytes:
    """Everybody of the cycle in the order of departments. Refused for everybody but HR; records `cycle.exported`."""
    sides.need_hr(ctx)
    c, scorer = t.member.c, people.alias()
    columns = (c.person_id, people.c.name, c.department, scorer.c.name, c.state, c.answer, c.attainment, c.score)
    joined = sa.select(*columns).join(people, people.c.id == c.person_id, isouter=True)
    joined = joined.join(scorer, scorer.c.id == c.scorer_id, isouter=True).where(c.cycle_id == cycle.id)
    rows: list[list[Value]] = []
    for person_id, name, department, by, state, answer, attainment, score in ctx.db.execute(
        joined.order_by(c.department, c.person_id)
    ):
        stands = page_words.group(lang, board.group(state, answer))
        said = page_words.group(lang, answer) if answer in board.ANSWERS else ""
        rows.append([person_id, name, department, by, stands, _number(attainment), _number(score), said])
    ctx.record("cycle.exported", cycle.id, source={"kind": "board", "rows": str(len(rows))})
    heads = [page_words.say(lang, each) for each in COLUMNS]
    return (write_csv if form == "csv" else write_xlsx)(heads, rows)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
