"""Statutory days: known, loaded by command, or held and asked about; never guessed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from bot import people
from bot.cli import attendance as cli_attendance
from bot.db import begin
from bot.evidence.tables import ev_event
from bot.ports import Shift
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import calendar, findings
from handlers.missed_punch.attendance.calendar import BadTable, Book
from tests.handlers.missed_punch.feed import run_at
from tests.handlers.missed_punch.story import Story
from tests.world import FIRM, Firm

EMPTY = Book({}, frozenset())


def published(year: int = 2027, extra: str = "") -> bytes:
    """An invented table: New Year, a spring week, a May week, an October week, two working weekends."""
    days = [date(year - 1, 12, 31), date(year, 1, 1)]
    for start in (date(year, 2, 5), date(year, 10, 1)):
        days += [start + timedelta(days=n) for n in range(7)]
    lines = [f"{day},holiday,放假" for day in days] + [
        f"{year}-02-14,workday,春节调休",
        f"{year}-10-09,workday,国庆调休",
    ]
    return ("date,kind,name\n" + "\n".join(lines) + f"\n{extra}").encode()


@pytest.mark.parametrize(
    ("day", "kind", "workday"),
    [
        (date(2026, 10, 1), "holiday", False),
        (date(2026, 6, 11), "work", True),
        (date(2026, 6, 13), "work", False),  # a plain Saturday: whoever is planned is expected
        (date(2026, 2, 14), "work", True),  # 调休
        (date(2027, 1, 4), "unknown", None),
    ],
)
def test_the_library_knows_up_to_its_last_year(day: date, kind: str, workday: bool | None) -> None:
    assert EMPTY.kind(day) == kind
    assert EMPTY.workday(day) is workday


def test_a_loaded_year_is_known_and_so_are_its_working_weekends(firm: Firm) -> None:
    year, days = calendar.parse(published())
    with begin(firm.app.engine) as db:
        assert calendar.load(db, year, days) == 18
        known = calendar.book(db)
    assert [known.kind(date(2027, *day)) for day in ((1, 1), (2, 14), (2, 13), (3, 1), (10, 7))] == [
        "holiday", "work", "work", "work", "holiday",
    ]  # fmt: skip
    assert [known.workday(date(2027, *day)) for day in ((1, 1), (2, 14), (2, 13), (3, 1))] == [False, True, False, True]
    assert known.kind(date(2026, 12, 31)) == "holiday"  # listed with the year it belongs to
    assert known.kind(date(2026, 12, 30)) == "work"
    assert known.kind(date(2028, 1, 4)) == "unknown"


def test_loading_again_replaces_the_year(firm: Firm) -> None:
    with begin(firm.app.engine) as db:
        calendar.load(db, *calendar.parse(published()))
        calendar.load(db, *calendar.parse(published(extra="2027-10-16,workday,更正\n")))
        assert calendar.book(db).workday(date(2027, 10, 16)) is True
    assert len(firm.rows(t.statutory)) == 19


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"day,kind\n", "line 1"),
        (b"", "line 1"),
        (b"date,kind,name\n", "no days"),
        (published(extra="2027-13-01,holiday,x\n"), "line 20"),
        (published(extra="2027-03-01,workday,x\n"), "Monday to Friday"),
        (published(extra="2027-03-06,rest,x\n"), "holiday or workday"),
        (published(extra="2027-03-06,workday,\n"), "a name"),
        (published(extra="2027-03-06,workday\n"), "three columns"),
        (published(extra="2027-01-01,holiday,again\n"), "twice"),
        (published(extra="2025-03-01,holiday,old\n"), "not of 2027"),
        (b"date,kind,name\n2027-05-01,holiday,x\n", "1 January"),
        (b"date,kind,name\n2027-01-01,holiday,x\n", "not a whole year"),
        (b"date,kind,name\n\xff\xff\xff\xff\n", "UTF-8"),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused_with_every_reason(content: bytes, problem: str) -> None:
    with pytest.raises(BadTable, match=problem):
        calendar.parse(content)


def test_a_gbk_table_and_one_with_a_byte_order_mark_are_read() -> None:
    text = published().decode()
    assert (
        calendar.parse(text.encode("gbk")) == calendar.parse(text.encode("utf-8-sig")) == calendar.parse(text.encode())
    )


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.none() | st.integers(0, 40))
def test_warnings_begin_in_november_weekly_and_are_daily_in_december(day: date, ago: int | None) -> None:
    last = None if ago is None else day - timedelta(days=ago)
    due = calendar.warn_due(day, EMPTY, last)
    if day.month < 11:
        assert due is None
    elif day.month == 11:
        assert due == (2027 if ago is None or ago >= 7 else None)
    else:
        assert due == (2027 if ago != 0 else None)


def test_an_unknown_present_year_is_said_every_day_and_a_loaded_one_never() -> None:
    assert calendar.warn_due(date(2027, 3, 1), EMPTY, date(2027, 2, 28)) == 2027
    assert calendar.warn_due(date(2027, 3, 1), EMPTY, date(2027, 3, 1)) is None
    loaded = Book({date(2027, 1, 1): "holiday"}, frozenset({2027}))
    assert calendar.warn_due(date(2026, 12, 31), loaded, None) is None


def test_the_administrator_is_warned_and_then_not_again_for_a_week(firm: Firm) -> None:
    with begin(firm.app.engine) as db:
        people.sync(db, "fake", FIRM, {"wang": "hr", "li": "hr_head"})
    heard = []
    for day in (datetime(2026, 10, 31, 2, tzinfo=UTC), *(datetime(2026, 11, n, 2, tzinfo=UTC) for n in range(1, 10))):
        firm.now = day
        findings.watch_calendar(firm.app)
        firm.courier.drain()
        heard.append(len(firm.platform.sent))
    assert heard == [0, 1, 1, 1, 1, 1, 1, 1, 2, 2]
    assert {to for to, _, _ in firm.platform.sent} == {"li"}
    assert "2027" in firm.platform.sent[0][1].title


def test_on_an_unknown_day_the_question_is_held_and_asked_of_the_administrator(story: Story) -> None:
    firm, start = story.firm, datetime(2027, 3, 1, 1, tzinfo=UTC)
    firm.platform.shift_list = [Shift("zhang", date(2027, 3, 1), start, start + timedelta(hours=9))]

    run_at(story, start + timedelta(minutes=16))
    assert story.titles("zhang") == []
    assert story.titles("wang")
    with begin(firm.app.engine) as db:
        calendar.load(db, *calendar.parse(published()))
    run_at(story, start + timedelta(minutes=17))
    assert len(story.titles("zhang")) == 1


def test_load_and_show_by_command(firm: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.attendance.application", lambda: firm.app)
    file, run = tmp_path / "2027.csv", CliRunner()
    file.write_bytes(published())
    assert run.invoke(cli_attendance.calendar, ["show", "2027"]).exit_code == 1
    done = run.invoke(cli_attendance.calendar, ["load", str(file)])
    assert (done.exit_code, "2027: 18" in done.output) == (0, True)
    shown = json.loads(run.invoke(cli_attendance.calendar, ["show", "2027", "--json"]).output)
    assert shown[0] == {"date": "2027-01-01", "kind": "holiday", "name": "放假"}
    assert len(shown) == 17  # New Year's Eve belongs to 2026
    assert "2026-10-01,holiday" in run.invoke(cli_attendance.calendar, ["show", "2026"]).output
    assert [row["type"] for row in firm.rows(ev_event)] == ["attendance.calendar_loaded"]
    file.write_text("date,kind,name\n2027-02-30,holiday,x\n")
    refused = run.invoke(cli_attendance.calendar, ["load", str(file)])
    assert (refused.exit_code, "2027-02-30" in refused.output) == (1, True)
