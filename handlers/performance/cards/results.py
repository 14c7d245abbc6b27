"""What people read about scores, results and appeals. Pure. Four answers, four buttons; silence is none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.performance import words_results

P = "performance."
LABELS = {"signed": "同意并签字", "received": "仅确认收到", "objected": "收到但不同意", "appealed": "申诉"}
"""The four answers as their buttons say them; recorded with each."""
SENTENCES = {
    "received": "已记下：您仅确认收到。这不表示同意；仍可以回复「收到但不同意：……」「申诉：……」，或打开详情签字。",
    "objected": "已记下：您收到了，但不同意。您的话会原样保留；申诉期内仍可以回复「申诉：……」。",
    "appealed": "已记下：您提出了申诉。结果出来之前，有争议的部分不会计入工资。",
    "signed": "已记下：您同意并签字。加封的副本可以随时打开。",
    "deemed": "",
    "received.last": "已记下：您仅确认收到。这不表示同意；仍可以回复「收到但不同意：……」，或打开详情签字。",
    "objected.last": "已记下：您收到了，但不同意。您的话会原样保留。",
}
"""By answer; `.last` where no appeal can follow any more."""
CONTENTS = 900
"""Characters of the reasons a card shows; the page shows all."""


class Shown(Protocol):
    """A result, see store.Result."""

    @property
    def version(self) -> int: ...
    @property
    def band(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def consequence(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def deadline(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Face:
    """A result as cards show it. `until`: the day until which an appeal is possible, local."""

    cycle: str
    version: int
    score: str
    band: str
    clause: str
    consequence: str
    until: str
    sha256: str


def face(result: Shown, score: str, cycle: str, zone: str) -> Face:
    """From the row."""
    until = f"{result.deadline.astimezone(ZoneInfo(zone)):%m-%d %H:%M}" if result.deadline else ""
    return Face(cycle, result.version, score, result.band, result.clause, result.consequence, until, result.sha256)


def reasons_of(text: str) -> str:
    """The itemised part of the document, cut to what a card holds."""
    lines = text.split("\n")
    marks = [number for number, line in enumerate(lines) if line.startswith("【")]
    start = marks[1] if len(marks) > 1 else 0
    end = marks[2] if len(marks) > 2 else len(lines)
    found = "\n".join(line for line in lines[start + 1 : end] if line.strip())
    return found if len(found) <= CONTENTS else f"{found[:CONTENTS]}……"


def ask(ref: str, shown: Face, reasons: str, links: tuple[str, str], *, may_appeal: bool) -> Card:
    """To the employee. `links`: (page to sign, page with details), each may be empty."""
    sign, link = links
    text = t("请看逐项说明，再选择您的答复。四个按钮意思不同；不回复也不会被当作同意。")
    if may_appeal:
        text += t("不认可可以申诉，截止 {until}，由评分人以外的人处理。", until=shown.until)
    first = Button(t("同意并签字"), "" if sign else P + "sign_result", "" if sign else ref, "primary", sign)
    buttons = [
        first,
        Button(t("仅确认收到"), P + "result_received", ref),
        Button(t("收到但不同意"), P + "result_objected", ref),
    ]
    if may_appeal:
        buttons.append(Button(t("申诉"), P + "result_appealed", ref))
    footer = t("第 {version} 版 · 指纹 {sha}", version=shown.version, sha=shown.sha256[:16])
    return Card(
        t("绩效结果：{cycle}", cycle=shown.cycle), text, facts(shown), reasons, tuple(buttons), footer, link=link
    )


def facts(shown: Face) -> tuple[Fact, ...]:
    """Score, band, what follows, by which clause."""
    return (
        Fact(t("得分"), shown.score),
        Fact(t("等级"), shown.band),
        Fact(t("后果"), shown.consequence or t("无")),
        Fact(t("条款"), t("第 {no} 条", no=shown.clause)),
    )


def answered(cycle: str, answer: str, link: str = "", *, may_appeal: bool = True) -> Card:
    """The card after the answer: which of the four, and what it does not say. Offers only what may still follow."""
    said = SENTENCES[answer] if may_appeal else SENTENCES.get(f"{answer}.last", SENTENCES[answer])
    return Card(
        t("绩效结果：{cycle}", cycle=cycle), t(said) if said else "",
        closed=words_results.answer(answer), link=link,
    )  # fmt: skip


def moved(cycle: str) -> Card:
    """A copy that a newer one replaces."""
    return Card(t("绩效结果：{cycle}", cycle=cycle), t("最新的卡片已发给您，请以最新的为准。"), closed=t("已有新版本"))


def replaced(cycle: str) -> Card:
    """Somebody answered a version that was replaced."""
    text = t("这是旧版本，没有替您记下答复。最新的结果已发给您，请看过后再选择。")
    return Card(t("绩效结果：{cycle}", cycle=cycle), text, closed=t("已有新版本"))


def sign(cycle: str, link: str) -> Card:
    """[同意并签字] where the button could not be a link."""
    text = t("请打开页面，看完全文后签字。还没有记下任何答复。")
    if not link:
        text = t("签字页面现在打不开，请联系管理员。还没有记下任何答复。")
    buttons = (Button(t("打开签字页"), url=link, style="primary"),) if link else ()
    return Card(t("绩效结果：{cycle}", cycle=cycle), text, buttons=buttons)


def ask_words(ref: str, cycle: str, answer: str) -> Card:
    """After [收到但不同意] (already counted) or [申诉] (counts with the reason)."""
    if answer == "objected":
        text = t("已记下「收到但不同意」。想说明哪里不同意，请直接回复，原话会保留；不说明也可以。")
        button = Button(t("先不说"), P + "result_unsaid", ref)
    else:
        text = t("请直接回复申诉理由：哪一条、事实是什么。原话会交给评分人以外的人。要附文件请打开详情页。")
        button = Button(t("不申诉了"), P + "result_unsaid", ref)
    return Card(t("绩效结果：{cycle}", cycle=cycle), text, buttons=(button,))


def unsaid(cycle: str, answer: str) -> Card:
    """[先不说] or [不申诉了]."""
    text = (
        t("好的，「收到但不同意」已记下，没有附说明。")
        if answer == "objected"
        else t("好的，没有提出申诉，之前的卡片仍然有效。")
    )
    return Card(t("绩效结果：{cycle}", cycle=cycle), text, closed=t("已记下"))


def remind(cycle: str, until: str, link: str) -> Card:
    """To whoever has not answered: the same kind words each time, and no pressure."""
    text = t("您的绩效结果还没有答复。有疑问可以先问；不同意也可以直说。没有答复不会被当作同意。")
    if until:
        text += t("申诉截止 {until}。", until=until)
    return Card(
        t("绩效结果等您看一看：{cycle}", cycle=cycle), text, footer=t("回复「我的待办」可以再次打开卡片。"), link=link
    )


def deemed(cycle: str, clause: str, text: str, link: str) -> Card:
    """视为收到: what it is by, and what it is not."""
    said = t(
        "答复期内没有收到您的答复，按制度第 {clause} 条视为收到。这不表示您同意，也不是签字；您现在仍可以答复。",
        clause=clause,
    )
    return Card(t("绩效结果：{cycle}", cycle=cycle), said, quote=text, closed=t("视为收到"), link=link)


def objection(name: str, cycle: str, words: str, link: str) -> Card:
    """To HR."""
    text = t("本人答复：收到但不同意。这不是同意，有争议的部分已暂缓计入工资。")
    return Card(
        t("{name} 不同意绩效结果：{cycle}", name=name, cycle=cycle), text, quote=words or t("（没有附说明）"), link=link
    )


def waiting(ref: str, cycle: str, title: str, names: Sequence[str], total: int) -> Card:
    """谁还没签？ 谁还没打分？ To a manager or HR; one tap reminds. `title` is said already."""
    text = t("{title}（{total} 人）：{names}", title=title, total=total, names="、".join(names))
    if total > len(names):
        text += t(" 等")
    button = Button(t("提醒他们"), P + "remind_waiting", ref, "primary")
    footer = t("只在工作时间提醒，休假的人会跳过。没有答复不等于同意。")
    return Card(cycle, text, buttons=(button,) if ref else (), footer=footer)


def nobody_waits(cycle: str, title: str) -> Card:
    """The same, and nobody is left."""
    return Card(cycle, t("{title}：没有人。", title=title))


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    shown = Face("2026 年 5 月", 1, "70.0", "待改进", "8", "当月绩效减半", "06-08 18:00", "0123456789abcdef" * 4)
    reasons = "· 交付：55/100\n  扣 45 分：项目 A 延期 12 天（05-20 验收）\n  依据第 8 条：按期交付"
    return {
        "result_ask": ask("r1", shown, reasons, ("", ""), may_appeal=True),
        "result_ask_again": ask("r1", shown, reasons, ("", ""), may_appeal=False),
        **{f"result_{each}": answered(shown.cycle, each) for each in LABELS},
        "result_moved": moved(shown.cycle),
        "result_replaced": replaced(shown.cycle),
        "result_sign": sign(shown.cycle, ""),
        "result_words_objected": ask_words("r1", shown.cycle, "objected"),
        "result_words_appealed": ask_words("r1", shown.cycle, "appealed"),
        "result_unsaid": unsaid(shown.cycle, "objected"),
        "result_remind": remind(shown.cycle, shown.until, ""),
        "result_deemed": deemed(shown.cycle, "20", "五个工作日内未答复的，视为收到。", ""),
        "result_objection": objection("张三", shown.cycle, "项目 A 的延期不是我造成的", ""),
        "results_waiting": waiting("r1", shown.cycle, "还没有签字或答复", ("张三", "赵六"), 3),
        "results_all_done": nobody_waits(shown.cycle, "还没有签字或答复"),
    }
