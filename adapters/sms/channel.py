"""SMS gateway by settings: one POST per message, the body from HUIZHI_SMS_TEMPLATE, the token as a bearer token.

There is no common protocol of gateways; what is taken for granted is only JSON, a 2xx for "accepted" and, when the
answer holds one of `IDS`, the gateway's own number of the message. Accepted is not delivered: reports come later.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import requests

from bot import clock
from bot.channels import REPORT
from bot.errors import BadRequest, PlatformError
from bot.event import Event
from bot.ports import Channel, Dispatch, Door, Sent, SharedStore, WireReply, WireRequest
from config.settings import Settings

TIMEOUT = (3.05, 10.0)
"""Seconds to connect, seconds to read."""
IDS = ("message_id", "messageId", "msg_id", "msgid", "id", "sid", "BizId")
LONGEST = 300
"""Characters; a longer text would become many messages."""
DELIVERED, FAILED = {"delivered", "delivrd", "success", "ok", "0"}, {"failed", "undelivered", "undeliv", "rejected"}


class Sms:
    """The gateway. No exception and no log line holds the token or a number."""

    name = "sms"

    def __init__(self, url: str, token: str, template: str, report_token: str = "") -> None:
        self._url, self._token, self._report_token = url, token, report_token
        self._template: Mapping[str, object] = json.loads(template)

    def send(self, to: str, text: str, key: str) -> Sent:
        """`to` is a mobile number as the gateway wants it. PlatformError: 4xx is final, the rest is tried again."""
        body = _filled(self._template, {"{to}": to, "{text}": text[:LONGEST], "{key}": key})
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            reply = requests.post(self._url, json=body, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as problem:
            raise PlatformError("network", f"sms: {type(problem).__name__}") from None
        _check(reply)
        try:
            answer = reply.json()
        except ValueError:
            answer = {}
        found = next((str(answer[name]) for name in IDS if isinstance(answer, dict) and answer.get(name)), key)
        return Sent(found[:200], raw=answer if isinstance(answer, dict) else {})

    def doors(self) -> Mapping[tuple[str, str], Door]:
        """Where the gateway posts delivery reports: one JSON object, or a list of them."""
        return {("POST", "/channels/sms/report"): self.report}

    def report(self, request: WireRequest, dispatch: Dispatch) -> WireReply:
        """`{"id": …, "state": …, "at": ISO time, optional}`. BadRequest for a wrong token or no JSON."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._report_token or not hmac.compare_digest(given.encode(), self._report_token.encode()):
            raise BadRequest("report token", 403)
        try:
            found = json.loads(request.body)
        except ValueError:
            raise BadRequest("report is no JSON") from None
        for each in found if isinstance(found, list) else [found]:
            if not isinstance(each, dict):
                raise BadRequest("report is no object")
            dispatch(_event(each))
        return WireReply(200, b"ok")


def _check(reply: requests.Response) -> None:
    code = reply.status_code
    if 200 <= code < 300:
        return
    if code in (401, 403):
        raise PlatformError(f"http_{code}", "sms: 检查 HUIZHI_SMS_TOKEN", alarm=True)
    if code == 429 or code >= 500:
        wait = reply.headers.get("Retry-After", "")
        raise PlatformError(f"http_{code}", "sms", retry_after=float(wait) if wait.isdigit() else 30.0)
    raise PlatformError(f"http_{code}", "sms", permanent=True)


def _filled(value: object, given: Mapping[str, str]) -> object:
    """The template with its placeholders replaced inside texts only, so that no text can become structure."""
    if isinstance(value, dict):
        return {name: _filled(each, given) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, given) for each in value]
    return given.get(value, _inside(value, given)) if isinstance(value, str) else value


def _inside(value: str, given: Mapping[str, str]) -> str:
    for name, text in given.items():
        if name in value:
            before, after = value.split(name, 1)
            return f"{_inside(before, given)}{text}{_inside(after, given)}"
    return value


def _event(raw: Mapping[str, object]) -> Event:
    message = next((str(raw[name]) for name in IDS if raw.get(name)), "")
    word = str(raw.get("state") or raw.get("status") or "").lower()
    state = "delivered" if word in DELIVERED else "failed" if word in FAILED else word
    body = json.dumps(dict(raw), ensure_ascii=False, sort_keys=True).encode()
    event_id = f"{message}:{hashlib.sha256(body).hexdigest()[:16]}"
    return Event("sms", event_id, "", REPORT, _moment(raw), "", {"message_id": message, "state": state}, body)


def _moment(raw: Mapping[str, object]) -> datetime:
    """The gateway's own time when it names one with its zone, else now."""
    try:
        at = datetime.fromisoformat(str(raw.get("at", "")))
    except ValueError:
        return clock.now()
    return at.astimezone(UTC) if at.tzinfo else clock.now()


def build(settings: Settings, store: SharedStore) -> Channel | None:
    """None when HUIZHI_SMS_URL is empty."""
    if not settings.sms_url:
        return None
    return Sms(settings.sms_url, settings.sms_token, settings.sms_template, settings.sms_report_token)
