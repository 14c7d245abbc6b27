"""WeCom stand-in: departments, members and the app (docs: user/get, department/get, agent/get)."""

from __future__ import annotations

from urllib.parse import urlsplit

from adapters.sandbox.state import Json, Person
from adapters.wecom.sandbox_desk import Desk, Fail

ROOT = 1


class Contacts:
    """Department 1 is the company; every department named by a person hangs below it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("GET", "department/simplelist", self.departments)
        desk.route("GET", "department/get", self.department)
        desk.route("GET", "user/simplelist", self.members)
        desk.route("GET", "user/get", self.member)
        desk.route("POST", "user/list_id", self.ids)
        desk.route("GET", "agent/get", self.agent)

    def _names(self) -> dict[int, str]:
        named = dict.fromkeys(person.department for person in self.desk.people() if person.department)
        return {ROOT: "公司", **{ROOT + 1 + place: name for place, name in enumerate(named)}}

    def _home(self, person: Person) -> int:
        return next((number for number, name in self._names().items() if name == person.department), ROOT)

    def _known(self, query: Json, field: str) -> int:
        value = str(query.get(field, ROOT))
        if not value.isdigit() or int(value) not in self._names():
            raise Fail(60003, "department not found")
        return int(value)

    def departments(self, query: Json) -> Json:
        top = self._known(query, "id")
        rows = [number for number in self._names() if top in (ROOT, number)]
        return {
            "department_id": [
                {"id": number, "parentid": 0 if number == ROOT else ROOT, "order": 1000 - number} for number in rows
            ]
        }

    def department(self, query: Json) -> Json:
        number = self._known(query, "id")
        return {
            "department": {
                "id": number,
                "name": self._names()[number],
                "name_en": "",
                "order": 1000 - number,
                "department_leader": self._leaders(number),
                "parentid": 0 if number == ROOT else ROOT,
            }
        }

    def _leaders(self, number: int) -> list[str]:
        bosses = {person.manager for person in self.desk.people()}
        return [person.id for person in self.desk.people() if person.id in bosses and self._home(person) == number]

    def members(self, query: Json) -> Json:
        number = self._known(query, "department_id")
        return {
            "userlist": [
                {"userid": each.id, "name": each.name, "department": [number], "open_userid": ""}
                for each in self.desk.people()
                if self._home(each) == number
            ]
        }

    def member(self, query: Json) -> Json:
        person = self.desk.person(str(query.get("userid", "")))
        if person is None:
            raise Fail(60111, "userid not found")
        home = self._home(person)
        leader = int(person.id in self._leaders(home))
        return {
            "userid": person.id,
            "name": person.name,
            "department": [home],
            "order": [0],
            "position": person.role,
            "status": 1,
            "is_leader_in_dept": [leader],
            "main_department": home,
            "alias": "",
            "telephone": "",
            "direct_leader": [person.manager] if person.manager else [],
            "extattr": {"attrs": []},
        }

    def ids(self, body: Json) -> Json:
        rows = [{"userid": person.id, "department": self._home(person)} for person in self.desk.people()]
        start, limit = int(body.get("cursor") or 0), int(body.get("limit", 10000))
        if not 1 <= limit <= 10000:
            raise Fail(40058, "limit is 1 to 10000")
        return {
            "dept_user": rows[start : start + limit],
            "next_cursor": str(start + limit) if len(rows) > start + limit else "",
        }

    def agent(self, query: Json) -> Json:
        if str(query.get("agentid", "")) != str(self.desk.settings.wecom_agent_id):
            raise Fail(301002, "not allow to operate another agent with this accesstoken")
        users = [{"userid": person.id} for person in self.desk.people()]
        return {
            "agentid": int(query["agentid"]),
            "name": "回执",
            "description": "sandbox",
            "close": 0,
            "allow_userinfos": {"user": users},
            "allow_partys": {"partyid": [ROOT]},
            "allow_tags": {"tagid": []},
            "redirect_domain": urlsplit(self.desk.courier.url).netloc,
            "report_location_flag": 0,
            "isreportenter": 1,
            "home_url": "",
        }
