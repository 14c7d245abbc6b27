"""DingTalk stand-in: departments and people (docs: v2/user/get, v2/department/listsub)."""

from __future__ import annotations

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Json, Person

ROOT = 1


class Contacts:
    """Department 1 is the company; every department named by a person hangs below it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.old("POST", "/topapi/v2/department/listsub", self.departments)
        desk.old("POST", "/topapi/user/listid", self.members)
        desk.old("POST", "/topapi/v2/user/get", self.member)

    def _names(self) -> dict[int, str]:
        named = dict.fromkeys(person.department for person in self.desk.people() if person.department)
        return {ROOT: "公司", **{90000001 + place: name for place, name in enumerate(named)}}

    def _home(self, person: Person) -> int:
        return next((number for number, name in self._names().items() if name == person.department), ROOT)

    def _known(self, body: Json) -> int:
        value = str(body.get("dept_id", ROOT))
        if not value.isdigit() or int(value) not in self._names():
            raise Fail(60003, "部门不存在")
        return int(value)

    def departments(self, body: Json) -> Json:
        rows = self._names() if self._known(body) == ROOT else {}
        return {
            "result": [
                {"dept_id": number, "name": name, "parent_id": ROOT, "create_dept_group": False, "auto_add_user": False}
                for number, name in rows.items()
                if number != ROOT
            ]
        }

    def members(self, body: Json) -> Json:
        number = self._known(body)
        return {"result": {"userid_list": [person.id for person in self.desk.people() if self._home(person) == number]}}

    def member(self, body: Json) -> Json:
        """manager_userid is present only when there is a manager."""
        person = self.desk.person(body.get("userid", ""))
        if person is None:
            raise Fail(60121, "找不到该用户")
        home, leads = self._home(person), any(each.manager == person.id for each in self.desk.people())
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
                **({"manager_userid": person.manager} if person.manager else {}),
            }
        }
