"""The story `make demo` tells: one forgotten punch answered at once on WeCom, one long silence on DingTalk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.rehearsal import Stage

Say = Callable[[str], object]
DAY = "2026-06-11"


def play(stage: Stage, say: Say) -> None:
    """Thursday 11 June 2026, on a moved clock."""
    stage.morning()
    stage.open()
    say(f"[bold]{DAY} 星期四 · 班次 09:00[/bold]（企业微信：张三、李主管、王HR；钉钉：周小云、孙店长、吴HR）")
    stage.move_to(f"{DAY}T09:14:30")
    stage.move_to(f"{DAY}T09:16:10")
    _told(stage, say, "09:16", "zhangsan", "张三", "一切还好吗")
    _told(stage, say, "09:16", "zhou", "周小云", "一切还好吗")
    _wecom(stage, say)
    _dingtalk(stage, say)


def _wecom(stage: Stage, say: Say) -> None:
    zhang, li = stage.phone("zhangsan"), stage.phone("li")
    zhang.click("一切还好吗", "忘打卡")
    say("09:16  张三  → 点了「忘打卡」")
    zhang.wait("你是几点到的")
    zhang.say("9:02 到的，忘了打卡")
    say("09:16  张三  → 回复「9:02 到的，忘了打卡」")
    _told(stage, say, "09:17", "li", "李主管", "补卡")
    li.click("补卡", "同意")
    say("09:17  李主管 → 点了「同意」")
    zhang.wait("补卡已完成")
    stage.settle()
    say("09:17  系统  → 已写回企业微信考勤并重新读取确认；张三与李主管的卡片都已更新")


def _dingtalk(stage: Stage, say: Say) -> None:
    zhou, sun = stage.phone("zhou"), stage.phone("sun")
    stage.move_to(f"{DAY}T09:46:10")
    _told(stage, say, "09:46", "zhou", "周小云", "回个")
    stage.move_to(f"{DAY}T10:15:30")
    _told(stage, say, "10:15", "sun", "孙店长", "你知道情况吗")
    stage.move_to(f"{DAY}T11:15:30")
    _told(stage, say, "11:15", "wu", "吴HR", "周小云")
    zhou.click("一切还好吗", "忘打卡")
    say("11:15  周小云 → 点了「忘打卡」（平安信号，升级全部停止）")
    zhou.wait("你是几点到的")
    zhou.say("9点05")
    say("11:15  周小云 → 回复「9点05」")
    _told(stage, say, "11:16", "sun", "孙店长", "补卡")
    sun.click("补卡", "同意")
    say("11:16  孙店长 → 点了「同意」")
    zhou.wait("补卡已完成")
    stage.settle()
    say("11:16  系统  → 已写回钉钉考勤并重新读取确认；三个人的卡片都已更新")


def _told(stage: Stage, say: Say, at: str, user: str, name: str, text: str) -> None:
    bubble = stage.phone(user).wait(text)
    card = bubble.get("card") or {}
    buttons = " ".join(f"\\[{each['label']}]" for each in card.get("buttons", []))
    say(f"{at}  {name} ← {card.get('title') or bubble['text']} {buttons}")
