"""What is left of the files of somebody who is erased: that something was sent. Their bytes went with the key."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.router import Gone, erases
from handlers.chat_files.tables import chat_file as table


@erases
def forget(db: Connection, gone: Gone) -> Iterable[str]:
    """Names and keys; what still waited is not fetched. The matters that hold nothing but these files."""
    mine = table.c.person_id == gone.person_id
    blank = {"name": "", "key": "", "sha256": "", "next_at": None}
    db.execute(sa.update(table).where(mine, table.c.state == "waiting").values(state="lost", code="erased"))
    db.execute(sa.update(table).where(mine).values(**blank))
    own = sa.select(table.c.desk).where(mine, table.c.desk != "").distinct()
    return list(db.execute(own).scalars())
