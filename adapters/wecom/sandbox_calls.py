"""WeCom stand-in: voice calls (docs: 发起语音电话 97115, 获取接听状态 97116)."""

from __future__ import annotations

from adapters.sandbox.state import Json
from adapters.wecom.sandbox_desk import Desk, Fail

SWITCHED_OFF = 8
"""`reason` 8: 被叫关机. Nobody in this world answers the phone."""


class Calls:
    """Every call ends at once, unanswered. Counted per member as the vendor does: 3 in 8 minutes, 8 in 24 hours."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("POST", "pstncc/call", self.call)
        desk.route("POST", "pstncc/getstates", self.state)

    def call(self, body: Json) -> Json:
        users = body.get("callee_userid")
        if not isinstance(users, list) or not users:
            raise Fail(40058, "callee_userid is a list")
        return {"states": [self._one(str(user)) for user in users]}

    def _one(self, user: str) -> Json:
        if self.desk.person(user) is None:
            return {"code": 60111, "callid": "", "userid": user}
        now = int(self.desk.world.now().timestamp())
        made = self.desk.world.store("wecom.calls").setdefault(user, [])
        if sum(now - at < 480 for _, at in made) >= 3 or sum(now - at < 86400 for _, at in made) >= 8:
            return {"code": 93017, "callid": "", "userid": user}
        number = f"call{self.desk.world.next()}"
        made.append((number, now))
        return {"code": 0, "callid": number, "userid": user}

    def state(self, body: Json) -> Json:
        made = dict(self.desk.world.store("wecom.calls").get(str(body.get("callee_userid")), []))
        if body.get("callid") not in made:
            raise Fail(40058, "unknown callid")
        return {"istalked": 0, "calltime": made[body["callid"]], "talktime": 0, "reason": SWITCHED_OFF}
