"""DingTalk stand-in: work notifications (docs: asynchronous-sending-of-enterprise-session-messages, their results)."""

from __future__ import annotations

import json
from datetime import timedelta

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import media
from adapters.sandbox.state import Json, Person

BYTES, MOST = 2048, 100
DAY = timedelta(hours=24)
FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": ("title", "text"),
    "link": ("title", "text", "messageUrl"),
    "file": ("media_id",),
    "action_card": ("title", "markdown"),
}


class Notice:
    """Sends to named people; the same content reaches one person once a day, and nobody is told."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        path = "/topapi/message/corpconversation/"
        desk.old("POST", path + "asyncsend_v2", self.send)
        desk.old("POST", path + "getsendprogress", self.progress)
        desk.old("POST", path + "getsendresult", self.result)
        desk.old("POST", path + "recall", self.recall)

    def _agent(self, body: Json) -> None:
        if str(body.get("agent_id", "")) != str(self.desk.settings.dingtalk_agent_id):
            raise Fail(40056, "不合法的agentid")

    def send(self, body: Json) -> Json:
        self._agent(body)
        users = [each for each in str(body.get("userid_list", "")).split(",") if each]
        if not 1 <= len(users) <= MOST:
            raise Fail(40035, f"userid_list names 1 to {MOST} people")
        message = self._checked(body.get("msg"))
        task, seen = 10**11 + self.world.next(), self.world.store("dingtalk.said")
        known = [person for user in dict.fromkeys(users) if (person := self.desk.person(user))]
        print_ = json.dumps(message, sort_keys=True, ensure_ascii=False)
        shown = []
        for person in known:
            mark = f"{self.world.now().date()} {person.id} {print_}"
            if mark not in seen:
                seen[mark] = True
                shown.append(person.id)
                _show(self.desk, person, message, str(task))
        invalid = [user for user in users if self.desk.person(user) is None]
        record = {"at": self.world.now(), "users": shown, "invalid": invalid, "all": [each.id for each in known]}
        self.world.store("dingtalk.notices")[str(task)] = record
        return {"task_id": task}

    def _checked(self, message: object) -> Json:
        kind = str(message.get("msgtype", "")) if isinstance(message, dict) else ""
        if not isinstance(message, dict) or kind not in FIELDS:
            raise Fail(40008, "不合法的消息类型")
        content = message.get(kind)
        if len(json.dumps(message, ensure_ascii=False).encode()) > BYTES:
            raise Fail(40035, f"msg is longer than {BYTES} bytes")
        if not isinstance(content, dict) or any(not content.get(field) for field in FIELDS[kind]):
            raise Fail(40035, f"msg.{kind} needs {', '.join(FIELDS[kind])}")
        if kind == "file" and media.alive(self.world, "dingtalk", content["media_id"]) is None:
            raise Fail(40007, "不合法的媒体文件id")
        if kind == "action_card":
            _check_card(content)
        return message

    def _task(self, body: Json, field: str) -> Json:
        self._agent(body)
        found: Json | None = self.world.store("dingtalk.notices").get(str(body.get(field, "")))
        if found is None or self.world.now() - found["at"] > DAY:
            raise Fail(400002, "无效的参数")
        return found

    def progress(self, body: Json) -> Json:
        self._task(body, "task_id")
        return {"progress": {"progress_in_percent": 100, "status": 2}}

    def result(self, body: Json) -> Json:
        """Who has read it, without a time."""
        task, number = self._task(body, "task_id"), str(body.get("task_id"))
        read = [
            person.id
            for person, bubble in self.world.bubbles("dingtalk")
            if bubble.data.get("task") == number and bubble.data.get("read")
        ]
        held = [{"code": "143106", "count": 1, "userid": [user]} for user in task["all"] if user not in task["users"]]
        return {
            "send_result": {
                "invalid_user_id_list": task["invalid"],
                "forbidden_list": held,
                "failed_user_id_list": [],
                "read_user_id_list": read,
                "unread_user_id_list": [user for user in task["users"] if user not in read],
            }
        }

    def recall(self, body: Json) -> Json:
        self._task(body, "msg_task_id")
        for _, bubble in self.world.bubbles("dingtalk"):
            if bubble.data.get("task") == str(body["msg_task_id"]):
                bubble.state = "recalled"
        return {}


def _check_card(content: Json) -> None:
    """One link for the whole card, or a list of buttons; title lengths as documented."""
    single, rows = content.get("single_title"), content.get("btn_json_list")
    if bool(single) == bool(rows):
        raise Fail(40035, "action_card has either single_title or btn_json_list")
    if single and (len(single) > 20 or not content.get("single_url") or len(content["single_url"]) > 500):
        raise Fail(40035, "single_title has at most 20 characters, single_url at most 500")
    for row in rows or []:
        if not row.get("title") or not row.get("action_url") or len(row["action_url"]) > 700:
            raise Fail(40035, "a button has a title and an action_url of at most 700")


def _show(desk: Desk, person: Person, message: Json, task: str) -> None:
    kind = message["msgtype"]
    content = message[kind]
    if kind == "text":
        desk.world.put(person, "text", content["content"], task=task)
    elif kind == "file":
        media.show(desk.world, person, content["media_id"], task=task)
    else:
        desk.world.put(person, "card", card=_view(kind, content), task=task)


def _view(kind: str, content: Json) -> Json:
    pairs = [(content.get("single_title"), content.get("single_url"))] if kind == "action_card" else []
    pairs += [(row["title"], row["action_url"]) for row in content.get("btn_json_list") or []]
    if kind == "link":
        pairs = [("查看详情", content["messageUrl"])]
    buttons = [{"label": label, "key": "", "url": url, "style": "default"} for label, url in pairs if label]
    return {
        "title": content["title"],
        "text": content["markdown" if kind == "action_card" else "text"],
        "facts": [],
        "quote": "",
        "buttons": buttons,
        "footer": "工作通知",
        "closed": "",
        "across": str(content.get("btn_orientation", "0")) == "1",
        **({"open": buttons[0]["url"]} if len(buttons) == 1 else {}),
    }
