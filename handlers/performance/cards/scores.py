"""What scorers and approvers read. Pure. Every deduction is shown with its fact and clause."""

from __future__ import annotations

from collections.abc import Mapping

from bot.card import Button, Card
from bot.locale import t
from handlers.performance.cards.results import Face, P, facts


def score(ref: str, name: str, cycle: str, side: str, link: str) -> Card:
    """Whose turn it is to score. `ref` of the question, which ends with the submission."""
    if side == "self":
        title, text = t("请写自评：{cycle}", cycle=cycle), t("说说做成了什么、遇到什么困难、需要什么。草稿会自动保留。")
    else:
        title = t("请为 {name} 评分：{cycle}", name=name, cycle=cycle)
        text = t("每处扣分都要写明事实和条款，否则不能提交。过期的进度数据只供参考，不计分。")
    return Card(title, text, buttons=(Button(t("稍后再写"), P + "score_later", ref),), link=link)


def many_to_score(count: int, kept: int, link: str) -> Card:
    """To HR or a manager, whose turn it is about more people than there are cards for. `kept`: without one."""
    text = t("其中 {kept} 人没有逐件发卡片：名单在页面上，也可以回复「我的待办」。每个工作日只提醒一次。", kept=kept)
    return Card(t("{count} 人等您评分", count=count), text, link=link)


def score_later(cycle: str) -> Card:
    """[稍后再写]."""
    return Card(cycle, t("好的。回复「我的待办」可以再次打开。"), closed=t("稍后再写"))


def scored(name: str, cycle: str) -> Card:
    """This side has submitted."""
    return Card(t("{name}：{cycle}", name=name, cycle=cycle), t("这一步已提交。"), closed=t("已提交"))


def approval(ref: str, name: str, shown: Face, reasons: str, behalf: str, link: str) -> Card:
    """To HR: everything the decision needs on the card."""
    text = t("请核对事实和条款。同意后结果会告知本人；退回请写明理由。")
    if behalf:
        text = t("您代 {name} 处理。", name=behalf) + text
    buttons = (
        Button(t("同意"), P + "approve_result", ref, "primary"), Button(t("退回"), P + "return_result", ref),
    )  # fmt: skip
    return Card(
        t("请审批 {name} 的绩效结果：{cycle}", name=name, cycle=shown.cycle), text, facts(shown), reasons, buttons,
        t("指纹 {sha}", sha=shown.sha256[:16]), link=link,
    )  # fmt: skip


def approved(name: str, cycle: str, by: str) -> Card:
    """HR agreed, the person was told."""
    text = t("{by} 已同意，结果已发给本人。", by=by)
    return Card(t("{name} 的绩效结果：{cycle}", name=name, cycle=cycle), text, closed=t("已同意"))


def forwarded(name: str, cycle: str, by: str, to: str) -> Card:
    """One step agreed, the next is asked."""
    text = t("{by} 已同意，等待 {to}。", by=by, to=to)
    return Card(t("{name} 的绩效结果：{cycle}", name=name, cycle=cycle), text, closed=t("已同意"))


def return_reason(ref: str, name: str, cycle: str) -> Card:
    """[退回] asks for the reason first."""
    text = t("请直接回复退回的理由，评分人会看到。还没有退回。")
    button = Button(t("不退回了"), P + "keep_result", ref)
    return Card(t("退回 {name} 的绩效结果：{cycle}", name=name, cycle=cycle), text, buttons=(button,))


def returned(name: str, cycle: str, by: str, reason: str) -> Card:
    """To HR's copies and to the scorer: a new version with a reason is needed."""
    text = t("{by} 退回了这份结果。评分人可以提交新版本，并写明修改原因；原版本会保留。", by=by)
    return Card(t("{name} 的绩效结果：{cycle}", name=name, cycle=cycle), text, quote=reason, closed=t("已退回"))


def decided_before(name: str, cycle: str) -> Card:
    """A tap on what is decided already."""
    return Card(t("{name} 的绩效结果：{cycle}", name=name, cycle=cycle), t("这件事已经处理过了。"), closed=t("已处理"))


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    shown = Face("2026 年 5 月", 1, "70.0", "待改进", "8", "当月绩效减半", "06-08 18:00", "0123456789abcdef" * 4)
    reasons = "· 交付：55/100\n  扣 45 分：项目 A 延期 12 天（05-20 验收）\n  依据第 8 条：按期交付"
    return {
        "score_self": score("r1", "张三", shown.cycle, "self", ""),
        "score_manager": score("r1", "张三", shown.cycle, "manager", ""),
        "score_many": many_to_score(800, 780, "https://hr.example.com/performance/cockpit/scores"),
        "score_later": score_later(shown.cycle),
        "score_done": scored("张三", shown.cycle),
        "result_approval": approval("r1", "张三", shown, reasons, "王HR", ""),
        "result_approved": approved("张三", shown.cycle, "王HR"),
        "result_forwarded": forwarded("张三", shown.cycle, "王HR", "陈总"),
        "result_return_reason": return_reason("r1", "张三", shown.cycle),
        "result_returned": returned("张三", shown.cycle, "王HR", "项目 B 的日期写错了"),
        "result_decided_before": decided_before("张三", shown.cycle),
    }
