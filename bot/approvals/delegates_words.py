"""What somebody writes to name a stand-in, in Chinese and English. Pure; None in doubt, never a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

CANCEL = frozenset({"取消代理", "结束代理", "不用代理了", "cancel delegate", "cancel delegation", "stop delegation"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WHO = (
    re.compile(r"(?:由|请|让)\s*(?P<who>[^，,。；;\s]{1,20}?)\s*(?:来)?(?:代理|代批|代审批|代我审批|代我批)"),
    re.compile(r"delegate\s+(?:is|to)\s+(?P<who>[\w.\-\u4e00-\u9fff]+(?: [A-Z][\w\-]*)?)", re.IGNORECASE),
    re.compile(
        r"(?P<who>[\w.\-\u4e00-\u9fff]+(?: [A-Z][\w\-]*)?) "
        r"(?:(?:will )?(?:cover|stand in)|covers|stands in|approves) for me",
        re.IGNORECASE,
    ),
)
_AWAY = re.compile(
    r"休假|请假|出差|不在|外出|休息|\b(away|leave|vacation|holiday|out of office|trip|off)\b", re.IGNORECASE
)
_DATE = re.compile(
    r"(?:(?P<y1>20\d\d)\s*年\s*)?(?P<m1>\d{1,2})\s*月\s*(?P<d1>\d{1,2})\s*[日号]?"
    r"|(?P<y2>20\d\d)-(?P<m2>\d{1,2})-(?P<d2>\d{1,2})"
    r"|(?<!\d)(?P<m3>\d{1,2})/(?P<d3>\d{1,2})(?!\d)"
    r"|\b(?P<m4>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?P<d4>\d{1,2})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """`since`/`until` are aware; `until` is exclusive, the midnight after the last day. None: whenever on leave."""

    name: str
    since: datetime | None
    until: datetime | None


def wish(text: str, now_local: datetime) -> Wish | None:
    """`我休假到6月20日，由王HR代理`, `休假时由李主管代理`, `away until June 20, Wang covers for me`."""
    who = next((found for pattern in _WHO if (found := pattern.search(text))), None)
    if who is None or not _AWAY.search(text.replace(who["who"], " ", 1)):
        return None
    days = [_day(found, now_local) for found in _DATE.finditer(text)]
    if None in days or len(days) > 2:
        return None
    dates = [each for each in days if each is not None]
    if not dates:
        return Wish(who["who"], None, None)
    last = dates[-1] + timedelta(days=1)
    return Wish(who["who"], dates[0] if len(dates) == 2 else None, last) if dates[0] < last else None


def _day(found: re.Match[str], now_local: datetime) -> datetime | None:
    """Local midnight of the day; without a year the next such day, counting from a month back."""
    groups = found.groupdict()
    year = next((int(groups[name]) for name in ("y1", "y2") if groups[name]), 0)
    day = next(int(groups[name]) for name in ("d1", "d2", "d3", "d4") if groups[name])
    said = next(groups[name] for name in ("m1", "m2", "m3", "m4") if groups[name])
    month = int(said) if said.isdigit() else _MONTHS.index(said[:3].lower()) + 1
    try:
        moment = datetime(year or now_local.year, month, day, tzinfo=now_local.tzinfo)
        if not year and moment < now_local - timedelta(days=31):
            moment = moment.replace(year=moment.year + 1)
    except ValueError:
        return None
    return moment
