"""What a row of an attendance file says. Pure; local times are read in the person's own zone.

Columns are recognised by their names, in the first rows of the file: our own plain format (docs/attendance-import.md:
person, at, kind, device) and the headings seen in exports of the WeCom and DingTalk consoles. The vendors do not
document those exports: the names below are UNVERIFIED, and a file without a known person and time column is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

Column = str
HEADER_WITHIN = 10
NAMES: Mapping[Column, tuple[str, ...]] = MappingProxyType(
    {
        "person": ("person", "userid", "user id", "账号", "帐号", "员工userid", "员工账号", "成员账号"),
        "name": ("name", "姓名", "员工姓名", "成员姓名", "成员"),
        "at": ("at", "punch time", "打卡时间", "实际打卡时间", "打卡日期时间", "签到时间", "考勤时间"),
        "day": ("date", "day", "日期", "打卡日期", "考勤日期", "工作日"),
        "kind": ("kind", "type", "打卡类型", "考勤类型", "上下班", "类型"),
        "device": ("device", "设备", "打卡设备", "设备名称", "考勤机", "打卡设备名称", "打卡方式"),
        "result": ("result", "打卡结果", "打卡状态", "状态", "校准状态"),
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {"on": "on", "in": "on", "上班": "on", "上班打卡": "on", "签到": "on"}
    | {"off": "off", "out": "off", "下班": "off", "下班打卡": "off", "签退": "off"}
    | {"other": "other", "": "other", "外出打卡": "other", "外出": "other", "外勤": "other", "外勤打卡": "other"}
)
NOTHING = ("", "-", "--", "未打卡", "缺卡", "无", "null", "none")
"""What a console writes where there was no punch: such a row is skipped, it says nothing."""
_CLOCK = re.compile(
    r"(?:(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]*)?(次日|当日)?\s*(\d{1,2}):(\d{2})(?::(\d{2}))?$"
)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One row that tells of a punch, not yet matched to anybody. `when` is the text of the moment."""

    person: str
    name: str
    day: str
    when: str
    kind: str
    device: str


def header(cells: Sequence[str]) -> dict[Column, int] | None:
    """column -> index when this row is the heading: it names who and when."""
    found: dict[Column, int] = {}
    for index, cell in enumerate(cells):
        label = re.sub(r"\s+", " ", cell.strip().lower().lstrip("\ufeff"))
        for column, names in NAMES.items():
            if label in names and column not in found:
                found[column] = index
    return found if "at" in found and ("person" in found or "name" in found) else None


def line(cells: Sequence[str], columns: Mapping[Column, int]) -> Line | None:
    """The row as fields; None when it is empty or says that there was no punch. ValueError says what is wrong."""

    def cell(column: Column) -> str:
        index = columns.get(column, len(cells))
        return cells[index].strip() if index < len(cells) else ""

    if not any(each.strip() for each in cells) or cell("at").lower() in NOTHING:
        return None
    if any(mark in cell("result") for mark in ("未打卡", "缺卡", "无效")):
        return None
    for column in ("person", "name", "device"):
        if cell(column)[:1] in ("=", "+", "@", "\t"):
            raise ValueError("单元格以公式符号开头 / a cell begins like a formula")
    if cell("kind").lower() not in KINDS:
        raise ValueError(f"不认识的打卡类型 / unknown kind: {cell('kind')[:20]!r}")
    if not cell("person") and not cell("name"):
        raise ValueError("没有人员 / nobody is named")
    return Line(cell("person"), cell("name"), cell("day"), cell("at"), KINDS[cell("kind").lower()], cell("device"))


def moment(row: Line, zone: str) -> datetime:
    """When, as UTC. Local times are the person's; ISO 8601 with an offset needs no zone.

    ValueError for what cannot be read and for a local time that a clock change skips or repeats: nothing is guessed.
    """
    text = row.when
    if re.fullmatch(r"\d{5}(\.\d+)?", text):  # Excel counts days since 1899-12-30
        return _local(_EXCEL + timedelta(seconds=round(float(text) * 86_400)), zone)
    if re.fullmatch(r"0?\.\d+|0", text):
        return _local(_on(row.day) + timedelta(seconds=round(float(text) * 86_400)), zone)
    found = _CLOCK.fullmatch(text)
    if not found:
        return _iso(text, zone)
    year, month, day, next_day, hour, minute, second = found.groups()
    base = _midnight(int(year), int(month), int(day)) if year else _on(row.day)
    clock = time(int(hour), int(minute), int(second or 0))
    return _local(datetime.combine(base, clock, UTC) + timedelta(days=next_day == "次日"), zone)


def _iso(text: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"看不懂的时间 / unreadable time: {text[:30]!r}") from None
    return at.astimezone(UTC) if at.tzinfo else _local(at.replace(tzinfo=UTC), zone)


def _on(day: str) -> datetime:
    if re.fullmatch(r"\d{5}(\.0*)?", day):
        return _EXCEL + timedelta(days=int(float(day)))
    found = _DATE.match(day)
    if not found:
        raise ValueError(f"只有钟点，没有日期 / a time without a date: {day[:20]!r}")
    return _midnight(*(int(part) for part in found.groups()))


def _midnight(year: int, month: int, day: int) -> datetime:
    try:
        return datetime.combine(date(year, month, day), time(), UTC)
    except ValueError:
        raise ValueError(f"没有这一天 / no such day: {year}-{month}-{day}") from None


def _local(wall: datetime, zone: str) -> datetime:
    """`wall` carries UTC only as a label; its digits are what the clock on the wall showed."""
    first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        raise ValueError(
            "夏令时切换，这个钟点不存在或出现两次 / skipped or repeated by a clock change: write the offset"
        )
    return first.astimezone(UTC)
