"""When a second person checks a notice, who that is, and when what they agreed to has become something else."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.approvals import flow as approvals_flow
from bot.context import Context
from bot.people import Person
from bot.store import new_ref
from bot.tables import approval
from handlers.notices.composing import audience, drafts
from handlers.notices.composing.audience import Target
from handlers.notices.composing.second_rules import again, needed
from handlers.notices.store import Notice

KIND = "notice"


def reach(ctx: Context, notice: Notice) -> tuple[Target, ...]:
    """Whom it would go to now."""
    return audience.resolve(ctx.db, notice.audience).people


def wanted(ctx: Context, notice: Notice, people: int) -> bool:
    """Whether somebody else has to agree before these `people` get it, by the firm's setting."""
    return needed(people, notice.importance, ctx.settings.notice_two_from)


def outgrown(ctx: Context, notice: Notice) -> int:
    """How many people it would go to now, when that is not what was agreed to; else 0."""
    people = len(reach(ctx, notice))
    from_people = ctx.settings.notice_two_from
    return people if again(agreed_for(ctx, notice), people, notice.importance, from_people) else 0


def agreed_for(ctx: Context, notice: Notice) -> int:
    """For how many people this very version was agreed to; 0: nobody was asked."""
    c = approval.c
    mine = (c.kind == KIND, c.state == "approved", c.details.contains(notice.id, autoescape=True))
    rows = ctx.db.execute(sa.select(c.facts, c.details).where(*mine).order_by(c.decided_at.desc()))
    for facts, details in rows.tuples():
        said = json.loads(details)
        if said.get("notice") == notice.id and said.get("version") == str(notice.version):
            return int(json.loads(facts).get("people", 0))
    return 0


def request(ctx: Context, notice: Notice, people: int) -> list[Person]:
    """Ask whoever checks. Every submission is a matter of its own: what came back is asked about afresh."""
    who = ctx.people.get(notice.author_id) or drafts.author(ctx)
    matter = f"na-{new_ref()}"
    facts = {"people": people, "stakes": drafts.IMPORTANCE.index(notice.importance)}
    day = ctx.now.astimezone(ZoneInfo(who.zone)).date()
    details = {"notice": notice.id, "version": str(notice.version)}
    return approvals_flow.request(ctx, KIND, matter, who, day=day, facts=facts, details=details)
