"""The story `make demo` tells on both platforms: a missed punch put right, one refused with a reason, one silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.rehearsal import Stage

Say = Callable[[str], object]
DAY = "2026-06-11"
REASON = "门禁记录是 9:40 进门，请按 9:40 再申请一次，我来同意"


@dataclass(frozen=True, slots=True)
class Cast:
    """(user id, name) of everybody on one platform."""

    platform: str
    forgot: tuple[str, str]
    refused: tuple[str, str]
    silent: tuple[str, str]
    boss: tuple[str, str]
    hr: tuple[str, str]


CASTS = (
    Cast("wecom", ("zhangsan", "张三"), ("he", "何川"), ("qian", "钱进"), ("li", "李主管"), ("wang", "王HR")),
    Cast("dingtalk", ("zhou", "周小云"), ("lv", "吕梅"), ("feng", "冯远"), ("sun", "孙店长"), ("wu", "吴HR")),
)
DEPARTMENTS = ("测试部", "运维部")
"""Small ones: where half of a larger site is missing, one question goes to its manager instead."""


def play(stage: Stage, say: Say) -> None:
    """Thursday 11 June 2026, on a moved clock."""
    people = stage.control("people")
    for cast in CASTS:
        for (user, name), department in zip((cast.refused, cast.silent), DEPARTMENTS, strict=True):
            row = {"id": user, "name": name, "platform": cast.platform, "manager": cast.boss[0]}
            people.append(row | {"department": department})
    stage.control("people", people)
    stage.morning([user for cast in CASTS for user, _name in (cast.forgot, cast.refused, cast.silent)])
    stage.open()
    say(f"[bold]{DAY} 星期四 · 班次 09:00[/bold]（企业微信：张三、何川、钱进；钉钉：周小云、吕梅、冯远）")
    stage.move_to(f"{DAY}T09:14:30")
    stage.move_to(f"{DAY}T09:16:10")
    for cast in CASTS:
        _reply(stage, say, cast)
    for cast in CASTS:
        _refusal(stage, say, cast)
    _silence(stage, say)


def _reply(stage: Stage, say: Say, cast: Cast) -> None:
    (user, name), (boss, boss_name) = cast.forgot, cast.boss
    _told(stage, say, "09:16", (user, name), "一切还好吗")
    phone = stage.phone(user)
    phone.click("一切还好吗", "忘打卡")
    phone.wait("你是几点到的")
    phone.say("9:02 到的，忘了打卡")
    say(f"09:16  {name} → 点了「忘打卡」，回复「9:02 到的，忘了打卡」")
    _told(stage, say, "09:17", (boss, boss_name), f"{name} 申请补卡")
    stage.phone(boss).click(f"{name} 申请补卡", "同意")
    phone.wait("补卡已完成")
    say(f"09:17  {boss_name} → 同意；已写回考勤并重新读取确认，双方卡片都已更新")


def _refusal(stage: Stage, say: Say, cast: Cast) -> None:
    (user, name), (boss, boss_name) = cast.refused, cast.boss
    phone = stage.phone(user)
    phone.click("一切还好吗", "忘打卡")
    phone.wait("你是几点到的")
    phone.say("9:05")
    say(f"09:17  {name} → 点了「忘打卡」，回复「9:05」")
    manager = stage.phone(boss)
    manager.click(f"{name} 申请补卡", "驳回")
    manager.wait("请直接回复驳回原因")
    manager.say(REASON)
    say(f"09:18  {boss_name} → 驳回，必须写明原因：「{REASON}」")
    phone.wait(REASON)
    _told(stage, say, "09:18", (user, name), REASON)


def _silence(stage: Stage, say: Say) -> None:
    """Nobody answers: a kind second message, the manager, then HR; nobody is accused."""
    for clock, who, text in (("09:46", "silent", "回个"), ("10:15", "boss", "你知道情况吗"), ("11:15", "hr", "请关心")):
        stage.move_to(f"{DAY}T{clock}:30")
        for cast in CASTS:
            _told(stage, say, clock, getattr(cast, who), text if who == "silent" else cast.silent[1])
            if who == "boss":
                stage.phone(cast.boss[0]).click(text, "不清楚")
                say(f"10:16  {cast.boss[1]} → 不清楚；继续升级")
    for cast in CASTS:
        stage.phone(cast.hr[0]).click(cast.silent[1], "联系上了")
        stage.phone(cast.hr[0]).wait("HR 已处理")
        say(f"11:16  {cast.hr[1]} → 联系上了 {cast.silent[1]}：平安；全部追问停止")
    stage.settle()


def _told(stage: Stage, say: Say, at: str, who: tuple[str, str], text: str) -> None:
    bubble = stage.phone(who[0]).wait(text)
    card = bubble.get("card") or {}
    buttons = " ".join(f"\\[{each['label']}]" for each in card.get("buttons", []))
    say(f"{at}  {who[1]} ← {card.get('title') or bubble['text']} {buttons}")
