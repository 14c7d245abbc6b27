"""WeCom stand-in: group chats of the app (docs: appchat/create 90245, appchat/update 90246, appchat/send 90248)."""

from __future__ import annotations

import re
import secrets

from adapters.sandbox.state import Json, Person
from adapters.wecom import sandbox_bodies
from adapters.wecom.sandbox_desk import Desk, Fail

CHAT = re.compile(r"[0-9A-Za-z]{1,32}")


class Groups:
    """A message to a group appears on every member's phone under the group's name. Template cards are not allowed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("POST", "appchat/create", self.create)
        desk.route("POST", "appchat/update", self.update)
        desk.route("GET", "appchat/get", self.get)
        desk.route("POST", "appchat/send", self.send)

    def _chats(self) -> Json:
        return self.desk.world.store("wecom.chats")

    def _chat(self, number: object) -> Json:
        found: Json | None = self._chats().get(str(number))
        if found is None:
            raise Fail(40050, "invalid chatid")
        return found

    def _member(self, user: object) -> Person:
        person = self.desk.person(str(user))
        if person is None:
            raise Fail(86216, "invalid chat member")
        return person

    def create(self, body: Json) -> Json:
        users = body.get("userlist")
        if not isinstance(users, list) or not 2 <= len(set(users)) <= 2000:
            raise Fail(86001, "userlist must have 2 to 2000 members")
        members = [self._member(user).id for user in dict.fromkeys(users)]
        number = str(body.get("chatid") or secrets.token_hex(8))
        if not CHAT.fullmatch(number):
            raise Fail(40058, "chatid is at most 32 letters and digits")
        if number in self._chats():
            raise Fail(86215, "chatid exists")
        if body.get("owner") and body["owner"] not in members:
            raise Fail(86216, "owner is not a member")
        name = str(body.get("name") or "群聊")[:50]
        self._chats()[number] = {
            "chatid": number,
            "name": name,
            "owner": str(body.get("owner") or members[0]),
            "userlist": members,
        }
        return {"chatid": number}

    def update(self, body: Json) -> Json:
        chat = self._chat(body.get("chatid"))
        joining = [self._member(user).id for user in body.get("add_user_list") or []]
        leaving = set(body.get("del_user_list") or [])
        chat["userlist"] = [each for each in dict.fromkeys([*chat["userlist"], *joining]) if each not in leaving]
        chat["name"], chat["owner"] = str(body.get("name") or chat["name"])[:50], body.get("owner") or chat["owner"]
        return {}

    def get(self, query: Json) -> Json:
        return {"chat_info": self._chat(query.get("chatid"))}

    def send(self, body: Json) -> Json:
        chat, kind = self._chat(body.get("chatid")), str(body.get("msgtype", ""))
        if kind not in sandbox_bodies.FIELDS:
            raise Fail(40008, "invalid message type")
        if unknown := sorted(set(body) - {"chatid", "msgtype", "safe", "?", kind}):
            raise Fail(40058, f"unknown field {unknown[0]}")
        content = sandbox_bodies.checked(self.desk, kind, body.get(kind))
        for user in chat["userlist"]:
            person = self.desk.person(user)
            if person is not None:
                sandbox_bodies.deliver(self.desk, person, kind, content, group=chat["name"])
        return {}
