"""What people read about lists of goals: their own, and who has not confirmed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.performance.rules import plain

P = "performance."


@dataclass(frozen=True, slots=True)
class Line:
    """One goal in a list. `value` like `60 %（06-11 09:00）`, grey when `grey`."""

    no: int
    text: str
    weight: Decimal
    state: str
    value: str = ""
    grey: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A department in a list: how many of its people are below."""

    name: str
    below: int
    people: int


def mine(cycle: str, lines: Sequence[Line], attainment: str, left: str, link: str) -> Card:
    """我的绩效. `left`: weight still to be given out, empty when it adds up; `attainment` in per cent or empty."""
    states = {"proposed": t("待确认"), "agreed": t("已生效"), "dropped": t("已取消")}
    said = []
    for each in lines:
        value = f" · {each.value}" if each.value else ""
        grey = t("（数据过期，不计分）") if each.grey else ""
        said.append(f"{each.no}. {each.text}\n   {states[each.state]} · {plain(each.weight)} %{value}{grey}")
    facts = [Fact(t("达成率"), f"{attainment} %")] if attainment else []
    if left:
        facts.append(Fact(t("未分配"), f"{left} %"))
    return Card(
        t("我的绩效：{cycle}", cycle=cycle), "\n".join(said) or t("还没有目标。"), tuple(facts),
        footer=t("提出目标请回复「我的目标：……」。"), link=link,
    )  # fmt: skip


def no_cycle() -> Card:
    """Nothing is open for this person."""
    return Card(t("我的绩效"), t("现在没有进行中的考核周期。"))


def pending(ref: str, cycle: str, total: int, names: Sequence[str]) -> Card:
    """谁还没确认目标？ To a manager or HR; one tap reminds them."""
    text = t("还有 {total} 人的目标没有全部确认：{names}", total=total, names="、".join(names))
    if total > len(names):
        text += t(" 等")
    return Card(
        cycle, text,
        buttons=(Button(t("提醒他们"), P + "remind_goals", ref, "primary"),) if ref else (),
        footer=t("只在工作时间提醒，休假的人和一天内提醒过的人会跳过。"),
    )  # fmt: skip


def listed(cycle: str, total: int) -> Card:
    """What is said beside the list."""
    return Card(cycle, t("还有 {total} 人，名单在卡片里，可以一键提醒。", total=total))


def low(cycle: str, areas: Sequence[Area], names: Sequence[str], most: int, link: str) -> Card:
    """谁低于 70 %？ `areas`: departments with somebody below; more than `most` names are cut."""
    note = t("只计算新鲜的进度；没有的记为未知，不算低。")
    if not names and not areas:
        return Card(cycle, t("没有人低于 70 %。"), footer=note, link=link)
    text = "、".join(names[:most]) + (t(" 等") if len(names) > most else "")
    names_of = [each.name or t("未分部门") for each in areas]
    counts = [t("{below} / {people} 人", below=each.below, people=each.people) for each in areas]
    facts = tuple(map(Fact, names_of, counts))
    return Card(cycle, t("达成率低于 70 %：{names}", names=text), facts, footer=note, link=link)


def all_confirmed(cycle: str) -> Card:
    """谁还没确认目标？ Nobody."""
    return Card(cycle, t("目标都已确认。"))


def reminded(cycle: str, sent: int, skipped: Mapping[str, int]) -> Card:
    """What a tap on [提醒他们] did. `skipped`: away recent resting -> people."""
    names = {"away": t("休假"), "recent": t("一天内提醒过"), "resting": t("不在工作时间")}
    facts = tuple(Fact(names[name], str(count)) for name, count in skipped.items() if count)
    return Card(cycle, t("已提醒 {count} 人。", count=sent), facts, closed=t("已提醒"))


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    cycle = "2026 年第二季度"
    lines = (
        Line(1, "交付 3 个项目", Decimal(40), "agreed", "60 %（06-11 09:00）"),
        Line(2, "上线", Decimal(20), "proposed"),
    )
    return {
        "goals_mine": mine(cycle, lines, "60.0", "40", ""),
        "goals_none": no_cycle(),
        "goals_pending": pending("r1", cycle, 3, ("张三", "赵六")),
        "goals_listed": listed(cycle, 3),
        "goals_confirmed": all_confirmed(cycle),
        "goals_low": low(cycle, (Area("研发", 2, 12),), ("张三 66.7 %", "赵六 50 %"), 12, ""),
        "goals_none_low": low(cycle, (), (), 12, ""),
        "goals_reminded": reminded(cycle, 2, {"away": 1, "recent": 0, "resting": 0}),
    }
