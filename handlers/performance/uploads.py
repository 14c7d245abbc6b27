"""Files to an appeal: what they are is told by their first bytes, programs are refused."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from handlers.performance import tables as tab
from handlers.performance.store import new_id

SIZE = 10 << 20
COUNT = 5
KINDS = {
    "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8",
}  # fmt: skip
_MAGIC = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff"}
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
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


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in; `name` as the person called it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was kept; `sha256` of its bytes, `size` in bytes."""

    id: str
    name: str
    media_type: str
    sha256: str
    size: int


def keep(ctx: Context, matter: str, files: Sequence[Upload]) -> list[Kept]:
    """Check all, then store all. Refused with what is wrong with each of them."""
    problems = [t("最多 {count} 个文件", count=COUNT)] if len(files) > COUNT else []
    checked = []
    for each in files:
        try:
            checked.append((*inspect(each), each.content))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise Refused("\n".join(problems))
    found = []
    for name, media_type, content in checked:
        kept = Kept(new_id("pf-"), name, media_type, hashlib.sha256(content).hexdigest(), len(content))
        row = {"id": kept.id, "matter": matter, "name": name, "media_type": media_type, "sha256": kept.sha256}
        person = ctx.actor.id if ctx.actor else ""
        ctx.db.execute(sa.insert(tab.file).values(**row, content=content, person_id=person, at=ctx.now))
        found.append(kept)
    return found


def of_matter(ctx: Context, matter: str) -> list[Kept]:
    """The files of a matter, without their bytes."""
    c = tab.file.c
    columns = (c.id, c.name, c.media_type, c.sha256, sa.func.length(c.content).label("size"))
    rows = ctx.db.execute(sa.select(*columns).where(c.matter == matter).order_by(c.at, c.id)).mappings()
    return [Kept(**row) for row in rows]


def inspect(file: Upload) -> tuple[str, str]:
    """(name to keep, media type). ValueError says what is wrong, in the language being spoken."""
    name = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", file.name.replace("\\", "/").rsplit("/", 1)[-1])
    name, ending = name.strip(), name.strip().rsplit(".", 1)[-1].lower() if "." in name else ""
    if not file.content:
        raise ValueError(t("文件「{name}」是空的", name=name))
    if len(file.content) > SIZE:
        raise ValueError(t("文件「{name}」超过 {most} MB", name=name, most=SIZE >> 20))
    if file.content.startswith(_RUNS):
        raise ValueError(t("文件「{name}」是可执行的程序，不能上传", name=name))
    if ending not in KINDS:
        raise ValueError(t("不支持这种文件：{name}。可以用：{kinds}", name=name, kinds=" ".join(KINDS)))
    if not _is(ending, file.content):
        raise ValueError(t("文件「{name}」的内容和扩展名不符", name=name))
    return f"{name[: -len(ending) - 1][: 190 - len(ending)]}.{ending}", KINDS[ending]


def _is(ending: str, content: bytes) -> bool:
    if ending in _MAGIC:
        return content.startswith(_MAGIC[ending])
    if ending in _PARTS:
        return _office(ending, content)
    return b"\0" not in content and any(_decodes(content, name) for name in ("utf-8", "gb18030"))


def _decodes(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _office(ending: str, content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = book.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
    return _PARTS[ending] in names and not any(each.lower().endswith("vbaproject.bin") for each in names)
