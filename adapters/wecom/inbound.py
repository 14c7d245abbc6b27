"""What WeCom pushes: the callback door and the translation of its XML into events.

Docs: 接收消息与事件 (90930, 90238, 90240). The vendor drops the connection after 5 s and repeats up to three times, so
the answer is an empty 200 as soon as the dispatch has committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.wecom.crypto import Crypto
from bot import clock
from bot.card import split_key
from bot.errors import BadRequest
from bot.event import SLIP, TEXT, UNKNOWN, Event
from bot.ports import Dispatch, Door, WireReply, WireRequest
from bot.ports.files import SENT

PLATFORM = "wecom"
PATH = "/callbacks/wecom"
LIMIT = 256 * 1024
"""Bytes; real pushes are a few kilobytes."""
SLIP_STATES = {"1": "pending", "2": "approved", "3": "rejected", "4": "withdrawn", "6": "withdrawn", "7": "withdrawn"}
"""SpStatus of an approval (docs: 获取审批申请详情 91983); 10, paid, belongs to expenses."""
BY_APPLICANT = ("1", "5", "6", "8")
"""StatuChangeEvent: filed, urged, withdrawn, withdrawn after approval are the applicant's own acts (docs: 审批状态通知
事件, sys_approval_change); for the others the push names several people and not who acted last."""
FILES = {"image": "image", "voice": "voice", "video": "video", "shortvideo": "video", "file": "file"}
"""MsgType of a message that is a file, its bytes behind MediaId (docs: 接收普通消息 90239)."""
LONGEST_KEY, LONGEST_NAME = 512, 200
IDENTIFYING = (
    "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "TaskId", "ResponseCode",
    "ChangeType", "UserID", "ApprovalInfo/SpNoStr", "ApprovalInfo/SpNo", "ApprovalInfo/StatuChangeEvent",
)  # fmt: skip
"""What tells two pushes without MsgId apart: CreateTime has only seconds, so the rest is needed (docs: 90238)."""


def doors(crypto: Crypto) -> Mapping[tuple[str, str], Door]:
    """The two doors of the callback URL. They raise BadRequest (400, 401, 413) and whatever the dispatch raises."""

    def verify(request: WireRequest, dispatch: Dispatch) -> WireReply:
        # A literal "+" in echostr reaches us as a space when a proxy decoded the query twice or as a form.
        echo = _arg(request, "echostr").replace(" ", "+")
        return WireReply(body=_open(crypto, request, echo))

    def receive(request: WireRequest, dispatch: Dispatch) -> WireReply:
        if len(request.body) > LIMIT:
            raise BadRequest("too large", 413)
        for name in ("msg_signature", "timestamp", "nonce"):
            _arg(request, name)
        sealed = _text(_xml(request.body), "Encrypt").strip()
        if not sealed:
            raise BadRequest("no Encrypt")
        event = to_event(_open(crypto, request, sealed))
        # The card the dispatch may return is not used: WeCom does not document a card reply to a click
        # (docs: 90241), the update goes through update_template_card with the event's response code.
        dispatch(event)
        return WireReply()

    return {("GET", PATH): verify, ("POST", PATH): receive}


def to_event(payload: bytes) -> Event:
    """One decrypted push -> Event. Raises BadRequest 400 when it is not XML; what it does not know becomes UNKNOWN."""
    root = _xml(payload)
    action, ref, data = _meaning(root)
    actor = _text(root, "FromUserName")
    if action == "directory.left":
        actor = data["user_id"]  # the sender of a contact change is "sys", the person is inside
    elif action == SLIP:
        actor = data["user_id"] if _text(root, "ApprovalInfo/StatuChangeEvent") in BY_APPLICANT else ""
    return Event(PLATFORM, _identity(root), actor, action, _when(root), ref, MappingProxyType(data), payload)


def _meaning(root: Element) -> tuple[str, str, dict[str, str]]:
    kind, name, key = _text(root, "MsgType"), _text(root, "Event"), _text(root, "EventKey")
    if kind == "text":
        return TEXT, "", {"text": _text(root, "Content")}
    if kind in FILES and (media := _text(root, "MediaId").strip()):
        name = _text(root, "FileName") or _text(root, "Title")
        return SENT, "", {"file": media[:LONGEST_KEY], "kind": FILES[kind], "name": name[:LONGEST_NAME]}
    if kind == "event" and name in ("template_card_event", "template_card_menu_event"):
        action, ref = split_key(key)
        if action:
            return action, ref, _card_data(root)
    if kind == "event" and name == "click" and key:
        return f"menu.{key}", "", {}
    if kind == "event" and name == "enter_agent":
        return "presence.entered", "", {}
    if kind == "event" and name == "change_contact" and _text(root, "ChangeType") == "delete_user":
        return "directory.left", "", {"user_id": _text(root, "UserID")}
    if kind == "event" and name == "sys_approval_change" and (slip := _slip(root)):
        return SLIP, "", slip
    return UNKNOWN, "", {"msg_type": kind, "event": name}


def _slip(root: Element) -> dict[str, str]:
    """See bot.event.SLIP; empty without a number. Neither times nor reasons travel, they are read from the slip."""
    info = "ApprovalInfo/"
    number = _text(root, info + "SpNoStr") or _text(root, info + "SpNo")
    if not number:
        return {}
    name = _text(root, info + "SpName")
    return {
        "number": number,
        "user_id": _text(root, info + "Applyer/UserId"),
        "state": SLIP_STATES.get(_text(root, info + "SpStatus"), "unknown"),
        "about": "correction" if "补卡" in name else "",
        "name": name[:64],
    }


def _card_data(root: Element) -> dict[str, str]:
    """`response_code`, `task_id`, `card_type`; answers as `selected.<question>`, options comma-joined."""
    data = {
        "response_code": _text(root, "ResponseCode"),
        "task_id": _text(root, "TaskId"),
        "card_type": _text(root, "CardType"),
    }
    for item in root.iterfind("SelectedItems/SelectedItem"):
        options = [option.text or "" for option in item.iterfind("OptionIds/OptionId")]
        data[f"selected.{_text(item, 'QuestionKey')}"] = ",".join(options)
    return data


def _identity(root: Element) -> str:
    """Equal for every redelivery. Hashed because keys and codes may be a kilobyte long."""
    message_id = _text(root, "MsgId")
    if message_id and len(message_id) <= 64:
        return f"msg-{message_id}"
    parts = [message_id, *(_text(root, path) for path in IDENTIFYING)]
    parts[1] = parts[1].casefold()  # user ids differ in case between WeCom's interfaces
    return "evt-" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def _when(root: Element) -> datetime:
    """CreateTime (unix seconds) as UTC; an unusable value falls back to the arrival."""
    try:
        return datetime.fromtimestamp(int(_text(root, "CreateTime")), UTC)
    except (ValueError, OverflowError, OSError):
        return clock.now()


def _open(crypto: Crypto, request: WireRequest, sealed: str) -> bytes:
    return crypto.open(_arg(request, "msg_signature"), _arg(request, "timestamp"), _arg(request, "nonce"), sealed)


def _arg(request: WireRequest, name: str) -> str:
    value = request.args.get(name, "")
    if not value:
        raise BadRequest(f"no {name}")
    return value


def _text(root: Element, path: str) -> str:
    return root.findtext(path) or ""


def _xml(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise BadRequest("xml") from None
    return root
