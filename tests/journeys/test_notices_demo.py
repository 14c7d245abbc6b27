"""The part of `make demo` about notices, with real processes, both vendors' stand-ins and the pages."""

from __future__ import annotations

import re
from pathlib import Path

from bot.rehearsal import Stage, stage
from handlers.missed_punch import demo as morning
from handlers.notices import demo


def hired(theatre: Stage) -> None:
    """The people of the whole rehearsal; everybody is at work and has answered what the firm asks of newcomers."""
    people = theatre.control("people")
    for cast in morning.CASTS:
        for (user, name), department in zip((cast.refused, cast.silent), morning.DEPARTMENTS, strict=True):
            row = {"id": user, "name": name, "platform": cast.platform, "manager": cast.boss[0]}
            people.append(row | {"department": department})
    theatre.control("people", people)
    theatre.morning(())
    theatre.open()
    theatre.move_to(f"{demo.DAY}T11:16:00")
    for each in theatre.control("people"):
        theatre.phone(each["id"]).wait("同意", button="同意并确认")


def test_five_outcomes_on_two_platforms_and_a_board_that_adds_up(tmp_path: Path) -> None:
    told: list[str] = []
    with stage(tmp_path, overrides=demo.SETTINGS) as theatre:
        hired(theatre)
        demo.play(theatre, told.append)
        theatre.settle()
    text = "\n".join(told)
    assert "吴HR → 第二个人核对：同意发送" in text
    for line in ("已打开全文 2：", "收到 1：张三", "收到但有异议 1：周小云", "合计 12 = 固定名单 12 人"):
        assert line in text, text
    accepted = re.search(r"平台已接收 8：(\S+)", text)
    assert accepted and {"钱进", "冯远"} <= set(accepted[1].split("、"))
    assert "补发 1｜考勤制度 v4" in text and text.count("跟进 1｜考勤制度 v4") == 2
