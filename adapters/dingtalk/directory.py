"""Everybody in the organisation: departments are walked from the root, people fetched one by one (calls are free).

Docs: v2/department/listsub, v2/department/get, user/listid, v2/user/get.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.dingtalk import roles
from adapters.dingtalk.attendance import OPERATOR
from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import flag, items, mapping, text
from bot.errors import PlatformError
from bot.ports import DirectoryPerson, SharedStore

Path = tuple[str, ...]
_ROOT = 1
_GONE = frozenset({"33012", "60121", "60111"})


class Directory:
    """Raises PlatformError; a person who left between two calls is left out, not an error."""

    def __init__(self, client: Client, store: SharedStore) -> None:
        self._client, self._store = client, store

    def people(self) -> list[DirectoryPerson]:
        """All people with manager: `manager_userid`, else a leader of their department; remembers an administrator."""
        ids, paths = self._walk()
        users = [user for id in ids if (user := self._user(id))]
        leaders: dict[str, str] = {}
        for user in users:
            if flag(user.get("admin")) or flag(user.get("boss")):
                self._store.set(OPERATOR, text(user.get("userid")), 7 * 86400.0)
            for row in map(mapping, items(user.get("leader_in_dept"))):
                if flag(row.get("leader")):
                    leaders.setdefault(text(row.get("dept_id")), text(user.get("userid")))
        tags = roles.by_user(self._client) if users else {}
        return [_person(user, leaders, paths, tags) for user in users]

    def _walk(self) -> tuple[list[str], dict[str, Path]]:
        """(ids of all people, department -> its names from the top, the company's own empty)."""
        waiting, paths, ids = [_ROOT], {_ROOT: Path()}, dict[str, None]()
        while waiting:
            department = waiting.pop()
            found = mapping(self._client.oapi("/topapi/user/listid", {"dept_id": department}, free=True).get("result"))
            direct = dict.fromkeys(text(one) for one in items(found.get("userid_list")))
            ids |= direct
            if department == _ROOT and direct:
                paths[_ROOT] = (self._company(),)
            for child, name in self._below(department):
                if child not in paths:
                    paths[child] = (*(paths[department] if department != _ROOT else ()), name)
                    waiting.append(child)
        return list(ids), {str(department): path for department, path in paths.items()}

    def _below(self, department: int) -> list[tuple[int, str]]:
        asked = {"dept_id": department, "language": "zh_CN"}
        found = self._client.oapi("/topapi/v2/department/listsub", asked, free=True)
        rows = [
            (text(row.get("dept_id")), text(row.get("name")).strip())
            for row in map(mapping, items(found.get("result")))
        ]
        return [(int(id), name or id) for id, name in rows if id.isdigit()]

    def _company(self) -> str:
        """The name of the firm, for whoever is in no other department."""
        asked = {"dept_id": _ROOT, "language": "zh_CN"}
        found = mapping(self._client.oapi("/topapi/v2/department/get", asked, free=True).get("result"))
        return text(found.get("name")).strip() or str(_ROOT)

    def _user(self, id: str) -> Mapping[str, Any] | None:
        try:
            return mapping(
                self._client.oapi("/topapi/v2/user/get", {"userid": id, "language": "zh_CN"}, free=True).get("result")
            )
        except PlatformError as error:
            if error.code in _GONE:
                return None
            raise


def _person(
    user: Mapping[str, Any], leaders: Mapping[str, str], paths: Mapping[str, Path], tags: Mapping[str, tuple[str, ...]]
) -> DirectoryPerson:
    """One v2/user/get result; official samples show booleans and lists as strings."""
    id = text(user.get("userid"))
    departments = [text(one) for one in items(user.get("dept_id_list"))]
    above = [leaders[one] for one in departments if leaders.get(one, id) != id]
    where = tuple(paths.get(one) or (one,) for one in departments)
    return DirectoryPerson(
        user_id=id,
        name=text(user.get("name")),
        manager=text(user.get("manager_userid")) or (above[0] if above else ""),
        departments=tuple(path[-1] for path in where),
        active=flag(user.get("active", True)),
        paths=where,
        tags=tags.get(id, ()),
    )
