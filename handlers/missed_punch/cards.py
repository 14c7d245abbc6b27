"""What the employee is told. Pure. Never accuses, never names a penalty; times come in as local `HH:MM`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.card import Button, Card, Fact
from handlers.missed_punch import cards_manager as manager

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
"""What was understood, in the words of the buttons."""

_CHOICES = ("forgot", "on_my_way", "leave", "field", "device", "help")
_NEXT: Mapping[str, str] = MappingProxyType(
    {
        "on_my_way": "路上注意安全，不着急。到了正常打卡就好。",
        "leave": "好的，安心休息。方便时在审批里补一下请假单，暂时不会再提醒你。",
        "field": "好的，外勤顺利。方便时补一下外勤记录就行。",
        "device": "谢谢告诉我们，已请 HR 查看设备。这不是你的问题，恢复后可以回复到岗时间来补卡。",
        "help": "已经马上通知 HR，会尽快联系你。如遇紧急情况，请先拨打 110 或 120。",
        "medical": "先照顾好自己，其他的都不急。请假手续之后再补；具体情况不会告诉你的上级。",
    }
)


def _choices(ref: str) -> tuple[Button, ...]:
    return tuple(Button(LABELS[kind], P + kind, ref, "primary" if kind == "forgot" else "default") for kind in _CHOICES)


def checkin(ref: str, hello: str, shift: str) -> Card:
    """Rung 0. `hello` is 早上好/下午好/晚上好, `shift` like `09:00–18:00`."""
    return Card(
        title=f"{hello}，还没看到你的打卡，一切还好吗？",
        text="点一下，或者直接回复一句话都可以。",
        facts=(Fact("班次", shift),),
        buttons=_choices(ref),
        footer="如果刚刚已经打过卡，请忽略，系统稍后会同步。",
    )


def checkin_again(ref: str, shift: str) -> Card:
    """Rung 1: another wording, because both platforms drop a repeated text and because a person would not repeat it."""
    return Card(
        title="还是有点惦记你",
        text="看到请回个 1，让我们知道你平安就好。其他的慢慢说。",
        facts=(Fact("今天班次", shift),),
        buttons=_choices(ref),
    )


def unclear(ref: str, words: str) -> Card:
    """Free text that was not understood: it is kept, and the choice is offered once more."""
    return Card(
        "收到，谢谢你的回复", "我没太看懂，点一下最接近的就行。不会再继续提醒别人。", quote=words, buttons=_choices(ref)
    )


def safe(ref: str) -> Card:
    """Alive and well; the reason can wait."""
    return Card("收到，你平安就好", "提醒已全部停止。有空时点一下原因，方便处理今天的考勤。", buttons=_choices(ref))


def ask_time(ref: str, start: str) -> Card:
    """Forgot: which time?"""
    return Card(
        title="没关系，帮你补上",
        text="你是几点到的？点下面的按钮，或直接回复时间，如 9:02。",
        buttons=(Button(f"按班次时间 {start}", P + "time", ref, "primary"),),
        footer="会请你的上级确认，确认后自动写入考勤。",
    )


def time_again(ref: str, start: str, why: str) -> Card:
    """The time could not be used; `why` says so kindly."""
    return Card("时间再确认一下", why, buttons=(Button(f"按班次时间 {start}", P + "time", ref, "primary"),))


def noted(kind: str, ref: str, words: str = "") -> Card:
    """Echo of what was understood, with the way back."""
    return Card(
        title=f"已记下：{LABELS[kind]}",
        text=_NEXT[kind],
        quote=words,
        buttons=(Button("不是这个意思", P + "undo", ref),),
        footer="所有提醒已停止。",
    )


def noted_closed(kind: str) -> Card:
    """The other copies of the card that was answered."""
    return Card(f"已记下：{LABELS[kind]}", _NEXT.get(kind, ""), closed=LABELS[kind], footer="所有提醒已停止。")


def requested(claimed: str, approver: str, words: str = "") -> Card:
    """The correction went to the approver."""
    return Card(
        "补卡已提交", f"按 {claimed} 到岗，已请 {approver} 确认。结果会告诉你。", quote=words, closed="等待确认"
    )


def no_approver(claimed: str) -> Card:
    """Nobody but the person could decide: said plainly, nothing is lost."""
    return Card("已记下你的到岗时间", f"{claimed} 已记录。系统里还没有能替你确认补卡的人，请联系管理员设置上级或 HR。")


def writing(approver: str, claimed: str) -> Card:
    """Approved; the attendance system is being written."""
    return Card(
        "补卡已同意", f"{approver} 已同意，正在写入考勤系统。", (Fact("到岗时间", claimed),), closed="已同意，写入中"
    )


def corrected(approver: str, claimed: str) -> Card:
    """Written and read back."""
    return Card(
        "补卡已完成",
        "已写入考勤系统并核对无误。",
        (Fact("到岗时间", claimed), Fact("同意人", approver)),
        closed="已补卡",
    )


def write_failed(approver: str) -> Card:
    """Approved, but the system did not take it: ours to mend."""
    return Card(
        "补卡已同意，系统还没写进去",
        f"{approver} 已同意。写入考勤系统时没有成功，HR 会处理，你不需要再做什么。",
        closed="已同意，HR 处理中",
    )


def rejected(approver: str, reason: str) -> Card:
    """The reason always reaches the employee, and so does the way to object."""
    return Card(
        "这次补卡没有通过",
        f"{approver} 说明了原因：",
        quote=reason,
        closed="未通过",
        footer="如有不同意见，请直接联系 HR，你的说明都有记录。",
    )


def reason_pending() -> Card:
    """Refused, the reason is not there yet."""
    return Card("补卡确认中", "还在处理，有结果会马上告诉你。", closed="处理中")


def reopened() -> Card:
    """After an undo: the choice comes back as a fresh card, the first answer stays on record."""
    return Card("好的，重新选一下", "新的卡片马上发给你，之前的选择已撤回。", closed="已撤回")


def over(why: str) -> Card:
    """Nothing more to answer; `why` like `已看到你 09:20 的打卡`."""
    return Card("没事了", f"{why}，不用再回复。", closed="已结束")


def already(how: str) -> Card:
    """A second click: what happened before it."""
    return Card("已经处理过了", how, closed="已处理")


def apology(name: str, when: str) -> Card:
    """To those who were asked although the answer had been given in time."""
    return Card("刚才打扰了，抱歉", f"{name} 在 {when} 就已经回应，是系统收到得晚了。请忽略之前的询问。")


SAMPLES: Mapping[str, Card] = MappingProxyType(
    {
        "checkin": checkin("r1", "早上好", "09:00–18:00"),
        "checkin_again": checkin_again("r1", "09:00–18:00"),
        "unclear": unclear("r1", "嗯那个"),
        "safe": safe("r1"),
        "ask_time": ask_time("r1", "09:00"),
        "time_again": time_again("r1", "09:00", "18:30 还没到，请回复实际到岗的时间。"),
        **{f"noted_{kind}": noted(kind, "r1") for kind in _NEXT},
        "noted_closed": noted_closed("on_my_way"),
        "requested": requested("09:02", "李", "忘打卡了，9:02 到的"),
        "no_approver": no_approver("09:02"),
        "writing": writing("李", "09:02"),
        "corrected": corrected("李", "09:02"),
        "write_failed": write_failed("李"),
        "rejected": rejected("李", "门禁记录显示 9:40 到岗"),
        "reason_pending": reason_pending(),
        "reopened": reopened(),
        "over": over("已看到你 09:20 的打卡"),
        "already": already("李 已同意"),
        "apology": apology("张三", "09:17"),
        **manager.SAMPLES,
    }
)
