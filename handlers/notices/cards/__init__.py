"""What people read in chat about a notice. Pure; said in the language being spoken.

Every message carries the notice's short number, its day and which message about it this is: platforms drop words that
a person was sent before, without an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.card import Button, Card, Fact
from bot.locale import current, t

LABELS = {
    "received": "收到",
    "agreed": "同意",
    "objected": "收到但有异议",
    "appealed": "申诉",
    "signed": "已签署",
    "declined": "没有签名",
}
LONGEST = 120
AGAIN, BY_HAND = 50, 100
"""Messages are numbered: 0 first send, 1… steps of the plan, from 50 after a drop, from 100 reminders by hand."""
FULL = "请先打开全文，看完再选。「收到」只表示看到了，不等于同意。"
HERE = "以上就是全文。「收到」不等于同意。"
LATE = "这份通知的期限已过。您的话仍然原样记下，并标明是期限之后说的。"
RECALLED = "这份通知已被撤回。您的话仍然原样记下，不会作为对其他版本的答复。"
REPLACED = "这份通知已由新的一版代替。您的话已记在您看到的这一版上；新的一版请另外查看。"
_MARKS = re.compile(r"[#*_`>\[\]]+|\(https?://[^)]*\)")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card says of a notice. `day` and `deadline` are local texts, `nth` the how-manieth message about it."""

    notice_id: str
    title: str
    body: str
    day: str
    deadline: str = ""
    importance: str = "inform"
    answers: tuple[str, ...] = ()
    nth: int = 0
    files: int = 0


def number(notice_id: str) -> str:
    """The short number people see and say: `A1B2C3`."""
    return notice_id[-6:].upper()


