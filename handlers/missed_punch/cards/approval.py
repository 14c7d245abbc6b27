"""What deciders and the employee read about requests: the facts on the card, limits, drafts. Pure.

A manager never sees a medical or other private reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.approvals.cards import on_behalf
from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.missed_punch.cards.manager import for_manager

P = "missed_punch."
KINDS: Mapping[str, str] = MappingProxyType({"leave": "请假", "medical": "病假（待补）", "field": "外勤"})
"""What is requested besides corrections (Chinese; `t` says it in another language)."""
CLASHES: Mapping[str, str] = MappingProxyType(
    {"leave": "当天已有请假", "leave_open": "当天有请假待批", "correction": "当天另有补卡待批", "none": "没有"}
)
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {"approved": "{by} 已同意", "rejected": "{by} 已驳回", "elsewhere": "已在考勤平台审批", "withdrawn": "本人已撤回"}
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decider needs to know. `count`: of the kind in this month, this one included; `limit` None: without.

    `clashes`: keys of CLASHES; `history`: days like `6-3`; `agreed`: who agreed before; `reason`: why this step exists;
    `behalf`: name of the person in whose place the reader decides, or empty.
    """

    count: int
    limit: int | None
    clashes: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    agreed: tuple[str, ...] = ()
    reason: str = ""
    behalf: str = ""


def correction(ref: str, name: str, shift: str, claimed: str, words: str, now: Situation) -> Card:
    """Times before and after, allowance, clashes and history: everything needed to decide."""
    facts = (
        Fact(t("班次"), shift),
        Fact(t("打卡"), t("没有记录 → {claimed}", claimed=claimed)),
        Fact(t("本月补卡"), used(now.count, now.limit)),
        *_common(now),
    )
    return _asking(ref, t("{name} 申请补卡", name=name), facts, words, now)


def absence(ref: str, name: str, what: str, when: str, days: int, words: str, now: Situation) -> Card:
    """Leave or field work; `what` is a key of KINDS, `when` like `6-11 09:00 – 6-12 18:00`."""
    facts = (
        Fact(t("时间"), when),
        Fact(t("天数"), t("{days} 天", days=days)),
        Fact(t("本月次数"), used(now.count, now.limit)),
        *_common(now),
    )
    return _asking(ref, t("{name} 申请{what}", name=name, what=t(KINDS[what])), facts, words, now)


def _common(now: Situation) -> tuple[Fact, ...]:
    before = (Fact(t("之前"), "、".join(now.history)),) if now.history else ()
    agreed = (Fact(t("已同意"), "、".join(now.agreed)),) if now.agreed else ()
    return (Fact(t("冲突"), t("；").join(t(CLASHES[each]) for each in now.clashes or ("none",))), *before, *agreed)


def _asking(ref: str, title: str, facts: tuple[Fact, ...], words: str, now: Situation) -> Card:
    lines = [
        t("您代 {principal} 审批。", principal=now.behalf) if now.behalf else "",
        t("请您也看一下：{reason}。", reason=now.reason) if now.reason else "",
    ]
    return Card(
        title=title,
        text="\n".join(line for line in lines if line),
        facts=facts,
        quote=for_manager(words),
        buttons=(Button(t("同意"), P + "approve", ref, "primary"), Button(t("驳回"), P + "reject", ref)),
        footer=t("驳回需要写明原因，原因会告知本人。"),
    )


def used(count: int, limit: int | None) -> str:
    """`第 2 次，每月 3 次`."""
    if limit is None:
        return t("第 {count} 次", count=count)
    return t("第 {count} 次，每月 {limit} 次", count=count, limit=limit)


def with_allowance(card: Card, count: int, limit: int | None) -> Card:
    """The limit, before anything is applied for; `count` is the number this request would be."""
    if limit is None:
        return card
    left = limit - count + 1
    said = t("还可补 {left} 次", left=left) if left > 0 else t("已用完 {limit} 次，还要请 HR 看一下", limit=limit)
    return replace(card, facts=(*card.facts, Fact(t("本月补卡"), said)))


def forwarded(title: str, by: str, to: str) -> Card:
    """Copies of a step that is done while another one waits."""
    return Card(title, t("已请 {to} 再确认。", to=to), closed=t("{by} 已同意，等待下一步", by=by))


def forwarded_own(by: str, to: str) -> Card:
    """To the employee: one of several agreed."""
    return Card(t("审批中"), t("{by} 已同意，还要请 {to} 确认。结果会告诉你。", by=by, to=to), closed=t("等待确认"))


