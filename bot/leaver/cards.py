"""What HR reads about people who left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.card import Button, Card
from bot.locale import t

P = "leaver."
CORRECTION, CERTIFICATE = "correction", "certificate"
TITLES: Mapping[str, str] = {
    CORRECTION: "{name}（已离职）请求更正记录",
    CERTIFICATE: "{name}（已离职）申请补发离职证明",
}
LAW: Mapping[str, str] = {
    CORRECTION: "个人信息保护法第四十六条：本人有权请求更正、补充。",
    CERTIFICATE: "劳动合同法第五十条：离职证明应当出具，不得附加条件。",
}
WORDS_DONE: Mapping[str, str] = {
    CORRECTION: "请直接回复更正的结果，例如：姓名已按身份证改正。",
    CERTIFICATE: "请直接回复补发的方式，例如：已于今日邮寄，单号 1234567890。",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `kind` CORRECTION or CERTIFICATE, the person's `name`, their `words`, perhaps empty."""

    kind: str
    name: str
    words: str


def title(kind: str, name: str) -> str:
    """Of the question to HR."""
    return t(TITLES[kind], name=name)


def question(ref: str, asked: Asked) -> Card:
    """To HR: what somebody who left asks for."""
    return Card(
        title(asked.kind, asked.name),
        t("请核对后处理。您的答复会显示在本人的记录页上。"),
        quote=asked.words,
        buttons=(Button(t("已办理"), P + "done", ref, "primary"), Button(t("不能办理"), P + "decline", ref)),
        footer=t(LAW[asked.kind]),
    )


def words_wanted(ref: str, kind: str, name: str, done: bool) -> Card:
    """The next message is the answer."""
    text = t(WORDS_DONE[kind]) if done else t("请直接回复不能办理的原因。")
    return Card(
        title(kind, name),
        text,
        buttons=(Button(t("返回"), P + "back", ref),),
        footer=t("会一字不改地告诉本人，至少两个字。"),
    )


def settled(kind: str, name: str, by: str, done: bool) -> Card:
    """What every copy of the question shows."""
    said = t("{by} 已办理，答复已告知本人", by=by) if done else t("{by} 没有同意，原因已告知本人", by=by)
    return Card(title(kind, name), said, closed=said)


def locked(name: str) -> Card:
    """To HR: wrong codes."""
    return Card(
        t("{name} 的查看链接已锁定", name=name),
        t("验证码连续输错 5 次，链接已停用，没有显示任何内容。请与本人联系；确认身份后可以在其记录页重新开通。"),
    )
