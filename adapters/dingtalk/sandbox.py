"""DingTalk (钉钉) as the real adapter sees it: both hosts on one port, and the Stream gateway on its own."""

from __future__ import annotations

import json
import secrets
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint

from adapters.dingtalk import sandbox_approvals
from adapters.dingtalk.sandbox_attendance import Attendance
from adapters.dingtalk.sandbox_board import Board
from adapters.dingtalk.sandbox_cards import Cards
from adapters.dingtalk.sandbox_contacts import Contacts
from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.dingtalk.sandbox_faults import refusal
from adapters.dingtalk.sandbox_files import CODE_LIFE, Files, to_robot
from adapters.dingtalk.sandbox_groups import Groups
from adapters.dingtalk.sandbox_makeup import MakeUp
from adapters.dingtalk.sandbox_media import Media
from adapters.dingtalk.sandbox_notice import Notice
from adapters.dingtalk.sandbox_project import Projects
from adapters.dingtalk.sandbox_robot import Robot
from adapters.dingtalk.sandbox_signin import SignIn
from adapters.dingtalk.sandbox_stream import Stream
from adapters.sandbox import envelope, media
from adapters.sandbox.state import Bubble, Json, Leave, Person, World
from adapters.sandbox.vendor import Courier, Parcel

if TYPE_CHECKING:
    from config.settings import Settings

MSGTYPES = {"image": "picture", "voice": "audio", "video": "video", "file": "file"}
ROBOT_TOPIC, CARD_TOPIC = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"


