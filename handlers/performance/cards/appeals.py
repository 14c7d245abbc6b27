"""What is read about an appeal: both sides' facts, who hears it, the outcome with its reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.performance.cards.results import P


@dataclass(frozen=True, slots=True)
class Case:
    """An appeal as its reviewer sees it: what was given, and what is said against it."""

    name: str
    cycle: str
    score: str
    band: str
    given: str
    words: str
    files: tuple[str, ...]
    due: str


def appeal(ref: str, case: Case, link: str) -> Card:
    """To the reviewer: both sides' facts."""
    lines = [t("【评分方的事实和条款】"), case.given, t("【本人的申诉】"), case.words]
    if case.files:
        lines += [t("附件：{names}", names="、".join(case.files))]
    buttons = (
        Button(t("维持"), P + "appeal_upheld", ref), Button(t("调整"), P + "appeal_adjusted", ref),
    )  # fmt: skip
    shown = (Fact(t("得分"), case.score), Fact(t("等级"), case.band), Fact(t("截止"), case.due))
    return Card(
        t("请处理申诉：{name}（{cycle}）", name=case.name, cycle=case.cycle), "\n".join(lines), shown, "", buttons,
        t("维持和调整都要写明理由，双方都会看到。"), link=link,
    )  # fmt: skip


def appeal_reason(ref: str, name: str, outcome: str, score: str) -> Card:
    """After [维持] or [调整]."""
    if outcome == "adjusted":
        text = t("请直接回复新的分数和理由，例如：72，客户变更属实，已核对邮件。现在是 {score}。", score=score)
    else:
        text = t("请直接回复维持的理由，双方都会看到。")
    button = Button(t("再想想"), P + "appeal_wait", ref)
    return Card(t("申诉处理：{name}", name=name), text, buttons=(button,), footer=t("还没有决定。"))


def appeal_waits() -> Card:
    """[再想想]."""
    return Card(t("申诉处理"), t("好的，还没有决定，之前的卡片仍然有效。"), closed=t("再想想"))


def appeal_moved() -> Card:
    """The appeal went to somebody else."""
    return Card(t("申诉处理"), t("这件申诉已转由别人处理，谢谢。"), closed=t("已转交"))


def appeal_filed(cycle: str, reviewer: str, due: str, words: str) -> Card:
    """To the employee."""
    text = t(
        "申诉已收到，由 {reviewer} 处理（没有参与评分），{due} 前答复。"
        "有争议的部分暂不计入工资；结果出来之前，相关记录都会保留，不会删除。",
        reviewer=reviewer,
        due=due,
    )
    return Card(t("申诉：{cycle}", cycle=cycle), text, quote=words, closed=t("已收到"))


def appeal_late(name: str, cycle: str, due: str, link: str) -> Card:
    """To the reviewer and HR: an appeal waits. No blame."""
    text = t("这件申诉 {due} 到期，本人在等答复。来不及可以请 HR 转给别人。", due=due)
    return Card(t("申诉等待处理：{name}（{cycle}）", name=name, cycle=cycle), text, link=link)


def appeal_decided(who: tuple[str, str], outcome: str, reason: str, scores: tuple[str, str], *, own: bool) -> Card:
    """To both sides. `who`: (name, cycle); `scores`: (before, after)."""
    name, cycle = who
    text = t("结果维持：{score}。理由如下。", score=scores[0])
    if outcome == "adjusted":
        text = t("得分从 {old} 调整为 {new}。理由如下。", old=scores[0], new=scores[1])
    if own:
        text += t("新的确认卡片随后发给您，您仍可以签字、仅确认收到，或收到但不同意。")
    closed = t("已调整") if outcome == "adjusted" else t("已维持")
    return Card(t("申诉结果：{name}（{cycle}）", name=name, cycle=cycle), text, quote=reason, closed=closed)


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    cycle, scores = "2026 年 5 月", ("70.0", "72.0")
    who = ("张三", cycle)
    reasons = "· 交付：55/100\n  扣 45 分：项目 A 延期 12 天（05-20 验收）\n  依据第 8 条：按期交付"
    case = Case("张三", cycle, "70.0", "待改进", reasons, "项目延期因客户需求变更", ("mail.pdf",), "06-05 18:00")
    return {
        "appeal_ask": appeal("r1", case, ""),
        "appeal_reason": appeal_reason("r1", "张三", "adjusted", "70.0"),
        "appeal_waits": appeal_waits(),
        "appeal_moved": appeal_moved(),
        "appeal_filed": appeal_filed(cycle, "陈总", "06-05 18:00", case.words),
        "appeal_late": appeal_late("张三", cycle, "06-05 18:00", ""),
        "appeal_adjusted": appeal_decided(who, "adjusted", "客户变更属实", scores, own=True),
        "appeal_upheld": appeal_decided(who, "upheld", "变更发生在延期之后", scores, own=False),
    }
