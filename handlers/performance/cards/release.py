"""What HR reads when many results were approved with one confirmation. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.card import Card, Fact
from bot.locale import t


def finished(cycle: str, done: int, apart: int, link: str) -> Card:
    """To whoever confirmed. `apart`: left to be decided one by one, for the reasons shown on the page."""
    facts = (Fact(t("已批准并告知"), str(done)), *((Fact(t("留待逐件处理"), str(apart)),) if apart else ()))
    text = t("您确认的这批绩效结果已经处理完。每一份都单独留下了审批和告知的记录；告知不等于本人同意。")
    return Card(t("批量审批完成：{cycle}", cycle=cycle), text, facts, link=link)


def samples() -> Mapping[str, Card]:
    """One of each, for the pictures."""
    return {
        "release_finished": finished("2026 年 5 月", 986, 14, "https://hr.example.com/performance/cockpit/pc-1/release")
    }
