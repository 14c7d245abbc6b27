"""Employees, their platform identities, managers and roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.ports import DirectoryPerson
from bot.tables import membership, person as table


@dataclass(frozen=True, slots=True)
class Person:
    """`ref` is the random pseudonym used in evidence; `role` is employee, hr, hr_head or it; `locale` zh or en."""

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
    """Bring the tables in line with a platform's directory; people who vanished become inactive, none is deleted.

    `roles` maps user ids to hr / hr_head / it. Returns how many people the directory held. Only what changed is
    written, in bulk: 100,000 people who stayed as they were cost two reads.
    """
    people = {each.user_id: each for each in found}
    rows = connection.execute(sa.select(table).where(table.c.platform == platform)).mappings().all()
    known = {row["user_id"]: row for row in rows}
    ids = {user: known[user]["id"] if user in known else f"{platform}:{user}"[:40] for user in people}
    new, changed = [], []
    for user, each in people.items():
        values = {
            "name": each.name,
            "manager_id": ids.get(each.manager),
            "role": roles.get(user, "employee"),
            "site": f"{platform}/{each.departments[0] if each.departments else ''}",
            "active": each.active,
        }
        if user not in known:
            new.append(
                {"id": ids[user], "ref": f"p:{secrets.token_hex(12)}", "platform": platform, "user_id": user} | values
            )
        elif any(known[user][name] != value for name, value in values.items()):
            changed.append({"its_id": ids[user], **{f"new_{name}": value for name, value in values.items()}})
    gone = [row["id"] for user, row in known.items() if user not in people and row["active"]]
    if new:
        connection.execute(sa.insert(table), new)
    if changed:
        connection.execute(_CHANGE, changed)
    if gone:
        connection.execute(_LEAVE, [{"its_id": each} for each in gone])
    _join(connection, platform, {ids[user]: each for user, each in people.items()})
    return len(people)


_CHANGE = (
    sa.update(table)
    .where(table.c.id == sa.bindparam("its_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("name", "manager_id", "role", "site", "active")})
)
_LEAVE = sa.update(table).where(table.c.id == sa.bindparam("its_id")).values(active=False)
_OUT = sa.delete(membership).where(
    membership.c.person_id == sa.bindparam("its_id"),
    membership.c.kind == sa.bindparam("its_kind"),
    membership.c.name == sa.bindparam("its_name"),
)


def _join(connection: Connection, platform: str, people: Mapping[str, DirectoryPerson]) -> None:
    """Departments and tags of everybody in `people` (by person id); whoever vanished from it is in none."""
    wanted = {(person, *each) for person, one in people.items() for each in _groups(one)}
    m = membership.c
    joined = sa.select(m.person_id, m.kind, m.name).join(table, table.c.id == membership.c.person_id)
    held = set(map(tuple, connection.execute(joined.where(table.c.platform == platform))))
    if new := sorted(wanted - held):
        rows = [{"person_id": one, "kind": kind, "name": name} for one, kind, name in new]
        connection.execute(sa.insert(membership), rows)
    if old := sorted(held - wanted):
        connection.execute(_OUT, [{"its_id": one, "its_kind": kind, "its_name": name} for one, kind, name in old])


def _groups(one: DirectoryPerson) -> set[tuple[str, str]]:
    paths = one.paths or tuple((each,) for each in one.departments if each)
    # A department may be called "A/B"; the line between two departments must stay one.
    found = {("dept", "/".join(name.replace("/", "／") for name in each)[:160]) for each in paths}
    return found | {("tag", each[:160]) for each in one.tags}
