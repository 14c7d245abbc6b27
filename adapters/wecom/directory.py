"""The members the app can see. Docs: department/simplelist (95350), user/simplelist (90200), user/get (90196)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.wecom import tags
from adapters.wecom.client import Client, Json, inner, rows
from bot.errors import PlatformError
from bot.ports import DirectoryPerson

log = logging.getLogger(__name__)
COMPANY = "1"
"""Id of the department that is the firm."""
GONE = frozenset({2, 5})
"""Member status: 1 active, 2 disabled, 4 not activated yet, 5 left."""


@dataclass(frozen=True, slots=True)
class Tree:
    """`departments`: id -> what department/get says; `parents`: id -> id of the one above, "0" above the top."""

    departments: Mapping[str, Json]
    parents: Mapping[str, str]

    def above(self, key: str) -> list[str]:
        """The department and all above it, itself first; a loop in the parents ends it."""
        found: list[str] = []
        while key in self.departments and key not in found:
            found.append(key)
            key = self.parents.get(key, "")
        return found

    def name(self, key: str) -> str:
        """Where WeCom gives none to the app, its id."""
        return str(self.departments.get(key, {}).get("name") or key)

    def path(self, key: str) -> tuple[str, ...]:
        """Names from the top, the company's own left out unless somebody is in no other."""
        names = [self.name(each) for each in reversed(self.above(key)) if each != COMPANY or each == key]
        return tuple(names) or (key,)


def people(client: Client) -> list[DirectoryPerson]:
    """Everyone in the visible range, each once, with manager: direct leader, else the nearest department leader.

    Departments are names where WeCom gives them, else ids. Raises PlatformError.
    """
    parents = {str(row.get("id")): str(row.get("parentid", 0)) for row in _department_ids(client)}
    tree = Tree({key: inner(client.get("department/get", {"id": key}), "department") for key in parents}, parents)
    members: dict[str, Json] = {}
    for key in parents:
        for row in rows(client.get("user/simplelist", {"department_id": key}), "userlist"):
            user = str(row.get("userid") or "")
            if user:
                members.setdefault(user.casefold(), row)
    found = tags.tags(client)
    return [_person(client, row, tree, found) for row in members.values()]


def _department_ids(client: Client) -> list[Json]:
    return rows(client.get("department/simplelist"), "department_id")


def _person(client: Client, row: Json, tree: Tree, known: Sequence[tags.Tag]) -> DirectoryPerson:
    user = str(row["userid"])
    try:
        detail = {**row, **client.get("user/get", {"userid": user})}
    except PlatformError as problem:
        if not problem.permanent:
            raise
        # Left the visible range between the two calls: known by name, without manager.
        log.warning("wecom.member_unreadable code=%s", problem.code)
        detail = row
    where = [str(key) for key in _list(detail.get("department"))]
    main = str(detail.get("main_department") or (where[0] if where else ""))
    above = {each for key in where for each in tree.above(key)}
    return DirectoryPerson(
        user_id=user,
        name=str(detail.get("name") or user),
        manager=_manager(user, detail, main, tree),
        departments=tuple(tree.name(key) for key in where),
        active=detail.get("status", 1) not in GONE,
        paths=tuple(tree.path(key) for key in where),
        tags=tags.of(known, user, above),
    )


def _manager(user: str, detail: Json, main: str, tree: Tree) -> str:
    direct = [str(leader) for leader in _list(detail.get("direct_leader")) if leader]
    if direct:
        return direct[0]
    for key in tree.above(main):  # a leader reports to the department above
        for leader in _list(tree.departments[key].get("department_leader")):
            if leader and str(leader).casefold() != user.casefold():
                return str(leader)
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
