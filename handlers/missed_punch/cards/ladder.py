"""What is said on the later rungs, after several days, and at weekends. Pure, in the language being spoken.

Never accuses, never names a penalty; whoever is outside the firm learns nothing but that we would like to hear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.missed_punch import clause
from handlers.missed_punch.ladder.runs import Why

P = "missed_punch."
WHY: Mapping[Why, str] = MappingProxyType(
    {
        "weekend": "周末",
        "holiday": "法定节假日",
        "leave": "请假",
        "unplanned": "没有排班",
        "unknown": "节假日安排未知，不计入",
        "held": "当天系统未能判断，不计入",
    }
)
"""Why a day was not counted (Chinese; `t` says it in another language)."""


def gentle(ref: str) -> Card:
    """The one message of a weekend."""
    return Card(
        t("周末好，只想知道你平安"),
        t("看到请报个平安，任何方式都可以。今天不用处理任何工作。"),
        buttons=(
            Button(t("我平安"), P + "safe", ref, "primary"),
            Button(t("需要帮助"), P + "help", ref),
        ),
    )


def gentle_mail() -> str:
    """The same as an e-mail: the first line is the subject."""
    return (
        t("周末好，只想知道你平安") + "\n" + t("看到请报个平安，任何方式都可以：回一句聊天消息，或打个电话给同事都行。")
    )


def sms_again() -> str:
    """Beside the second card, on another channel and in other words."""
    return t("你好，今天还没看到你，有点惦记。方便时在工作聊天里点一下卡片或回个 1，报个平安就好。")


def sms_first() -> str:
    """Beside the first card, where a phone in the pocket is all there is."""
    return t("你好，还没看到你今天的打卡，一切还好吗？请在工作聊天里点一下卡片，或回复同事一声。")


def sms_asked() -> str:
    """To a manager or HR: no name and no matter in an SMS."""
    return t("有一位同事需要你关心，请打开工作聊天查看卡片。")


def emergency(ref: str, name: str, kin: str, lines: Sequence[str]) -> Card:
    """HR decides whether the emergency contact is asked; `kin` is a name or relation."""
    return Card(
        t("要联系{name}的紧急联系人吗？", name=name),
        t("到目前为止：") + "\n" + "\n".join(lines),
        (Fact(t("联系人"), kin),),
        buttons=(
            Button(t("同意联系"), P + "kin_yes", ref, "primary"),
            Button(t("再等"), P + "kin_wait", ref),
            Button(t("已联系上"), P + "kin_reached", ref),
        ),
        footer=t("本人登记时已同意在失联时联系。只会请对方转告本人联系单位，不提工作和考勤。"),
    )


def emergency_done(name: str, by: str, what: str) -> Card:
    """Every copy: who decided what; `what` is one of the labels."""
    return Card(t("{name} 的紧急联系人", name=name), t("{by}：{what}", by=by, what=t(what)), closed=t(what))


def kin_message(name: str) -> str:
    """All that the emergency contact is ever told."""
    return t("您好，请协助联系{name}，并请转告方便时与单位联系报个平安。谢谢。", name=name)


def hearsay(ref: str, name: str, kin: str, phone: str) -> Card:
    """After the approval: what may be said, and where the answer goes."""
    return Card(
        t("请联系 {kin}", kin=kin),
        t("只说下面这一句。问到的话请直接回复在这里，会注明是转述。"),
        (Fact(t("电话"), phone),),
        quote=kin_message(name),
        buttons=(Button(t("联系不上"), P + "kin_silent", ref),),
        footer=t("不要提及工作表现、考勤或任何原因。"),
    )


def hearsay_noted(name: str, words: str) -> Card:
    """The relative's words as HR typed them: hearsay, and marked so."""
    return Card(
        t("已记下（转述，非本人陈述）"), t("关于{name}的个案保持打开。", name=name), quote=words, closed=t("已记下")
    )


def checklist(ref: str, name: str, lines: Sequence[str]) -> Card:
    """The end of the ladder, to the HR head."""
    text = t("请确认：\n1. 再打一次电话，问过同住的人或同事\n2. 走访住处\n3. 仍无消息时报警（110）")
    return Card(
        t("{name} 仍无消息，建议报警或走访", name=name),
        text + "\n\n" + t("到目前为止：") + "\n" + "\n".join(lines),
        buttons=(
            Button(t("登记报警/走访"), P + "police", ref, "primary"),
            Button(t("联系上了"), P + "head_reached", ref),
        ),
    )


def police_wanted(ref: str, missing: Sequence[str] = ()) -> Card:
    """Which facts are still missing: 时间, 地点, 编号."""
    lack = t("还缺：{what}。", what="、".join(t(each) for each in missing)) if missing else ""
    text = t("请回复一句：时间、派出所或走访地点、回执编号。没有编号请写「编号 无号码」。")
    return Card(t("登记报警/走访"), f"{lack}{text}", buttons=(Button(t("稍后再登记"), P + "police_later", ref),))


def police_postponed() -> Card:
    """The question was put aside; the checklist stays."""
    return Card(t("登记报警/走访"), t("稍后可以从清单上再登记。"), closed=t("稍后再登记"))


