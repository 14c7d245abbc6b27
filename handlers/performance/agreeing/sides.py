"""Who speaks for which side of a goal: the employee, and their scorer or whoever stands in for the scorer."""

from __future__ import annotations

from dataclasses import dataclass

from bot import absence_facts
from bot.access import is_hr
from bot.approvals import delegates
from bot.approvals.who import FURTHEST
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.performance.store import Member

EMPLOYEE, MANAGER, HR = "employee", "manager", "hr"
NOT_YOURS = "这里只有本人、主管（或其代理人）和 HR 可以处理。"
HR_ONLY = "这里由 HR 处理。"


@dataclass(frozen=True, slots=True)
class Acting:
    """The side somebody speaks for; `behalf` is the id of the person in whose place, or empty."""

    side: str
    behalf: str = ""


def manager_seat(ctx: Context, member: Member) -> tuple[Person, str] | None:
    """(who speaks for the scorer now, in whose place or ""); None when nobody does. Never the member."""
    at, seen = member.scorer_id, {member.person_id}
    for _ in range(FURTHEST + 1):
        person = ctx.people.get(at)
        if not at or at in seen or person is None:
            break
        seen.add(at)
        absent = absence_facts.on_leave(ctx.db, [at], ctx.now)
        standing = delegates.in_force(ctx.db, [at], absent, ctx.now).get(at)
        if standing is None:
            return (person, "" if at == member.scorer_id else member.scorer_id) if person.active else None
        at = standing.person_id
    scorer = ctx.people.get(member.scorer_id)
    # A circle of stand-ins, or one that leads to the member: the scorer decides after all.
    return (scorer, "") if scorer and scorer.active and scorer.id != member.person_id else None


def acting(ctx: Context, member: Member) -> Acting:
    """What the actor is in this matter. The scorer may always speak for their side. Refused for everybody else."""
    actor = ctx.actor
    if actor is None or not actor.active:
        raise Refused(t(NOT_YOURS))
    if actor.id == member.person_id:
        return Acting(EMPLOYEE)
    if actor.id == member.scorer_id:
        return Acting(MANAGER)
    seat = manager_seat(ctx, member)
    if seat and seat[0].id == actor.id:
        return Acting(MANAGER, seat[1])
    if is_hr(actor):
        return Acting(HR)
    raise Refused(t(NOT_YOURS))


def need_hr(ctx: Context) -> Person:
    """The actor, who must be HR. Refused otherwise; the system itself does not set up cycles."""
    if ctx.actor is None or not is_hr(ctx.actor):
        raise Refused(t(HR_ONLY))
    return ctx.actor


def named(ctx: Context, by: Acting) -> str:
    """`周 代 李主管` or the actor's own name."""
    own = ctx.actor.name if ctx.actor else t("系统")
    principal = ctx.people.get(by.behalf)
    return t("{name}（代 {principal}）", name=own, principal=principal.name) if principal else own
