"""What managers, HR and administrators are told, in the language being spoken. Pure.

A manager never sees a medical or other private reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.missed_punch.understanding import private, shareable

P = "missed_punch."
KNOWN: Mapping[str, str] = MappingProxyType(
    {"known_field": "在外勤", "known_leave": "已口头请假", "known_reached": "联系上了", "known_unclear": "不清楚"}
)
"""What the manager may answer (Chinese; `t` says it in another language)."""
WITHHELD = "（涉及个人隐私，未转述）"
DONE = ("联系上了", "正在跟进", "已询问本人", "正在重新写入", "补卡已写入")
"""What HR did."""
OUTCOMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "writing": ("{by} 已同意，写入中", ""),
        "written": ("{by} 已同意，已补卡", ""),
        "write_failed": ("{by} 已同意，写入失败", "HR 会处理写入，不需要重复审批。"),
        "rejected": ("{by} 已驳回", "原因已告知{name}：{reason}"),
        "to_hr": ("已转 HR", "没有收到驳回原因，由 HR 确认。"),
    }
)
"""What became of a correction: the grey label and the line above it."""
STEPS = (
    "问过本人",
    "再次问候本人",
    "问过 {who}",
    "已请 HR 关心：{who}",
    "没有可用的 HR",
    "{who} 答：{what}",
    "{who}：{what}",
)
"""What a line of a case's timeline can say; it is kept in Chinese."""
_STEPS = tuple((each, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(each)))) for each in STEPS)


def step(line: str) -> str:
    """A line `HH:MM what happened` of the timeline in the language being spoken; an unknown one as it is."""
    when, _, words = line.partition(" ")
    for template, pattern in _STEPS:
        if found := pattern.fullmatch(words):
            values = {name: t(value) for name, value in found.groupdict().items()}
            return f"{when} {t(template, **values)}"
    return line


def for_manager(words: str) -> str:
    """The employee's words as a manager may read them: an everyday reason, else nothing or that there is more."""
    if private(words):
        return t(WITHHELD)
    return words if shareable(words) else ""


def known(ref: str, name: str, shift: str, asked: bool) -> Card:
    """Rung 2. `asked` False: our downtime kept us from asking the employee, so nothing is said about an answer."""
    silent, unasked = "{name}未打卡未回复，你知道情况吗？", "还没看到{name}的打卡，你知道情况吗？"
    title = t(silent if asked else unasked, name=name)
    text = t("只是想确认人平安。") if asked else t("此前系统中断，还没有问过本人。只是想确认人平安。")
    buttons = tuple(Button(t(label), P + key, ref) for key, label in KNOWN.items())
    return Card(title, text, (Fact(t("班次"), shift),), buttons=buttons)


def known_noted(ref: str, name: str, key: str) -> Card:
    """Echo with the way back: both answers stay on record."""
    text = t("谢谢，会请 HR 继续关心。") if key == "known_unclear" else t("谢谢，提醒已停止。")
    title = t("已记下：{name} {what}", name=name, what=t(KNOWN[key]))
    return Card(title, text, buttons=(Button(t("点错了，改一下"), P + "known_undo", ref),))


def known_closed(name: str, by: str, key: str) -> Card:
    """The other copies."""
    return Card(
        t("{name}的打卡询问", name=name), t("{by} 已答：{what}", by=by, what=t(KNOWN[key])), closed=t(KNOWN[key])
    )


def retracted(name: str, why: str) -> Card:
    """A sign of life ends every question about the person; `why` like `09:20 有了平安信号`."""
    text = t("{why}，不用再处理。打扰了，抱歉。", why=why)
    return Card(t("{name}：没事了", name=name), text, closed=t("已有平安信号"))


def life_sign(when: str) -> str:
    """Why nothing more is asked: a sign of life at `when`."""
    return t("{when} 有了平安信号", when=when)


def hr(ref: str, name: str, shift: str, timeline: Sequence[str], asked: bool) -> Card:
    """Rung 3: what was tried so far, oldest first."""
    first = (Button(t("现在问本人"), P + "hr_ask", ref),) if not asked else ()
    return Card(
        title=t("请关心一下{name}", name=name),
        text="\n".join(
            (t("到目前为止："), *(map(step, timeline) if timeline else (t("（系统中断，尚未问过任何人）"),)))
        ),
        facts=(Fact(t("姓名"), name), Fact(t("班次"), shift)),
        buttons=(
            *first,
            Button(t("联系上了"), P + "hr_reached", ref, "primary"),
            Button(t("我来跟进"), P + "hr_follow", ref),
        ),
        footer=t("尚不知道原因，请先确认平安。"),
    )


def hr_done(name: str, by: str, what: str) -> Card:
    """HR took it; `what` is one of DONE."""
    return Card(t("{name}：HR 已处理", name=name), t("{by}：{what}", by=by, what=t(what)), closed=t(what))


