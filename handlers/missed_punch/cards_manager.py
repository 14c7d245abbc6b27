"""What managers, HR and administrators are told. Pure. A manager never sees a medical or other private reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.card import Button, Card, Fact
from handlers.missed_punch.understanding import private

P = "missed_punch."
KNOWN: Mapping[str, str] = MappingProxyType(
    {"known_field": "在外勤", "known_leave": "已口头请假", "known_reached": "联系上了", "known_unclear": "不清楚"}
)
"""What the manager may answer."""
WITHHELD = "（涉及个人隐私，未转述）"


def for_manager(words: str) -> str:
    """The employee's words as a manager may read them."""
    return WITHHELD if private(words) else words


def known(ref: str, name: str, shift: str, asked: bool) -> Card:
    """Rung 2. `asked` False: our downtime kept us from asking the employee, so nothing is said about an answer."""
    title = f"{name}未打卡未回复，你知道情况吗？" if asked else f"还没看到{name}的打卡，你知道情况吗？"
    text = "只是想确认人平安。" if asked else "此前系统中断，还没有问过本人。只是想确认人平安。"
    buttons = tuple(Button(label, P + key, ref) for key, label in KNOWN.items())
    return Card(title, text, (Fact("班次", shift),), buttons=buttons)


def known_noted(ref: str, name: str, key: str) -> Card:
    """Echo with the way back: both answers stay on record."""
    text = "谢谢，会请 HR 继续关心。" if key == "known_unclear" else "谢谢，提醒已停止。"
    return Card(f"已记下：{name} {KNOWN[key]}", text, buttons=(Button("点错了，改一下", P + "known_undo", ref),))


def known_closed(name: str, by: str, key: str) -> Card:
    """The other copies."""
    return Card(f"{name}的打卡询问", f"{by} 已答：{KNOWN[key]}", closed=KNOWN[key])


def retracted(name: str, why: str) -> Card:
    """A sign of life ends every question about the person; `why` like `09:20 有了平安信号`."""
    return Card(f"{name}：没事了", f"{why}，不用再处理。打扰了，抱歉。", closed="已有平安信号")


def hr(ref: str, name: str, shift: str, timeline: Sequence[str], asked: bool) -> Card:
    """Rung 3: what was tried so far, oldest first."""
    first = (Button("现在问本人", P + "hr_ask", ref),) if not asked else ()
    return Card(
        title=f"请关心一下{name}",
        text="到目前为止：\n" + "\n".join(timeline or ("（系统中断，尚未问过任何人）",)),
        facts=(Fact("姓名", name), Fact("班次", shift)),
        buttons=(
            *first,
            Button("联系上了", P + "hr_reached", ref, "primary"),
            Button("我来跟进", P + "hr_follow", ref),
        ),
        footer="尚不知道原因，请先确认平安。",
    )


def hr_done(name: str, by: str, what: str) -> Card:
    """HR took it."""
    return Card(f"{name}：HR 已处理", f"{by}：{what}", closed=what)


def help_wanted(ref: str, name: str, when: str, words: str) -> Card:
    """At once, to HR only."""
    return Card(
        title=f"{name} 需要帮助",
        text="请马上联系本人。内容仅限 HR 知悉，请勿转发。",
        facts=(Fact("姓名", name), Fact("时间", when)),
        quote=words,
        buttons=(Button("我来跟进", P + "hr_follow", ref, "primary"), Button("联系上了", P + "hr_reached", ref)),
    )


def approval(ref: str, name: str, shift: str, claimed: str, words: str, month_count: int) -> Card:
    """Everything needed to decide. `month_count` is the number of corrections already made this month."""
    return Card(
        title=f"{name} 申请补卡",
        facts=(Fact("班次", shift), Fact("到岗时间", claimed), Fact("本月补卡", f"{month_count} 次")),
        quote=for_manager(words),
        buttons=(Button("同意", P + "approve", ref, "primary"), Button("驳回", P + "reject", ref)),
        footer="驳回需要写明原因，原因会告知本人。",
    )


def reason(ref: str, name: str) -> Card:
    """Refusing needs words; the way back to agreeing stays open."""
    return Card(
        title="请直接回复驳回原因",
        text=f"回复一句话即可，会原样告知{name}。",
        buttons=(Button("改为同意", P + "approve", ref),),
    )


def reason_wanted(name: str, by: str) -> Card:
    """The approval card after 驳回, until the reason comes."""
    return Card(f"{name} 申请补卡", f"{by} 选择了驳回，请直接回复原因（会告知本人）。", closed="等待填写原因")


