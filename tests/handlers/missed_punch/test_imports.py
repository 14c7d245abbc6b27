"""Punches from files: what is read, what is refused, what merges, and what an undo takes back."""

from __future__ import annotations

import json
import random
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings, strategies as st

from bot import people
from bot.cli import attendance as cli_attendance
from bot.db import begin
from bot.event import PUNCHED
from bot.evidence.tables import ev_event
from bot.ports import DirectoryPerson
from bot.sheets import Caps
from bot.tables import person
from handlers.missed_punch import imports, tables as t
from handlers.missed_punch.attendance import sources
from handlers.missed_punch.attendance.sources import Record
from handlers.missed_punch.imports import files as import_files, parsing as import_rows
from handlers.missed_punch.imports.files import BadFile, rows
from tests.handlers.missed_punch.story import NINE, Story, at
from tests.world import FIRM, Firm

PLAIN = "person,at,kind,device\nzhang,2026-06-11 08:55,on,door\nli,2026-06-11T00:50:00+00:00,,door\n"
NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(cells: Sequence[Sequence[str]], extra: str = "", head: str = "") -> str:
    body = ""
    for number, row in enumerate(cells, 1):
        texts = (f'<c r="{chr(65 + i)}{number}" t="inlineStr"><is><t>{text}</t></is></c>' for i, text in enumerate(row))
        body += f'<row r="{number}">{"".join(texts)}</row>'
    return f'<?xml version="1.0"?>{head}<worksheet xmlns="{NS}"><sheetData>{body}{extra}</sheetData></worksheet>'


def xlsx(path: Path, content: str, **more: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", content)
        for name, text in more.items():
            book.writestr(name, text)
    return path


def kept(firm: Firm) -> list[tuple[Any, ...]]:
    return sorted((row["person_id"], row["at"], row["kind"], row["source"]) for row in firm.rows(t.punch))


def events(firm: Firm) -> list[object]:
    return [row["type"] for row in firm.rows(ev_event)]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str | bytes, name: str = "a.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_encodings_of_our_own_format(firm: Firm, write: Any) -> None:
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "gbk", "utf-16")):
        report = imports.load(firm.app, write(PLAIN.replace("zhang", "张三").encode(encoding)))
        assert (report.new, report.known, report.rejected) == ((0, 2, 0) if number else (2, 0, 0))
    assert kept(firm) == [
        ("fake:li", at("8:50"), "other", "file:door"),
        ("fake:zhang", at("8:55"), "on", "file:door"),
    ]
    assert {len(str(row["raw_sha256"])) for row in firm.rows(t.record)} == {64}


@pytest.mark.parametrize(
    "cells",
    [
        # WeCom's console: a title above the heading, the day and the clock apart, "--" where nobody punched.
        [["打卡明细 2026-06"], ["日期", "姓名", "账号", "打卡类型", "实际打卡时间", "打卡设备"],
         ["2026/06/11 星期四", "张三", "zhang", "上班打卡", "08:55", "手机"],
         ["2026/06/11 星期四", "张三", "zhang", "下班打卡", "--", ""]],
        # DingTalk's console: one column with both, and a result that says when there is none.
        [["姓名", "UserId", "考勤日期", "打卡时间", "打卡结果", "打卡设备"],
         ["张三", "zhang", "26-06-11", "2026-06-11 08:55:00", "正常", "手机"],
         ["张三", "zhang", "26-06-11", "2026-06-11 18:00", "缺卡", ""]],
        # A spreadsheet that kept its dates as numbers.
        [["姓名", "日期", "打卡时间", "设备"], ["张三", "46184", "0.371527777777778", "手机"], ["", "", "", ""]],
        [["name", "at", "device"], ["张三", "46184.371527777777778", "手机"], ["张三", "未打卡", ""]],
    ],
)  # fmt: skip
def test_headings_of_the_consoles_are_recognised(firm: Firm, tmp_path: Path, cells: list[list[str]]) -> None:
    report = imports.load(firm.app, xlsx(tmp_path / "a.xlsx", sheet(cells)), "fake")
    assert (report.new, report.skipped, report.problems) == (1, 1, [])
    assert [(who, when, source) for who, when, _, source in kept(firm)] == [("fake:zhang", at("8:55"), "file:手机")]


