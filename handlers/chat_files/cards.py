"""What sender and HR read about a file. Nothing here says or guesses what is in it."""

from __future__ import annotations

from bot.card import Button, Card
from bot.locale import t

ONLY_HR = "只有您本人和 HR 能打开它，不会给您的经理看。"
AGAIN = "平台只在短时间内保存聊天里的文件，我们没能及时取到。给您添麻烦了，请再发一次。"
TRY_OTHERWISE = "可以换一种格式或拆小一些再发，也可以直接打字说明，或当面交给 HR。"
MAY_BE_PRIVATE = "里面可能有个人健康等敏感信息，请只在办理这件事时使用，不要转给经理。每次打开都会留下记录，本人可见。"


def kept(kind: str, name: str, given: bool) -> Card:
    """Nobody had asked for it: it is with HR, when there is anybody besides the sender (`given`)."""
    where = t("已原样保存并交给 HR。") if given else t("已原样保存。")
    return Card(t("已收到您发的{kind}", kind=kind), f"「{name}」\n{where}{t(ONLY_HR)}")


def refused(name: str, why: str) -> Card:
    """It was looked at and cannot be kept."""
    shown = f"「{name}」\n" if name else ""
    return Card(t("这个文件没有保存"), f"{shown}{why}。\n{t(TRY_OTHERWISE)}")


def later(kind: str) -> Card:
    """It could not be fetched yet."""
    text = t("看到您发了{kind}，暂时还没能从平台取到，我们会继续取。保存好以后会再告诉您，现在不用重发。", kind=kind)
    return Card(t("您发的{kind}还在取", kind=kind), text)


def lost(kind: str) -> Card:
    """The platform no longer has it."""
    return Card(t("没能取到您发的{kind}", kind=kind), t(AGAIN))


def too_many(most: int) -> str:
    """Said instead of keeping more."""
    return t("今天已经收到您发来的 {most} 个文件，明天可以再发。着急的话请直接联系 HR。", most=most)


def look(ref: str, person: str, link: str) -> Card:
    """To HR: somebody sent something."""
    buttons = (Button(t("看过了"), "chat_files.seen", ref),)
    title = t("{person}在聊天里发来了文件", person=person)
    return Card(title, t(MAY_BE_PRIVATE), buttons=buttons, link=link)


def looked(person: str, by: str) -> Card:
    """The other copies of `look`."""
    return Card(t("{person}在聊天里发来了文件", person=person), closed=t("{by}看过了", by=by))


def samples() -> dict[str, Card]:
    """Every card once, for the golden files."""
    return {
        "kept": kept("图片", "图片.png", given=True),
        "kept_only": kept("文件", "说明.pdf", given=False),
        "refused": refused("说明.pdf", "文件「说明.pdf」的内容和扩展名不符"),
        "later": later("图片"),
        "lost": lost("语音"),
        "look": look("a1b2c3", "张三", "https://hr.example.com/chat-files/cf-1"),
        "looked": looked("张三", "王HR"),
    }
