"""Employees, their platform identities, managers and roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ports import DirectoryPerson
from bot.tables import person as table


@dataclass(frozen=True, slots=True)
class Person:
    """`ref` is the random pseudonym used in evidence; `role` is employee, hr or hr_head; `locale` zh or en."""

    id: str
    ref: str
    name: str
    platform: str
    user_id: str
    manager_id: str | None
    role: str
    site: str
    zone: str
    active: bool
    locale: str = "zh"


_BY_ID = sa.select(table).where(table.c.id == sa.bindparam("id"))
_BY_ACCOUNT = sa.select(table).where(
    table.c.platform == sa.bindparam("platform"), sa.func.lower(table.c.user_id) == sa.bindparam("folded")
)


class People:
    """Reads within one connection."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def get(self, person_id: str | None) -> Person | None:
        """The person or None."""
        return self._one(_BY_ID, {"id": person_id}) if person_id else None

    def find(self, platform: str, user_id: str) -> Person | None:
        """By platform identity; ids compare case-folded because WeCom echoes them lower-cased."""
        return self._one(_BY_ACCOUNT, {"platform": platform, "folded": user_id.lower()})

    def manager_of(self, person: Person) -> Person | None:
        """The active manager, skipping those who left; never the person themself."""
        seen = {person.id}
        boss = self.get(person.manager_id)
        while boss and (not boss.active or boss.id in seen):
            if boss.id in seen:
                return None
            seen.add(boss.id)
            boss = self.get(boss.manager_id)
        return boss

    def with_role(self, *roles: str) -> list[Person]:
        """Active people with one of the roles, in a stable order."""
        return self._all(sa.and_(table.c.role.in_(roles), table.c.active))

    def on(self, platform: str) -> list[Person]:
        """Active people of a platform."""
        return self._all(sa.and_(table.c.platform == platform, table.c.active))

    def _one(self, statement: sa.Select[Any], given: dict[str, str]) -> Person | None:
        row = self._db.execute(statement, given).mappings().first()
        return Person(**row) if row else None

    def _all(self, where: sa.ColumnElement[bool]) -> list[Person]:
        rows = self._db.execute(sa.select(table).where(where).order_by(table.c.id)).mappings()
        return [Person(**row) for row in rows]


def sync(connection: Connection, platform: str, found: Iterable[DirectoryPerson], roles: Mapping[str, str]) -> int:
    """Bring the table in line with a platform's directory; people who vanished become inactive, none is deleted.

    `roles` maps user ids to hr / hr_head. Returns how many people the directory held.
    """
    people = list(found)
    known = {
        row.user_id: row.id
        for row in connection.execute(sa.select(table.c.user_id, table.c.id).where(table.c.platform == platform))
    }
    ids = {each.user_id: known.get(each.user_id, f"{platform}:{each.user_id}"[:40]) for each in people}
    for each in people:
        values = {
            "name": each.name,
            "manager_id": ids.get(each.manager),
            "role": roles.get(each.user_id, "employee"),
            "site": f"{platform}/{each.departments[0] if each.departments else ''}",
            "active": each.active,
        }
        if each.user_id in known:
            connection.execute(sa.update(table).where(table.c.id == known[each.user_id]).values(**values))
        else:
            connection.execute(
                sa.insert(table).values(
                    id=ids[each.user_id],
                    ref=f"p:{secrets.token_hex(12)}",
                    platform=platform,
                    user_id=each.user_id,
                    **values,
                )
            )
    gone = [known[user_id] for user_id in known.keys() - ids.keys()]
    if gone:
        connection.execute(sa.update(table).where(table.c.id.in_(gone)).values(active=False))
    return len(people)