def test_a_dry_run_says_everything_and_changes_nothing(firm: Firm, write: Any) -> None:
    file = write(
        PLAIN
        + "zhang,2026-06-11 08:55,on,door\nnobody,2026-06-11 09:00,,\nzhang,25:99,,\nzhang,2026-06-11 08:55:40,,app\n"
    )
    dry = imports.load(firm.app, file, dry_run=True)
    assert (dry.new, dry.merged, dry.known, dry.rejected, dry.batch) == (2, 1, 1, 2, "")
    assert [number for number, _ in dry.problems] == [5, 6]
    assert (firm.rows(t.punch), firm.rows(t.record), firm.rows(t.batch), firm.rows(t.finding), events(firm)) == (
        [],
        [],
        [],
        [],
        [],
    )
    real = imports.load(firm.app, file)
    assert (real.new, real.merged, real.known, real.problems) == (dry.new, dry.merged, dry.known, dry.problems)
    assert events(firm) == ["attendance.finding", "attendance.imported"]


def test_the_same_file_twice_changes_nothing(firm: Firm, write: Any) -> None:
    file = write(PLAIN)
    imports.load(firm.app, file)
    before = kept(firm)
    again = imports.load(firm.app, file)
    assert (again.new, again.merged, again.known) == (0, 0, 2)
    assert kept(firm) == before


BAD_ROWS = [
    ("zhang,2026-02-30 09:00,,", "no such day"),
    ("zhang,yesterday,,", "unreadable time"),
    ("zhang,09:00,,", "without a date"),
    ("zhang,2026-06-11 09:00,maybe,", "unknown kind"),
    (",2026-06-11 09:00,,", "nobody is named"),
    ("=cmd,2026-06-11 09:00,,", "formula"),
    ("zhang,2026-06-11 09:00,,=HYPERLINK()", "formula"),
    ("ghost,2026-06-11 09:00,,", "nobody of this id"),
    ("twin,2026-06-11 09:00,,", "more than one"),
    ("zhang,2026-06-11 12:00,,", "future"),
    ("far,2026-03-08 02:30,,", "clock change"),
    ("far,2026-11-01 01:30,,", "clock change"),
    ("zhang,2026-06-11 25:00,,", "hour must be"),
]


def test_rows_that_cannot_be_trusted_are_named_and_the_others_are_taken(firm: Firm, write: Any) -> None:
    with begin(firm.app.engine) as db:
        more = (DirectoryPerson("t1", "twin"), DirectoryPerson("t2", "twin"), DirectoryPerson("far", "远"))
        people.sync(db, "fake", (*FIRM, *more), {"wang": "hr"})
        db.execute(person.update().where(person.c.user_id == "far").values(zone="America/New_York"))
    report = imports.load(firm.app, write(PLAIN + "".join(f"{row}\n" for row, _ in BAD_ROWS)))
    said = dict(report.problems)
    assert sorted(said) == list(range(4, 4 + len(BAD_ROWS)))
    assert [(row, why) for number, (row, why) in enumerate(BAD_ROWS, 4) if why not in said[number]] == []
    assert (report.new, len(kept(firm))) == (2, 2)


def test_local_times_are_the_persons_own(firm: Firm, write: Any) -> None:
    with begin(firm.app.engine) as db:
        db.execute(person.update().where(person.c.user_id == "li").values(zone="Europe/Berlin"))
    imports.load(firm.app, write("person,at\nzhang,2026-06-10 09:00\nli,2026-06-10 09:00\n"))
    assert [row[1] for row in kept(firm)] == [
        datetime(2026, 6, 10, 7, tzinfo=UTC),
        datetime(2026, 6, 10, 1, tzinfo=UTC),
    ]


