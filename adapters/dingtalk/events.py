"""Verified DingTalk payloads -> Event. One hall behind two doors: HTTP and Stream call `to_events`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from adapters.dingtalk.sent import contents
from adapters.dingtalk.wire import flag, items, mapping, moment, text
from bot import clock
from bot.card import SEPARATOR, split_key
from bot.errors import BadRequest
from bot.event import PUNCHED, READ, SLIP, TEXT, UNKNOWN, Event

NAME = "dingtalk"
LEFT = "directory.left"
"""`action` when `actor` left the organisation (docs: user_leave_org)."""
_SLIPS = frozenset({"bpms_instance_change", "bpms_task_change", "attendance_approve_status_change"})
OVER_QUOTA = "20001"
Kind = Literal["robot", "card", "event"]
_FREE = ("user_", "org_", "label_", "check_")


def to_events(
    kind: Kind, payload: Mapping[str, Any], headers: Mapping[str, object], raw: bytes = b""
) -> tuple[Event, ...]:
    """The facts in one payload, usually one; () when DingTalk only checks us or replays old punches.

    `headers` are the Stream frame's (`eventId`, `eventType`, `time` ...); over HTTP pass only what was verified, so {}.
    `raw` is kept as evidence; without it the payload itself is. Raises BadRequest for a payload without its identity.
    """
    kept = raw or json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    if kind == "robot":
        return _robot(payload, kept)
    if kind == "card":
        return (_card(payload, headers, kept),)
    return _events({key.lower(): value for key, value in (*payload.items(), *headers.items())}, kept)


def counts(kind: Kind, payload: Mapping[str, Any], headers: Mapping[str, object]) -> bool:
    """Whether this push uses up the monthly Stream/Webhook quota; contact events are free (docs: billing-model)."""
    if kind != "event":
        return True
    lowered = {key.lower(): value for key, value in (*payload.items(), *headers.items())}
    return not text(lowered.get("eventtype")).startswith(_FREE)


def _event(
    id: str, actor: str, action: str, at: datetime | None, raw: bytes, data: Mapping[str, str], ref: str = ""
) -> Event:
    return Event(NAME, id, actor, action, at or clock.now(), ref, MappingProxyType(dict(data)), raw)


def _robot(payload: Mapping[str, Any], raw: bytes) -> tuple[Event, ...]:
    """A chat message. Who: `senderStaffId`; `senderId` is encrypted, never a user id (docs: receive-message)."""
    id = _short(text(payload.get("msgId")))
    if not id:
        raise BadRequest("robot message without msgId")
    actor, at = text(payload.get("senderStaffId")), moment(payload.get("createAt"))
    code = text(payload.get("errCode") or payload.get("errorCode"))
    words = mapping(payload.get("text")).get("content")
    data = {"conversation": text(payload.get("conversationType")), "type": text(payload.get("msgtype"))}
    if payload.get("msgtype") == "text" and isinstance(words, str) and code in {"", "0"} and actor:
        # Group messages keep a leading space where the @ was; 1:1 words stay verbatim.
        words = text(words).removeprefix(" ") if data["conversation"] == "2" else text(words)
        return (_event(id, actor, TEXT, at, raw, {**data, "text": words}),)
    # What is sent in a group is said to the group: it is nobody's to keep.
    if actor and code in {"", "0"} and data["conversation"] != "2" and (found := contents(payload)):
        return tuple(
            _event(f"{id}{SEPARATOR}{number}" if number else id, actor, action, at, raw, {**data, **said})
            for number, (action, said) in enumerate(found)
        )
    return (_event(id, actor, UNKNOWN, at, raw, {**data, "code": code}),)


def _card(payload: Mapping[str, Any], headers: Mapping[str, object], raw: bytes) -> Event:
    """A click. DingTalk supplies `userId`; the content is named `content` or `value`, `params` sits inside
    `cardPrivateData` or beside it (docs: event-callback-card and interactive-mode differ)."""
    track, actor = text(payload.get("outTrackId")), text(payload.get("userId"))
    if not track or not actor:
        raise BadRequest("card callback without outTrackId or userId")
    content = mapping(payload.get("content") or payload.get("value"))
    private = mapping(content.get("cardPrivateData"))
    params = {**mapping(content.get("params")), **mapping(private.get("params"))}
    ids = items(private.get("actionIds")) or items(content.get("actionIds"))
    key = text(params.get("action")) or (text(ids[0]) if ids else "") or text(params.get("id"))
    action, ref = split_key(key)
    data = {name: _said(value) for name, value in (*params.items(), *mapping(params.get("form")).items())}
    data = {text(name): value for name, value in data.items() if value and name not in {"action", "id", "form"}}
    data["message_id"] = track
    # No click time travels: the frame's own time, else now. None in the id: a second tap is the same answer.
    at = moment(headers.get("time"))
    return _event(_short(f"{track}{SEPARATOR}{actor}{SEPARATOR}{key}"), actor, action or UNKNOWN, at, raw, data, ref)


def _said(value: object) -> str:
    """A submitted form value; a SELECT arrives as `{"index", "value"}` (docs: form-variables)."""
    return text(value.get("value")) if isinstance(value, dict) else text(value)


def _short(id: str) -> str:
    """`id` itself, or a digest when a hostile or odd payload makes it too long for an index."""
    return id if len(id) <= 180 else hashlib.sha256(id.encode()).hexdigest()


def _events(body: Mapping[str, Any], raw: bytes) -> tuple[Event, ...]:
    """A subscribed event with lower-cased keys, because HTTP pushes spell them in several ways."""
    kind = text(body.get("eventtype"))
    if kind in {"check_url", "check_create_suite_url"}:
        return ()
    id = text(body.get("eventid")) or text(body.get("bizid")) or hashlib.sha256(raw).hexdigest()
    at = moment(body.get("eventborntime") or body.get("eventtime"))
    if kind == "attendance_check_record":
        return _punches(body, id, at, raw)
    if kind == "robot_msg_read":
        query, reader = text(body.get("processquerykey")), text(body.get("userid"))
        if query and reader:
            return (_event(_short(id), reader, READ, moment(body.get("operattime")) or at, raw, {"message_id": query}),)
    if kind == "user_leave_org":
        people = [text(person) for person in items(body.get("userid")) or [body.get("userid")] if text(person)]
        moved = moment(body.get("timestamp")) or at
        return tuple(_event(_short(f"{id}{SEPARATOR}{one}"), one, LEFT, moved, raw, {}) for one in people)
    if kind in _SLIPS:
        # Whoever a task merely waits for has done nothing, so without a slip in it nobody is named either.
        return (_slip(kind, body, id, at, raw),)
    actor = text(body.get("userid")) or text(body.get("staffid"))
    return (_event(_short(id), actor, UNKNOWN, at, raw, {"type": kind}),)


def _slip(kind: str, body: Mapping[str, Any], id: str, at: datetime | None, raw: bytes) -> Event:
    """A native approval (docs: event-bpms-instance-change, event-bpms-task-change, attendance-events).

    `staffId` of an instance is its originator, of a task its approver: only a start, a withdrawal and a finished task
    tell that they acted. Times and reasons do not travel, they are read from the instance.
    """
    number, what = text(body.get("processinstanceid")), text(body.get("type"))
    if not number:
        return _event(_short(id), "", UNKNOWN, at, raw, {"type": kind})
    whose, actor, state = "", "", "unknown"
    if kind == "bpms_instance_change":
        whose = text(body.get("staffid"))
        actor = whose if what in {"start", "terminate"} else ""
        decided = {"agree": "approved", "refuse": "rejected"}.get(text(body.get("result")).lower(), "unknown")
        ended = {"terminate": "withdrawn", "delete": "withdrawn"}
        state = {"start": "pending", "finish": decided, **ended}.get(what, state)
    elif kind == "bpms_task_change" and what == "finish":
        actor = text(body.get("staffid"))
    about = "correction" if text(body.get("bizcategoryid")) == "attendance.supply" else ""
    data = {"number": number, "user_id": whose, "state": state, "about": about, "name": text(body.get("title"))[:64]}
    return _event(_short(id), actor, SLIP, at, raw, data)


def _punches(body: Mapping[str, Any], id: str, at: datetime | None, raw: bytes) -> tuple[Event, ...]:
    """One PUNCHED per row the person made; `checkByUser` false is a replay (docs: attendance-events)."""
    found = []
    for index, row in enumerate(items(body.get("datalist"))):
        low = {key.lower(): value for key, value in mapping(row).items()}
        user, punched = text(low.get("userid")), moment(low.get("checktime")) or at
        if not user or not flag(low.get("checkbyuser")):
            continue
        data = {
            "source": text(low.get("locationmethod")),
            "location": text(low.get("locationresult")),
            "group": text(low.get("groupid")),
        }
        row_id = text(low.get("bizid")) or f"{id}{SEPARATOR}{index}"
        found.append(_event(_short(row_id), user, PUNCHED, punched, raw, data))
    return tuple(found)
