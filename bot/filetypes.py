"""What a file is, by its first bytes and not by what its name says. Pure.

Signatures: PDF (ISO 32000-1, 7.5.2), PNG (RFC 2083, 3.1), JPEG (ITU-T T.81, B.1.1.3), GIF (GIF89a specification, 17);
office documents are ZIP packages with a part of a known name (ECMA-376, part 2).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Mapping
from types import MappingProxyType

from bot.locale import t

KINDS: Mapping[str, str] = MappingProxyType({
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8",
})  # fmt: skip
"""File name ending -> media type, of everything that can be told by its bytes."""
_MAGIC: Mapping[str, tuple[bytes, ...]] = MappingProxyType({
    "pdf": (b"%PDF-",), "png": (b"\x89PNG\r\n\x1a\n",), "jpg": (b"\xff\xd8\xff",), "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
})  # fmt: skip
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
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
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and marks that turn the direction of writing to show `gpj.exe` as `exe.jpg`."""
LONGEST = 190


def runs(content: bytes) -> bool:
    """True for a program, a script or a shortcut to one."""
    return content.startswith(_RUNS)


def bare(name: str) -> str:
    """The file's own name: no folders, nothing invisible."""
    return _UNSEEN.sub("", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()


def checked(name: str, content: bytes, kinds: Collection[str], most: int) -> tuple[str, str]:
    """(file name to keep, media type). `kinds`: endings out of KINDS; `most`: bytes.

    ValueError says what is wrong with the file, for whoever brought it, in the language being spoken.
    """
    name = bare(name)
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if not content:
        raise ValueError(t("文件「{name}」是空的", name=name))
    if len(content) > most:
        raise ValueError(t("文件「{name}」超过 {most} MB", name=name, most=most >> 20))
    if runs(content):
        raise ValueError(t("文件「{name}」是可执行的程序，不能使用", name=name))
    if ending not in kinds:
        raise ValueError(t("不支持这种文件：{name}。可以用：{kinds}", name=name, kinds=" ".join(kinds)))
    if not matches(ending, content):
        raise ValueError(t("文件「{name}」的内容和扩展名不符", name=name))
    return f"{name[: -len(ending) - 1][: LONGEST - len(ending)]}.{ending}", KINDS[ending]


def matches(ending: str, content: bytes) -> bool:
    """Whether the bytes are what a name with this ending says."""
    if ending in _PARTS:
        return _office(ending, content)
    if ending in ("txt", "csv"):
        return _text(content)
    return content.startswith(_MAGIC[ending]) if ending in _MAGIC else False


def _office(ending: str, content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = book.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
    return _PARTS[ending] in names and not any(each.lower().endswith("vbaproject.bin") for each in names)


def _text(content: bytes) -> bool:
    return b"\0" not in content and any(_decodes(content, name) for name in ("utf-8", "gb18030"))


def _decodes(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True
