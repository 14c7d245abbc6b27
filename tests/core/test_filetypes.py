"""What a file is, is told by its bytes; a name can say anything."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, strategies as st

from bot.filetypes import KINDS, checked, matches, runs

GOOD = {
    "pdf": b"%PDF-1.7 x", "png": b"\x89PNG\r\n\x1a\nx", "jpg": b"\xff\xd8\xff\xe0", "jpeg": b"\xff\xd8\xff\xe1",
    "gif": b"GIF89a..", "txt": "文字".encode("gb18030"), "csv": "甲,乙".encode(),
}  # fmt: skip
PROGRAMS = (b"MZ\x90", b"\x7fELF", b"#!/bin/sh", b"\xca\xfe\xba\xbe", b"L\0\0\0\x01\x14\x02\0")


def office(part: str, *more: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as book:
        for name in (part, *more):
            book.writestr(name, "x")
    return kept.getvalue()


GOOD |= {
    "docx": office("word/document.xml"), "xlsx": office("xl/workbook.xml"), "pptx": office("ppt/presentation.xml")
}  # fmt: skip


@pytest.mark.parametrize("ending", KINDS)
def test_every_kind_is_known_by_its_bytes_and_by_no_others(ending: str) -> None:
    assert checked(f"甲.{ending.upper()}", GOOD[ending], KINDS, 1 << 20) == (f"甲.{ending}", KINDS[ending])
    same = {ending, *({"jpg", "jpeg"} if ending in ("jpg", "jpeg") else ()), "txt", "csv"}
    assert not [other for other in KINDS if other not in same and matches(other, GOOD[ending])]


@given(st.sampled_from(PROGRAMS), st.binary(max_size=50), st.sampled_from(sorted(KINDS)))
def test_a_program_is_refused_under_every_name(program: bytes, rest: bytes, ending: str) -> None:
    assert runs(program + rest)
    with pytest.raises(ValueError, match="可执行"):
        checked(f"a.{ending}", program + rest, KINDS, 1 << 20)


@given(st.text(max_size=300), st.sampled_from(sorted(GOOD)))
def test_a_kept_name_has_no_folder_nothing_invisible_and_a_bounded_length(name: str, ending: str) -> None:
    kept, _ = checked(f"{name}.{ending}", GOOD[ending], KINDS, 1 << 20)
    assert len(kept) <= 191 and kept.endswith(f".{ending}")
    assert not set(kept) & set("/\\\0\n\u202e\u2066")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [("a.pdf", b"", "空的"), ("a.pdf", b"%PDF-" + b"x" * 2000, "超过"), ("a", b"x", "不支持"),
     ("a.gif", GOOD["gif"], "不支持"),
     ("a.pdf", GOOD["png"], "不符")],
)  # fmt: skip
def test_what_is_wrong_is_said(name: str, content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        checked(name, content, ("pdf", "png"), 1000)


def test_an_office_document_with_macros_is_none() -> None:
    assert not matches("docx", office("word/document.xml", "word/vbaProject.bin"))
    assert not matches("docx", b"PK\x03\x04broken")
