"""The part of `make demo` about results, with real processes, both vendors' stand-ins and the real pages."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bot.db import create_engine
from bot.rehearsal import stage
from handlers.performance import demo, tables


def test_one_is_signed_and_one_is_disputed_through_the_pages(tmp_path: Path) -> None:
    told: list[str] = []
    with stage(tmp_path) as theatre:
        theatre.morning(())
        theatre.open()
        theatre.move_to(f"{demo.DAY}T13:20:00")
        demo.play(theatre, told.append)
    assert any("张三 → 看完全文后签字" in each for each in told)
    assert any(demo.WORDS in each for each in told)
    engine = create_engine(theatre.environment["DATABASE_URL"])
    try:
        with engine.connect() as connection:
            found = {row.person_id: row for row in connection.execute(sa.select(tables.result))}
            reviews = connection.execute(sa.select(tables.review.c.side, tables.review.c.by_id)).all()
    finally:
        engine.dispose()
    signed, disputed = found["wecom:zhangsan"], found["dingtalk:zhou"]
    assert (signed.score, signed.answer, signed.held) == ("70.0", "signed", False)
    assert (disputed.answer, disputed.words, disputed.held) == ("objected", demo.WORDS, True)
    own, theirs = {"wecom:zhangsan", "dingtalk:zhou"}, {"wecom:li", "dingtalk:sun"}
    assert {tuple(each) for each in reviews} == {("self", each) for each in own} | {
        ("manager", each) for each in theirs
    }