def police_noted(name: str, by: str, at: str, station: str, receipt: str) -> Card:
    """What was registered; the case stays open."""
    facts = (Fact(t("时间"), at), Fact(t("地点"), station), Fact(t("编号"), receipt))
    return Card(
        t("已登记：{name}", name=name), t("{by} 登记。个案保持打开，直到确认平安。", by=by), facts, closed=t("已登记")
    )


def days(counted: Sequence[str], skipped: Sequence[tuple[str, Why]]) -> tuple[Fact, ...]:
    """What was counted and what was not; days come as `06-12`."""
    left = "、".join(t("{day}（{why}）", day=day, why=t(WHY[why])) for day, why in skipped)
    return (Fact(t("计入"), "、".join(counted)), Fact(t("未计入"), left or t("无")))


def run_alert(name: str, counted: Sequence[str], skipped: Sequence[tuple[str, Why]]) -> Card:
    """After two missed working days, to HR, the manager and the HR head."""
    return Card(
        t("{name} 已连续 {count} 个工作日没有消息", name=name, count=len(counted)),
        t("请一起确认人是否平安。原因未知，请不要猜测。"),
        days(counted, skipped),
    )


def letter(ref: str, name: str, facts: tuple[Fact, ...]) -> Card:
    """After three: the risk report and the drafted notice, for the HR head."""
    return Card(
        t("风险报告：{name}", name=name),
        t("已拟好限期返岗通知书草稿，请先确认人是否平安、地址是否有效。"),
        facts,
        buttons=(
            Button(t("批准草稿"), P + "letter_yes", ref, "primary"),
            Button(t("暂不需要"), P + "letter_no", ref),
        ),
        footer=t("批准不会自动发出：随后会请您确认送达方式，由您点发送。"),
    )


def letter_draft(name: str, text: str) -> Card:
    """The whole draft, to be read before the decision."""
    words, _, ground = text.rpartition("\n")
    return Card(t("{name} 的限期返岗通知书", name=name), words, quote=ground)


def letter_text(name: str, counted: Sequence[str], until: str, ground: str = "") -> str:
    """限期返岗通知书: facts, what is asked, until when, the open door, and the `ground` (see clause.line)."""
    text = t(
        "限期返岗通知书\n{name}：\n您在 {days} 共 {count} 个工作日未到岗，"
        "我们多次联系未能与您取得联系，很惦记您是否平安。"
        "请于 {until} 前返岗，或以任何方式告知您的情况。如遇疾病、意外或其他困难，请告诉我们，我们会尽力协助。",
        name=name,
        days="、".join(counted),
        count=len(counted),
        until=until,
    )
    return f"{text}\n{ground or t(clause.UNCITED)}"


def letter_again(ref: str, name: str) -> Card:
    """The clause was put in after the draft was shown: the new words are read before they are approved."""
    return Card(
        t("{name} 的限期返岗通知书", name=name),
        t("草稿已补上考勤制度条款，全文已重新发给您。请再看一遍，然后批准。"),
        buttons=(
            Button(t("批准草稿"), P + "letter_yes", ref, "primary"),
            Button(t("暂不需要"), P + "letter_no", ref),
        ),
    )


def letter_done(name: str, by: str, approved: bool) -> Card:
    """The decision on every copy."""
    if approved:
        text = t("{by} 已批准草稿，标记为可发送。尚未发出。", by=by)
        return Card(t("{name} 的限期返岗通知书", name=name), text, closed=t("可发送，尚未发出"))
    return Card(t("{name} 的限期返岗通知书", name=name), t("{by}：暂不需要", by=by), closed=t("暂不需要"))


_CLAUSE = clause.Clause("考勤制度", "v4", "第12条", "收到返岗通知后三个工作日仍未返岗，属于严重违纪")
_LINES = ("09:16 问过本人", "10:15 问过 李主管", "11:15 已请 HR 关心：王HR")


def samples() -> Mapping[str, Card]:
    """Every card with invented people, in the language being spoken."""
    counted, skipped = ["06-11", "06-12", "06-15"], [("06-13", "weekend"), ("06-14", "holiday")]
    told: Sequence[tuple[str, Why]] = [(day, "weekend" if why == "weekend" else "holiday") for day, why in skipped]
    return {
        "gentle": gentle("r8"),
        "emergency": emergency("r8", "张三", "张母", _LINES),
        "emergency_done": emergency_done("张三", "王HR", "同意联系"),
        "hearsay": hearsay("r8", "张三", "张母", "13800000000"),
        "hearsay_noted": hearsay_noted("张三", "不在家，不清楚"),
        "checklist": checklist("r8", "张三", _LINES),
        "police_wanted": police_wanted("r8"),
        "police_wanted_more": police_wanted("r8", ("编号",)),
        "police_postponed": police_postponed(),
        "police_noted": police_noted("张三", "陈", "10:40", "朝阳派出所", "2026-001"),
        "run_alert": run_alert("张三", counted[:2], ()),
        "run_alert_skipped": run_alert("张三", counted, told),
        "letter": letter("r8", "张三", days(counted, told)),
        "letter_draft": letter_draft("张三", letter_text("张三", counted, "06-18 18:00", _CLAUSE.cited)),
        "letter_draft_uncited": letter_draft("张三", letter_text("张三", counted, "06-18 18:00")),
        "letter_again": letter_again("r8", "张三"),
        "letter_approved": letter_done("张三", "陈", approved=True),
        "letter_not_now": letter_done("张三", "陈", approved=False),
    }
