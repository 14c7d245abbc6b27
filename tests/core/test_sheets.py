"""Tables from and for spreadsheets: encodings, caps, what could harm, and values of goals in files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, strategies as st

from bot.progress.rows import Pushed, header, read
from bot.sheets import FORMULA, BadFile, Caps, plain, rows
from bot.sheets_out import Value, write_csv, write_xlsx

ZONE, NOW = ZoneInfo("Asia/Shanghai"), datetime(2026, 6, 11, 1, 16, tzinfo=UTC)
HEAD = ("目标编号", "完成", "目标值", "数据时间")
NASTY = ("=1+1", "+86138", "-2+3", "@SUM(A1)", "\t=1", " =1", "'=1", "＝1", '=HYPERLINK("http://x","y")')
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=30)


def taken(data: bytes) -> tuple[list[Pushed], list[tuple[int, str]]]:
    good, wrong = read(rows(data), ZONE, NOW)
    return good, [(each.row, each.field) for each in wrong]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_of_any_usual_encoding(encoding: str) -> None:
    text = "说明：季度\r\n目标编号,完成,目标值,数据时间\r\n\r\n签约额,3.5,5,2026-06-11 09:00\r\n"
    good, wrong = taken(text.encode(encoding))
    assert good == [Pushed("签约额", Decimal("3.5"), Decimal(5), datetime(2026, 6, 11, 1, tzinfo=UTC))]
    assert wrong == []


def test_each_bad_row_is_named_by_its_number_and_the_good_ones_are_taken() -> None:
    lines = ["key,done,target,at", "a,1,2,2026-06-11", "b,x,2,2026-06-11", "c,-1,2,2026-06-11", "d,1,0,2026-06-11"]
    lines += ["e,1,2,morgen", "f,1,2,2026-06-12", ",1,2,2026-06-11", "a,9,9,2026-06-11", "g,60%,2,2026-06-11", "h,1"]
    lines += ['i,"1,000",2,2026-06-11', "j,1,2,2026-06-11T01:00:00Z", "k,1,2,2026/06/10"]
    good, wrong = taken("\n".join(lines).encode())
    assert [each.key for each in good] == ["a", "j", "k"]
    fields = ["done", "done", "target", "at", "at", "key", "key", "done", "target", "done"]
    assert wrong == list(zip(range(3, 13), fields, strict=True))


def test_a_spreadsheets_day_number_and_its_noise() -> None:
    table = [("a", Decimal("66.599999999999994"), Decimal(100), Decimal("46184.375"))]
    (value,), _ = taken(write_xlsx(HEAD, table))
    assert (value.done, value.target) == (Decimal("66.6"), Decimal(100))
    assert value.at == datetime(2026, 6, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"key,done,target\n" * 12, "目标编号,完成\n".encode()])
def test_without_its_heading_a_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile, match="表头"):
        read(rows(data), ZONE, NOW)
    assert header(["key", "done"]) == {}


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_what_is_written_is_read_again(write: Callable[[Sequence[str], list[Sequence[Value]]], bytes]) -> None:
    at = datetime(2026, 6, 11, 9, tzinfo=ZONE)
    data = write(HEAD, [("签约额", Decimal("3.50"), 5, at), ("=cmd|x", 0, Decimal("1E+2"), at)])
    good, wrong = taken(data)
    assert wrong == []
    assert [(each.key, each.done, each.target) for each in good] == [("签约额", Decimal("3.5"), 5), ("=cmd|x", 0, 100)]
    assert {each.at for each in good} == {datetime(2026, 6, 11, 1, tzinfo=UTC)}


@given(st.lists(st.one_of(WORDS, st.sampled_from(NASTY)), min_size=1, max_size=5))
@example(list(NASTY))
def test_no_text_of_ours_is_a_formula_anywhere(cells: list[str]) -> None:
    (line,) = csv.reader(io.StringIO(write_csv(cells, []).decode("utf-8-sig"), newline=""))
    assert not [each for each in line if each.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    assert [plain(each) for each in line] == cells
    book = zipfile.ZipFile(io.BytesIO(write_xlsx(cells, [])))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet
    assert sheet.count(' s="1"') == len([each for each in cells if FORMULA.match(each)])


def test_negative_numbers_stay_numbers() -> None:
    table: list[Sequence[Value]] = [(Decimal("-1.50"), -3, None, date(2026, 6, 11), "-1.50")]
    assert write_csv(("a",), table).splitlines()[1] == b"-1.50,-3,,2026-06-11,'-1.50"
    (_, (_, cells)) = rows(write_xlsx(("a",), table))
    assert cells == ["-1.50", "-3", "", "2026-06-11", "-1.50"]


def test_characters_no_xml_knows_are_left_out_and_wide_tables_keep_their_columns() -> None:
    head = [f"c{each}" for each in range(60)]
    (_, first), (_, second) = rows(write_xlsx(head, [["a\x00\x0b<&>b", *["x"] * 59]]))
    assert (first, second[0], len(second)) == (head, "a<&>b", 60)
    assert write_xlsx(head, []) == write_xlsx(head, [])


def book(sheet: str, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, part in parts.items():
            file.writestr(name.replace("__", "/"), part)
    return out.getvalue()


NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BOMB = f"<worksheet {NS}><sheetData>{'<row/>' * 400_000}</sheetData></worksheet>"
DTD = f'<!DOCTYPE x [<!ENTITY a "b">]><worksheet {NS}><sheetData/></worksheet>'
SUM = f'<worksheet {NS}><sheetData><row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row></sheetData></worksheet>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0" + b"0" * 100, "xlsx"),
        (b"PK\x03\x04 not a zip", "broken"),
        (b"a\0b", "not a text file"),
        (b"\xff\xff\xff", "GBK"),
        (b'"' + b"x" * 200_000, "CSV"),
        (b"x" * 3000, "too long"),
        (b"," * 300, "too long"),
        (book(SUM), "formulas"),
        (book(DTD), "unsafe"),
        (book(BOMB), "unpacks"),
        (book("<worksheet>"), "unsafe"),
        (book(f"<worksheet {NS}/>", xl__vbaProject_bin=b"").replace(b"vbaProject_bin", b"vbaProject.bin"), "macros"),
    ],
)
def test_what_could_harm_is_refused_as_a_whole(data: bytes, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        list(rows(data))


def test_caps_hold() -> None:
    with pytest.raises(BadFile, match="more than 2 rows"):
        list(rows(b"a\nb\nc\n", Caps(rows=2)))
    with pytest.raises(BadFile, match="MB"):
        list(rows(b"a" * (1 << 20) + b"b", Caps(size=1 << 20)))
    with pytest.raises(BadFile, match="unpacks"):
        list(rows(book(f"<worksheet {NS}><sheetData>{'<row/>' * 9}</sheetData></worksheet>"), Caps(unpacked=60)))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found: Iterator[tuple[int, list[str]]] = rows(data)
    try:
        kept = list(found)
    except BadFile:
        kept = []
    assert all(isinstance(cell, str) and "\0" not in cell for _, cells in kept for cell in cells)
