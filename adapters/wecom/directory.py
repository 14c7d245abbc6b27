"""The members the app can see. Docs: department/simplelist (95350), user/simplelist (90200), user/get (90196)."""

from __future__ import annotations

import logging
from typing import Any

from adapters.wecom.client import Client, Json, inner, rows
from bot.errors import PlatformError
from bot.ports import DirectoryPerson

log = logging.getLogger(__name__)
GONE = frozenset({2, 5})
"""Member status: 1 active, 2 disabled, 4 not activated yet, 5 left."""


def people(client: Client) -> list[DirectoryPerson]:
    """Everyone in the visible range, each once, with manager: direct leader, else the nearest department leader.

    Departments are names where WeCom gives them, else ids. Raises PlatformError.
    """
    parents = {str(row.get("id")): str(row.get("parentid", 0)) for row in _department_ids(client)}
    departments = {key: inner(client.get("department/get", {"id": key}), "department") for key in parents}
    members: dict[str, Json] = {}
    for key in parents:
        for row in rows(client.get("user/simplelist", {"department_id": key}), "userlist"):
            user = str(row.get("userid") or "")
            if user:
                members.setdefault(user.casefold(), row)
    return [_person(client, row, departments, parents) for row in members.values()]


def _department_ids(client: Client) -> list[Json]:
    return rows(client.get("department/simplelist"), "department_id")


def _person(client: Client, row: Json, departments: dict[str, Json], parents: dict[str, str]) -> DirectoryPerson:
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
    return DirectoryPerson(
        user_id=user,
        name=str(detail.get("name") or user),
        manager=_manager(user, detail, main, departments, parents),
        departments=tuple(str(departments.get(key, {}).get("name") or key) for key in where),
        active=detail.get("status", 1) not in GONE,
    )


def _manager(user: str, detail: Json, main: str, departments: dict[str, Json], parents: dict[str, str]) -> str:
    direct = [str(leader) for leader in _list(detail.get("direct_leader")) if leader]
    if direct:
        return direct[0]
    seen: set[str] = set()
    while main in departments and main not in seen:  # a leader reports to the department above
        seen.add(main)
        for leader in _list(departments[main].get("department_leader")):
            if leader and str(leader).casefold() != user.casefold():
                return str(leader)
        main = parents.get(main, "")
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
