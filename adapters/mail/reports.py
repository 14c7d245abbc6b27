"""Delivery status notifications (RFC 3464) and a webhook -> `channel.report`.

"delivered" is said only by a report whose Action is delivered; relayed and expanded mean that a mail went on somewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime

from bot import clock
from bot.delivery.channels import REPORT
from bot.errors import BadRequest
from bot.event import Event
from bot.ports import Dispatch, WireReply, WireRequest

LIMIT = 1 << 20
"""Largest report in bytes; a bounce may quote the mail."""
AGE = 300.0
"""Seconds by which a signed report may be late or early."""
STAMP, SIGNATURE = "x-huizhi-timestamp", "x-huizhi-signature"
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_STATES = {"delivered": "delivered", "failed": "failed", "bounce": "failed", "bounced": "failed", "dropped": "failed"}
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")


def events(raw: bytes, domain: str) -> tuple[Event, ...]:
    """What one mail reports about mails of ours, () when it is no report or not about one of them.

    Ours are recognised by `domain`, the part of every message id after the @. One event per receiver named in it.
    """
    mail = message_from_bytes(raw, policy=policy.default)
    if mail.get_content_type() != "multipart/report":
        return ()
    groups = [part for part in mail.walk() if part.get_content_type() == "message/delivery-status"]
    blocks = [block for group in groups for block in _blocks(group)]
    message_id = _original(mail, blocks, domain)
    if not message_id:
        return ()
    rows = [block for block in blocks if str(block.get("Action", "")).strip().lower() in _ACTIONS]
    return tuple(_event(message_id, _row(block), raw, _date(mail)) for block in rows)


def _blocks(group: Message) -> Iterator[Message]:
    """The per-message block and the per-recipient ones."""
    payload = group.get_payload()
    yield from (block for block in payload if isinstance(block, Message)) if isinstance(payload, list) else ()


def _row(block: Message) -> dict[str, str]:
    action, status = str(block.get("Action", "")).strip().lower(), _safe(block.get("Status"))
    return {"state": action, "code": status[:20], "reason": _safe(block.get("Diagnostic-Code"))[:300]}


def _safe(value: object) -> str:
    """Without what no database takes: anybody can write a mail."""
    return str(value or "").replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _original(mail: EmailMessage | Message, blocks: list[Message], domain: str) -> str:
    """The id of the mail that the report is about: from the headers it returns, its references, or the envelope id."""
    said = [str(part.get("Message-ID", "")) for part in mail.walk() if part is not mail]
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            said += re.findall(r"(?im)^message-id:\s*(\S+)", text.decode("utf-8", "replace") if isinstance(text, bytes) else "")  # fmt: skip  # noqa: E501
    said += [str(mail.get(name, "")) for name in ("References", "In-Reply-To")]
    said += [f"<{block.get('Original-Envelope-Id')}@{domain}>" for block in blocks if block.get("Original-Envelope-Id")]
    ids = [found for each in said for found in _ID.findall(each)]
    return next((each for each in ids if each.endswith(f"@{domain}>")), "")


def _date(mail: Message) -> datetime:
    try:
        at = parsedate_to_datetime(str(mail.get("Date", "")))
    except (ValueError, TypeError):
        return clock.now()
    return at.astimezone(UTC) if at.tzinfo else clock.now()


def _event(message_id: str, row: Mapping[str, str], raw: bytes, at: datetime) -> Event:
    told = hashlib.sha256(json.dumps(dict(row), sort_keys=True).encode()).hexdigest()[:16]
    data = {"message_id": message_id, **row}
    return Event("mail", f"{message_id}:{told}", "", REPORT, min(at, clock.now()), "", data, raw)


def door(secret: str, domain: str, request: WireRequest, dispatch: Dispatch) -> WireReply:
    """A report by HTTP: a bounce as it came (`content-type: message/rfc822`), or JSON
    `{"message_id", "state", "code", "at"}`, one or a list.

    `x-huizhi-signature` is the hex HMAC-SHA256 of `<x-huizhi-timestamp>.` and the body. BadRequest for a wrong or old
    one, or when no secret is set.
    """
    _verify(secret, request)
    if request.headers.get("content-type", "").startswith("message/rfc822"):
        found = events(request.body, domain)
    else:
        found = tuple(_told(each, domain) for each in _listed(request.body))
    for event in found:
        dispatch(event)
    return WireReply(200, json.dumps({"reports": len(found)}).encode(), "application/json")


def _verify(secret: str, request: WireRequest) -> None:
    stamp, given = request.headers.get(STAMP, ""), request.headers.get(SIGNATURE, "")
    if not secret or not stamp.isascii() or not stamp.isdigit():
        raise BadRequest("report signature", 403)
    if not hmac.compare_digest(signature(secret, stamp, request.body).encode(), given.encode()):
        raise BadRequest("report signature", 403)
    if abs(clock.now().timestamp() - int(stamp[:15])) > AGE:
        raise BadRequest("report is too old", 403)
    if len(request.body) > LIMIT:
        raise BadRequest("report is too long", 413)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256; `stamp` is Unix seconds in digits."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _listed(body: bytes) -> list[dict[str, object]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("report is no JSON") from None
    rows = found if isinstance(found, list) else [found]
    if any(not isinstance(row, dict) for row in rows):
        raise BadRequest("report is no object")
    return rows


def _told(raw: Mapping[str, object], domain: str) -> Event:
    message_id, word = str(raw.get("message_id") or ""), str(raw.get("state") or "").lower()
    if not _ID.fullmatch(message_id) or not message_id.endswith(f"@{domain}>"):
        raise BadRequest("report names no message of ours")
    row = {"state": _STATES.get(word, _safe(word)[:40]), "code": _safe(raw.get("code"))[:20]}
    try:
        at = datetime.fromisoformat(str(raw.get("at", "")))
    except ValueError:
        at = clock.now()
    return _event(message_id, row, json.dumps(dict(raw), ensure_ascii=False).encode(), at.astimezone(UTC))