class DingTalk:
    """The vendor as the shell drives it."""

    name = "dingtalk"
    prefixes: tuple[str, ...] = ("/v1.0/", "/topapi/", "/attendance/", "/media/", "/gettoken")

    def __init__(self, desk: Desk) -> None:
        self.desk, self.blueprint = desk, desk.blueprint
        desk.new("POST", "/v1.0/oauth2/accessToken", desk.new_token, token=False)
        desk.old("GET", "/gettoken", desk.old_token, token=False)
        self.cards, self.stream = Cards(desk), Stream(desk)
        for part in (
            sandbox_approvals.Approvals,
            Robot,
            Notice,
            Attendance,
            MakeUp,
            Contacts,
            SignIn,
            Media,
            Files,
            Projects,
            Groups,
            Board,
        ):
            part(desk)

    def start(self) -> str:
        return self.stream.start()

    def stop(self) -> None:
        self.stream.stop()

    def disconnect(self) -> None:
        self.stream.disconnect()

    def fault(self, kind: str, path: str, code: str = "") -> tuple[Json, int]:
        """A refusal before the call is looked at, in the shape of the host that owns the path."""
        if kind == "expired_token":
            self.desk.world.store("dingtalk.tokens").clear()
        return refusal(kind, path, code)

    def click(self, person: Person, bubble: Bubble, key: str, form: Json) -> Json:
        """The card callback, by the way its own callbackType names; the answer changes the clicked card."""
        body = self.cards.callback(person, bubble, key, form)
        by_stream = bubble.data["callback"] != "HTTP"

        def send() -> Json:
            result = self.stream.push("CALLBACK", CARD_TOPIC, body) if by_stream else self._post_card(bubble, body)
            self._show(bubble, result, by_stream=by_stream)
            return result

        return self.desk.courier.deliver("dingtalk", person.id, send)

    def _show(self, bubble: Bubble, result: Json, *, by_stream: bool) -> None:
        if result["status"] != 200:
            return
        try:
            answer = result["answer"] if by_stream else json.loads(result["answer"] or "{}")
            self.cards.answered(bubble, answer.get("response") if by_stream and isinstance(answer, dict) else answer)
        except (ValueError, Fail) as broken:
            self.desk.world.log(
                {
                    "direction": "callback",
                    "vendor": "dingtalk",
                    "method": "ANSWER",
                    "path": CARD_TOPIC,
                    "request": None,
                    "status": 400,
                    "response": f"the card answer was ignored: {broken}",
                }
            )

    def _post_card(self, bubble: Bubble, body: Json) -> Json:
        """The route key's registered address; an unregistered key falls back to the bot's usual door."""
        usual = {
            "url": self.desk.courier.url + "/callbacks/dingtalk/cards",
            "secret": self.desk.settings.dingtalk_client_secret,
        }
        route = self.desk.world.store("dingtalk.routes").get(bubble.data["route"], usual)
        stamp = self._millis()
        headers = {
            "x-ddpaas-signature-timestamp": stamp,
            "x-ddpaas-signature": envelope.hmac_base64(route["secret"], stamp),
        }
        return self._post(route["url"], {}, headers, json.dumps(body, ensure_ascii=False).encode(), body)

    def read(self, person: Person, bubble: Bubble) -> Json:
        """robot_msg_read (docs: bot-message-read-event): lower camel case by Stream, PascalCase over HTTP.

        Only messages of the robot have it; who read a work notice or an announcement has to be asked.
        """
        if not bubble.data.get("carrier"):
            return {"ok": True}
        row = {
            "unionId": f"union-{person.id}",
            "userId": person.id,
            "operatTime": self._millis(),
            "processQueryKey": bubble.data.get("carrier", ""),
            "robotCode": self.desk.settings.dingtalk_robot_code,
        }
        if not self.stream.connected():
            row = {name[0].upper() + name[1:]: value for name, value in row.items()}
        return self.event("robot_msg_read", row, person.id)

    def say(self, person: Person, text: str) -> Json:
        """A one-to-one message to the robot (docs: receive-message)."""
        return self._to_robot(person, {"msgtype": "text", "text": {"content": text}})

    def hand(self, person: Person, kind: str, name: str, content: bytes) -> Json:
        """A picture, recording or file sent to the robot (docs: receive-message)."""
        code = media.put(self.desk.world, "dingtalk", (kind, name, content), CODE_LIFE)
        told: Json = {"downloadCode": code}
        if kind == "file":
            told |= {"fileName": name, "spaceId": "sandbox-space", "fileId": "sandbox-file"}
        if kind == "image":
            told["pictureDownloadCode"] = code
        return self._to_robot(person, {"msgtype": MSGTYPES[kind], "content": told})

    def _to_robot(self, person: Person, message: Json) -> Json:
        settings, body = self.desk.settings, to_robot(self.desk, person, message)

        def send() -> Json:
            if self.stream.connected():
                return self.stream.push("CALLBACK", ROBOT_TOPIC, body)
            stamp, secret = self._millis(), settings.dingtalk_client_secret
            headers = {"timestamp": stamp, "sign": envelope.hmac_base64(secret, f"{stamp}\n{secret}")}
            raw = json.dumps(body, ensure_ascii=False).encode()
            return self._post(self.desk.courier.url + "/callbacks/dingtalk/robot", {}, headers, raw, body)

        return self.desk.courier.deliver("dingtalk", person.id, send)

    def punched(self, person: Person, at: datetime) -> None:
        """attendance_check_record (docs: attendance-events), by Stream when a client is connected."""
        corp, stamp = self.desk.settings.dingtalk_corp_id, int(at.timestamp() * 1000)
        row = {
            "userId": person.id,
            "checkTime": stamp,
            "address": "",
            "corpId": corp,
            "groupId": 8001,
            "bizId": uuid.uuid4().hex,
            "locationMethod": "MAP",
            "locationResult": "Normal",
            "checkByUser": True,
        }
        if self.stream.connected():
            self.event("attendance_check_record", {"dataList": [row]}, person.id)

    def slip(self, person: Person, leave: Leave, change: str) -> Json:
        """bpms_task_change of the approver's decision, then bpms_instance_change (docs of these names)."""
        if change in ("approved", "rejected"):
            self.event("bpms_task_change", sandbox_approvals.task(person, leave, change), person.id)
        return self.event("bpms_instance_change", sandbox_approvals.instance(person, leave, change), person.id)

    def event(self, kind: str, data: Json, who: str = "") -> Json:
        """Any event: a Stream frame when connected, else the encrypted HTTP push (docs: http-callback-overview)."""
        number, now, corp = uuid.uuid4().hex, self._millis(), self.desk.settings.dingtalk_corp_id

        def send() -> Json:
            if self.stream.connected():
                return self.stream.push(
                    "EVENT",
                    "*",
                    data,
                    eventId=number,
                    eventType=kind,
                    eventCorpId=corp,
                    eventBornTime=now,
                    eventUnifiedAppId="sandbox",
                )
            return self._post_event({"EventType": kind, "EventTime": now, "CorpId": corp, "eventId": number, **data})

        return self.desk.courier.deliver("dingtalk", who, send)

    def _post_event(self, body: Json) -> Json:
        settings, now, nonce = self.desk.settings, self._millis(), secrets.token_hex(4)
        raw = json.dumps(body, ensure_ascii=False).encode()
        encrypted = envelope.encrypt(settings.dingtalk_aes_key, settings.dingtalk_client_id, raw)
        query = {
            "signature": envelope.sign(settings.dingtalk_token, now, nonce, encrypted),
            "timestamp": now,
            "nonce": nonce,
        }
        return self._post(
            self.desk.courier.url + "/callbacks/dingtalk/events",
            query,
            {},
            json.dumps({"encrypt": encrypted}).encode(),
            body,
        )

    def _post(self, url: str, query: dict[str, str], headers: dict[str, str], raw: bytes, shown: Json) -> Json:
        parcel = Parcel(url, query, {"Content-Type": "application/json", **headers}, raw, shown)
        return self.desk.courier.post("dingtalk", parcel)

    def _millis(self) -> str:
        return str(int(self.desk.world.now().timestamp() * 1000))


def build(settings: Settings, world: World, courier: Courier) -> DingTalk:
    """Found and called by the shell."""
    return DingTalk(Desk(settings, world, courier, Blueprint("dingtalk", __name__)))
