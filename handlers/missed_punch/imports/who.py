"""Whom a row of a file means."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.people import Person
from bot.tables import person as table
from handlers.missed_punch.imports import parsing


class Directory:
    """Whom a file means: by user id, else by a name that only one person has. `platform` empty: all of them."""

    def __init__(self, people: Iterable[Person], platform: str) -> None:
        self._ids: dict[str, list[Person]] = {}
        self._names: dict[str, list[Person]] = {}
        for each in people:
            if platform in ("", each.platform):
                self._ids.setdefault(each.user_id.casefold(), []).append(each)
                self._names.setdefault(each.name, []).append(each)

    def find(self, row: parsing.Line) -> Person:
        """ValueError when nobody or more than one is meant."""
        found = self._ids.get(row.person.casefold(), []) if row.person else []
        if not found:
            found = self._names.get(row.name or row.person, [])
        if not found:
            raise ValueError(f"找不到人员 / nobody of this id or name: {(row.person or row.name)[:40]!r}")
        if len(found) > 1:
            raise ValueError("有多人符合，请用账号并指定平台 / more than one: use the user id and name the platform")
        return found[0]


def directory(db: Connection, platform: str) -> Directory:
    """Everybody who is here now."""
    people = [Person(**row) for row in db.execute(sa.select(table).where(table.c.active)).mappings()]
    return Directory(people, platform)