def draft(ref: str, what: str, when: str, days: int, now: Situation) -> Card:
    """Drafted from a reply, not submitted: the person decides. Limits and clashes are here before applying."""
    return Card(
        title=t("帮你拟了一份{what}", what=t(KINDS[what])),
        text=t("还没有提交。需要的话点「提交」，会请上级确认；不需要就不用管。"),
        facts=(
            Fact(t("时间"), when),
            Fact(t("天数"), t("{days} 天", days=days)),
            Fact(t("本月次数"), used(now.count, now.limit)),
            Fact(t("冲突"), t("；").join(t(CLASHES[each]) for each in now.clashes or ("none",))),
        ),
        buttons=(Button(t("提交"), P + "draft_submit", ref, "primary"), Button(t("先不用"), P + "draft_drop", ref)),
        footer=t("要改时间，请直接在平台的审批里申请。"),
    )


def submitted(what: str, when: str, approver: str) -> Card:
    """The request went out; without an approver it waits with HR."""
    text = t("已请 {approver} 确认。结果会告诉你。", approver=approver) if approver else t("已记下，等 HR 处理。")
    return Card(t("{what}已提交", what=t(KINDS[what])), text, (Fact(t("时间"), when),), closed=t("等待确认"))


def dropped() -> Card:
    """The draft is gone."""
    return Card(t("好的"), t("没有提交，之后需要随时告诉我。"), closed=t("没有提交"))


def decided(name: str, what: str, when: str, outcome: str, by: str = "", reason: str = "") -> Card:
    """Every copy with the deciders; `outcome` is a key of OUTCOMES."""
    text = t("原因已告知{name}：{reason}", name=name, reason=reason) if reason else ""
    title = t("{name} 申请{what}", name=name, what=t(KINDS[what]))
    return Card(title, text, (Fact(t("时间"), when),), closed=t(OUTCOMES[outcome], by=by))


def granted(what: str, when: str, by: str) -> Card:
    """To the employee. The platform's own form is theirs to file: nothing here says it was written there."""
    return Card(
        t("{what}已同意", what=t(KINDS[what])),
        t("{by} 已同意，这段时间不会再问你。平台里的单子方便时补一下，HR 也知道了。", by=by),
        (Fact(t("时间"), when),),
        closed=t("已同意"),
    )


def refused(what: str, by: str, reason: str) -> Card:
    """The reason always reaches the employee, and so does the way to object."""
    return Card(
        t("这次{what}没有通过", what=t(KINDS[what])),
        t("{by} 说明了原因：", by=by),
        quote=reason,
        closed=t("未通过"),
        footer=t("如有不同意见，请直接联系 HR，你的说明都有记录。"),
    )


def to_file(name: str, what: str, when: str, by: str) -> Card:
    """To HR: agreed here, not in the platform's own forms."""
    return Card(
        t("{name} 的{what}已同意", name=name, what=t(KINDS[what])),
        t("{by} 已同意。平台考勤里还没有这张单子，请提醒本人补，或代为登记。", by=by),
        (Fact(t("时间"), when),),
    )


def elsewhere(what: str) -> Card:
    """To the employee: the platform's own approval was first, so ours ends."""
    return Card(t("{what}已处理", what=t(KINDS[what])), t("已看到平台里的审批结果，这里不用再等。"), closed=t("已处理"))


def samples() -> Mapping[str, Card]:
    """Every card with invented people, in the language being spoken; no flow uses them."""
    plain = Situation(2, 3, (), ("6-3",))
    fourth = Situation(4, 3, ("leave_open",), ("6-3", "6-5", "6-9"), (on_behalf("王", "李"),), "超过每月 3 次", "陈")
    when = "6-11 09:00 – 6-11 18:00"
    return dict(
        (
            ("approval_correction", correction("r4", "张三", "09:00–18:00", "09:02", "忘打卡了，9:02 到的", plain)),
            ("approval_correction_fourth", correction("r4", "张三", "09:00–18:00", "09:02", "在医院", fourth)),
            *((f"approval_{kind}", absence("r4", "张三", kind, when, 1, "家里有事", plain)) for kind in KINDS),
            ("approval_allowance", with_allowance(Card("没关系，帮你补上"), 2, 3)),
            ("approval_allowance_used", with_allowance(Card("没关系，帮你补上"), 4, 3)),
            ("approval_forwarded", forwarded("张三 申请补卡", "李", "王")),
            ("approval_forwarded_own", forwarded_own("李", "王")),
            ("approval_draft", draft("r5", "medical", when, 1, Situation(1, None))),
            ("approval_draft_clash", draft("r5", "leave", when, 1, Situation(1, None, ("leave", "correction")))),
            ("approval_submitted", submitted("leave", when, "李")),
            ("approval_submitted_queue", submitted("leave", when, "")),
            ("approval_dropped", dropped()),
            *((f"approval_decided_{key}", decided("张三", "leave", when, key, "李")) for key in OUTCOMES),
            ("approval_decided_reason", decided("张三", "leave", when, "rejected", "李", "当天有验收")),
            ("approval_granted", granted("leave", when, "李")),
            ("approval_refused", refused("leave", "李", "当天有验收，能否改到周五")),
            ("approval_to_file", to_file("张三", "leave", when, "李")),
            ("approval_elsewhere", elsewhere("leave")),
        )
    )
