"""What the employee is told, in the language being spoken. Pure. Never accuses, never names a penalty.

Times come in as local `HH:MM`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.card import Button, Card, Fact
from bot.locale import t

P = "missed_punch."
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "forgot": "忘打卡",
        "on_my_way": "在路上",
        "leave": "请假",
        "field": "外勤",
        "device": "设备故障",
        "help": "需要帮助",
        "medical": "病假（待补）",
        "safe": "平安",
    }
)
"""What was understood, in the words of the buttons (Chinese; `t` says them in another language)."""

_CHOICES = ("forgot", "on_my_way", "leave", "field", "device", "help")
NEXT: Mapping[str, str] = MappingProxyType(
    {
        "on_my_way": "路上注意安全，不着急。到了正常打卡就好。",
        "leave": "好的，安心休息。方便时在审批里补一下请假单，暂时不会再提醒你。",
        "field": "好的，外勤顺利。方便时补一下外勤记录就行。",
        "device": "谢谢告诉我们，已请 HR 查看设备。这不是你的问题，恢复后可以回复到岗时间来补卡。",
        "help": "已经马上通知 HR，会尽快联系你。如遇紧急情况，请先拨打 110 或 120。",
        "medical": "先照顾好自己，其他的都不急。请假手续之后再补；具体情况不会告诉你的上级。",
    }
)

STANDS: Mapping[str, str] = MappingProxyType(
    {
        "time": "等你回复到岗时间，如 9:02。",
        "approval": "补卡已提交，等待确认。",
        "reason": "补卡还在确认中。",
        "writing": "补卡已同意，正在写入考勤。",
        "write_failed": "补卡已同意，HR 正在处理写入。",
    }
)
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "corrected": "补卡已完成。",
        "rejected": "这次补卡没有通过，原因已发给本人。",
        "punched": "已看到打卡，不用再处理。",
        "leave": "已按请假处理。",
    }
)
NOTED = "已经记下你的回复，不用重复操作。"
EARLY, OUTSIDE = "还没到这个时间，请回复实际到岗的时间。", "这个时间不在班次范围内，请再确认一下。"


def _choices(ref: str) -> tuple[Button, ...]:
    return tuple(
        Button(t(LABELS[kind]), P + kind, ref, "primary" if kind == "forgot" else "default") for kind in _CHOICES
    )


def checkin(ref: str, hello: str, shift: str) -> Card:
    """Rung 0. `hello` is 早上好/下午好/晚上好, `shift` like `09:00–18:00`."""
    return Card(
        title=t("{hello}，还没看到你的打卡，一切还好吗？", hello=t(hello)),
        text=t("点一下，或者直接回复一句话都可以。"),
        facts=(Fact(t("班次"), shift),),
        buttons=_choices(ref),
        footer=t("如果刚刚已经打过卡，请忽略，系统稍后会同步。"),
    )


def checkin_again(ref: str, shift: str) -> Card:
    """Rung 1: another wording, because both platforms drop a repeated text and because a person would not repeat it."""
    return Card(
        title=t("还是有点惦记你"),
        text=t("看到请回个 1，让我们知道你平安就好。其他的慢慢说。"),
        facts=(Fact(t("今天班次"), shift),),
        buttons=_choices(ref),
    )


def unclear(ref: str, words: str) -> Card:
    """Free text that was not understood: it is kept, and the choice is offered once more."""
    return Card(
        t("收到，谢谢你的回复"),
        t("我没太看懂，点一下最接近的就行；要人帮忙请点「需要帮助」。一直没弄清的话，会请 HR 看一下你的原话。"),
        quote=words,
        buttons=_choices(ref),
    )


def safe(ref: str) -> Card:
    """Alive and well; the reason can wait."""
    return Card(
        t("收到，你平安就好"), t("提醒已全部停止。有空时点一下原因，方便处理今天的考勤。"), buttons=_choices(ref)
    )


def ask_time(ref: str, start: str) -> Card:
    """Forgot: which time?"""
    return Card(
        title=t("没关系，帮你补上"),
        text=t("你是几点到的？点下面的按钮，或直接回复时间，如 9:02。"),
        buttons=(Button(t("按班次 {start}", start=start), P + "time", ref, "primary"),),
        footer=t("会请你的上级确认，确认后自动写入考勤。"),
    )


def time_again(ref: str, start: str, claimed: str, early: bool) -> Card:
    """`start` is the shift's own, `claimed` the time that could not be used: not here yet, or outside the shift."""
    why = t(EARLY if early else OUTSIDE)
    return Card(
        t("时间再确认一下"),
        f"{claimed}\u2002{why}",
        buttons=(Button(t("按班次 {start}", start=start), P + "time", ref, "primary"),),
    )


