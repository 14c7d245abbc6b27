"""Everybody in the organisation: departments are walked from the root, people fetched one by one (calls are free).

Docs: v2/department/listsub, user/listid, v2/user/get.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.dingtalk.attendance import OPERATOR
from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import flag, items, mapping, text
from bot.errors import PlatformError
from bot.ports import DirectoryPerson, SharedStore

_ROOT = 1
_GONE = frozenset({"33012", "60121", "60111"})


class Directory:
    """Raises PlatformError; a person who left between two calls is left out, not an error."""

    def __init__(self, client: Client, store: SharedStore) -> None:
        self._client, self._store = client, store

    def people(self) -> list[DirectoryPerson]:
        """All people with manager: `manager_userid`, else a leader of their department; remembers an administrator."""
        users = [user for id in self._ids() if (user := self._user(id))]
        leaders: dict[str, str] = {}
        for user in users:
            if flag(user.get("admin")) or flag(user.get("boss")):
                self._store.set(OPERATOR, text(user.get("userid")), 7 * 86400.0)
            for row in map(mapping, items(user.get("leader_in_dept"))):
                if flag(row.get("leader")):
                    leaders.setdefault(text(row.get("dept_id")), text(user.get("userid")))
        return [_person(user, leaders) for user in users]

    def _ids(self) -> list[str]:
        waiting, seen, ids = [_ROOT], {_ROOT}, dict[str, None]()
        while waiting:
            department = waiting.pop()
            found = mapping(self._client.oapi("/topapi/user/listid", {"dept_id": department}, free=True).get("result"))
            ids |= dict.fromkeys(text(one) for one in items(found.get("userid_list")))
            below = self._client.oapi("/topapi/v2/department/listsub", {"dept_id": department}, free=True)
            for row in map(mapping, items(below.get("result"))):
                child = text(row.get("dept_id"))
                if child.isdigit() and int(child) not in seen:
                    seen.add(int(child))
                    waiting.append(int(child))
        return list(ids)

    def _user(self, id: str) -> Mapping[str, Any] | None:
        try:
            return mapping(
                self._client.oapi("/topapi/v2/user/get", {"userid": id, "language": "zh_CN"}, free=True).get("result")
            )
        except PlatformError as error:
            if error.code in _GONE:
                return None
            raise


def _person(user: Mapping[str, Any], leaders: Mapping[str, str]) -> DirectoryPerson:
    """One v2/user/get result; official samples show booleans and lists as strings."""
    id = text(user.get("userid"))
    departments = tuple(text(one) for one in items(user.get("dept_id_list")))
    above = [leaders[one] for one in departments if leaders.get(one, id) != id]
    manager = text(user.get("manager_userid")) or (above[0] if above else "")
    return DirectoryPerson(id, text(user.get("name")), manager, departments, flag(user.get("active", True)))
