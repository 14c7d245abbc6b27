"""SMS gateway by settings: one POST per message, the body from HUIZHI_SMS_TEMPLATE, the token as a bearer token.

There is no common protocol of gateways; what is taken for granted is only JSON, a 2xx for "accepted" and, when the
answer holds one of `IDS`, the gateway's own number of the message. Accepted is not delivered: reports come later.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import requests

from bot import clock
from bot.delivery.channels import REPORT
from bot.errors import BadRequest, PlatformError
from bot.event import Event
from bot.ports import Channel, Dispatch, Door, Sent, SharedStore, WireReply, WireRequest
from config.settings import Settings

TIMEOUT = (3.05, 10.0)
"""Seconds to connect, seconds to read."""
IDS = ("message_id", "messageId", "msg_id", "msgid", "id", "sid", "BizId", "biz_id")
WORDS = ("state", "status", "report_status", "stat")
TIMES = ("at", "report_time", "user_receive_time")
"""Names under which gateways tell what became of a message, and when. Aliyun (SmsReport) says `success` true or false
and an `err_code`, Tencent (短信下发状态通知) `report_status` and an `errmsg`, others one word of CMPP."""
LONGEST = 300
"""Characters; a longer text would become many messages."""
DELIVERED = {"delivered", "delivrd", "success", "ok", "0", "true"}
FAILED = {"failed", "fail", "false", "undelivered", "undeliv", "rejected", "rejectd", "expired", "deleted"}
"""CMPP 3.0, Stat of a status report: DELIVRD, EXPIRED, DELETED, UNDELIV, REJECTD; UNKNOWN and ACCEPTD stay words."""
RECEIVED = b'{"code":0,"result":0,"msg":"ok","errmsg":"ok"}'
"""What Aliyun (`code`) and Tencent (`result`) want to hear; else they repeat the report."""


class Sms:
    """The gateway. No exception and no log line holds the token or a number."""

    name = "sms"

    def __init__(self, url: str, token: str, template: str, report_token: str = "", zone: tzinfo = UTC) -> None:
        self._url, self._token, self._report_token, self._zone = url, token, report_token, zone
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
        """`{"id": …, "state": …, "at": time, optional}`, or the shapes of TIMES and WORDS. BadRequest for a wrong
        token or no JSON. Gateways that can send no header put the token into the address as `?token=`.
        """
        given = request.headers.get("authorization", "").removeprefix("Bearer ") or request.args.get("token", "")
        if not self._report_token or not hmac.compare_digest(given.encode(), self._report_token.encode()):
            raise BadRequest("report token", 403)
        try:
            found = json.loads(request.body)
        except ValueError:
            raise BadRequest("report is no JSON") from None
        for each in found if isinstance(found, list) else [found]:
            if not isinstance(each, dict):
                raise BadRequest("report is no object")
            dispatch(_event(each, self._zone))
        return WireReply(200, RECEIVED, "application/json")


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


def _event(raw: Mapping[str, object], zone: tzinfo) -> Event:
    message = next((str(raw[name]) for name in IDS if raw.get(name)), "")
    told = raw.get("success") if isinstance(raw.get("success"), bool) else None
    word = str(next((raw[name] for name in WORDS if raw.get(name) is not None), told if told is not None else ""))
    word = word.lower()
    state = "delivered" if word in DELIVERED else "failed" if word in FAILED else word
    code = str(raw.get("err_code") or raw.get("errmsg") or raw.get("code") or "")[:40]
    body = json.dumps(dict(raw), ensure_ascii=False, sort_keys=True).encode()
    event_id = f"{message}:{hashlib.sha256(body).hexdigest()[:16]}"
    data = {"message_id": message, "state": state, **({"code": code} if code else {})}
    return Event("sms", event_id, "", REPORT, _moment(raw, zone), "", data, body)


def _moment(raw: Mapping[str, object], zone: tzinfo) -> datetime:
    """The gateway's own time, in the firm's zone when it names none but is written in full; else now."""
    for name in TIMES:
        try:
            at = datetime.fromisoformat(str(raw.get(name, "")))
        except ValueError:
            continue
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    return clock.now()


def build(settings: Settings, store: SharedStore) -> Channel | None:
    """None when HUIZHI_SMS_URL is empty."""
    if not settings.sms_url:
        return None
    zone = ZoneInfo(settings.timezone)
    return Sms(settings.sms_url, settings.sms_token, settings.sms_template, settings.sms_report_token, zone)
