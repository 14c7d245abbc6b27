"""First and last working day. Docs: v2/user/get (hired_date), hrm/employees/dimissionInfos (lastWorkDay).

Neither call counts against the monthly quota. The roster is a product of its own (智能人事): without it, or without
permission, no last day is known, and what the firm imports by file holds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, tzinfo

import structlog

from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import items, mapping, moment, text
from bot.errors import PlatformError
from bot.ports.tenure import Tenure

log = structlog.get_logger("huizhi.dingtalk")
MOST = 50
LEAVING = frozenset({"1", "4"})
"""status of a dimission: pending, in approval; 2 has left, 3 none."""


def tenures(client: Client, zone: tzinfo, user_ids: Sequence[str]) -> list[Tenure]:
    """See bot.ports.tenure; days are the firm's."""
    last: dict[str, date] = {}
    for start in range(0, len(user_ids), MOST):
        last |= _leaving(client, zone, user_ids[start : start + MOST])
    return [Tenure(user, _hired(client, zone, user), last.get(user)) for user in dict.fromkeys(user_ids)]


def _hired(client: Client, zone: tzinfo, user: str) -> date | None:
    try:
        found = client.oapi("/topapi/v2/user/get", {"userid": user, "language": "zh_CN"}, free=True)
    except PlatformError as error:
        if not error.permanent:
            raise
        return None
    return _day(mapping(found.get("result")).get("hired_date"), zone)


def _leaving(client: Client, zone: tzinfo, users: Sequence[str]) -> dict[str, date]:
    query = {"userIdList": json.dumps(list(users))}
    try:
        reply = client.api("GET", "/v1.0/hrm/employees/dimissionInfos", query=query, free=True)
    except PlatformError as error:
        log.info("dingtalk.no_roster", code=error.code)
        return {}
    rows = map(mapping, items(reply.get("result")))
    found = {
        text(row.get("userId")): _day(row.get("lastWorkDay"), zone)
        for row in rows
        if text(row.get("status")) in LEAVING
    }
    return {user: day for user, day in found.items() if day}


def _day(value: object, zone: tzinfo) -> date | None:
    at = moment(value, zone)
    return at.astimezone(zone).date() if at else None
