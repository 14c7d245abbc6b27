"""WeCom (企业微信) as the real adapter sees it, with only the base URL changed."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from flask import Blueprint

from adapters.sandbox import envelope, media
from adapters.sandbox.state import Bubble, Json, Leave, Person, World
from adapters.sandbox.vendor import Courier, Parcel
from adapters.wecom.sandbox_approvals import Approvals, pushed
from adapters.wecom.sandbox_calls import Calls
from adapters.wecom.sandbox_checkin import Checkin
from adapters.wecom.sandbox_contacts import Contacts
from adapters.wecom.sandbox_desk import Desk, refusal
from adapters.wecom.sandbox_groups import Groups
from adapters.wecom.sandbox_media import LIFE, Media
from adapters.wecom.sandbox_messages import Messages
from adapters.wecom.sandbox_schedule import Schedule
from adapters.wecom.sandbox_signin import SignIn

if TYPE_CHECKING:
    from config.settings import Settings


FAULTS = {
    "expired_token": (42001, "access_token expired"),
    "rate_limit": (45009, "api freq out of limit"),
    "no_permission": (48002, "api forbidden"),
    "ip_untrusted": (60020, "not allow to access from your ip, from ip: 203.0.113.9"),
    "no_callback": (43012, "callback url of the app is not set"),
}


class WeCom:
    """The vendor as the shell drives it: /cgi-bin/* in, encrypted XML callbacks out."""

    name = "wecom"
    prefixes: tuple[str, ...] = ("/cgi-bin/",)

    def __init__(self, desk: Desk) -> None:
        self.desk, self.blueprint = desk, desk.blueprint
        desk.route("GET", "gettoken", desk.get_token, token=False)
        self.messages = Messages(desk)
        for part in (Checkin, Schedule, Approvals, Contacts, SignIn, Media, Groups, Calls):
            part(desk)

    def start(self) -> str:
        """WeCom needs no port of its own."""
        return ""

    def stop(self) -> None:
        """Nothing to close."""

    def disconnect(self) -> None:
        """WeCom keeps no connection."""

    def fault(self, kind: str, path: str, code: str = "") -> tuple[Json, int]:
        """A refusal before the call is looked at; every one arrives with HTTP 200."""
        if kind == "expired_token":
            self.desk.world.store("wecom.tokens").clear()
        if kind == "refuse":
            return refusal(int(code) if code.lstrip("-").isdigit() else -1, "refused on request"), 200
        if kind == "no_permission" and path.startswith("/cgi-bin/oa/"):
            return refusal(301055, "no approval auth"), 200
        return refusal(*FAULTS[kind]), 200

    def click(self, person: Person, bubble: Bubble, key: str, form: Json) -> Json:
        """template_card_event (doc 90240). Every click mints one more response code."""
        card = bubble.data.get("wire", {})
        items = "".join(_selected(question, chosen) for question, chosen in form.items())
        fields = {
            "MsgType": "event",
            "Event": "template_card_event",
            "EventKey": key,
            "TaskId": card.get("task_id", ""),
            "CardType": card.get("card_type", ""),
            "ResponseCode": self.messages.new_code(bubble.data["msgid"]),
        }
        return self._push(person, fields, f"<SelectedItems>{items}</SelectedItems>" if items else "")

    def read(self, person: Person, bubble: Bubble) -> Json:
        """WeCom has no read event."""
        return {"ok": True}

    def say(self, person: Person, text: str) -> Json:
        """A text message typed into the app's chat."""
        number = str(7_000_000_000_000_000_000 + self.desk.world.next())
        return self._push(person, {"MsgType": "text", "Content": text, "MsgId": number})

    def hand(self, person: Person, kind: str, name: str, content: bytes) -> Json:
        """A picture, recording or file put into the app's chat (docs: 接收普通消息 90239); kept for three days."""
        media_id = media.put(self.desk.world, "wecom", (kind, name, content), LIFE)
        number = str(7_000_000_000_000_000_000 + self.desk.world.next())
        fields = {"MsgType": kind, "MediaId": media_id, "MsgId": number}
        if kind == "image":
            fields["PicUrl"] = f"https://p.qpic.example/{number}"
        return self._push(person, fields | ({"Format": "amr"} if kind == "voice" else {}))

    def punched(self, person: Person, at: datetime) -> None:
        """WeCom has no attendance callback: the bot has to ask."""

    def slip(self, person: Person, leave: Leave, change: str) -> Json:
        """sys_approval_change: its sender is `sys`, the people are inside."""
        fields = {"MsgType": "event", "Event": "sys_approval_change", "FromUserName": "sys"}
        return self._push(person, fields, pushed(person, leave, change))

    def _push(self, person: Person, fields: Json, extra: str = "") -> Json:
        settings, now = self.desk.settings, str(int(self.desk.world.now().timestamp()))
        corp, agent = settings.wecom_corp_id, str(settings.wecom_agent_id)
        inner = {"ToUserName": corp, "FromUserName": person.id, "CreateTime": now, **fields}
        xml = (
            "<xml>"
            + "".join(_element(name, value) for name, value in inner.items())
            + f"{extra}<AgentID>{agent}</AgentID></xml>"
        )
        encrypted, nonce = (
            envelope.encrypt(settings.wecom_encoding_aes_key, corp, xml.encode()),
            str(secrets.randbelow(10**10)),
        )
        body = (
            f"<xml><ToUserName><![CDATA[{corp}]]></ToUserName><AgentID><![CDATA[{agent}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        signature = envelope.sign(settings.wecom_token, now, nonce, encrypted)
        parcel = Parcel(
            self.desk.courier.url + "/callbacks/wecom",
            {"msg_signature": signature, "timestamp": now, "nonce": nonce},
            {"Content-Type": "text/xml"},
            body.encode(),
            inner,
        )
        courier = self.desk.courier
        return courier.deliver("wecom", person.id, lambda: courier.post("wecom", parcel))


def build(settings: Settings, world: World, courier: Courier) -> WeCom:
    """Found and called by the shell."""
    return WeCom(Desk(settings, world, courier, Blueprint("wecom", __name__)))


def _element(name: str, value: Any) -> str:
    text = str(value)
    if name == "CreateTime":
        return f"<{name}>{text}</{name}>"
    return f"<{name}><![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def _selected(question: str, chosen: Any) -> str:
    options = "".join(
        f"<OptionId>{escape(str(each))}</OptionId>" for each in (chosen if isinstance(chosen, list) else [chosen])
    )
    return f"<SelectedItem><QuestionKey>{escape(question)}</QuestionKey><OptionIds>{options}</OptionIds></SelectedItem>"
