"""What the administrator is told about data that cannot be trusted. Pure. About data, never about anybody's conduct."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.card import Card
from bot.locale import t

Kind = Literal["ends_first", "too_long", "overlap", "future", "twin", "empty", "rejected"]
SHOWN = 10
"""Lines a phone shows without scrolling for long; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: what kind, where, about whom (or empty), and the values that are wrong."""

    kind: str
    platform: str
    name: str
    detail: str


def listing(lines: Sequence[Line]) -> Card:
    """Today's findings, the first ten in words."""
    said = [f"{number}. {_said(line)}" for number, line in enumerate(lines[:SHOWN], 1)]
    if len(lines) > SHOWN:
        said.append(t("……另有 {count} 条，运行 huizhi doctor 查看。", count=len(lines) - SHOWN))
    return Card(
        t("考勤数据有 {count} 处需要核对", count=len(lines)),
        "\n".join(said),
        footer=t("班次自相矛盾的员工，核对之前不会被询问。"),
    )


def calendar_missing(year: int) -> Card:
    """The coming (or present) year is not published in our data."""
    return Card(
        t("请导入 {year} 年的法定节假日", year=year),
        t(
            "还没有 {year} 年的放假与调休安排。国务院办公厅公布后，请管理员运行：huizhi calendar load 文件.csv"
            "（列：date,kind,name）。没有导入的日子不会猜测，遇到时会先问您。",
            year=year,
        ),
    )


def _said(line: Line) -> str:
    place = line.platform + (f" {line.name}" if line.name else "")
    return t("{place}：{what}", place=place, what=_WHAT[line.kind]()) + (f" {line.detail}" if line.detail else "")


_WHAT: Mapping[str, Callable[[], str]] = {
    "ends_first": lambda: t("班次的结束早于开始"),
    "too_long": lambda: t("班次长于 24 小时"),
    "overlap": lambda: t("班次互相重叠"),
    "future": lambda: t("打卡时间在将来，设备时钟可能不准"),
    "twin": lambda: t("同一时间在两个平台都有班次，可能是同一个人"),
    "empty": lambda: t("考勤接口回答成功但没有任何数据"),
    "rejected": lambda: t("导入的文件有看不懂的行"),
}
