"""WeCom stand-in: message/send, update_template_card, recall (docs 90236, 94945, 94867, 90454)."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import timedelta

from flask import request

from adapters.sandbox.ceilings import MINUTE, limit, over
from adapters.sandbox.state import Bubble, Json, Person
from adapters.wecom import sandbox_bodies, sandbox_cards
from adapters.wecom.sandbox_desk import Desk, Fail

ENVELOPE = {
    "touser",
    "toparty",
    "totag",
    "agentid",
    "msgtype",
    "safe",
    "enable_id_trans",
    "enable_duplicate_check",
    "duplicate_check_interval",
    "?",
}
KINDS = (*sandbox_bodies.FIELDS, "template_card")
CODE_LIFE, RECALL_LIFE = timedelta(hours=72), timedelta(hours=24)
PER_MINUTE, PER_HOUR = 30, 1000
CALLS, ACCOUNTS = 10_000, 500
"""Calls of one interface in a minute; accounts a little firm has bought, so that a rehearsal has a ceiling too."""


class Messages:
    """Holds what the platform remembers: message ids, task ids, response codes, send times per member."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world = desk, desk.world
        desk.route("POST", "message/send", self.send)
        desk.route("POST", "message/update_template_card", self.update)
        desk.route("POST", "message/recall", self.recall)

    def send(self, body: Json) -> Json:
        """Everything is checked before anything is delivered; excess and duplicates are dropped without a word."""
        kind = body.get("msgtype")
        if kind not in KINDS:
            raise Fail(40008, "invalid message type")
        if unknown := sorted(set(body) - ENVELOPE - {kind}):
            raise Fail(40058, f"unknown field {unknown[0]}")
        self._check_agent(body)
        content = sandbox_bodies.checked(self.desk, kind, body.get(kind))
        where = f"/cgi-bin/message/send {json.dumps(body, ensure_ascii=False)}"
        found, invalid = self._recipients(body)
        bad = self.world.hit("invalid_user", where, found)
        found, invalid = [each for each in found if each.id not in bad], invalid + sorted(bad)
        if not found:
            raise Fail(81013, "user & party & tag all invalid")
        self._check_day(len(found))
        msgid = secrets.token_urlsafe(24)
        repeated = self._duplicate(body)
        lost = set() if repeated else self.world.hit("drop_silently", where, found)
        if kind == "template_card" and content.get("task_id") and not repeated:
            self._use_task(content["task_id"])
        for person in found:
            if not repeated and person.id not in lost and self._within_limits(person):
                sandbox_bodies.deliver(self.desk, person, kind, content, msgid=msgid)
        answer = {
            "invaliduser": "|".join(name.lower() for name in invalid),
            "invalidparty": "",
            "invalidtag": "",
            "unlicenseduser": "",
            "msgid": msgid,
        }
        self.world.store("wecom.sent")[msgid] = {"at": self.world.now(), "kind": kind}
        if kind == "template_card" and (
            content["card_type"] in sandbox_cards.CALLBACK_CARDS or content.get("action_menu")
        ):
            answer["response_code"] = self.new_code(msgid)
        return answer

    def new_code(self, msgid: str) -> str:
        """A single-use code that changes this message's cards within 72 h."""
        code = secrets.token_urlsafe(32)
        self.world.store("wecom.codes")[code] = {"msgid": msgid, "until": self.world.now() + CODE_LIFE}
        return code

    def _check_agent(self, body: Json) -> None:
        agent = body.get("agentid")
        if isinstance(agent, bool) or not isinstance(agent, int):
            raise Fail(40056, "invalid agentid")
        if agent != int(self.desk.settings.wecom_agent_id):
            raise Fail(301002, "not allow to operate another agent with this accesstoken")

    def _check_day(self, people: int) -> None:
        """Accounts x 200 person-times a day over the whole app (docs: 90454)."""
        most = limit(self.world, "wecom_day", max(ACCOUNTS, len(self.desk.people())) * 200)
        with self.world.lock:
            sent = self.world.store("wecom.day")
            day = self.world.now().date().isoformat()
            if sent.get(day, 0) + people > most:
                raise Fail(45009, "api freq out of limit")
            sent[day] = sent.get(day, 0) + people

    def _check_calls(self, api: str) -> None:
        """10,000 calls a minute of one interface; message/send does not count (docs: 90454)."""
        if over(self.world, f"wecom {api}", limit(self.world, "wecom_minute", CALLS), MINUTE):
            raise Fail(45009, "api freq out of limit")

    def _recipients(self, body: Json) -> tuple[list[Person], list[str]]:
        users = str(body.get("touser") or "")
        if not (users or body.get("toparty") or body.get("totag")):
            raise Fail(82001, "all targets are empty")
        if users == "@all":
            return self.desk.people(), []
        names = [name for name in users.split("|") if name]
        if len(names) > 1000:
            raise Fail(40032, "more than 1000 users")
        pairs = [(name, self.desk.person(name)) for name in {name.casefold(): name for name in names}.values()]
        return [person for _, person in pairs if person], [name for name, person in pairs if person is None]

    def _duplicate(self, body: Json) -> bool:
        """docs: message/send, enable_duplicate_check; an identical JSON inside the interval is swallowed."""
        seen, now = self.world.store("wecom.seen"), self.world.now()
        raw = hashlib.sha256(request.get_data()).hexdigest()
        until = seen.get(raw)
        if body.get("enable_duplicate_check") != 1:
            return False
        seconds = min(int(body.get("duplicate_check_interval", 1800)), 14400)
        if until is not None and until > now:
            return True
        seen[raw] = now + timedelta(seconds=seconds)
        return False

    def _use_task(self, task: str) -> None:
        with self.world.lock:
            tasks = self.world.store("wecom.tasks")
            if task in tasks:
                raise Fail(40058, "task_id is not unique")
            tasks[task] = self.world.now()

    def _within_limits(self, person: Person) -> bool:
        with self.world.lock:
            now, times = self.world.now(), self.world.store("wecom.rate").setdefault(person.id, [])
            times[:] = [each for each in times if now - each < timedelta(hours=1)]
            if len(times) >= PER_HOUR or sum(now - each < timedelta(minutes=1) for each in times) >= PER_MINUTE:
                return False
            times.append(now)
            return True

    def update(self, body: Json) -> Json:
        """One code, one update. `userids` (or atall) says whose copies of that message change."""
        allowed = {
            "userids",
            "partyids",
            "tagids",
            "atall",
            "agentid",
            "response_code",
            "button",
            "template_card",
            "enable_id_trans",
            "?",
        }
        if unknown := sorted(set(body) - allowed):
            raise Fail(40058, f"unknown field {unknown[0]}")
        self._check_agent(body)
        self._check_calls("update_template_card")
        replace = body.get("button")
        card = sandbox_cards.check(body["template_card"]) if "template_card" in body else None
        if (card is None) == (replace is None) or (card is None and not (replace or {}).get("replace_name")):
            raise Fail(40058, "either button.replace_name or template_card")
        users = body.get("userids") or []
        if not (users or body.get("atall") or body.get("partyids") or body.get("tagids")):
            raise Fail(82001, "all targets are empty")
        with self.world.lock:
            code = self.world.store("wecom.codes").pop(str(body.get("response_code", "")), None)
        if code is None or code["until"] <= self.world.now():
            raise Fail(60140, "invalid response_code")
        for person, bubble in self._copies(code["msgid"]):
            if body.get("atall") or person.id in users:
                _change(bubble, card, (replace or {}).get("replace_name", ""))
        return {"invaliduser": [user for user in users if self.desk.person(str(user)) is None]}

    def _copies(self, msgid: str) -> list[tuple[Person, Bubble]]:
        return self.world.copies("msgid", msgid)

    def recall(self, body: Json) -> Json:
        self._check_calls("recall")
        sent = self.world.store("wecom.sent").get(str(body.get("msgid", "")))
        if sent is None:
            raise Fail(40058, "invalid msgid")
        if self.world.now() - sent["at"] > RECALL_LIFE:
            raise Fail(42052, "message is older than 24 hours")
        for _, bubble in self._copies(str(body["msgid"])):
            bubble.state = "recalled"
        return {}


def _change(bubble: Bubble, card: Json | None, label: str) -> None:
    if bubble.state == "recalled":
        return
    if card is not None:
        bubble.card, bubble.data["wire"] = sandbox_cards.view(card), card
    else:
        bubble.card = {
            **bubble.card,
            "closed": label,
            "buttons": [each for each in bubble.card["buttons"] if each["url"]],
        }
    bubble.state = "updated"
