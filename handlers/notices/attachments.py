"""What a file is, by its first bytes and not by what its name says. Pure."""

from __future__ import annotations

import io
import re
import zipfile

from bot.locale import t

SIZE = 10 << 20
"""The most an attachment may hold; unless a caller names less."""
COUNT = 9
KINDS = {
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8",
}  # fmt: skip
_MAGIC = (
    (b"%PDF-", ("pdf",)), (b"\x89PNG\r\n\x1a\n", ("png",)), (b"\xff\xd8\xff", ("jpg", "jpeg")),
    (b"GIF87a", ("gif",)), (b"GIF89a", ("gif",)),
)  # fmt: skip
_RUNS = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"L\0\0\0\x01\x14\x02\0",
)
"""Programs of Windows, Linux, macOS and Java, scripts, Windows shortcuts."""
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def checked(name: str, content: bytes, most: int = SIZE) -> tuple[str, str]:
    """(file name to keep, media type). ValueError says to the author what is wrong with the file."""
    name = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if not content:
        raise ValueError(t("文件「{name}」是空的", name=name))
    if len(content) > most:
        raise ValueError(t("文件「{name}」超过 {most} MB", name=name, most=most >> 20))
    if content.startswith(_RUNS):
        raise ValueError(t("文件「{name}」是可执行的程序，不能发送", name=name))
    if ending not in KINDS:
        raise ValueError(t("不支持这种文件：{name}。可以用：{kinds}", name=name, kinds=" ".join(KINDS)))
    if not _is(ending, content):
        raise ValueError(t("文件「{name}」的内容和扩展名不符", name=name))
    return f"{name[: -len(ending) - 1][: 190 - len(ending)]}.{ending}", KINDS[ending]


def _is(ending: str, content: bytes) -> bool:
    if ending in _PARTS:
        return _office(ending, content)
    if ending in ("txt", "csv"):
        return _text(content)
    return any(ending in endings and content.startswith(magic) for magic, endings in _MAGIC)


def _office(ending: str, content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = book.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
    return _PARTS[ending] in names and not any(each.lower().endswith("vbaproject.bin") for each in names)


def _text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    for name in ("utf-8", "gb18030"):
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return True
    return False
