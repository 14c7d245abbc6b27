"""DingTalk stand-in: robot messages to people (docs: chatbots-send-one-on-one-chat-messages-in-batches)."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta

from adapters.dingtalk.sandbox_ceilings import Ceilings
from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import media
from adapters.sandbox.state import Json, Person

DAY = timedelta(hours=24)


def _pairs(name: str, address: str, count: int) -> list[str]:
    """actionTitle1, actionURL1, …"""
    return [f"{name}{part}{place}" for place in range(1, count + 1) for part in ("Title", address)]


MESSAGES: dict[str, tuple[str, ...]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleLink": ("text", "title", "messageUrl"),
    "sampleActionCard": ("title", "text", "singleTitle", "singleURL"),
    **{f"sampleActionCard{n}": ("title", "text", *_pairs("action", "URL", n)) for n in (2, 3, 4, 5)},
    "sampleActionCard6": ("title", "text", *_pairs("button", "Url", 2)),
    "sampleFile": ("mediaId", "fileName", "fileType"),
}


class Robot:
    """Messages by processQueryKey."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world, self.ceilings = desk, desk.world, Ceilings(desk.world)
        desk.new("POST", "/v1.0/robot/oToMessages/batchSend", self.send)
        desk.new("GET", "/v1.0/robot/oToMessages/readStatus", self.read_status)
        desk.new("POST", "/v1.0/robot/otoMessages/batchRecall", self.recall)

    def _robot(self, body: Json) -> None:
        code = body.get("robotCode")
        if not code:
            raise Fail("invalidParameter.robotCode.empty", "robotCode is empty")
        if code != self.desk.settings.dingtalk_robot_code:
            raise Fail("invalidParameter.robotCode.notExsit", "robot does not exist")

    def send(self, body: Json) -> Json:
        """HTTP 200 with people inside invalidStaffIdList: those were not reached."""
        self._robot(body)
        users, kind = body.get("userIds"), str(body.get("msgKey", ""))
        if not isinstance(users, list) or not users:
            raise Fail("invalidParameter.userIds.empty", "userIds is empty")
        if len(users) > 20:
            raise Fail("invalidParameter.userIds.overMax", "userIds has more than 20 members")
        if kind not in MESSAGES:
            raise Fail("invalidParameter.msgKey.invalid", "msgKey is invalid")
        param = self._param(kind, body.get("msgParam"))
        where = f"/v1.0/robot/oToMessages/batchSend {' '.join(map(str, users))}"
        self.ceilings.call("/v1.0/robot/oToMessages/batchSend")
        known = [person for user in dict.fromkeys(users) if (person := self.desk.person(user))]
        bad = {user for user in users if self.desk.person(user) is None}
        bad |= self.world.hit("invalid_user", where, known)
        controlled = self.world.hit("flow_control", where, known) - bad
        reached = [person for person in known if person.id not in bad | controlled]
        key, lost = secrets.token_urlsafe(24), self.world.hit("drop_silently", where, reached)
        for person in reached:
            if person.id not in lost:
                self._deliver(person, kind, param, key)
        self.world.store("dingtalk.sent")[key] = {"at": self.world.now(), "users": [person.id for person in reached]}
        return {
            "processQueryKey": key,
            "invalidStaffIdList": sorted(bad),
            "flowControlledStaffIdList": sorted(controlled),
            "filteredStaffIdList": [],
        }

    def _param(self, kind: str, text: object) -> Json:
        try:
            param = json.loads(text) if isinstance(text, str) else None
        except ValueError:
            param = None
        if not isinstance(param, dict) or any(not param.get(field) for field in MESSAGES[kind]):
            raise Fail(
                "invalidParameter.msgParam.invalid", "msgParam must be a JSON string with every key of its msgKey"
            )
        if kind == "sampleFile" and media.alive(self.world, "dingtalk", param["mediaId"]) is None:
            raise Fail("invalidParameter.param.invalid", "mediaId does not exist")
        return param

    def _deliver(self, person: Person, kind: str, param: Json, key: str) -> None:
        if kind == "sampleText":
            self.world.put(person, "text", param["content"], carrier=key)
            return
        buttons = _links(param)
        if kind == "sampleFile":
            media.show(self.world, person, param["mediaId"], param["fileName"], carrier=key)
            return
        card = {
            "title": param["title"],
            "text": param.get("text", ""),
            "facts": [],
            "quote": "",
            "buttons": buttons,
            "footer": "",
            "closed": "",
            "across": kind == "sampleActionCard6",
            **({"open": buttons[0]["url"]} if len(buttons) == 1 else {}),
        }
        self.world.put(person, "card", card=card, carrier=key, track="")

    def _sent(self, key: object) -> Json:
        sent = self.world.store("dingtalk.sent").get(str(key))
        if sent is None or self.world.now() - sent["at"] > DAY:
            raise Fail("processQueryKey.expireTime", "processQueryKey is not generated yet or expired")
        return dict(sent)

    def read_status(self, query: Json) -> Json:
        """Everything on an open phone counts as read; `readTimestamp` is documented as not supported yet."""
        self._robot(query)
        self.ceilings.call("/v1.0/robot/oToMessages/readStatus")
        sent, rows = self._sent(query.get("processQueryKey")), []
        shown = self.world.copies("carrier", query.get("processQueryKey"))
        recalled = bool(shown) and all(bubble.state == "recalled" for _, bubble in shown)
        for user in sent["users"]:
            person = self.desk.person(user)
            read = any(owner.id == user and bubble.data.get("read") for owner, bubble in shown)
            rows.append(
                {
                    "name": person.name if person else "",
                    "userId": user,
                    "readStatus": "READ" if read else "UNREAD",
                    "readTimestamp": 0,
                }
            )
        return {"sendStatus": "RECALLED" if recalled else "SUCCESS", "messageReadInfoList": rows}

    def recall(self, body: Json) -> Json:
        self._robot(body)
        keys = body.get("processQueryKeys")
        if not isinstance(keys, list) or not 1 <= len(keys) <= 20:
            raise Fail("invalidParameter.processQueryKeys.invalid", "processQueryKeys has 1 to 20 members")
        done, failed = [], {}
        for key in keys:
            try:
                self._sent(key)
            except Fail as failure:
                failed[key] = str(failure.code)
                continue
            done.append(key)
            for _, bubble in self.world.copies("carrier", key):
                bubble.state = "recalled"
        return {"successResult": done, "failedResult": failed}


def _links(param: Json) -> list[Json]:
    pairs = [(param.get("singleTitle"), param.get("singleURL")), ("查看详情", param.get("messageUrl"))]
    for name in sorted(param):
        if match := re.fullmatch(r"(actionTitle|buttonTitle)(\d)", name):
            other = {"actionTitle": "actionURL", "buttonTitle": "buttonUrl"}[match.group(1)]
            pairs.append((param[name], param.get(other + match.group(2))))
    return [{"label": label, "key": "", "url": url, "style": "default"} for label, url in pairs if label and url]
