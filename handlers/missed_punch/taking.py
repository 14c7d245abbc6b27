"""Files sent in the chat while somebody is asked about a missing punch: a bus that broke down, a doctor's paper."""

from __future__ import annotations

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.locale import t
from bot.router import Filed, SentFile, takes_files
from handlers.missed_punch import store
from handlers.missed_punch.ladder import steps


@takes_files(steps.CHECKIN)
def beside_answer(ctx: Context, ask: Ask | None, file: SentFile) -> Filed | None:
    """Kept with the day's case. It answers nothing by itself, and HR alone is asked to look."""
    case = store.get(ctx.db, ask.matter) if ask else None
    if case is None or ctx.actor is None or case.person_id != ctx.actor.id:
        return None
    return Filed(case.id, _kept(file.name))


takes_files(steps.TIME)(beside_answer)


def _kept(name: str) -> Card:
    text = t("「{name}」已原样保存，和这天的打卡情况放在一起。只有您和 HR 能打开，经理看不到。", name=name)
    return Card(t("已收到您的文件"), text, footer=t("刚才的问题还没有答复：请点一下按钮，或者打字告诉我们。"))