def decided(name: str, claimed: str, outcome: str, detail: str = "") -> Card:
    """Every copy of the approval: who decided what."""
    return Card(f"{name} 申请补卡", detail, (Fact("到岗时间", claimed),), closed=outcome)


def write_failed(ref: str, name: str, claimed: str, hint: str) -> Card:
    """To HR: approved but not in the attendance system."""
    return Card(
        title=f"{name} 的补卡没写进考勤系统",
        text=f"审批已通过，写入失败：{hint or '未知原因'}。可重试；如已在考勤后台手工补录，也点一下，会重新核对。",
        facts=(Fact("到岗时间", claimed),),
        buttons=(Button("重试并核对", P + "retry", ref, "primary"),),
    )


def whereabouts(name: str, label: str, eta: str = "") -> Card:
    """For the manager's planning, nothing more: `label` like 在路上 or 病假（待补）."""
    return Card(f"{name}：{label}", f"本人说预计 {eta} 到。" if eta else "本人已回复，无需追问。")


def device(name: str, site: str) -> Card:
    """To HR: look at the device."""
    return Card("考勤设备可能有故障", f"{name} 反映打不了卡，请查看设备或网络。", (Fact("地点", site or "未知"),))


def storm(ref: str, site: str, missing: int, expected: int) -> Card:
    """One card instead of many; no employee was asked."""
    return Card(
        title=f"{site or '本单位'}有 {missing}/{expected} 人没有打卡记录",
        text="这么多人同时缺卡，更可能是设备、网络或天气原因。还没有询问任何员工，请先确认。",
        buttons=(
            Button("是设备或特殊情况，不用问", P + "storm_hold", ref, "primary"),
            Button("情况正常，逐个关心", P + "storm_ask", ref),
        ),
    )


def storm_done(by: str, asks: bool) -> Card:
    """The decision, on every copy."""
    return Card(
        "已处理",
        f"{by}：{'将逐个关心未打卡的人' if asks else '今天不逐个询问'}",
        closed="逐个关心" if asks else "不询问",
    )


def undone(name: str) -> Card:
    """After an undo: a fresh card follows, both answers stay on record."""
    return Card("好的，重新选一下", f"关于{name}的新卡片马上发给您。", closed="已撤回")


def settled() -> Card:
    """A second click on something that was decided."""
    return Card("已经处理过了", "这件事已有决定，不用重复操作。", closed="已处理")


def feed(platform: str, since: str) -> Card:
    """To HR/administrator: our data is old, so nobody is asked."""
    return Card(
        "考勤数据中断", f"{platform} 的打卡数据自 {since} 起没有更新。恢复之前不会询问任何员工，请检查连接和权限。"
    )


def no_calendar(year: int) -> Card:
    """To HR/administrator: the statutory days are unknown."""
    return Card("缺少节假日数据", f"还没有 {year} 年的法定节假日安排，为免误扰，暂不发出缺卡询问。请更新日历数据。")


SAMPLES: Mapping[str, Card] = MappingProxyType(
    {
        "manager_known": known("r2", "张三", "09:00–18:00", asked=True),
        "manager_known_downtime": known("r2", "张三", "09:00–18:00", asked=False),
        "manager_known_noted": known_noted("r2", "张三", "known_field"),
        "manager_known_closed": known_closed("张三", "李", "known_unclear"),
        "manager_retracted": retracted("张三", "09:51 有了平安信号"),
        "hr": hr("r3", "张三", "09:00–18:00", ("09:16 问过本人", "09:46 再次问候", "10:15 问过 李"), asked=True),
        "hr_done": hr_done("张三", "王", "联系上了"),
        "help_wanted": help_wanted("r3", "张三", "09:18", "车坏在高速上了"),
        "approval": approval("r4", "张三", "09:00–18:00", "09:02", "忘打卡了，9:02 到的", 1),
        "reason": reason("r5", "张三"),
        "reason_wanted": reason_wanted("张三", "李"),
        "decided": decided("张三", "09:02", "李 已同意，已补卡"),
        "hr_write_failed": write_failed("r6", "张三", "09:02", "没有补卡权限"),
        "whereabouts": whereabouts("张三", "病假（待补）"),
        "device": device("张三", "一号店"),
        "storm": storm("r7", "一号店", 14, 15),
        "storm_done": storm_done("李", asks=False),
        "undone": undone("张三"),
        "settled": settled(),
        "feed": feed("wecom", "09:02"),
        "no_calendar": no_calendar(2031),
    }
)
