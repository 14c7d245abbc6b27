"""DingTalk stand-in: the robot in group chats (docs: groupMessages/send). One group is there from the start."""

from __future__ import annotations

import json
import secrets

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.dingtalk.sandbox_robot import MESSAGES
from adapters.sandbox.state import Json

CHAT, NAME, MEMBERS = "cidSandboxProof==", "存证检查点", ("wu", "sun")
"""HR's and the staff representative's own group, in which the robot is."""
PARAM_BYTES = 15_000


class Groups:
    """A message to a group appears on every member's phone under the group's name."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.new("POST", "/v1.0/robot/groupMessages/send", self.send)

    def _group(self, chat: object) -> Json:
        groups = self.desk.world.store("dingtalk.groups")
        groups.setdefault(CHAT, {"name": NAME, "members": list(MEMBERS)})
        found: Json | None = groups.get(str(chat))
        if found is None:
            raise Fail("invalidParameter.param.invalid", "the robot is in no such conversation")
        return found

    def send(self, body: Json) -> Json:
        if body.get("robotCode") != self.desk.settings.dingtalk_robot_code:
            raise Fail("invalidParameter.robotCode.notExsit", "robot does not exist")
        group, kind = self._group(body.get("openConversationId")), str(body.get("msgKey", ""))
        if kind not in ("sampleText", "sampleMarkdown"):
            raise Fail("invalidParameter.msgKey.invalid", "msgKey is invalid")
        param, key = _param(kind, body.get("msgParam")), secrets.token_urlsafe(24)
        for user in group["members"]:
            person = self.desk.person(user)
            if person is not None:
                said = param["content"] if kind == "sampleText" else f"{param['title']}\n{param['text']}"
                self.desk.world.put(person, "text", said, group=group["name"], carrier=key)
        return {"processQueryKey": key}


def _param(kind: str, given: object) -> Json:
    if not isinstance(given, str) or len(given.encode()) > PARAM_BYTES:
        raise Fail("invalidParameter.msgParam.tooLong", "msgParam is a JSON string of at most 15000 bytes")
    try:
        found = json.loads(given)
    except ValueError:
        found = None
    if not isinstance(found, dict) or any(not found.get(field) for field in MESSAGES[kind]):
        raise Fail("invalidParameter.msgParam.invalid", "msgParam must be a JSON string with every key of its msgKey")
    return found