def test_a_file_without_a_known_heading_is_refused(firm: Firm, write: Any) -> None:
    for text in ("a,b\n1,2\n", "", "person\nzhang\n", "\n" * 20 + PLAIN, '"person,at\nzhang'):
        with pytest.raises(BadFile, match="heading"):
            imports.load(firm.app, write(text))
    assert firm.rows(t.batch) == []


def hostile(path: Path, what: str) -> Path:
    bomb = (
        sheet([["person", "at"]], "<row r='2'><c r='A2'><v>" + "0" * 2_500_000 + "</v></c></row>")
        if what == "bomb"
        else ""
    )
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    cells = [["person", "at"], ["zhang", "2026-06-11 08:55"]]
    formula = "<row r='3'><c r='A3'><f>WEBSERVICE(\"http://x\")</f><v>1</v></c></row>"
    contents = {"bomb": bomb, "laughs": sheet(cells, head=laughs), "outside": sheet(cells, head=outside)}
    contents |= {
        "formula": sheet(cells, formula),
        "broken": sheet(cells)[:-20],
        "string": sheet(cells, "<row r='3'><c t='s'><v>7</v></c></row>"),
    }
    contents |= {"wide": sheet(cells, "<row r='3'><c r='ZZZ3'><v>1</v></c></row>"), "macro": sheet(cells), "empty": ""}
    xlsx(path, contents[what], **({"xl/vbaProject.bin": "x"} if what == "macro" else {}))
    return path


@pytest.mark.parametrize("what", ["bomb", "laughs", "outside", "formula", "broken", "string", "wide", "macro", "empty"])
def test_a_hostile_workbook_is_refused_as_a_whole(tmp_path: Path, what: str) -> None:
    with pytest.raises(BadFile):
        list(rows(hostile(tmp_path / "a.xlsx", what)))


def test_a_bomb_that_lies_about_its_size_is_stopped_while_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = xlsx(tmp_path / "a.xlsx", sheet([["person", "at"]] * 5_000))
    data = bytearray(path.read_bytes())
    where = data.rindex(b"PK\x01\x02") + 24  # the directory's own word about the unpacked size (APPNOTE 4.3.12)
    data[where : where + 4] = (1_000).to_bytes(4, "little")
    path.write_bytes(data)
    monkeypatch.setattr(import_files, "CAPS", Caps(unpacked=200_000))
    with pytest.raises(BadFile):
        list(rows(path))


