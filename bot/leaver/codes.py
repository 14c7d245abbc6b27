"""The second factor of a leaver's link: six digits, sent to a confirmed address or handed over by HR."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from bot import access
from bot.addresses import Confirmed
from bot.context import Context
from bot.delivery import channels
from bot.leaver import HAND, Link, cards, matter, new_code, record, seal
from bot.locale import speaking, t
from bot.people import Person
from bot.tables import leaver_link as table

TRIES, SENDS = 5, 5
"""Wrong codes in a row that lock a link; codes that are sent for one link."""
CODE_LIVES, PAUSE = timedelta(minutes=10), timedelta(seconds=60)
"""How long a sent code works; how soon after it the next may be asked for."""
CODE = (
    "【回执】您的验证码是 {code}，10 分钟内有效，只用于打开您本人的人事记录。"
    "请勿转告任何人；如不是您本人操作，请联系原单位 HR。"
)


def send_code(ctx: Context, link: Link, person: Person, token: str, reach: Mapping[str, Confirmed]) -> str:
    """A new code on its way: `sent`, or why not: `wait` a minute, `spent` (no more for this link), `unreachable`."""
    if link.sends >= SENDS:
        return "spent"
    if link.sent_at and ctx.now < link.sent_at + PAUSE:
        return "wait"
    to, code = reach.get(link.way), new_code()
    if to is None:
        return "unreachable"
    # Two taps in the same moment: only one of them sends.
    mine = (table.c.id == link.id, table.c.state == "open", table.c.sends == link.sends)
    fresh = {"code_hash": seal(token, code), "code_until": ctx.now + CODE_LIVES}
    fresh |= {"sends": link.sends + 1, "sent_at": ctx.now}
    if ctx.db.execute(sa.update(table).where(*mine).values(**fresh)).rowcount != 1:
        return "wait"
    with speaking(person.locale):
        text = t(CODE, code=code)
    # Under no matter: what is said there is kept as evidence, and a code is nobody's to read.
    channels.queue(ctx, person, to.channel, to.to, text, "system")
    record(ctx, "identity.code_sent", person, link.id, way=link.way)
    return "sent"


def try_code(ctx: Context, link: Link, person: Person, token: str, code: str) -> str:
    """`right`, `wrong`, `stale` (no code is in force) or `locked`. The try is counted before it is looked at, so that
    tries at the same time are not free. `ctx.actor` is nobody: who types is not known yet."""
    if not link.code_hash or link.code_until is None or ctx.now >= link.code_until:
        return "stale"
    mine = (table.c.id == link.id, table.c.state == "open", table.c.tries < TRIES)
    if ctx.db.execute(sa.update(table).where(*mine).values(tries=table.c.tries + 1)).rowcount != 1:
        return "locked"
    if hmac.compare_digest(link.code_hash, seal(token, code)):
        return "right" if _let_in(ctx, link) else "stale"
    tries = int(ctx.db.execute(sa.select(table.c.tries).where(table.c.id == link.id)).scalar_one())
    record(ctx, "identity.code_wrong", person, link.id, number=str(tries))
    if tries < TRIES:
        return "wrong"
    ctx.db.execute(sa.update(table).where(table.c.id == link.id).values(state="locked", closed_at=ctx.now))
    record(ctx, "identity.link_locked", person, link.id)
    for each in ctx.people.with_role(access.HR, access.HR_HEAD):
        ctx.say(each, lambda: cards.locked(person.name), matter(person))
    return "locked"


def _let_in(ctx: Context, link: Link) -> bool:
    """A code that was sent is used up; one that was handed over lasts as long as its link."""
    spent = {} if link.way == HAND else {"code_hash": ""}
    mine = (table.c.id == link.id, table.c.code_hash == link.code_hash)
    return ctx.db.execute(sa.update(table).where(*mine).values(tries=0, used_at=ctx.now, **spent)).rowcount == 1


def entered(ctx: Context, link: Link, person: Person) -> None:
    """`ctx.actor` is the person now: that the record was opened by a link is on record, for both sides."""
    record(ctx, "access.link_used", person, link.id, how=link.how, way=link.way)
