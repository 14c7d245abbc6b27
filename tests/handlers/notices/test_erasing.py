"""Somebody on a notice's list is erased: the board still adds up, and nothing on it leads to them."""

from __future__ import annotations

import sqlalchemy as sa

from bot import router
from bot.db import begin
from bot.evidence.forget import forget
from bot.tables import outbox
from handlers.notices import board, tables as tb
from handlers.notices.receiving import answers
from tests.handlers.notices import office
from tests.world import Firm

WORDS = "第三条与我的合同不符"


def objected(firm: Firm) -> str:
    """张三 objects in his own words, a letter is on its way to his home; returns his pseudonym."""
    router.discover("handlers", "erasing")
    office.compose(firm, ["fake:zhang", "fake:li"])
    office.send(firm)
    who = office.who(firm, "zhang")
    with firm.app.context(who) as ctx:
        answers.opened(ctx, office.get(firm), who)
        answers.take(ctx, office.get(firm), who, "objected", WORDS, source="page")
        parcel = {"id": "pc-1", "notice_id": office.ID, "person_id": who.id, "company": "ems"}
        seen: dict[str, object] = {"number": "1234567890123", "address": "某市某路 1 号", "state": "moving"}
        seen |= {"photo": b"\xff\xd8\xff", "photo_type": "image/jpeg"}
        ctx.db.execute(sa.insert(tb.parcel).values(**parcel, **seen))
    firm.courier.drain()
    return who.ref


def told(firm: Firm) -> str:
    """Everything this room's tables, and what was said, hold as text."""
    tables = (tb.recipient, tb.attempt, tb.parcel, outbox)
    return repr([each for table in tables for each in firm.rows(table)])


def test_words_account_and_address_go_and_the_board_adds_up(firm: Firm) -> None:
    ref = objected(firm)
    secrets = (WORDS, "某市某路", "1234567890123", "fake:zhang", "'zhang'", "张三", "xff\\xd8")
    assert [each for each in secrets if each not in told(firm)] == []
    with begin(firm.app.engine) as db:
        before = board.tally(db, office.get(firm))
        forget(db, ref)
        after = board.tally(db, office.get(firm))
    assert [each for each in secrets if each in told(firm)] == []
    assert before == after


def test_who_wrote_a_notice_is_renamed_in_it(firm: Firm) -> None:
    office.compose(firm, ["fake:zhang"], author_id="fake:li")
    ref = office.who(firm, "li").ref
    with firm.app.context(office.who(firm, "wang")) as ctx:
        row = {"id": "tpl-1", "name": "制度更新", "body": "{}", "author_id": "fake:li", "updated_at": firm.now}
        ctx.db.execute(sa.insert(tb.template).values(**row))
        forget(ctx.db, ref)
    assert office.get(firm).author_id.startswith("erased:")
    assert str(firm.rows(tb.template)[0]["author_id"]).startswith("erased:")