def test_a_million_columns_are_refused_before_they_take_memory(tmp_path: Path, write: Any) -> None:
    wide = write("person,at" + ",x" * 1_000_000 + "\n" + PLAIN, "wide.csv")
    endless = write('person,at\n"' + "x" * 3_000_000, "endless.csv")
    far = xlsx(tmp_path / "far.xlsx", sheet([["person", "at"]], "<row r='2'><c r='XFD2'><v>1</v></c></row>"))
    tracemalloc.start()
    for path in (wide, endless, far):
        with pytest.raises(BadFile):
            list(rows(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 << 20


@pytest.mark.parametrize("small", [Caps(size=20), Caps(rows=2), Caps(cell=4), Caps(columns=3)])
def test_caps(write: Any, monkeypatch: pytest.MonkeyPatch, small: Caps) -> None:
    file = write(PLAIN)
    assert len(list(rows(file))) == 3
    monkeypatch.setattr(import_files, "CAPS", small)
    with pytest.raises(BadFile):
        list(rows(file))


@pytest.mark.parametrize(
    "content",
    [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", b"PK\x03\x04broken", b"person,at\n\x00\x00\n", b"\xff\xff\xff\x80"],
)
def test_what_is_no_table_is_refused(write: Any, content: bytes) -> None:
    with pytest.raises(BadFile):
        list(rows(write(content)))


def test_undo_takes_back_exactly_the_batch(firm: Firm, write: Any) -> None:
    with begin(firm.app.engine) as db:
        sources.add(db, [Record("fake:zhang", at("8:55"), "other", "ATM", "0" * 64)], firm.now)
    mine = kept(firm)
    first = imports.load(
        firm.app, write("person,at,kind,device\nzhang,2026-06-11 08:54:30,on,door\nli,2026-06-11 08:50,,door\n")
    )
    assert (first.new, first.merged) == (1, 1)
    assert ("fake:zhang", at("8:54") + timedelta(seconds=30), "on", "file:door") in kept(firm)
    second = imports.load(firm.app, write("person,at,device\nli,2026-06-11 08:50:30,gate\n", "b.csv"))
    assert imports.undo(firm.app, first.batch) == (0, 2)
    assert kept(firm) == [("fake:li", at("8:50") + timedelta(seconds=30), "other", "file:gate"), *mine]
    assert imports.undo(firm.app, second.batch) == (1, 0)
    assert kept(firm) == mine
    with pytest.raises(imports.Unknown):
        imports.undo(firm.app, first.batch)
    assert events(firm)[-2:] == ["attendance.import_undone"] * 2


SIX = "person,at\n" + "".join(f"zhang,2026-06-10 0{hour}:00\n" for hour in range(1, 7))


def test_a_file_that_breaks_off_is_taken_back_and_loads_again(
    firm: Firm, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PART", 2)

    def full(stored: int) -> None:
        if stored == 4:
            assert len(kept(firm)) == 4  # the parts before are in: others can write and read in between
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        imports.load(firm.app, write(SIX), told=full)
    assert kept(firm) == [] and [row["state"] for row in firm.rows(t.batch)] == ["undone"]
    counts: list[int] = []
    report = imports.load(firm.app, write(SIX), told=counts.append)
    assert (report.new, report.known, counts, len(kept(firm))) == (6, 0, [2, 4, 6], 6)


def test_a_file_broken_near_its_end_leaves_nothing_behind(
    firm: Firm, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PART", 2)
    with pytest.raises(BadFile):
        imports.load(firm.app, write(SIX + "\0\0\n"))
    assert (firm.rows(t.punch), firm.rows(t.batch), events(firm)) == ([], [], [])


def test_a_batch_undone_while_it_loads_stops_at_its_next_part(
    firm: Firm, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PART", 2)

    def meanwhile(_stored: int) -> None:
        imports.undo(firm.app, str(firm.rows(t.batch)[0]["id"]))

    with pytest.raises(imports.Unknown):
        imports.load(firm.app, write(SIX), told=meanwhile)
    assert kept(firm) == [] and events(firm) == ["attendance.import_undone"]


def test_undo_leaves_what_was_pushed(story: Story, write: Any) -> None:
    story.firm.now = at("9:00")
    story.do("zhang", PUNCHED, when=at("8:58"), kind="on", source="file:door")
    report = imports.load(
        story.firm.app, write("person,at,device\nzhang,2026-06-11 08:58,door\nzhang,2026-06-11 08:58:20,app\n")
    )
    assert (report.new, report.merged, report.known) == (0, 1, 1)
    imports.undo(story.firm.app, report.batch)
    assert kept(story.firm) == [("fake:zhang", at("8:58"), "on", "file:door")]


def test_a_late_upload_ends_a_running_case_and_takes_every_question_back(story: Story, write: Any) -> None:
    story.tick("9:16")
    story.tick("10:15")
    assert story.titles("li")
    imports.load(story.firm.app, write("person,at,kind,device\nzhang,2026-06-11 08:55,on,door\n"))
    story.firm.courier.drain()
    assert (story.case()["state"], story.case()["outcome"]) == ("closed", "punched")
    assert story.copies("li")
    sent = len(story.firm.platform.sent)
    story.tick("12:00")
    assert len(story.firm.platform.sent) == sent


def test_a_late_upload_reopens_a_settled_day_and_says_so(story: Story, write: Any) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.tap("li", "驳回")
    story.write("li", "门禁显示没有到")
    assert story.case()["outcome"] == "rejected"
    before = len(story.seen("li"))
    imports.load(story.firm.app, write("person,at,kind,device\nzhang,2026-06-11 09:01,on,door\n"))
    story.firm.courier.drain()
    assert story.case()["outcome"] == "punched"
    assert "checkin.reopened" in events(story.firm)
    assert len(story.seen("li")) == before + 1
    assert "09:01" in story.seen("li")[-1].text


@pytest.mark.parametrize(("punch", "state"), [("09:10", "closed"), ("09:40", "approval")])
def test_a_punch_ends_a_claim_it_confirms_and_no_other(story: Story, write: Any, punch: str, state: str) -> None:
    story.tick("9:16")
    story.write("zhang", "忘打卡 9:02")
    story.firm.now = at("10:00")
    imports.load(story.firm.app, write(f"person,at,kind,device\nzhang,2026-06-11 {punch},other,door\n"))
    assert story.case()["state"] == state


def test_by_command(firm: Firm, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.attendance.application", lambda: firm.app)
    file, run = write(PLAIN), CliRunner()
    dry = run.invoke(cli_attendance.attendance, ["import", str(file), "--dry-run", "--json"])
    assert (dry.exit_code, json.loads(dry.output)["new"], firm.rows(t.punch)) == (0, 2, [])
    done = json.loads(
        run.invoke(cli_attendance.attendance, ["import", str(file), "--platform", "fake", "--json"]).output
    )
    assert run.invoke(cli_attendance.attendance, ["import", str(file), "--platform", "none"]).exit_code == 2
    bad = run.invoke(cli_attendance.attendance, ["import", str(write(PLAIN + "ghost,2026-06-11 09:00,,\n", "c.csv"))])
    assert (bad.exit_code, "4: " in bad.output) == (1, True)
    assert "removed 2" in run.invoke(cli_attendance.attendance, ["undo", done["batch"]]).output
    assert run.invoke(cli_attendance.attendance, ["undo", done["batch"]]).exit_code == 1
    assert run.invoke(cli_attendance.attendance, ["import", str(write("x,y\n", "d.csv"))]).exit_code == 1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from("abc"), st.sampled_from(["on", "off", "other"])), max_size=12
    ),
    st.randoms(use_true_random=False),
)
def test_nothing_is_lost_and_nothing_counts_twice(
    firm: Firm, told: list[tuple[int, str, str]], shuffle: random.Random
) -> None:
    """However the rows arrive: one record per row, every record has one punch, one source never twice in a punch."""
    with begin(firm.app.engine) as db:
        db.execute(t.record.delete())
        db.execute(t.punch.delete())
        rows = [Record("fake:zhang", NINE + timedelta(seconds=at), kind, source) for at, source, kind in told]
        shuffle.shuffle(rows)
        half = len(rows) // 2
        first = sources.add(db, rows[:half], firm.now)
        second = sources.add(db, rows[half:], firm.now, "b")
        again = sources.add(db, rows, firm.now)
    records, punches = firm.rows(t.record), {row["id"]: row for row in firm.rows(t.punch)}
    assert len(records) == len({row.key for row in rows}) == again.known
    assert first.new + second.new == len(punches)
    for number, punch in punches.items():
        own = [row for row in records if row["punch_id"] == number]
        assert len({row["source"] for row in own}) == len(own) > 0
        assert (punch["at"], punch["source"]) in {(row["at"], row["source"]) for row in own}
        assert not {"on", "off"} <= {row["kind"] for row in own}
    with begin(firm.app.engine) as db:
        sources.undo(db, "b", 1_000)
    left = firm.rows(t.record)
    assert {row["punch_id"] for row in left} == {row["id"] for row in firm.rows(t.punch)}
    assert len(left) == len({row.key for row in rows[:half]})


def test_every_kind_a_file_may_use_is_one_of_three() -> None:
    assert set(import_rows.KINDS.values()) == {"on", "off", "other"}
