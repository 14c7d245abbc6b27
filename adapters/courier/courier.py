"""Tracks from 快递100 (docs: 实时快递查询接口, poll/query.do, with resultv2=4 for the finer states).

One signed form per question; the same number may be asked every half hour only, or the vendor locks it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import requests

from adapters.courier.states import scan_state, signed_by
from bot import clock
from bot.errors import PlatformError
from bot.ports import SharedStore
from bot.ports.courier import Courier, Scan
from config.settings import Settings

TIMEOUT = (3.05, 10.0)
"""Seconds to connect, seconds to read."""
PAUSE = 1800.0
"""Seconds between two questions about one number."""
CHINA = ZoneInfo("Asia/Shanghai")
"""The zone of the vendor's times, which name none."""
NOTHING_YET = "500"
_NUMBER = re.compile(r"(?:(?P<company>[a-z0-9]{2,30}):)?(?P<number>[0-9A-Za-z-]{6,32})(?::(?P<phone>\+?[0-9-]{4,20}))?")
_ALARMS = {
    "400": "快递查询：请求不完整，或企业没有开通",
    "503": "快递查询：签名不对，请核对 HUIZHI_COURIER_CUSTOMER 与 HUIZHI_COURIER_KEY",
    "601": "快递查询：密钥已过期",
}


class Tracks:
    """`company` is the vendor's code for numbers that name none, e.g. `ems`, the carrier of judicial letters."""

    name = "kuaidi100"

    def __init__(self, url: str, customer: str, key: str, company: str, store: SharedStore) -> None:
        self._url, self._customer, self._key, self._company, self._store = url, customer, key, company, store

    def track(self, number: str) -> list[Scan]:
        """See bot.ports.courier.Courier. Within half an hour the last answer stands; no exception holds the number."""
        found = _NUMBER.fullmatch(number.strip())
        if found is None:
            raise PlatformError("courier.number", "快递单号格式不正确", permanent=True)
        company, bare = found["company"] or self._company, found["number"]
        mark = f"courier:{company}:{bare}"
        now, kept = clock.now().timestamp(), json.loads(self._store.get(mark) or "{}")
        if not kept or now - kept["at"] >= PAUSE:
            kept = {"at": now, "answer": self._ask(company, bare, found["phone"] or "")}
            self._store.set(mark, json.dumps(kept, ensure_ascii=False), PAUSE)
        return scans(kept["answer"])

    def _ask(self, company: str, number: str, phone: str) -> dict[str, Any]:
        asked = {"com": company, "num": number, "resultv2": "4", "show": "0", "order": "desc"}
        param = json.dumps(asked | ({"phone": phone} if phone else {}), ensure_ascii=False)
        form = {"customer": self._customer, "sign": sign(param, self._key, self._customer), "param": param}
        try:
            reply = requests.post(self._url, data=form, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as problem:
            raise PlatformError("network", f"courier: {type(problem).__name__}", retry_after=60) from None
        if reply.status_code != 200:
            raise PlatformError(f"http_{reply.status_code}", "courier", retry_after=300)
        try:
            answer = reply.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise PlatformError("garbled", "courier: 无法识别的回答", retry_after=300)
        return _checked(answer)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of a success, {} for "nothing known yet"."""
    code = str(answer.get("returnCode") or "")
    if answer.get("result") is not False and not code:
        return answer
    if code == NOTHING_YET:
        return {}
    if code in _ALARMS:
        raise PlatformError(code, _ALARMS[code], retry_after=PAUSE, alarm=True)
    if code == "408":
        raise PlatformError(code, "快递查询：这家公司要求收件人或寄件人电话的后四位", permanent=True)
    raise PlatformError(code or "refused", "快递查询暂时不可用", retry_after=PAUSE)


def sign(param: str, key: str, customer: str) -> str:
    """The vendor's signature: MD5 of param + key + customer in capitals."""
    return hashlib.md5((param + key + customer).encode(), usedforsecurity=False).hexdigest().upper()


def scans(answer: Mapping[str, Any]) -> list[Scan]:
    """The lines of one answer, oldest first; a line without a readable time is left out."""
    rows = answer.get("data")
    lines = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found: list[Scan] = []
    for place, row in enumerate(lines):
        # Only the newest line may borrow the parcel's own state: what it says is about now.
        code = str(row.get("statusCode") or row.get("status") or (answer.get("state") if place == 0 else "") or "")
        words, at = str(row.get("context") or ""), _moment(row.get("ftime") or row.get("time"))
        if at is not None:
            state = scan_state(code)
            found.append(Scan(at, state, words, signed_by(state, code, words), code))
    found.reverse()  # the vendor names the newest first, and lines of one second keep that order turned round
    return sorted(found, key=lambda scan: scan.at)


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(UTC)


def build(settings: Settings, store: SharedStore) -> Courier | None:
    """None when HUIZHI_COURIER_URL is empty."""
    if not settings.courier_url:
        return None
    keys = (settings.courier_customer, settings.courier_key)
    return Tracks(settings.courier_url, *keys, settings.courier_company, store)
