"""DingTalk stand-in: work notifications (docs: asynchronous-sending-of-enterprise-session-messages, their results)."""

from __future__ import annotations

import json
from datetime import timedelta

from adapters.dingtalk.sandbox_ceilings import Ceilings
from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox import media
from adapters.sandbox.ceilings import MINUTE, over
from adapters.sandbox.state import Json, Person

PATH = "/topapi/message/corpconversation/"
BYTES, MOST = 2048, 100
PER_DAY, PER_MINUTE = 500, 5000
DUPLICATE, DAILY, MINUTELY, SYSTEM = "143106", "143105", "143104", "1430003"
"""Codes of forbidden_list: said today already, too many today, too many people this minute, held back by DingTalk."""
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
        self.desk, self.world, self.ceilings = desk, desk.world, Ceilings(desk.world)
        desk.old("POST", PATH + "asyncsend_v2", self.send)
        desk.old("POST", PATH + "getsendprogress", self.progress)
        desk.old("POST", PATH + "getsendresult", self.result)
        desk.old("POST", PATH + "recall", self.recall)

    def _agent(self, body: Json) -> None:
        if str(body.get("agent_id", "")) != str(self.desk.settings.dingtalk_agent_id):
            raise Fail(40056, "不合法的agentid")

    def send(self, body: Json) -> Json:
        """What is over a limit, or was said to this person today, does not arrive; the answer is 0 all the same."""
        self._agent(body)
        users = [each for each in str(body.get("userid_list", "")).split(",") if each]
        if not 1 <= len(users) <= MOST:
            raise Fail(40035, f"userid_list names 1 to {MOST} people")
        self.ceilings.call(PATH + "asyncsend_v2", old=True)
        message = self._checked(body.get("msg"))
        task = str(10**11 + self.world.next())
        known = [person for user in dict.fromkeys(users) if (person := self.desk.person(user))]
        where = f"{PATH}asyncsend_v2 {json.dumps(body, ensure_ascii=False)}"
        bad = self.world.hit("invalid_user", where, known)
        known = [person for person in known if person.id not in bad]
        held = dict.fromkeys(self.world.hit("drop_silently", where, known), SYSTEM)
        print_ = json.dumps(message, sort_keys=True, ensure_ascii=False)
        for person in known:
            if code := held.get(person.id) or self._over(person, print_):
                held[person.id] = code
            else:
                _show(self.desk, person, message, task)
        invalid = sorted({user for user in users if self.desk.person(user) is None} | bad)
        record = {"at": self.world.now(), "invalid": invalid, "all": [each.id for each in known], "held": held}
        self.world.store("dingtalk.notices")[task] = record
        return {"task_id": int(task)}

    def _over(self, person: Person, print_: str) -> str:
        """The code with which a copy is held back, "" when it arrives. A day is the firm's."""
        with self.world.lock:
            said, day = self.world.store("dingtalk.said"), str(self.world.now().date())
            mark = f"{day} {person.id} {print_}"
            if mark in said:
                return DUPLICATE
            if said.get(f"{day} {person.id}", 0) >= PER_DAY:
                return DAILY
            if over(self.world, "dingtalk people", PER_MINUTE, MINUTE):
                return MINUTELY
            said[mark] = True
            said[f"{day} {person.id}"] = said.get(f"{day} {person.id}", 0) + 1
            return ""

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
        self.ceilings.call(PATH + "getsendprogress", old=True)
        self._task(body, "task_id")
        return {"progress": {"progress_in_percent": 100, "status": 2}}

    def result(self, body: Json) -> Json:
        """Who has read it, without a time; who was held back, and why."""
        self.ceilings.call(PATH + "getsendresult", old=True)
        task, number = self._task(body, "task_id"), str(body.get("task_id"))
        read = [person.id for person, bubble in self.world.copies("task", number) if bubble.data.get("read")]
        codes: dict[str, list[str]] = {}
        for user, code in task["held"].items():
            codes.setdefault(code, []).append(user)
        shown = [user for user in task["all"] if user not in task["held"]]
        return {
            "send_result": {
                "invalid_user_id_list": task["invalid"],
                "forbidden_user_id_list": sorted(task["held"]),
                "forbidden_list": [
                    {"code": code, "count": len(users), "userid": users} for code, users in codes.items()
                ],
                "failed_user_id_list": [],
                "read_user_id_list": read,
                "unread_user_id_list": [user for user in shown if user not in read],
                "invalid_dept_id_list": [],
            }
        }

    def recall(self, body: Json) -> Json:
        self._task(body, "msg_task_id")
        for _, bubble in self.world.copies("task", body["msg_task_id"]):
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
