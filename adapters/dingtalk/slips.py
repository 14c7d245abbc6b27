"""One native approval of DingTalk as it stands now. Docs: get-the-details-of-a-single-approval-instance-pop.

Leave, trips and make-up punches belong to DingTalk's attendance suite, whose forms cannot be started by API (docs:
create-an-approval-instance), and nothing there writes an approved leave or a vacation balance back: they are only
followed. How the suite's leave control writes its times is not documented; what is read here is the form seen with it
(a list of begin and end, with hours, with 上午/下午, or whole days). UNVERIFIED. What cannot be read covers nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from adapters.dingtalk.client import Client
from adapters.dingtalk.wire import items, mapping, moment, text
from bot.ports import Leave
from bot.ports.slips import Slip, State

PATH = "/v1.0/workflow/processInstances"
SPANS = frozenset({"DDHolidayField", "DDDateRangeField", "DDBizSuite"})
NOON = timedelta(hours=12)
HALVES = {"上午": (timedelta(0), NOON), "下午": (NOON, NOON * 2), "": (timedelta(0), NOON * 2)}


def slip(client: Client, zone: tzinfo, number: str) -> Slip | None:
    """See bot.ports.slips. One metered call. PlatformError when the app may not read approvals."""
    found = mapping(client.api("GET", PATH, query={"processInstanceId": number}).get("result"))
    user, state = text(found.get("originatorUserId")), _state(found)
    if not user or state is None:
        return None
    title, pending = text(found.get("title")), state == "pending"
    about = "correction" if "补卡" in title else ""
    spans = _spans(found, zone) if state in ("pending", "approved") and not about else ()
    return Slip(
        user, state, about, tuple(Leave(user, begin, end, title[:40] or "请假", pending) for begin, end in spans)
    )


def _state(found: Mapping[str, Any]) -> State | None:
    status, result = text(found.get("status")).upper(), text(found.get("result")).lower()
    if status in {"RUNNING", "NEW"}:
        return "pending"
    if status in {"TERMINATED", "CANCELED"}:
        return "withdrawn"
    decided: dict[str, State] = {"agree": "approved", "refuse": "rejected"}
    return decided.get(result) if status == "COMPLETED" else None


def _spans(found: Mapping[str, Any], zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    for row in map(mapping, items(found.get("formComponentValues"))):
        if text(row.get("componentType")) not in SPANS:
            continue
        try:
            value = json.loads(text(row.get("value")) or "null")
        except ValueError:
            continue
        ends = [text(each) for each in items(value)[:2]]
        if len(ends) == 2 and (begin := _end(ends[0], zone, 0)) and (end := _end(ends[1], zone, 1)) and begin < end:
            yield begin, end


def _end(value: str, zone: tzinfo, which: int) -> datetime | None:
    """One end of a span: `2026-06-11 09:00`, `2026-06-11 上午`, or a whole day."""
    day, _, rest = value.strip().partition(" ")
    if rest not in HALVES:
        return moment(value, zone)
    midnight = moment(f"{day} {time():%H:%M}", zone)
    return midnight + HALVES[rest][which] if midnight else None
