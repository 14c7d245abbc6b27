"""What is said when a return-to-work notice is sent, and when a search needs others. Pure, in the spoken language.

A channel that took a message has not delivered it, and the cards say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.card import Button, Card, Fact
from bot.locale import t

P = "missed_punch."


def offer(ref: str, name: str, ways: Sequence[tuple[str, str]]) -> Card:
    """To whoever approved the draft: how it would go, (channel, address with where it is from) each."""
    return Card(
        t("{name} 的限期返岗通知书：确认送达方式", name=name),
        t("内容与您批准的草稿一字不差，同时从以下方式送出。各方式接收了都不等于本人收到。"),
        tuple(Fact(t(channel), address) for channel, address in ways),
        buttons=(
            Button(t("现在发送"), P + "letter_send", ref, "primary"),
            Button(t("先不发"), P + "letter_keep", ref),
        ),
    )


def offered(name: str, by: str, sent: bool) -> Card:
    """What became of it."""
    what = t("已交各方式发出，尚无送达证明") if sent else t("先不发")
    return Card(t("{name} 的限期返岗通知书", name=name), t("{by}：{what}", by=by, what=what), closed=what)


def whole(text: str) -> Card:
    """The letter word for word, in the chat; its last line is its ground."""
    title, _, body = text.partition("\n")
    words, _, ground = body.rpartition("\n")
    return Card(title, words, quote=ground)


def served(ref: str, text: str, digest: str, link: str) -> Card:
    """The answers to the letter; the letter itself is said before it (`whole`), because cards are short."""
    return Card(
        text.partition("\n")[0],
        t("全文在上一条消息里，也可以点开查看。我们很惦记您，请选择一项答复，或直接回复一句话。"),
        buttons=(
            Button(t("我已收到"), P + "letter_got", ref, "primary"),
            Button(t("我遇到困难"), P + "letter_hard", ref),
            Button(t("无法返岗，说明原因"), P + "letter_why", ref),
        ),
        quote=f"SHA-256 {digest}",
        footer=t("收到不等于同意其中内容。"),
        link=link,
    )


def sms(name: str, digest: str) -> str:
    """Nothing of the matter; whoever reads it learns where the letter is."""
    return (
        t("{name}您好，单位有一封信给您，已发到工作聊天和邮箱，请查看。我们很惦记您。", name=name)
        + f" SHA-256 {digest}"
    )


def mail(text: str, digest: str) -> str:
    """The whole letter; its first line is the subject."""
    return f"{text}\n\nSHA-256 {digest}"


def courier(ref: str, name: str, digest: str) -> Card:
    """To HR: the paper copy."""
    return Card(
        t("请寄出{name}的限期返岗通知书（EMS）", name=name),
        t("寄往本人确认的或劳动合同上的通信地址。寄出后请直接回复单号，如 EMS EB123456789CN。"),
        buttons=(Button(t("暂时寄不了"), P + "letter_no_courier", ref),),
        footer=f"SHA-256 {digest}",
    )


def courier_noted(name: str, number: str) -> Card:
    """Handed to the courier, no more than that."""
    what = t("已寄出，尚无签收") if number else t("没有寄出")
    facts = (Fact(t("单号"), number),) if number else ()
    return Card(t("{name} 的限期返岗通知书（EMS）", name=name), "", facts, closed=what)


def got(name: str) -> Card:
    """The person's answers; the tone is relief."""
    return Card(
        t("谢谢您告诉我们"),
        t("{name}，知道您看到了就好。收到不等于同意，有困难随时说。", name=name),
        closed=t("已收到"),
    )


def hard() -> Card:
    """[我遇到困难]."""
    return Card(t("谢谢您告诉我们"), t("已请 HR 马上联系您，先照顾好自己。"), closed=t("我遇到困难"))


def why(ref: str) -> Card:
    """[无法返岗，说明原因]: words of their own."""
    return Card(
        t("请直接回复一句话"),
        t("写您愿意说的就好，只有 HR 看得到。"),
        buttons=(Button(t("先不说"), P + "letter_unsaid", ref),),
    )


def unsaid() -> Card:
    """[先不说]: no word is owed."""
    return Card(t("谢谢您告诉我们"), t("不说也可以，想说的时候随时回复。"), closed=t("先不说"))


def why_noted(words: str) -> Card:
    """The words as they came."""
    return Card(t("谢谢您告诉我们"), t("已转给 HR，会再与您联系。"), quote=words, closed=t("已记下"))


def told(name: str, what: str, words: str = "") -> Card:
    """To HR: what the person answered; `what` is one of the labels."""
    return Card(t("{name} 答复了限期返岗通知书", name=name), t(what), quote=words)


def opened(name: str, when: str) -> Card:
    """To HR in the morning: alive, and nothing more than that."""
    return Card(
        t("{name} 打开了限期返岗通知书", name=name),
        t("{when} 从本人账号打开，人平安，追问已停止。尚未答复：请先问候，不要催促。打开不等于同意。", when=when),
    )


