"""Statutory days of mainland China: `chinesecalendar` up to its last year, later years from a table somebody loaded.

The State Council publishes a year's days late in the year before. A day of a year that nobody has loaded is
`unknown`: nothing is guessed, the question is held and the administrator is asked.
"""

from __future__ import annotations

import csv
import hashlib
import io
from calendar import isleap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import BotError
from bot.statutory import office_day, published
from handlers.missed_punch import tables as t

if TYPE_CHECKING:
    from bot.app import App

DayKind = Literal["work", "holiday", "unknown"]
FEWEST_HOLIDAYS, MOST_DAYS = 13, 60
"""The law grants thirteen days a year since 2025; a table with fewer is not a whole year."""
NAME, WARN_FROM = 40, (11, 1)
HEADER = ["date", "kind", "name"]


class BadTable(BotError):
    """A calendar file that cannot be trusted; `problems` has one line per row that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Day:
    """One line of a published table: a holiday, or a weekend day that is worked (调休)."""

    day: date
    kind: Literal["holiday", "workday"]
    name: str


@dataclass(frozen=True, slots=True)
class Book:
    """What is known now. `loaded` holds the days of loaded years; loaded years win over the library."""

    loaded: Mapping[date, str]
    years: frozenset[int]
    names: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))

    def kind(self, day: date) -> DayKind:
        """`holiday` only for a named statutory day off; `unknown` when the year is not published in our data yet.

        A plain weekend is `work`: the attendance system planned a shift, so somebody is expected (shops open).
        """
        if day in self.loaded:
            return "holiday" if self.loaded[day] == "holiday" else "work"
        if day.year in self.years:
            return "work"
        known = published(day)
        if known is None:
            return "unknown"
        return "holiday" if known.off and known.name else "work"

    def workday(self, day: date) -> bool | None:
        """Whether offices work that day: Monday to Friday and 调休 days, without holidays. None when unknown."""
        kind = self.kind(day)
        if kind != "work":
            return None if kind == "unknown" else False
        if day in self.loaded or day.year in self.years:
            return self.loaded.get(day) == "workday" or day.weekday() < 5
        return office_day(day)

    def knows(self, year: int) -> bool:
        """Whether every day of the year is known."""
        return self.kind(date(year, 7, 1)) != "unknown"


def book(db: Connection) -> Book:
    """The calendar as loaded."""
    rows = db.execute(sa.select(t.statutory)).mappings().all()
    years = frozenset(row["year"] for row in rows)
    return Book({row["day"]: row["kind"] for row in rows}, years, {row["day"]: row["name"] for row in rows})


def day_kind(db: Connection, day: date) -> DayKind:
    """See Book.kind; for a single day."""
    return book(db).kind(day)


def warn_due(today: date, known: Book, last: date | None) -> int | None:
    """The year the administrator must be warned about today, or None. `last`: the day of the last warning.

    This year missing: every day. Next year missing: from 1 November at most weekly, daily in December.
    """
    if not known.knows(today.year):
        return today.year if last != today else None
    if known.knows(today.year + 1) or (today.month, today.day) < WARN_FROM:
        return None
    pause = 1 if today.month == 12 else 7
    return today.year + 1 if last is None or (today - last).days >= pause else None


def parse(content: bytes) -> tuple[int, list[Day]]:
    """A published year as CSV (`date,kind,name`), UTF-8 or GBK. Raises BadTable with every problem at once.

    The year is that of 1 January; the days before it that belong to the same holiday may be listed too.
    """
    rows = csv.reader(io.StringIO(_text(content)))
    header = [each.strip().lower() for each in next(rows, [])]
    if header != HEADER:
        raise BadTable([f"第 1 行应为 / line 1 must be: {','.join(HEADER)}"])
    days: dict[date, Day] = {}
    problems: list[str] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        try:
            found = _day(row)
            if found.day in days:
                raise ValueError("日期重复 / the date is listed twice")
            days[found.day] = found
        except ValueError as error:
            problems.append(f"第 {rows.line_num} 行 / line {rows.line_num}: {error}")
    ordered = [days[day] for day in sorted(days)]
    problems += _whole(ordered)
    if problems:
        raise BadTable(problems)
    return ordered[-1].day.year, ordered


def load(db: Connection, year: int, days: Sequence[Day]) -> int:
    """Replace what is stored for the year; returns how many days there are now."""
    db.execute(sa.delete(t.statutory).where(t.statutory.c.year == year))
    db.execute(sa.delete(t.statutory).where(t.statutory.c.day.in_([each.day for each in days])))
    rows = [{"day": each.day, "year": year, "kind": each.kind, "name": each.name} for each in days]
    db.execute(sa.insert(t.statutory), rows)
    return len(rows)


def load_file(app: App, content: bytes) -> tuple[int, int]:
    """`parse` and `load` in one transaction, with its evidence; (year, days)."""
    year, days = parse(content)
    digest = hashlib.sha256(content).hexdigest()
    with app.context() as ctx:
        count = load(ctx.db, year, days)
        ctx.record("attendance.calendar_loaded", f"calendar-{year}", source={"sha256": digest, "days": str(count)})
    return year, count


def listed(known: Book, year: int) -> list[Day] | None:
    """The days of a year that differ from Monday-to-Friday; None when the year is unknown."""
    if not known.knows(year):
        return None
    if year in known.years:
        return [
            Day(day, _kind(kind), known.names.get(day, ""))
            for day, kind in sorted(known.loaded.items())
            if day.year == year
        ]
    found = []
    for number in range(366 if isleap(year) else 365):
        day = date(year, 1, 1) + timedelta(days=number)
        each = published(day)
        if each and each.off and each.name:
            found.append(Day(day, "holiday", each.name))
        elif each and not each.off and day.weekday() >= 5:
            found.append(Day(day, "workday", each.name))
    return found


def _kind(text: str) -> Literal["holiday", "workday"]:
    return "holiday" if text == "holiday" else "workday"


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gbk"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadTable(["文件不是 UTF-8 或 GBK 文本 / the file is neither UTF-8 nor GBK text"])


def _day(row: Sequence[str]) -> Day:
    if len(row) != len(HEADER):
        raise ValueError("应有三列 / three columns expected")
    text, kind, name = (cell.strip() for cell in row)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"日期应如 2027-01-01，读到 / a date like 2027-01-01, not {text[:20]!r}") from None
    if not name or len(name) > NAME:
        raise ValueError(f"名称 1 至 {NAME} 字 / a name of 1 to {NAME} characters")
    if kind == "holiday":
        return Day(day, "holiday", name)
    if kind != "workday":
        raise ValueError(f"应为 holiday 或 workday，读到 / holiday or workday, not {kind[:20]!r}")
    if day.weekday() < 5:
        raise ValueError("周一至周五本来就上班 / Monday to Friday is worked anyway")
    return Day(day, "workday", name)


def _whole(days: Sequence[Day]) -> list[str]:
    """What keeps a table from being one whole year."""
    if not days:
        return ["没有任何日期 / no days"]
    year = days[-1].day.year
    early = [each.day for each in days if each.day.year != year and each.day < date(year - 1, 12, 20)]
    found = [f"{day}: 不属于 {year} 年 / not of {year}" for day in early]
    holidays = [each for each in days if each.kind == "holiday"]
    if not any(each.day == date(year, 1, 1) for each in holidays):
        found.append(f"缺少 {year}-01-01 元旦 / 1 January is missing")
    if len(holidays) < FEWEST_HOLIDAYS or len(days) > MOST_DAYS:
        found.append(f"放假 {len(holidays)} 天，不像完整的一年 / not a whole year: at least {FEWEST_HOLIDAYS} holidays")
    return found
