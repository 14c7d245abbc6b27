"""What stands in the way, in the reader's language; and how days, sources and amounts are said. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.locale import t
from handlers.performance.rules import GoalDraft, Problem, plain

SAID = "said"
"""The code of a problem whose value is the sentence itself."""


def problem(found: Problem) -> str:
    """One sentence that says what to change."""
    said = found.value if found.code == SAID else _texts(found.value).get(found.code, found.code)
    return t("第 {row} 行：{what}", row=found.row, what=said) if found.row else said


def problems(found: Iterable[Problem], most: int = 8) -> str:
    """The first few, one a line, and how many more there are."""
    every = [problem(each) for each in found]
    lines = [f"· {each}" for each in every[:most]]
    if len(every) > most:
        lines.append(t("…… 另有 {count} 处", count=len(every) - most))
    return "\n".join(lines)


def _texts(value: str) -> Mapping[str, str]:
    return _goal_texts(value) | _policy_texts(value) | _cycle_texts(value)


def _goal_texts(value: str) -> dict[str, str]:
    return {
        "text_length": t("目标写 2 到 {value} 个字", value=value),
        "kind": t("类型只有「数值」和「里程碑」"),
        "weight_range": t("权重应大于 0、不超过 100，小数最多 6 位：{value}", value=value),
        "weights_over": t("权重合计不能超过 100，这样会超出 {value}", value=value),
        "target_number": t("数值目标需要一个大于 0 的目标值，小数最多 6 位"),
        "milestone_due": t("里程碑需要完成日期"),
        "due_outside": t("完成日期 {value} 不在考核期内", value=value),
        "unit_length": t("单位不超过 {value} 个字", value=value),
        "dimension_unknown": t("模板里没有维度「{value}」", value=value),
        "source_unknown": t("没有这种进度来源：{value}", value=value),
        "source_key_missing": t("写了进度来源，还缺编号"),
        "source_missing": t("写了编号，还缺进度来源"),
        "source_key_length": t("来源编号不超过 {value} 个字", value=value),
        "goals_many": t("一个人最多 {value} 个目标", value=value),
        "no_date": t("看不懂日期：{value}", value=value),
        "no_number": t("看不懂数字：{value}", value=value),
        "no_goal": t("本周期没有目标使用编号「{value}」", value=value),
    }


def _policy_texts(value: str) -> dict[str, str]:
    return {
        "name": t("名称写 1 到 80 个字"),
        "clause_twice": t("条款编号重复：{value}", value=value),
        "clause_empty": t("条款缺编号或正文：{value}", value=value),
        "factor": t("系数不能是负数：条款 {value}", value=value),
        "deemed_unknown": t("「视为」所依据的条款不存在：{value}", value=value),
        "no_band": t("还没有等级：至少一个条款要写明分数范围"),
        "band_unnamed": t("等级缺名称：条款 {value}", value=value),
        "band_gap": t("分数 {value} 没有对应的等级", value=value),
        "band_overlap": t("等级之间有重叠：条款 {value}", value=value),
        "band_empty": t("分数范围的下限应小于上限：条款 {value}", value=value),
        "dimension_twice": t("维度代码重复：{value}", value=value),
        "dimension_code": t("维度代码写 1 到 20 个字符：{value}", value=value),
        "dimension_max": t("维度满分应大于 0：{value}", value=value),
        "weights_sum": t("维度权重合计应为 100，现在是 {value}", value=value),
        "places": t("小数位数应为 0 到 4：{value}", value=value),
    }


def _cycle_texts(value: str) -> dict[str, str]:
    return {
        "period": t("开始日期应早于结束日期"),
        "policy_unknown": t("没有这个制度版本"),
        "policy_later": t("制度在 {value} 才生效，晚于考核期开始", value=value),
        "template_unknown": t("没有这个模板版本"),
        "sides": t("评分方只能是 self、manager、hr，不重复：{value}", value=value),
        "timeline": t("时间表看不懂：{value}", value=value),
        "timeline_order": t("时间表的先后不对：{value}", value=value),
        "appeal_days": t("申诉期应为 1 到 60 个工作日"),
        "population_name": t("人群名称不超过 40 个字：{value}", value=value),
        "population_rest": t("只能有一个人群不写部门或标签（其余的人都归它）：{value}", value=value),
        "population_twice": t("「{value}」写在了两个人群里", value=value),
        "population_unnamed": t("每个单独的人群都要有名称，而且不能重名"),
        "population_row": t("同一周期的各行只能在人群和日期上不同，人群「{value}」不能重复", value=value),
        "two_populations": t("这些人同时属于两个人群，请调整：{value}", value=value),
        "nobody": t("还没有参加的人"),
        "no_scorer": t("没有评分人：{value}", value=value),
        "own_scorer": t("不能给自己评分：{value}", value=value),
        "scorer_gone": t("评分人已离职：{value}", value=value),
        "state": t("周期现在的状态不允许这样做：{value}", value=value),
        "person_unknown": t("通讯录里没有在职的「{value}」", value=value),
        "person_twice": t("同一个人出现了两次：{value}", value=value),
        "person_open": t("{value} 已在一个时间重叠的周期里", value=value),
        "not_member": t("{value} 不在这个周期里", value=value),
        "goal_unknown": t("没有编号为 {value} 的目标", value=value),
        "goal_changed": t("目标 {value} 已经存在，内容不同；已提出的目标由双方在卡片上修改", value=value),
        "reason": t("期中修改需要写明原因（至少两个字）"),
    }


def amount(draft: GoalDraft) -> str:
    """`3 个`, or that it is a milestone."""
    return f"{plain(draft.target)} {draft.unit}".strip() if draft.kind == "numeric" else t("里程碑")


def source(name: str) -> str:
    """Where values come from."""
    known = {"jira": "Jira", "dingtalk": t("钉钉项目"), "webhook": t("系统推送"), "file": t("文件导入")}
    return known.get(name, t("人工"))


def day(value: date | None) -> str:
    """`2026-06-30`; empty for none."""
    return value.isoformat() if value else ""


def moment(value: datetime, zone: str) -> str:
    """`06-11 09:16` in the reader's zone."""
    return f"{value.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"


def changed(pairs: Mapping[str, tuple[str, str]]) -> str:
    """What changed, one a line: before → after."""
    labels = {
        "text": t("内容"),
        "target": t("目标值"),
        "weight": t("权重"),
        "due_on": t("完成日期"),
        "dimension": t("维度"),
        "source": t("进度来源"),
    }
    empty = t("（无）")
    return "\n".join(f"· {labels[name]}：{old or empty} → {new or empty}" for name, (old, new) in pairs.items())
