"""What only an administrator can put right (permission, quota, configuration): somebody is told, once a day."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.delivery.moves import Result
from bot.locale import t
from bot.tables import outbox


def tell(ctx: Context, results: Sequence[Result]) -> None:
    """One card a day to HR's head (to HR without one) for each platform and code among `results` with an alarm. It goes
    to their accounts on every platform: the one that refuses is not the way to say so."""
    found = {(each.row.platform, each.code): each.alarm for each in results if each.alarm}
    day = ctx.now.astimezone(ctx.zone).date()
    for (platform, code), hint in sorted(found.items()):
        matter = f"alarm:{platform}:{code}"[:49] + f":{day}"
        if ctx.db.execute(sa.select(outbox.c.id).where(outbox.c.matter == matter).limit(1)).first():
            continue
        for person in ctx.people.with_role("hr_head") or ctx.people.with_role("hr"):
            ctx.say(person, partial(card, platform, code, hint), matter)


def card(platform: str, code: str, hint: str) -> Card:
    """`hint` is the adapter's sentence, in Chinese."""
    names = {"wecom": t("企业微信"), "dingtalk": t("钉钉")}
    text = t("{hint}（代码 {code}）。这需要管理员处理，可运行 huizhi doctor 查看。", hint=hint, code=code)
    footer = t("没有发出的会再试几次，之后改走其他渠道或列在名单上，不会丢失。今天不再重复提醒。")
    return Card(t("{platform}拒绝了我们的消息", platform=names.get(platform, platform)), text, footer=footer)