def noted(kind: str, ref: str, words: str = "", when: str = "") -> Card:
    """Echo of what was understood, with the way back. `when` like `09:40` or `09:30–10:00`, when a time was said."""
    what = t(LABELS[kind])
    return Card(
        title=t("已记下：{what}，{when}", what=what, when=when) if when else t("已记下：{what}", what=what),
        text=t(NEXT[kind]),
        quote=words,
        buttons=(Button(t("不是这个意思"), P + "undo", ref),),
        footer=t("所有提醒已停止。"),
    )


def noted_closed(kind: str) -> Card:
    """The other copies of the card that was answered."""
    return Card(
        t("已记下：{what}", what=t(LABELS[kind])),
        t(NEXT[kind]) if kind in NEXT else "",
        closed=t(LABELS[kind]),
        footer=t("所有提醒已停止。"),
    )


def requested(claimed: str, approver: str, words: str = "", ref: str = "") -> Card:
    """The correction went to the approver: what was understood, and with a `ref` the way back."""
    return Card(
        t("补卡已提交"),
        t("按 {claimed} 到岗，已请 {approver} 确认。结果会告诉你。", claimed=claimed, approver=approver),
        quote=words,
        buttons=(Button(t("不是这个意思"), P + "undo", ref),) if ref else (),
        closed="" if ref else t("等待确认"),
    )


def no_approver(claimed: str) -> Card:
    """Nobody but the person could decide: said plainly, nothing is lost."""
    return Card(
        t("已记下你的到岗时间"),
        t("{claimed} 已记录。系统里还没有能替你确认补卡的人，请联系管理员设置上级或 HR。", claimed=claimed),
    )


def writing(approver: str, claimed: str) -> Card:
    """Approved; the attendance system is being written."""
    return Card(
        t("补卡已同意"),
        t("{approver} 已同意，正在写入考勤系统。", approver=approver),
        (Fact(t("到岗时间"), claimed),),
        closed=t("已同意，写入中"),
    )


def corrected(approver: str, claimed: str) -> Card:
    """Written and read back."""
    return Card(
        t("补卡已完成"),
        t("已写入考勤系统并核对无误。"),
        (Fact(t("到岗时间"), claimed), Fact(t("同意人"), approver)),
        closed=t("已补卡"),
    )


def write_failed(approver: str) -> Card:
    """Approved, but the system did not take it: ours to mend."""
    return Card(
        t("补卡已同意，系统还没写进去"),
        t("{approver} 已同意。写入考勤系统时没有成功，HR 会处理，你不需要再做什么。", approver=approver),
        closed=t("已同意，HR 处理中"),
    )


def rejected(approver: str, reason: str) -> Card:
    """The reason always reaches the employee, and so does the way to object."""
    return Card(
        t("这次补卡没有通过"),
        t("{approver} 说明了原因：", approver=approver),
        quote=reason,
        closed=t("未通过"),
        footer=t("如有不同意见，请直接联系 HR，你的说明都有记录。"),
    )


def reason_pending() -> Card:
    """Refused, the reason is not there yet."""
    return Card(t("补卡确认中"), t("还在处理，有结果会马上告诉你。"), closed=t("处理中"))


def reopened() -> Card:
    """After an undo: the choice comes back as a fresh card, the first answer stays on record."""
    return Card(t("好的，重新选一下"), t("新的卡片马上发给你，之前的选择已撤回。"), closed=t("已撤回"))


def over(why: str) -> Card:
    """Nothing more to answer; `why` like `已看到你 09:20 的打卡`."""
    return Card(t("没事了"), t("{why}，不用再回复。", why=why), closed=t("已结束"))


def punch_seen(when: str) -> str:
    """Why nothing more is asked: a punch at `when`."""
    return t("已看到 {when} 的打卡", when=when)


def leave_seen(pending: bool) -> str:
    """Why nothing more is asked: a leave, or the request for one."""
    return t("已看到请假申请") if pending else t("已看到请假")


def gone() -> str:
    """Why nothing more is asked: the person is no longer in the directory."""
    return t("已不在通讯录中")


def already(state: str, outcome: str, by: str) -> Card:
    """A second click: what happened before it. `by` is the name of whoever decided, or empty."""
    how = t(STANDS.get(state) or OUTCOMES.get(outcome) or NOTED)
    return Card(t("已经处理过了"), t("{how}（{by}）", how=how, by=by) if by else how, closed=t("已处理"))


def apology(name: str, when: str) -> Card:
    """To those who were asked although the answer had been given in time."""
    return Card(
        t("刚才打扰了，抱歉"),
        t("{name} 在 {when} 就已经回应，是系统收到得晚了。请忽略之前的询问。", name=name, when=when),
    )