def help_wanted(ref: str, name: str, when: str, words: str) -> Card:
    """At once, to HR only."""
    return Card(
        title=t("{name} 需要帮助", name=name),
        text=t("请马上联系本人。内容仅限 HR 知悉，请勿转发。"),
        facts=(Fact(t("姓名"), name), Fact(t("时间"), when)),
        quote=words,
        buttons=(Button(t("我来跟进"), P + "hr_follow", ref, "primary"), Button(t("联系上了"), P + "hr_reached", ref)),
    )


def reason(ref: str, name: str) -> Card:
    """Refusing needs words; the way back to agreeing stays open."""
    return Card(
        title=t("请直接回复驳回原因"),
        text=t("回复一句话即可，会原样告知{name}。", name=name),
        buttons=(Button(t("改为同意"), P + "approve", ref),),
    )


def reason_wanted(name: str, by: str) -> Card:
    """The approval card after 驳回, until the reason comes."""
    return Card(
        t("{name} 申请补卡", name=name),
        t("{by} 选择了驳回，请直接回复原因（会告知本人）。", by=by),
        closed=t("等待填写原因"),
    )


def decided(name: str, claimed: str, outcome: str, by: str = "", reason: str = "") -> Card:
    """Every copy of the approval: who decided what. `outcome` is a key of OUTCOMES."""
    closed, detail = OUTCOMES[outcome]
    text = t(detail, name=name, reason=reason) if detail else ""
    return Card(t("{name} 申请补卡", name=name), text, (Fact(t("到岗时间"), claimed),), closed=t(closed, by=by))


def write_failed(ref: str, name: str, claimed: str, hint: str) -> Card:
    """To HR: approved but not in the attendance system."""
    return Card(
        title=t("{name} 的补卡没写进考勤系统", name=name),
        text=t(
            "审批已通过，写入失败：{hint}。可重试；如已在考勤后台手工补录，也点一下，会重新核对。",
            hint=hint or t("未知原因"),
        ),
        facts=(Fact(t("到岗时间"), claimed),),
        buttons=(Button(t("重试并核对"), P + "retry", ref, "primary"),),
    )


def whereabouts(name: str, label: str, eta: str = "") -> Card:
    """For the manager's planning, nothing more: `label` like 在路上 or 病假（待补）."""
    text = t("本人说预计 {eta} 到。", eta=eta) if eta else t("本人已回复，无需追问。")
    return Card(t("{name}：{label}", name=name, label=t(label)), text)


def device(name: str, site: str) -> Card:
    """To HR: look at the device."""
    text = t("{name} 反映打不了卡，请查看设备或网络。", name=name)
    return Card(t("考勤设备可能有故障"), text, (Fact(t("地点"), site or t("未知")),))


def storm(ref: str, site: str, missing: int, expected: int) -> Card:
    """One card instead of many; no employee was asked."""
    return Card(
        title=t(
            "{site}有 {missing}/{expected} 人没有打卡记录", site=site or t("本单位"), missing=missing, expected=expected
        ),
        text=t("这么多人同时缺卡，更可能是设备、网络或天气原因。还没有询问任何员工，请先确认。"),
        buttons=(
            Button(t("特殊情况，不用问"), P + "storm_hold", ref, "primary"),
            Button(t("情况正常，逐个关心"), P + "storm_ask", ref),
        ),
    )


def storm_done(by: str, asks: bool) -> Card:
    """The decision, on every copy."""
    what = t("将逐个关心未打卡的人") if asks else t("今天不逐个询问")
    return Card(t("已处理"), t("{by}：{what}", by=by, what=what), closed=t("逐个关心") if asks else t("不询问"))


def undone(name: str) -> Card:
    """After an undo: a fresh card follows, both answers stay on record."""
    return Card(t("好的，重新选一下"), t("关于{name}的新卡片马上发给您。", name=name), closed=t("已撤回"))


def withdrawn(name: str, claimed: str) -> Card:
    """The person took the request back: it was not what they meant."""
    fact = Fact(t("到岗时间"), claimed)
    return Card(t("{name} 申请补卡", name=name), t("本人已撤回，不用处理。"), (fact,), closed=t("已撤回"))


def settled() -> Card:
    """A second click on something that was decided."""
    return Card(t("已经处理过了"), t("这件事已有决定，不用重复操作。"), closed=t("已处理"))


def feed(platform: str, since: str) -> Card:
    """To HR/administrator: our data is old, so nobody is asked. `since` is empty when none has come since the start."""
    return Card(
        t("考勤数据中断"),
        t(
            "{platform} 的打卡数据自 {since} 起没有更新。恢复之前不会询问任何员工，请检查连接和权限。",
            platform=platform,
            since=since or t("启动"),
        ),
    )


def no_calendar(year: int) -> Card:
    """To HR/administrator: the statutory days are unknown."""
    text = t("还没有 {year} 年的法定节假日安排，为免误扰，暂不发出缺卡询问。请更新日历数据。", year=year)
    return Card(t("缺少节假日数据"), text)
