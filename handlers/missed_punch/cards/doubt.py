"""What HR is asked when we are not sure, and what a person reads about their own contact data. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.card import Button, Card, Fact
from bot.locale import t

P = "missed_punch."


def doubt(ref: str, kind: str, name: str, what: str) -> Card:
    """`kind` new, leaving or device; `what` is the device. No employee was asked."""
    title = {
        "new": t("{name} 第一天上班，没有打卡记录", name=name),
        "leaving": t("{name} 今天离职，没有打卡记录", name=name),
        "device": t("一台考勤设备可能停了"),
    }[kind]
    text = {
        "new": t("更可能是账号、排班或设备还没开通。还没有询问本人，请先确认。"),
        "leaving": t("可能已在办理交接。还没有询问本人，请先确认。"),
        "device": t("这台设备没有新的打卡，其他设备正常。还没有询问相关员工，请先确认。"),
    }[kind]
    return Card(
        title,
        text,
        (Fact(t("设备"), what),) if what else (),
        buttons=(
            Button(t("不用问"), P + "storm_hold", ref, "primary"),
            Button(t("情况正常，照常关心"), P + "storm_ask", ref),
        ),
    )


def unclear(ref: str, name: str, when: str, words: str) -> Card:
    """To HR: an answer that we could not read, as it was said; `words` may be empty for a reader it is not for."""
    return Card(
        t("{name} 回复了，系统没有看懂", name=name),
        t("人已有回音。请看一下原话，直接问问本人需要什么。内容仅限 HR 知悉，请勿转发。"),
        (Fact(t("姓名"), name), Fact(t("时间"), when)),
        quote=words,
        buttons=(Button(t("联系上了"), P + "hr_reached", ref, "primary"), Button(t("我来跟进"), P + "hr_follow", ref)),
    )


def kin_consent(ref: str, kin: str, phone: str) -> Card:
    """Registering somebody else is only done with the person's explicit consent."""
    return Card(
        t("登记紧急联系人"),
        t(
            "如果工作日联系不上你，HR 经人工批准后可以联系这位家人或朋友，只会请对方转告你报个平安，"
            "不会提及工作、考勤或任何原因。随时可以回复「删除紧急联系人」撤回。"
        ),
        (Fact(t("联系人"), kin), Fact(t("电话"), phone)),
        buttons=(Button(t("同意登记"), P + "kin_agree", ref, "primary"), Button(t("不登记"), P + "kin_decline", ref)),
    )


def kin_asked() -> Card:
    """The plain reply beside the question."""
    return Card(t("收到"), t("请在卡片上确认是否登记，确认之前不会使用。"))


def kin_decided(agreed: bool) -> Card:
    """After the answer."""
    if agreed:
        return Card(t("已登记紧急联系人"), t("随时可以回复「删除紧急联系人」撤回。"), closed=t("已同意"))
    return Card(t("没有登记"), t("联系人信息已删除。"), closed=t("不登记"))


def kin_removed() -> Card:
    """Withdrawn."""
    return Card(t("紧急联系人已删除"), t("以后不会联系。"))


def kept(mobile: str, email: str, quiet: str, kin: str) -> Card:
    """What is kept of the person, and how to change it."""
    facts = (
        Fact(t("手机"), mobile or t("无")),
        Fact(t("邮箱"), email or t("无")),
        Fact(t("免打扰"), quiet or t("按公司默认")),
        Fact(t("紧急联系"), kin or t("无")),
    )
    how = t("修改请直接回复：提醒手机 138…、提醒邮箱 …、免打扰 22:00-7:00、紧急联系人 姓名 电话。")
    return Card(t("我的提醒方式"), how, facts)


def samples() -> Mapping[str, Card]:
    """Every card with invented people."""
    return {
        "doubt_new": doubt("r9", "new", "张三", ""),
        "doubt_leaving": doubt("r9", "leaving", "张三", ""),
        "doubt_device": doubt("r9", "device", "", "一号门考勤机"),
        "unclear_words": unclear("r9", "张三", "09:18", "嗯那个……就是那样"),
        "kin_consent": kin_consent("r9", "张母", "13800000000"),
        "kin_asked": kin_asked(),
        "kin_agreed": kin_decided(agreed=True),
        "kin_declined": kin_decided(agreed=False),
        "kin_removed": kin_removed(),
        "contact_kept": kept("13800000000", "", "", "张母"),
    }
