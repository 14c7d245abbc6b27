"""What people read about their own data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.card import Button, Card, Fact

P = "data_rights."
ERASE, REFUSE, DONE, DECLINE = "同意删除", "不同意", "已更正", "不能更正"


def mine(kinds: Sequence[tuple[str, int, str]], views: Sequence[str]) -> Card:
    """`kinds`: (name, number of records, purpose); `views`: who looked, one line each, newest first."""
    lines = [f"· {name} {count} 条：{purpose}" for name, count, purpose in kinds] or ["还没有关于您的记录。"]
    looked = "；".join(views) if views else "最近一年没有人查看或导出"
    return Card(
        "我的数据",
        "\n".join(["我们保存：姓名、工作账号、直属上级，以及：", *lines]),
        (Fact("谁看过", looked),),
        footer="更正请回复「更正：……」，删除请回复「删除我的数据」。 Reply “correct: …” or “erase my data”.",
    )


def how_to_correct() -> Card:
    """更正： without saying what."""
    return Card("要更正什么呢？", "请这样回复：「更正：姓名应为 张三丰」。 Reply “correct: …” with what should change.")


def too_long(most: int) -> Card:
    """A correction that is not kept, because it would have to be cut."""
    return Card("内容太长了", f"请控制在 {most} 字以内，可以分几次发送，附件请直接交给 HR。")


def received(number: str, what: str) -> Card:
    """The receipt of a request; `what` like 更正请求."""
    return Card(
        f"已收到您的{what}", "HR 会处理并答复您。您的原话已经存证。 Received and recorded.", (Fact("编号", number),)
    )


def already(number: str) -> Card:
    """The same request is still open."""
    return Card("已经在处理了", "有结果会马上告诉您，不需要重复提交。", (Fact("编号", number),))


def nobody() -> Card:
    """Nobody is there who could decide."""
    return Card("请求已存证", "现在没有可以处理的 HR 负责人，请直接联系人事部门，并出示这条消息。")


def correction(ref: str, name: str, words: str) -> Card:
    """To HR: somebody asks for a correction."""
    return Card(
        f"{name} 请求更正个人信息",
        "请核对后处理。结果会告诉本人。",
        quote=words,
        buttons=(Button(DONE, P + "corrected", ref, "primary"), Button(DECLINE, P + "decline", ref)),
        footer="个人信息保护法第四十六条：本人有权请求更正、补充。",
    )


def erasure(ref: str, name: str, stays: Sequence[str]) -> Card:
    """To the HR head; `stays`: what the law keeps for now, one line each."""
    text = "\n".join(["同意后立即删除，且无法恢复。", *(f"· 依法保留：{line}" for line in stays)])
    return Card(
        f"{name} 请求删除个人信息",
        text,
        buttons=(Button(ERASE, P + "erase", ref, "danger"), Button(REFUSE, P + "refuse", ref)),
        footer="个人信息保护法第四十七条。法定期限未满的只停止使用，到期自动删除。",
    )


def reason(ref: str, name: str) -> Card:
    """A refusal needs its reason; the next message is it."""
    return Card(
        f"请直接回复不同意 {name} 请求的原因",
        "会一字不改地告诉本人。",
        buttons=(Button("返回", P + "back", ref),),
        footer="至少两个字。",
    )


def answered(what: str) -> Card:
    """What the deciders' copies show."""
    return Card("个人信息请求", what, closed=what)


def refused(by: str, words: str) -> Card:
    """To the person: no, and why, and what can still be done."""
    return Card(
        "您的个人信息请求没有通过",
        f"{by} 说明了原因：",
        quote=words,
        footer="如不同意，可以向公司个人信息保护负责人提出，也可以向履行个人信息保护职责的部门投诉。",
    )


def corrected(by: str) -> Card:
    """To the person: it was put right."""
    return Card("您的更正请求已处理", f"{by} 已更正。回复「我的数据」可以再次查看。")


def erased_partly(stays: Sequence[str]) -> Card:
    """To the person: what could be erased is gone; `stays` with their reason and day."""
    lines = "\n".join(f"· {line}" for line in stays)
    return Card(
        "可以删除的已经删除",
        f"以下依法暂时保留，只存储不使用，到期自动删除：\n{lines}",
        footer="依据：个人信息保护法第四十七条第二款。 What the law requires is stored only, then erased by itself.",
    )


SAMPLES: Mapping[str, Card] = MappingProxyType(
    {
        "mine": mine([("未打卡关怀与补卡", 3, "确认员工平安，更正考勤")], ["06-11 王HR 查看"]),
        "mine_empty": mine([], []),
        "how_to_correct": how_to_correct(),
        "too_long": too_long(1000),
        "received": received("0123abcd", "更正请求"),
        "already": already("0123abcd"),
        "nobody": nobody(),
        "correction": correction("r1", "张三", "姓名应为 张三丰"),
        "erasure": erasure("r1", "张三", ["考勤记录，离职后 2 年"]),
        "reason": reason("r1", "张三"),
        "answered": answered("王HR 已更正"),
        "refused": refused("王HR", "姓名以身份证为准"),
        "corrected": corrected("王HR"),
        "erased_partly": erased_partly(["考勤记录，离职后 2 年"]),
    }
)
