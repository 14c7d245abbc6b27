"""What people read about progress, support and reminders. Pure. Never a reproach: the question is what is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.performance import words
from handlers.performance.rules import plain

P = "performance."
NEEDS = ("people", "money", "target", "talk")


def need(name: str) -> str:
    """What was asked for, as a noun."""
    known = {"people": t("人手"), "money": t("预算"), "target": t("调整目标"), "talk": t("面谈")}
    return known.get(name, name)


def stale(text: str, source: str, at: datetime | None, problem: str, zone: str) -> Card:
    """To the owner, once per value. `at` None: there has never been one."""
    said = t("进度数据较旧，暂不计入评分，显示为灰色。请在来源系统更新，或请 HR 导入新的数据。")
    facts = [Fact(t("来源"), words.source(source))]
    if at is not None:
        facts.append(Fact(t("数据时间"), words.moment(at, zone)))
    if problem:
        facts.append(Fact(t("读取"), problem))
    return Card(t("目标进度需要更新"), said, tuple(facts), text, footer=t("有新数据后自动恢复，不需要回复。"))


def nudge(ref: str, text: str, percent: Decimal | None, left: int) -> Card:
    """To the owner of a goal, in the last month."""
    if percent is None:
        title = t("还剩 {days} 天，需要什么？", days=left)
    else:
        title = t("{percent} %，还剩 {days} 天，需要什么？", percent=plain(percent), days=left)
    labels = {
        "nothing": t("不需要"),
        "people": t("要人手"),
        "money": t("要预算"),
        "target": t("要调目标"),
        "talk": t("约谈"),
    }
    buttons = tuple(Button(label, f"{P}need_{name}", ref) for name, label in labels.items())
    return Card(title, t("说出需要不会影响评分，您的请求会存档。"), (), text, buttons)


def answered(name: str) -> Card:
    """After an answer to the question."""
    if name == "nothing":
        return Card(t("好的"), t("有需要时随时说。"), closed=t("不需要"))
    return Card(t("已转告主管：需要{need}", need=need(name)), t("有答复会马上告诉您。"), closed=need(name))


def nobody(name: str) -> Card:
    """There is no manager to ask; it stays on file."""
    return Card(
        t("已记下：需要{need}", need=need(name)), t("现在找不到可以处理的主管，请直接联系 HR。"), closed=need(name)
    )


def support(ref: str, name: str, wanted: str, text: str, percent: Decimal | None) -> Card:
    """To the manager: somebody asked for support."""
    facts = (Fact(t("进度"), f"{plain(percent)} %"),) if percent is not None else ()
    buttons = (
        Button(t("提供：{need}", need=need(wanted)), P + "support_offer", ref, "primary"),
        Button(t("说明原因"), P + "support_refuse", ref),
    )
    return Card(
        t("{name} 需要{need}", name=name, need=need(wanted)),
        t("请答复能否提供；暂时不能时请说明原因，会原样告诉本人。"),
        facts,
        text,
        buttons,
        t("请求与答复都会存档。"),
    )


def reason_wanted(ref: str, name: str) -> Card:
    """[说明原因]: the next message is it."""
    return Card(
        t("请直接回复原因"),
        t("会一字不改地告诉 {name}。", name=name),
        buttons=(Button(t("返回"), P + "support_back", ref),),
        footer=t("至少两个字。"),
    )


def support_closed(name: str, wanted: str, outcome: str) -> Card:
    """What the manager's copy shows. `outcome`: offered, refused, back."""
    closed = {"offered": t("已答应提供"), "refused": t("已说明原因"), "back": t("请在之前的卡片上答复")}[outcome]
    return Card(t("{name} 需要{need}", name=name, need=need(wanted)), closed=closed)


def offered(by: str, wanted: str, text: str) -> Card:
    """To the owner: yes."""
    return Card(t("{by} 答应提供{need}", by=by, need=need(wanted)), t("具体安排请和对方确认。"), (), text)


def refused(by: str, wanted: str, reason: str) -> Card:
    """To the owner: not now, and why."""
    title = t("{by} 说明：暂时不能提供{need}", by=by, need=need(wanted))
    return Card(title, t("原因如下。您的请求已存档；仍有需要可以再提，或联系 HR。"), quote=reason)


def remind(cycle: str, what: str, grade: str, due_on: date | None, names: Sequence[str]) -> Card:
    """A reminder. `what`: goals goals_team self team hr answers; `grade` as rules_progress.grade; `names` for teams."""
    texts = {
        "goals": t("您还有目标待提出或确认，权重合计应为 100。"),
        "goals_team": t("这些同事的目标还在等您确认：{names}", names="、".join(names)),
        "self": t("自评还没有提交。"),
        "team": t("这些同事还在等您评分：{names}", names="、".join(names)),
        "hr": t("这些同事还在等 HR 评分：{names}", names="、".join(names)),
        "answers": t("绩效结果已送达，您可以同意、只确认收到、表示异议或申诉，由您决定。"),
    }
    ends = {
        "gentle": t("方便时处理就好。"),
        "due": t("约定的日子是今天。"),
        "late": t("约定的日子已过，仍可以处理；如有困难请告诉 HR。"),
    }
    facts = (Fact(t("约定"), words.day(due_on)),) if due_on else ()
    footer = t("回复「我的待办」可以重新收到卡片。")
    return Card(cycle, f"{texts[what]}{ends[grade]}", facts, footer=footer)


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    at, text = datetime(2026, 6, 1, 1, 0, tzinfo=UTC), "交付 3 个项目"
    found = {
        "progress_stale": stale(text, "jira", at, "", "Asia/Shanghai"),
        "progress_missing": stale(text, "dingtalk", None, "task.gone", "Asia/Shanghai"),
        "nudge": nudge("r1", text, Decimal("60.0"), 30),
        "nudge_blind": nudge("r1", text, None, 7),
        "nudge_nothing": answered("nothing"),
        "nudge_people": answered("people"),
        "nudge_nobody": nobody("money"),
        "support": support("r1", "张三", "people", text, Decimal(60)),
        "support_reason": reason_wanted("r1", "张三"),
        "support_offered": offered("李主管", "people", text),
        "support_refused": refused("李主管", "money", "本季度预算已用完，七月起可以"),
    }
    found |= {f"support_{each}_copy": support_closed("张三", "people", each) for each in ("offered", "refused", "back")}
    day, cycle = date(2026, 6, 30), "2026 年第二季度"
    found |= {f"remind_{each}": remind(cycle, "goals", each, day, ()) for each in ("gentle", "due", "late")}
    teams = ("goals_team", "self", "team", "hr", "answers")
    return found | {f"remind_{each}": remind(cycle, each, "gentle", None, ("张三", "赵六")) for each in teams}
