"""Rows of a CSV or XLSX file, one at a time, in bounded memory. A file that could harm is refused as a whole.

XLSX is read with the standard library and defusedxml: no DTD, no entity, no formula, no macro, and not a byte more than
the caps allow is unpacked.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from bot.errors import BotError

Row = tuple[int, list[str]]
"""Row number as a spreadsheet shows it, cells as text."""
FORMULA = re.compile(r"[ ']*[=+\-@\t\r＝＋－＠]")
"""What a spreadsheet may take for the beginning of a formula, behind blanks and our own marks. OWASP, CSV Injection."""
SMALL, PARTS = 1 << 20, 2_000
"""Below this size a high ratio is harmless: a sheet of equal cells packs well."""
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CELL = re.compile(r"([A-Z]{1,3})\d+$")


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that is read: bytes of the file, rows, columns, characters of a cell, bytes unpacked and their ratio;
    `strings` bytes of a workbook's shared texts, the only part of a file that is kept in memory."""

    size: int = 10 << 20
    rows: int = 50_000
    columns: int = 200
    cell: int = 2_000
    unpacked: int = 256 << 20
    strings: int = 64 << 20
    ratio: int = 200


class BadFile(BotError):
    """The file as a whole is refused; the text says why, for the person who brought it."""


def rows(source: bytes | Path, caps: Caps = Caps()) -> Iterator[Row]:  # noqa: B008 - frozen
    """Every row with its number. Raises BadFile, also half-way: nothing read from such a file may be kept.

    A `Path` is read piece by piece, so that memory does not grow with the file.
    """
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        if file.seek(0, io.SEEK_END) > caps.size:
            raise BadFile(f"文件超过 {caps.size >> 20} MB / the file is larger than {caps.size >> 20} MB")
        file.seek(0)
        for count, row in enumerate(_found(file, caps), 1):
            if count > caps.rows:
                raise BadFile(f"超过 {caps.rows} 行 / more than {caps.rows} rows")
            if len(row[1]) > caps.columns or any(len(cell) > caps.cell for cell in row[1]):
                raise BadFile(f"第 {row[0]} 行过长 / row {row[0]} is too long")
            yield row


def _found(file: IO[bytes], caps: Caps) -> Iterator[Row]:
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(b"PK"):
        return _xlsx(file, caps)
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(
            "旧版或加密的 Excel 文件，请另存为 xlsx 或 csv / an old or encrypted Excel file: save as xlsx or csv"
        )
    return _csv(file, caps)


def plain(cell: str) -> str:
    """Undoes what `bot.sheets_out` puts before a text that looks like a formula."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


def _csv(file: IO[bytes], caps: Caps) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        reader = csv.reader(_lines(text, caps))
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise BadFile(f"不是有效的 CSV / not valid CSV: {error}") from error
    finally:
        text.detach()


def _lines(text: IO[str], caps: Caps) -> Iterator[str]:
    """Lines of bounded length; a NUL means that this is no text."""
    while line := text.readline(caps.columns * caps.cell):
        if "\0" in line:
            raise BadFile("不是文本文件 / not a text file")
        yield line


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 with or without BOM, UTF-16 with BOM (Excel's "Unicode text"), else GBK (GB 18030)."""
    wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    for name in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(name)()
        try:
            while block := file.read(SMALL):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        file.seek(0)
        return name
    raise BadFile("编码既不是 UTF-8 也不是 GBK / neither UTF-8 nor GBK")


def _xlsx(file: IO[bytes], caps: Caps) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(file) as book:
            _checked(book, caps)
            strings = _strings(book, caps)
            with book.open(_sheet(book)) as sheet:
                yield from _cells(_bounded(sheet, caps.unpacked), strings, caps)
    except (DefusedXmlException, ParseError) as error:
        raise BadFile(f"xlsx 内容不安全或损坏 / unsafe or broken xlsx: {type(error).__name__}") from error
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise BadFile(f"xlsx 文件损坏或加密 / broken or encrypted xlsx: {type(error).__name__}") from error


def _checked(book: zipfile.ZipFile, caps: Caps) -> None:
    """What the directory of the archive says; what it hides is caught while reading."""
    parts = book.infolist()
    if len(parts) > PARTS:
        raise BadFile("xlsx 部件过多 / too many parts in the xlsx")
    for each in parts:
        big = each.file_size > SMALL and each.file_size > caps.ratio * max(each.compress_size, 1)
        if each.file_size > caps.unpacked or big:
            raise BadFile("xlsx 解压后过大 / the xlsx unpacks to too much")
        if each.filename.lower().endswith("vbaproject.bin"):
            raise BadFile("含有宏的文件不接收 / files with macros are refused")


def _sheet(book: zipfile.ZipFile) -> str:
    """The first worksheet."""
    names = [each for each in book.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", each)]
    if not names:
        raise BadFile("xlsx 里没有工作表 / no worksheet in the xlsx")
    return min(names, key=lambda name: int(re.sub(r"\D", "", name)))


def _strings(book: zipfile.ZipFile, caps: Caps) -> list[str]:
    name = "xl/sharedStrings.xml"
    if name not in book.namelist():
        return []
    if book.getinfo(name).file_size > caps.strings:
        raise BadFile("xlsx 文本过多 / too much text in the xlsx")
    found: list[str] = []
    with book.open(name) as part:
        for _, element in iterparse(_bounded(part, caps.strings), forbid_dtd=True):
            if element.tag == f"{_NS}si":
                found.append("".join(text.text or "" for text in element.iter(f"{_NS}t"))[: caps.cell + 1])
                element.clear()
    return found


def _cells(sheet: IO[bytes], strings: list[str], caps: Caps) -> Iterator[Row]:
    root: Element | None = None
    for event, element in iterparse(sheet, events=("start", "end"), forbid_dtd=True):
        if root is None:
            root = element
        if event == "start" or element.tag not in (f"{_NS}f", f"{_NS}row"):
            continue
        if element.tag == f"{_NS}f":
            raise BadFile("含有公式，请粘贴为数值后再导入 / formulas are refused: paste as values first")
        yield int(element.get("r") or 0), _row(element, strings, caps.columns)
        # The parent keeps every child: without this the whole sheet would stay in memory.
        element.clear()
        for child in root:
            child.clear()


def _row(element: Element, strings: list[str], most: int) -> list[str]:
    cells: list[str] = []
    for cell in element.iter(f"{_NS}c"):
        where = _CELL.match(cell.get("r") or "")
        column = _column(where.group(1)) if where else len(cells)
        if column > most:
            raise BadFile("列过多 / too many columns")
        cells += [""] * (column - len(cells))
        cells.append(_value(cell, strings).strip())
    return cells


def _value(cell: Element, strings: list[str]) -> str:
    kind, value = cell.get("t") or "n", cell.findtext(f"{_NS}v") or ""
    if kind == "s":
        try:
            return strings[int(value)]
        except (ValueError, IndexError):
            raise BadFile("xlsx 内容损坏 / broken xlsx") from None
    if kind == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{_NS}t"))
    return value


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _bounded(part: IO[bytes], most: int) -> IO[bytes]:
    """The part, refused once more than `most` bytes come out of it, whatever the directory promised."""
    return io.BufferedReader(_Counted(part, most))


class _Counted(io.RawIOBase):
    def __init__(self, part: IO[bytes], most: int) -> None:
        self._part, self._left = part, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._part.read(len(buffer))
        self._left -= len(chunk)
        if self._left < 0:
            raise BadFile("xlsx 解压后过大 / the xlsx unpacks to too much")
        buffer[: len(chunk)] = chunk
        return len(chunk)
