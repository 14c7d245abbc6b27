"""What the core itself says about approvals and stand-ins, in the language being spoken. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.card import Button, Card, Fact
from bot.locale import t

MOST_LINES = 5
WHYS = ("no_manager", "away", "stand_in", "stand_in_circle", "stand_in_subject", "stand_in_gone", "queue")
"""What can be said about how somebody came to be asked."""


def why(what: str, name: str) -> str:
    """One sentence of how a request came to whom it came; `what` is one of WHYS."""
    said: Mapping[str, str] = {
        "no_manager": t("没有能决定的上级，由 HR 处理"),
        "away": t("{name} 不在", name=name),
        "stand_in": t("按 {name} 的安排由别人代理", name=name),
        "stand_in_circle": t("{name} 的代理绕回了原处，转 HR", name=name),
        "stand_in_subject": t("{name} 的代理人就是申请人本人，再往上", name=name),
        "stand_in_gone": t("{name} 的代理人也不在", name=name),
        "queue": t("现在没有 HR 在，先在 HR 的待办里等着"),
    }
    return said[what]


def on_behalf(by: str, principal: str) -> str:
    """`王HR 代 李主管`; just the name without a principal."""
    return t("{by} 代 {principal}", by=by, principal=principal) if principal else by


def reminder(card: Card) -> Card:
    """The same card once more; another title, because both platforms drop a repeated text."""
    return replace(card, title=t("提醒：{title}", title=card.title), footer=t("还在等您的答复，只提醒这一次。"))


def bulk(ref: str, what: str, count: int, lines: Sequence[str]) -> Card:
    """One summary of `count` plain requests; `lines` are their titles."""
    shown = [*lines[:MOST_LINES], *([t("……等")] if len(lines) > MOST_LINES else [])]
    return Card(
        title=t("{count} 件{what}待批", count=count, what=t(what)),
        text="\n".join(shown),
        buttons=(
            Button(t("全部同意"), "approvals.bulk_agree", ref, "primary"),
            Button(t("逐件查看"), "approvals.bulk_each", ref),
        ),
        footer=t("都是没有超出限额、没有冲突的申请；每一件仍单独记录。"),
    )


def bulk_done(by: str, agreed: int, others: int) -> Card:
    """What became of the summary."""
    text = t("{count} 件已由别人处理或情况有变，没有改动。", count=others) if others else ""
    return Card(t("已处理"), text, closed=t("{by} 同意了 {count} 件", by=by, count=agreed))


def bulk_each() -> Card:
    """The cards come one by one."""
    return Card(t("好的，逐件查看"), t("每一件的卡片已重新发给您。"), closed=t("逐件查看"))


def many(what: str, count: int, kept: int, link: str) -> Card:
    """So many of a kind wait that most have no card of their own."""
    return Card(
        title=t("{count} 件{what}等您审批", count=count, what=t(what)),
        text=t(
            "其中 {kept} 件没有逐件发卡片：请在页面上核对审批，或回复「我的待办」。每个工作日只提醒一次。", kept=kept
        ),
        link=link,
    )


def lapsed(principal: str) -> Card:
    """To a stand-in whose time is over: nothing was decided."""
    return Card(t("代理已结束"), t("{name} 的代理已经结束，这件事已转回给对方。", name=principal), closed=t("已转回"))


def settled() -> Card:
    """A second click."""
    return Card(t("已经处理过了"), t("这件事已有决定，不用重复操作。"), closed=t("已处理"))


def day_of(moment: datetime, zone: str, *, last: bool = False) -> str:
    """Local day as `6-20`; `last`: of an exclusive end the day before."""
    local = (moment - timedelta(seconds=1) if last else moment).astimezone(ZoneInfo(zone))
    return f"{local.month}-{local.day}"


def span(since: datetime, until: datetime | None, zone: str) -> Callable[[], str]:
    """The time of a stand-in, said in the reader's language."""

    def said() -> str:
        if until is None:
            return t("本人休假期间")
        return t("{since} 至 {until}（含当天）", since=day_of(since, zone), until=day_of(until, zone, last=True))

    return said


def delegate_wanted(ref: str, name: str, when: str) -> Card:
    """Echo of what was understood."""
    return Card(
        title=t("请 {name} 代您审批？", name=name),
        facts=(Fact(t("代理人"), name), Fact(t("时间"), when)),
        buttons=(Button(t("确认"), "delegates.confirm", ref, "primary"), Button(t("不对"), "delegates.drop", ref)),
        footer=t("对方不能审批自己的申请；记录写明「谁代谁」。"),
    )


def delegate_noted() -> Card:
    """Under the words; the card to confirm follows."""
    return Card(t("收到，请确认"), t("请点下面卡片上的「确认」，之后才生效。"))


def delegate_on(name: str, when: str) -> Card:
    """Set."""
    return Card(
        t("已请 {name} 代理", name=name),
        t("{when}，新的审批会发给对方。", when=when),
        closed=t("已确认"),
        footer=t("要结束请回复「取消代理」。"),
    )


def delegate_told(principal: str, name: str, when: str) -> Card:
    """To the stand-in."""
    return Card(
        t("{principal} 请您代理审批", principal=principal),
        t(
            "{when}。您的决定会记作「{name} 代 {principal}」。如不方便，请告诉对方。",
            when=when,
            name=name,
            principal=principal,
        ),
    )


def delegate_over(principal: str) -> Card:
    """To the stand-in, when it ended early."""
    return Card(t("代理已结束"), t("{principal} 的审批不再由您代理，谢谢。", principal=principal))


def delegate_off() -> Card:
    """No stand-in."""
    return Card(t("现在没有代理人"), t("审批会直接发给您。"), closed=t("没有代理"))
