"""What stands in the way of a score, an answer or an appeal, in the reader's language. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.locale import t
from handlers.performance import words
from handlers.performance.rules import Problem


def problem(found: Problem) -> str:
    """One sentence that says what to change."""
    said = _texts(found.value).get(found.code)
    if said is None:
        return words.problem(found)
    return t("第 {row} 行：{what}", row=found.row, what=said) if found.row else said


def problems(found: Iterable[Problem], most: int = 12) -> str:
    """The first few, one a line, and how many more there are."""
    every = [problem(each) for each in found]
    lines = [f"· {each}" for each in every[:most]]
    if len(every) > most:
        lines.append(t("…… 另有 {count} 处", count=len(every) - most))
    return "\n".join(lines)


def _texts(value: str) -> dict[str, str]:
    return {
        "line_missing": t("缺维度「{value}」的评分", value=value),
        "lines_many": t("最多 {value} 行", value=value),
        "points_range": t("得分超出范围：{value}", value=value),
        "deduction_range": t("扣分超出范围：{value}", value=value),
        "points_differ": t("同一维度各行的得分应相同：{value}", value=value),
        "deduction_sum": t("扣分合计与缺少的分数对不上：{value}", value=value),
        "no_fact": t("扣 {value} 分需要写明事实（什么时间、哪个项目、发生了什么）", value=value),
        "no_clause": t("扣 {value} 分需要写明依据的条款", value=value),
        "clause_unknown": t("制度里没有条款「{value}」", value=value),
        "fact_long": t("事实不超过 {value} 个字", value=value),
        "change_reason": t("提交后的修改是新版本，需要写明原因"),
        "score_range": t("分数应为 0 到 100：{value}", value=value),
        "score_places": t("分数最多 {value} 位小数", value=value),
        "score_same": t("调整后的分数和原来相同（{value}），如不调整请选「维持」", value=value),
        "decide_reason": t("需要写明理由（至少 4 个字），双方都会看到"),
        "appeal_words": t("申诉需要写明理由（至少 2 个字）"),
        "words_long": t("不超过 {value} 个字", value=value),
    }


def state(of: str) -> str:
    """A member's state."""
    known = {
        "goals": t("目标还没有全部确认"), "running": t("考核期进行中，还没有开始评分"), "self": t("等待自评"),
        "manager": t("等待主管评分"), "hr": t("等待 HR 评分"), "approving": t("结果待 HR 审批"),
        "published": t("结果已告知本人"), "answered": t("本人已答复"), "final": t("已结束"),
    }  # fmt: skip
    return known.get(of, of)


def side(of: str) -> str:
    """A side."""
    return {"self": t("自评"), "manager": t("主管评分"), "hr": t("HR 评分")}.get(of, of)


def answer(of: str) -> str:
    """What a person's answer is called; the same everywhere, and none of them stands for another."""
    known = {
        "received": t("仅确认收到"), "objected": t("收到但不同意"), "appealed": t("已申诉"), "signed": t("同意并签字"),
        "deemed": t("视为收到"), "refused": t("当面未签署（两人见证）"),
    }  # fmt: skip
    return known.get(of, t("未答复")) if of else t("未答复")
