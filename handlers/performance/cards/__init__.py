"""What people read about goals. Pure. A confirmation is asked for, never assumed; an edit shows what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.card import Button, Card, Fact
from bot.locale import t
from handlers.performance import words
from handlers.performance.cards.lists import listed, reminded
from handlers.performance.rules import GoalDraft, plain

__all__ = ["listed", "reminded"]
P = "performance."
CONFIRM = "确认"
CHANGE = "提出修改"
KEEP = "不改了"


@dataclass(frozen=True, slots=True)
class Face:
    """A version of a goal as a card shows it. `name` is whose goal it is, `sha256` what is confirmed."""

    name: str
    cycle: str
    no: int
    version: int
    draft: GoalDraft
    sha256: str


def ask(
    ref: str, face: Face, own: bool, changes: Mapping[str, tuple[str, str]], why: tuple[str, str] = ("", "")
) -> Card:
    """To one side. `changes`: since the version before; `why`: (who changed it, their reason)."""
    title = t("请确认您的目标 {no}", no=face.no) if own else t("请确认 {name} 的目标 {no}", name=face.name, no=face.no)
    lines = [t("双方确认同一份文字后生效；不同意可以提出修改，没有期限压力。")]
    if changes:
        lines = [t("{by} 做了改动，之前的确认已作废，双方都需要重新确认：", by=why[0]), words.changed(changes)]
    if why[1]:
        lines.append(t("原因：{reason}", reason=why[1]))
    buttons = (Button(t(CONFIRM), P + "confirm_goal", ref, "primary"), Button(t(CHANGE), P + "change_goal", ref))
    return Card(title, "\n".join(lines), _facts(face), face.draft.text, buttons, face.cycle)


def _facts(face: Face) -> tuple[Fact, ...]:
    facts = [Fact(t("目标值"), words.amount(face.draft)), Fact(t("权重"), plain(face.draft.weight))]
    if face.draft.due_on:
        facts.append(Fact(t("截止"), words.day(face.draft.due_on)))
    if face.draft.source:
        facts.append(Fact(t("进度"), f"{words.source(face.draft.source)} {face.draft.source_key}"))
    facts.append(Fact(t("版本"), str(face.version)))
    facts.append(Fact(t("指纹"), face.sha256[:16]))
    return tuple(facts)


def _title(face: Face) -> str:
    return t("{name} 的目标 {no}", name=face.name, no=face.no)


def half(face: Face, waiting: str) -> Card:
    """One side confirmed; `waiting` is who has not yet."""
    return Card(
        _title(face),
        t("还在等 {name} 确认。对方如有改动，您会收到新的卡片。", name=waiting),
        _facts(face),
        face.draft.text,
        closed=t("您已确认"),
    )


def agreed(face: Face) -> Card:
    """Both sides confirmed the same text."""
    return Card(
        _title(face),
        t("双方已确认同一份文字，目标生效。"),
        _facts(face),
        face.draft.text,
        closed=t("双方已确认"),
    )


def superseded(face: Face, by: str, changes: Mapping[str, tuple[str, str]]) -> Card:
    """A copy of an older version."""
    return Card(
        _title(face),
        "\n".join([t("{by} 做了改动，请在新的卡片上确认：", by=by), words.changed(changes)]),
        closed=t("已有新版本"),
    )


def stale(face: Face) -> Card:
    """Somebody tapped an older version; the new one was sent."""
    return Card(
        _title(face), t("这是旧版本，没有替您确认。最新的内容已发给您，请看过后再确认。"), closed=t("已有新版本")
    )


def settled(face: Face, state: str) -> Card:
    """A tap on what is decided already. `state`: proposed agreed dropped."""
    if state == "dropped":
        return Card(_title(face), t("这个目标已经取消，不需要再确认。"), closed=t("已取消"))
    return agreed(face) if state == "agreed" else Card(_title(face), t("您已经确认过了。"), closed=t("您已确认"))


def dropped(face: Face, by: str, reason: str) -> Card:
    """The goal is not pursued any more."""
    text = t("{by} 取消了这个目标，原因如下。有不同看法可以直接回复或提出新的目标。", by=by)
    return Card(_title(face), text, quote=reason, closed=t("已取消"))


def change_wanted(ref: str, face: Face, reason: bool) -> Card:
    """[提出修改]: the next message is the new text. `reason`: the goal was agreed, so one is needed."""
    text = t("请直接回复修改后的目标，只写要改的也可以，例如：交付 2 个项目，权重 30，6月20日前。")
    if reason:
        text += t("期中修改请一并写明「原因：……」。")
    return Card(
        t("怎样修改 {name} 的目标 {no}？", name=face.name, no=face.no),
        text,
        quote=face.draft.text,
        buttons=(Button(t(KEEP), P + "keep_goal", ref),),
        footer=t("改动会发给双方重新确认。"),
    )


def kept(face: Face) -> Card:
    """[不改了]."""
    return Card(_title(face), t("没有修改，之前的卡片仍然有效。"), closed=t("没有修改"))


def proposed(face: Face) -> Card:
    """To whoever proposed: it is with both sides now."""
    return Card(_title(face), t("已发给双方确认。双方确认之前不生效。"), _facts(face), face.draft.text)


def write(ref: str, cycle: str, ends_on: date, link: str) -> Card:
    """The period opens and this person has no goal yet."""
    return Card(
        t("请提出您的目标"),
        t(
            "「{cycle}」开始了。请直接回复，例如：我的目标：交付 3 个项目，权重 40，6月20日前。"
            "主管也可以提出，由双方确认。",
            cycle=cycle,
        ),
        (Fact(t("截止"), words.day(ends_on)),),
        buttons=(Button(t("稍后再写"), P + "write_later", ref),),
        footer=t("权重合计应为 100。"),
        link=link,
    )


def later(cycle: str) -> Card:
    """[稍后再写]."""
    return Card(t("好的，不着急"), t("想好后回复「我的目标：……」就可以。"), closed=t("稍后再写"), footer=cycle)


def written(cycle: str) -> Card:
    """There is a goal now."""
    return Card(cycle, t("已有目标，请在目标卡片上确认。"), closed=t("已提出"))


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    draft = GoalDraft(
        "交付 3 个项目", Decimal(40), "numeric", Decimal(3), "个", date(2026, 6, 30), "", "jira", "project:APP"
    )
    face = Face("张三", "2026 年第二季度", 1, 2, draft, "0123456789abcdef" * 4)
    moved = {"weight": ("50", "40")}
    return {
        "goal_ask": ask("r1", face, True, {}),
        "goal_ask_changed": ask("r1", face, False, moved, ("张三", "客户改了范围")),
        "goal_half": half(face, "李主管"),
        "goal_agreed": agreed(face),
        "goal_superseded": superseded(face, "李主管", moved),
        "goal_stale": stale(face),
        "goal_settled": settled(face, "proposed"),
        "goal_gone": settled(face, "dropped"),
        "goal_dropped": dropped(face, "李主管", "项目停了"),
        "goal_change": change_wanted("r1", face, True),
        "goal_kept": kept(face),
        "goal_proposed": proposed(face),
        "goal_write": write("r1", face.cycle, date(2026, 6, 30), ""),
        "goal_later": later(face.cycle),
        "goal_written": written(face.cycle),
    }