def unreached(name: str, why: str, others: Sequence[str]) -> Card:
    """To HR: the chat did not take it, why, and what stands in its place."""
    return Card(
        t("{name} 的工作聊天收不到通知书", name=name),
        t("平台答复：{why}。改以其他方式为准：{others}。", why=why, others="、".join(map(t, others)) or t("无")),
    )


def gone(ref: str, name: str) -> Card:
    """To HR: somebody nobody has heard of is no longer in the directory."""
    return Card(
        t("{name} 已不在通讯录，仍没有消息", name=name),
        t("工作聊天收不到了。如果是误删或人仍失联，短信、邮件和快递还可以联系；系统不会自己结案。"),
        buttons=(
            Button(t("仍按失联处理"), P + "gone_search", ref, "primary"),
            Button(t("已正常离开"), P + "gone_known", ref),
        ),
    )


def gone_done(name: str, by: str, what: str) -> Card:
    """What HR decided; `what` is one of the labels."""
    return Card(t("{name} 已不在通讯录", name=name), t("{by}：{what}", by=by, what=t(what)), closed=t(what))


def waiting(approvals: Mapping[str, int], others: Mapping[str, int], *counted: int) -> tuple[Fact, ...]:
    """What waits for the person, in counts: approvals by kind, what `others` keep for them (texts for `t`), and
    `counted`: questions to them, requests of theirs, their team."""
    listed = "、".join(t("{what} {count} 件", what=t(name), count=count) for name, count in approvals.items())
    named = zip((t("待答"), t("在途申请"), t("下属")), counted, strict=True)
    counts = (*((t(what), count) for what, count in others.items()), *named)
    return (Fact(t("待批"), listed or t("无")), *(Fact(label, str(count)) for label, count in counts if count))


def takeover(ref: str, name: str, agreed: Sequence[str], facts: tuple[Fact, ...] = ()) -> Card:
    """After two days, to the manager and two more: what must not stand still. Two agree, either ends it."""
    so_far = t("已同意：{names}", names="、".join(agreed)) if agreed else ""
    return Card(
        t("重要事项接管：{name}", name=name),
        t("暂由同事代管待办、客户和账号访问。理由：安全与连续性，与处分无关；不移出任何群，随时可恢复。")
        + ("\n" + so_far if so_far else ""),
        facts,
        buttons=(
            Button(t("同意接管"), P + "takeover_yes", ref, "primary"),
            Button(t("不需要"), P + "takeover_no", ref),
        ),
        footer=t("需要两个人都同意才生效。"),
    )


def takeover_on(ref: str, name: str, by: Sequence[str], facts: tuple[Fact, ...] = ()) -> Card:
    """Both agreed; the way back stays on the card."""
    return Card(
        t("重要事项接管：{name}", name=name),
        t("{names} 已同意，即日生效。理由：安全与连续性。", names="、".join(by)),
        facts,
        buttons=(Button(t("恢复"), P + "takeover_back", ref),),
    )


def takeover_over(name: str, by: str, what: str) -> Card:
    """Ended or not wanted; `what` is one of the labels."""
    return Card(t("重要事项接管：{name}", name=name), t("{by}：{what}", by=by, what=t(what)), closed=t(what))


def samples() -> Mapping[str, Card]:
    """Every card with invented people, in the language being spoken."""
    text = "限期返岗通知书\n张三：\n您在 06-11、06-12、06-15 共 3 个工作日未到岗。\n依据《考勤制度》。"
    ways = (("工作聊天", "zhangsan"), ("短信", "138****0000（本人 06-10 登记）"), ("快递", "由 HR 寄出"))
    return {
        "letter_offer": offer("r9", "张三", ways),
        "letter_offered": offered("张三", "陈", sent=True),
        "letter_kept": offered("张三", "陈", sent=False),
        "letter_whole": whole(text),
        "letter_served": served("r9", text, "9f" * 32, "https://hr.example.com/letters/mpl-1"),
        "letter_courier": courier("r9", "张三", "9f" * 32),
        "letter_courier_noted": courier_noted("张三", "EB123456789CN"),
        "letter_no_courier": courier_noted("张三", ""),
        "letter_got": got("张三"),
        "letter_hard": hard(),
        "letter_why": why("r9"),
        "letter_unsaid": unsaid(),
        "letter_why_noted": why_noted("家里有事"),
        "letter_told": told("张三", "无法返岗，说明原因", "家里有事"),
        "letter_opened": opened("张三", "06-15 23:41"),
        "letter_unreached": unreached("张三", "60111", ("短信", "邮件", "快递")),
        "gone": gone("r9", "张三"),
        "gone_done": gone_done("张三", "王HR", "仍按失联处理"),
        "takeover": takeover("r9", "张三", ("李",), waiting({"补卡": 2, "请假": 1}, {"待确认通知": 2}, 3, 1, 4)),
        "takeover_bare": takeover("r9", "张三", ()),
        "takeover_on": takeover_on("r9", "张三", ("李", "赵"), waiting({}, {}, 0, 0, 0)),
        "takeover_over": takeover_over("张三", "李", "恢复"),
    }
