"""Files to an appeal: what they are is told by their first bytes, programs are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot import filetypes
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from handlers.performance import tables as tab
from handlers.performance.store import new_id

SIZE = 10 << 20
COUNT = 5
KINDS = ("pdf", "png", "jpg", "jpeg", "docx", "xlsx", "txt", "csv")


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


def join(ctx: Context, before: str, matter: str) -> None:
    """What the actor had sent in the chat about the matter `before` belongs to `matter` from now on."""
    c = tab.file.c
    mine = (c.matter == before, c.person_id == (ctx.actor.id if ctx.actor else ""))
    ctx.db.execute(sa.update(tab.file).where(*mine).values(matter=matter))


def of_matter(ctx: Context, matter: str) -> list[Kept]:
    """The files of a matter, without their bytes."""
    c = tab.file.c
    columns = (c.id, c.name, c.media_type, c.sha256, sa.func.length(c.content).label("size"))
    rows = ctx.db.execute(sa.select(*columns).where(c.matter == matter).order_by(c.at, c.id)).mappings()
    return [Kept(**row) for row in rows]


def inspect(file: Upload) -> tuple[str, str]:
    """(name to keep, media type). ValueError says what is wrong, in the language being spoken."""
    return filetypes.checked(file.name, file.content, KINDS, SIZE)
