"""Values of goals that somebody hands in, pushed or as a file: what a row must say, and what is wrong with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from bot.sheets import BadFile, Row, plain

AHEAD = timedelta(minutes=5)
"""How far a source's clock may run before ours; a later time would make a value look fresh for ever."""
HEADER_WITHIN = 10
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "key": ("key", "goal", "目标编号", "目标键", "编号"),
        "done": ("done", "actual", "完成", "完成值", "实际值", "已完成"),
        "target": ("target", "目标", "目标值"),
        "at": ("at", "as of", "时间", "数据时间", "截至时间", "更新时间"),
    }
)
SAID: Mapping[str, str] = MappingProxyType(
    {
        "missing": "缺少这一项 / is missing",
        "extra_forbidden": "没有这一项 / is unknown",
        "decimal_parsing": "不是数字 / is no number",
        "decimal_type": "不是数字 / is no number",
        "finite_number": "不是数字 / is no number",
        "decimal_max_digits": "数字太长 / has too many digits",
        "decimal_whole_digits": "数字太大 / is too large",
        "decimal_max_places": "小数超过 6 位 / has more than 6 decimal places",
        "greater_than": "必须大于 0 / must be above 0",
        "greater_than_equal": "不能是负数 / must not be negative",
        "string_too_short": "是空的 / is empty",
        "string_too_long": "太长 / is too long",
        "timezone_aware": "缺少时区，例如 2026-06-11T09:16:00+08:00 / lacks its zone",
        "datetime_parsing": "不是时间 / is no time",
        "datetime_from_date_parsing": "不是时间 / is no time",
    }
)
FUTURE = "时间在将来 / lies in the future"
_NOISE = re.compile(r"[0-9]+\.[0-9]{12,}")
_SERIAL = re.compile(r"[3-9][0-9]{4}(\.[0-9]+)?")
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pushed:
    """One value: `done` of `target` in the goal's own unit, `at` (UTC) the time the source gave it."""

    key: str
    done: Decimal
    target: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row was not taken. `row` as the sender counts: from 1, in a file as the spreadsheet shows it."""

    row: int
    key: str
    field: str
    error: str


def _clean(value: object) -> object:
    """Text that every database keeps: no control characters, no halves of characters."""
    if isinstance(value, str) and (
        re.search(r"[\x00-\x1f\x7f]", value) or value != value.encode("utf-8", "replace").decode()
    ):
        raise ValueError("control characters")
    return value


def _repeatable(text: str) -> str:
    """What somebody sent, fit to be said back to them."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text[:200].encode("utf-8", "replace").decode())


def _number(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("no number")
    return value


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


_Amount = Annotated[
    Decimal, BeforeValidator(_number), Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: Annotated[
        str,
        BeforeValidator(_clean),
        StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200),
    ]
    done: _Amount
    target: Annotated[_Amount, Field(gt=0)]
    at: Annotated[AwareDatetime, BeforeValidator(_written)]


def checked(raw: object, row: int, now: datetime) -> Pushed | RowError:
    """One row as JSON or a file gave it: an object with key, done, target and at, the numbers Decimal, int or text."""
    if not isinstance(raw, Mapping):
        return RowError(row, "", "", "不是对象 / is no object")
    key = raw.get("key")
    named = _repeatable(key) if isinstance(key, str) else ""
    try:
        line = _Line.model_validate(dict(raw))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        field = _repeatable(str(first["loc"][0])) if first["loc"] else ""
        return RowError(row, named, field, SAID.get(first["type"], "值不对 / is not valid"))
    if line.at > now + AHEAD:
        return RowError(row, named, "at", FUTURE)
    return Pushed(line.key, line.done, line.target, line.at.astimezone(UTC))


def read(rows: Iterable[Row], zone: ZoneInfo, now: datetime) -> tuple[list[Pushed], list[RowError]]:
    """Rows of a file below its heading. Times without a zone are read in `zone`.

    Raises BadFile when none of the first rows names the four columns, and whatever reading the rows raises.
    """
    columns: dict[str, int] = {}
    taken: list[Pushed] = []
    errors: list[RowError] = []
    seen: set[tuple[str, datetime]] = set()
    for count, (number, cells) in enumerate(rows, 1):
        if not columns:
            columns = header(cells)
            if not columns and count >= HEADER_WITHIN:
                break
            continue
        if not any(cell.strip() for cell in cells):
            continue
        found = checked(_object(cells, columns, zone), number, now)
        if isinstance(found, Pushed) and (found.key, found.at) in seen:
            found = RowError(number, found.key, "key", "同一目标同一时间重复出现 / appears twice for the same time")
        if isinstance(found, RowError):
            errors.append(found)
            continue
        seen.add((found.key, found.at))
        taken.append(found)
    if not columns:
        raise BadFile("找不到表头：需要 目标编号、完成、目标值、数据时间 / no heading with key, done, target and at")
    return taken, errors


def header(cells: Sequence[str]) -> dict[str, int]:
    """column -> index when this row names all four; else empty."""
    labels = [re.sub(r"\s+", " ", cell.strip().lower().lstrip("\ufeff")) for cell in cells]
    found = {
        column: next((index for index, label in enumerate(labels) if label in names), -1)
        for column, names in COLUMNS.items()
    }
    return found if min(found.values()) >= 0 else {}


def _object(cells: Sequence[str], columns: Mapping[str, int], zone: ZoneInfo) -> dict[str, str]:
    def cell(name: str) -> str:
        return plain(cells[columns[name]].strip()) if columns[name] < len(cells) else ""

    amounts = {name: _rounded(cell(name)) for name in ("done", "target")}
    return {"key": cell("key"), "at": _moment(cell("at"), zone)} | amounts


def _rounded(text: str) -> str:
    """A spreadsheet writes 66.6 as 66.599999999999994: beyond 12 places it is noise, not a value."""
    if not _NOISE.fullmatch(text) or len(text) > 40:
        return text
    return format(Decimal(text).quantize(Decimal("0.000001"), ROUND_HALF_EVEN).normalize(), "f")


def _moment(text: str, zone: ZoneInfo) -> str:
    """ISO 8601 with a zone; local times and a spreadsheet's day numbers get the firm's. Other text stays as it is."""
    if _SERIAL.fullmatch(text):
        at = _EXCEL + timedelta(seconds=round(Decimal(text) * 86400))
        return at.replace(tzinfo=zone).isoformat()
    try:
        at = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()
