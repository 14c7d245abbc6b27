"""DingTalk stand-in: departments, people, roles (docs: v2/user/get, v2/department/listsub, role/simplelist)."""

from __future__ import annotations

import json

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import tree
from adapters.sandbox.state import Json, Person

FIRST, FIRST_ROLE, GROUP = 90000001, 70000001, 60000001


class Contacts:
    """Department 1 is the company; every department named by a person hangs below it, roles are in one group."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.old("POST", "/topapi/v2/department/listsub", self.departments)
        desk.old("POST", "/topapi/v2/department/get", self.department)
        desk.old("POST", "/topapi/user/listid", self.members)
        desk.old("POST", "/topapi/role/list", self.roles)
        desk.old("POST", "/topapi/role/simplelist", self.role)
        desk.old("POST", "/topapi/v2/user/get", self.member)
        desk.new("GET", "/v1.0/hrm/employees/dimissionInfos", self.leaving)

    def _tree(self) -> dict[int, tree.Path]:
        return tree.paths(self.desk.people(), FIRST)

    def _known(self, body: Json) -> int:
        value = str(body.get("dept_id", tree.ROOT))
        if not value.isdigit() or int(value) not in self._tree():
            raise Fail(60003, "部门不存在")
        return int(value)

    def _tenure(self, person: Person) -> dict[str, int]:
        known = self.desk.world.store("tenure").get(f"dingtalk:{person.id}", {})
        return {name: int(self.desk.world.midnight(day).timestamp() * 1000) for name, day in known.items()}

    def _hired(self, person: Person) -> Json:
        known = self._tenure(person)
        return {"hired_date": known["hired"]} if "hired" in known else {}

    def leaving(self, query: Json) -> Json:
        """dimissionInfos: everybody asked about who is known to leave."""
        users = json.loads(str(query.get("userIdList", "[]")))
        people = [person for user in users if (person := self.desk.person(user)) and "last" in self._tenure(person)]
        rows = [{"userId": each.id, "lastWorkDay": self._tenure(each)["last"], "status": 1} for each in people]
        return {"result": rows}

    def departments(self, body: Json) -> Json:
        """listsub: one level."""
        found, above = self._tree(), self._known(body)
        below = [number for number in found if tree.parent(found, number) == above]
        fixed = {"parent_id": above, "create_dept_group": False, "auto_add_user": False}
        return {"result": [{"dept_id": number, "name": tree.name(found, number), **fixed} for number in below]}

    def department(self, body: Json) -> Json:
        """department/get: what is used of it; the company has no parent_id."""
        found, number = self._tree(), self._known(body)
        above = tree.parent(found, number)
        name = {"dept_id": number, "name": tree.name(found, number), "order": 1}
        return {"result": name | ({"parent_id": above} if above else {})}

    def members(self, body: Json) -> Json:
        number, people = self._known(body), self.desk.people()
        homes = tree.homes(people, self._tree())
        return {"result": {"userid_list": [person.id for person in people if homes[person.id] == number]}}

    def roles(self, body: Json) -> Json:
        """role/list: groups of roles, paged by roles; size is 20 when none is given and at most 200."""
        found = tree.labels(self.desk.people(), FIRST_ROLE)
        rows, more = _page(body, [{"id": number, "name": name} for number, name in found.items()])
        return {
            "result": {"hasMore": more, "list": [{"name": "默认", "groupId": GROUP, "roles": rows}] if rows else []}
        }

    def role(self, body: Json) -> Json:
        """role/simplelist: whoever has a role."""
        name = tree.labels(self.desk.people(), FIRST_ROLE).get(int(body.get("role_id") or 0))
        if name is None:
            raise Fail(60011, "角色不存在")
        people = [{"userid": each.id, "name": each.name} for each in self.desk.people() if name in each.tags]
        rows, more = _page(body, people)
        return {"result": {"hasMore": more, "list": rows}}

    def member(self, body: Json) -> Json:
        """manager_userid is present only when there is a manager."""
        person = self.desk.person(body.get("userid", ""))
        if person is None:
            raise Fail(60121, "找不到该用户")
        home = tree.homes([person], self._tree())[person.id]
        leads = any(each.manager == person.id for each in self.desk.people())
        return {
            "result": {
                "userid": person.id,
                "unionid": f"union-{person.id}",
                "name": person.name,
                "job_number": "",
                "title": person.role,
                "dept_id_list": [home],
                "dept_order_list": [{"dept_id": home, "order": 1}],
                "leader_in_dept": [{"dept_id": home, "leader": leads}],
                "role_list": [],
                "active": True,
                "admin": False,
                "boss": False,
                "senior": False,
                "real_authed": True,
                "exclusive_account": False,
                **self._hired(person),
                **({"manager_userid": person.manager} if person.manager else {}),
            }
        }


def _page(body: Json, rows: list[Json]) -> tuple[list[Json], bool]:
    size, offset = int(body.get("size", 20)), int(body.get("offset", 0))
    if not 1 <= size <= 200 or offset < 0:
        raise Fail(40035, "不合法的参数")
    return rows[offset : offset + size], len(rows) > offset + size
