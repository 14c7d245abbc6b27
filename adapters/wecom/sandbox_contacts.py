"""WeCom stand-in: departments, members and the app (docs: user/get, department/get, tag/get, agent/get)."""

from __future__ import annotations

from urllib.parse import urlsplit

from adapters.sandbox import tree
from adapters.sandbox.state import Json, Person
from adapters.wecom.sandbox_desk import Desk, Fail

FIRST, FIRST_TAG = tree.ROOT + 1, 1


class Contacts:
    """Department 1 is the company; every department named by a person hangs below it, every tag is its people's."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("GET", "department/simplelist", self.departments)
        desk.route("GET", "department/get", self.department)
        desk.route("GET", "user/simplelist", self.members)
        desk.route("GET", "user/get", self.member)
        desk.route("POST", "user/list_id", self.ids)
        desk.route("GET", "tag/list", self.tags)
        desk.route("GET", "tag/get", self.tag)
        desk.route("GET", "agent/get", self.agent)

    def _tree(self) -> dict[int, tree.Path]:
        return tree.paths(self.desk.people(), FIRST)

    def _home(self, person: Person) -> int:
        return tree.homes([person], self._tree())[person.id]

    def _known(self, query: Json, field: str) -> int:
        value = str(query.get(field, tree.ROOT))
        if not value.isdigit() or int(value) not in self._tree():
            raise Fail(60003, "department not found")
        return int(value)

    def departments(self, query: Json) -> Json:
        found, top = self._tree(), self._known(query, "id")
        rows = [number for number, names in found.items() if names[: len(found[top])] == found[top]]
        return {
            "department_id": [
                {"id": number, "parentid": tree.parent(found, number), "order": 1000 - number} for number in rows
            ]
        }

    def department(self, query: Json) -> Json:
        found, number = self._tree(), self._known(query, "id")
        return {
            "department": {
                "id": number,
                "name": tree.name(found, number),
                "name_en": "",
                "order": 1000 - number,
                "department_leader": self._leaders(number),
                "parentid": tree.parent(found, number),
            }
        }

    def _leaders(self, number: int) -> list[str]:
        people = self.desk.people()
        homes, bosses = tree.homes(people, self._tree()), {person.manager for person in people}
        return [person.id for person in people if person.id in bosses and homes[person.id] == number]

    def members(self, query: Json) -> Json:
        number, people = self._known(query, "department_id"), self.desk.people()
        homes = tree.homes(people, self._tree())
        return {
            "userlist": [
                {"userid": each.id, "name": each.name, "department": [number], "open_userid": ""}
                for each in people
                if homes[each.id] == number
            ]
        }

    def tags(self, _: Json) -> Json:
        """All tags of the firm (docs: tag/list)."""
        found = tree.labels(self.desk.people(), FIRST_TAG)
        return {"taglist": [{"tagid": number, "tagname": name} for number, name in found.items()]}

    def tag(self, query: Json) -> Json:
        """Whoever of a tag's people the app may see (docs: tag/get)."""
        found = {str(number): name for number, name in tree.labels(self.desk.people(), FIRST_TAG).items()}
        name = found.get(str(query.get("tagid", "")))
        if name is None:
            raise Fail(40068, "invalid tagid")
        users = [{"userid": each.id, "name": each.name} for each in self.desk.people() if name in each.tags]
        return {"tagname": name, "userlist": users, "partylist": []}

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
        homes = tree.homes(self.desk.people(), self._tree())
        rows = [{"userid": user, "department": number} for user, number in homes.items()]
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
            "allow_partys": {"partyid": [tree.ROOT]},
            "allow_tags": {"tagid": []},
            "redirect_domain": urlsplit(self.desk.courier.url).netloc,
            "report_location_flag": 0,
            "isreportenter": 1,
            "home_url": "",
        }