def excerpt(body: str) -> str:
    """The beginning of a text in one line, without our marks."""
    plain = " ".join(_MARKS.sub(" ", body).split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def whole(shown: Shown) -> bool:
    """Does the card hold the full text? Only then may an answer be given on it: nobody confirms what was not shown."""
    plain = excerpt(shown.body)
    return bool(plain) and not plain.endswith("…") and "](" not in shown.body and not shown.files


def first(shown: Shown, link: str) -> Card:
    """The notice itself."""
    title = t("通知｜{title}", title=shown.title)
    return Card(title, excerpt(shown.body), facts(shown), "", buttons(shown), footer=_hint(shown), link=link)


def again(shown: Shown, link: str) -> Card:
    """The same notice in other words. Every one differs by its count and by its opening."""
    openings = (
        t("想请您有空时看看这份通知。"),
        t("这份通知可能被别的消息盖住了，再给您放在手边。"),
        t("您可能还没来得及看这份通知，不着急，看到时点开就好。"),
        t("如果打开通知遇到困难，请直接回复告诉我们。"),
    )
    opening = openings[shown.nth % len(openings)]
    if answers := buttons(shown):
        return Card(_series(shown), excerpt(shown.body), facts(shown), "", answers, footer=opening, link=link)
    return Card(_series(shown), opening, facts(shown), "", footer=_hint(shown), link=link)


def _series(shown: Shown) -> str:
    """Steps of the plan, what is served again, and reminders by hand are counted apart: no two say the same."""
    if shown.nth < AGAIN:
        return t("跟进 {nth}｜{title}", nth=shown.nth, title=shown.title)
    if shown.nth < BY_HAND:
        return t("补发 {nth}｜{title}", nth=shown.nth - AGAIN, title=shown.title)
    return t("提醒 {nth}｜{title}", nth=shown.nth - BY_HAND, title=shown.title)


def facts(shown: Shown) -> tuple[Fact, ...]:
    """Number, day and deadline."""
    found = [Fact(t("编号"), number(shown.notice_id)), Fact(t("日期"), shown.day)]
    return (*found, Fact(t("期限"), shown.deadline)) if shown.deadline else tuple(found)


def buttons(shown: Shown) -> tuple[Button, ...]:
    """One button an answer; none where a signature is asked for or the text is longer: those are given on the page."""
    if shown.importance == "sign" or not whole(shown):
        return ()
    offered = [each for each in LABELS if each in shown.answers]
    return tuple(
        Button(label(each), f"notices.{each}", shown.notice_id, "primary" if each == offered[0] else "default")
        for each in offered
    )


def label(answer: str) -> str:
    """The answer as its button says it."""
    return {
        "received": t("收到"),
        "agreed": "I agree" if current() == "en" else "同意",  # elsewhere 同意 is what an approver does
        "objected": t("收到但有异议"),
        "appealed": t("申诉"),
        "signed": t("已签署"),
        "declined": t("没有签名"),
    }.get(answer, answer)


def _hint(shown: Shown) -> str:
    if buttons(shown):
        return t(HERE)
    return t(FULL) if shown.answers or shown.importance in ("confirm", "sign") else ""


def read_first(title: str, link: str) -> Card:
    """To whoever confirms a text that they were not shown yet."""
    text = t("《{title}》的全文还没有在您这里打开过。请先打开看一看，再在页面上选择。", title=title)
    return Card(t("请先看全文"), text, link=link)


def short(shown: Shown, link: str) -> str:
    """For SMS: no content of the notice, only that there is one."""
    return t("您有一份通知待查看，编号 {number}（{day}，第 {nth} 次提示）。请在工作应用内打开：{link}",
             number=number(shown.notice_id), day=shown.day, nth=shown.nth, link=link)  # fmt: skip


def letter(shown: Shown, link: str) -> str:
    """For e-mail: the title and where the whole text is."""
    head = t("通知《{title}》编号 {number}（{day}，第 {nth} 次提示）", title=shown.title,
             number=number(shown.notice_id), day=shown.day, nth=shown.nth)  # fmt: skip
    return f"{head}\n\n{excerpt(shown.body)}\n\n{link}"


def taken(title: str, answer: str, note: str = "", words: str = "", link: str = "") -> Card:
    """To whoever answered: what was recorded."""
    said = t("《{title}》：已记下「{label}」。", title=title, label=label(answer))
    return Card(t("已记下"), "\n".join(line for line in (said, note) if line), quote=words, link=link)


def already(title: str, answer: str) -> Card:
    """The same answer once more."""
    return Card(
        t("已经记过了"), t("《{title}》：您之前的「{label}」已在记录里，不用重复。", title=title, label=label(answer))
    )


def ask_words(ref: str, title: str, answer: str) -> Card:
    """After the tap the person's own words; the tap counts without them."""
    text = t("「{label}」已经记下。想说明什么，请直接回复，会原样保留；也可以不说。", label=label(answer))
    return Card(
        t("《{title}》：请用自己的话说", title=title), text, buttons=(Button(t("先不说"), "notices.unsaid", ref),)
    )


def words_kept(title: str, words: str) -> Card:
    """The words arrived."""
    return Card(
        t("已记下您的话"), t("已和您对《{title}》的答复放在一起，并告诉了发通知的人。", title=title), quote=words
    )


def file_kept(title: str, name: str) -> Card:
    """A file beside an objection or appeal arrived; the words still may."""
    text = t("「{name}」和您对《{title}》的答复放在一起，原样保存。只有您和 HR 能打开。", name=name, title=title)
    return Card(t("已收到您的文件"), text, footer=t("还可以继续打字说明，或再发文件。"))


def file_beside(title: str, name: str, link: str) -> Card:
    """To the author: somebody who objects sent a file. What it is called is for HR as well; `link` only for HR."""
    text = t("{name} 为自己的答复附上了文件。", name=name) + ("" if link else t("由 HR 查看。"))
    return Card(t("《{title}》有人附上文件", title=title), text, link=link)


def not_yours() -> Card:
    """Somebody who is not on the list; says nothing about the notice."""
    return Card(t("这里没有您的通知"), t("这份通知不是发给这个账号的，或已不再可用。"))


def not_offered(title: str) -> Card:
    """An answer that this notice does not offer."""
    text = t("《{title}》没有这个选项，什么都没有记下。请打开通知查看可以怎样答复。", title=title)
    return Card(t("没有这个选项"), text)


def told(title: str, name: str, answer: str, words: str, link: str) -> Card:
    """To the author: somebody objects or appeals."""
    return Card(t("《{title}》有人{label}", title=title, label=label(answer)), name, quote=words, link=link)


def opened_after(title: str, name: str, when: str) -> Card:
    """To the author, in the morning: somebody whom we could not reach has opened it."""
    text = t("{name} 已在 {when} 打开全文。后续提示已停止，请换一种口吻联系。", name=name, when=when)
    return Card(t("《{title}》已被打开", title=title), text)


def manager(title: str, names: Sequence[str]) -> Card:
    """To a manager: only who may not have seen it, never what anybody answered."""
    text = t("下面的同事可能还没看到这份通知，见到时请提醒打开工作应用看看：{names}", names="、".join(names))
    return Card(t("《{title}》请帮忙提醒", title=title), text, footer=t("可能是消息没有送到，不代表对方不愿意看。"))


def recalled(title: str, reason: str) -> Card:
    """To whoever had opened what was taken back."""
    return Card(t("《{title}》已撤回", title=title), t("您之前看到的这份通知已撤回，不用再答复。"), quote=reason)


def courier_other(title: str, name: str, signed_by: str) -> Card:
    """To the author: a parcel was signed for, not by its person."""
    text = t("快递显示由他人签收（{by}）。这只说明到了地址，不等于本人收到。", by=signed_by or "—")
    return Card(t("《{title}》：{name} 的快递到了地址", title=title, name=name), text)


def signed_thanks(title: str) -> Card:
    """After a signature."""
    return taken(title, "signed")


def samples() -> dict[str, Card]:
    """Every card once, for the golden files."""
    body, both = "新的制度在[这里](https://hr.example.com/v4)，请看。", ("received", "objected")
    return {
        "first": first(Shown("nt-0000000000000000a1b2c3", "考勤制度 v4", "**明天起**走东门。", "06-11", "06-18 18:00",
                             "confirm", ("received", "objected", "appealed")), "https://hr.example.com/notices/nt-1"),
        "again": again(Shown("nt-0000000000000000a1b2c3", "考勤制度 v4", "", "06-12", "", "read", (), 1), ""),
        "long": first(Shown("nt-0000000000000000a1b2c3", "考勤制度 v4", body, "06-11", "", "confirm", both),
                      "https://hr.example.com/notices/nt-1"),
        "again_whole": again(Shown("nt-0000000000000000a1b2c3", "考勤制度 v4", "明天起走东门。", "06-12", "", "confirm",
                                   both, 1), ""),
        "read_first": read_first("考勤制度 v4", "https://hr.example.com/notices/nt-1"),
        "taken": taken("考勤制度 v4", "objected", LATE, "第三条不清楚"),
        "already": already("考勤制度 v4", "received"),
        "ask_words": ask_words("ref", "考勤制度 v4", "objected"),
        "words_kept": words_kept("考勤制度 v4", "第三条不清楚"),
        "not_yours": not_yours(),
        "not_offered": not_offered("考勤制度 v4"),
        "file_kept": file_kept("考勤制度 v4", "说明.pdf"),
        "file_beside": file_beside("考勤制度 v4", "张三", ""),
        "told": told("考勤制度 v4", "张三", "objected", "第三条不清楚", ""),
        "opened_after": opened_after("考勤制度 v4", "张三", "06-13 23:41"),
        "manager": manager("考勤制度 v4", ["张三"]),
        "recalled": recalled("考勤制度 v4", "文字有误"),
        "signed_thanks": signed_thanks("考勤制度 v4"),
        "courier_other": courier_other("考勤制度 v4", "张三", "门卫"),
    }  # fmt: skip
