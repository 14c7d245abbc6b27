"""Who sits where when scores are given: in whose place somebody writes, and who may not hear an appeal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from bot import absence_facts, access
from bot.approvals import delegates
from bot.approvals.who import FURTHEST
from bot.context import Context
from bot.people import People, Person
from handlers.performance.preparing import members
from handlers.performance.rules import results as rules_results
from handlers.performance.rules.scoring import HR, MANAGER, SELF
from handlers.performance.scoring import reviews_rows
from handlers.performance.scoring.reviews_rows import Review
from handlers.performance.store import Cycle, Member


def matter(cycle: Cycle, person: Person) -> str:
    """The matter of one person in one cycle."""
    return members.matter(cycle.id, person)


def source(ctx: Context, behalf: str) -> dict[str, str]:
    """`for`: the pseudonym of the person in whose place the actor acts; nothing when it is their own."""
    principal = ctx.people.get(behalf)
    return {"for": principal.ref} if principal else {}


def behalf(ctx: Context, member: Member, side: str) -> str | None:
    """In whose place the actor may write this side, empty in their own; None when they may not. Never for oneself."""
    actor = ctx.actor
    if actor is None or not actor.active:
        return None
    if side == SELF:
        return "" if actor.id == member.person_id else None
    if actor.id == member.person_id:
        return None
    if side == MANAGER:
        if actor.id == member.scorer_id:
            return ""
        return member.scorer_id if stands_in(ctx.db, actor.id, member.scorer_id, ctx.now) else None
    return "" if side == HR and access.is_hr(actor) else None


def stands_in(db: Connection, person_id: str, principal: str, now: datetime) -> bool:
    """Does the person stand in for `principal` now, over however many hops?"""
    at = principal
    for _ in range(FURTHEST):
        absent = absence_facts.on_leave(db, [at], now)
        standing = delegates.in_force(db, [at], absent, now).get(at)
        if standing is None:
            return False
        if standing.person_id == person_id:
            return True
        at = standing.person_id
    return False


def scorer_of(ctx: Context, member: Member) -> Person | None:
    """Who is asked for the manager's side: the scorer, or whoever stands in now."""
    at, seen = member.scorer_id, {member.person_id}
    for _ in range(FURTHEST + 1):
        if not at or at in seen:
            break
        seen.add(at)
        absent = absence_facts.on_leave(ctx.db, [at], ctx.now)
        standing = delegates.in_force(ctx.db, [at], absent, ctx.now).get(at)
        if standing is None:
            found = ctx.people.get(at)
            return found if found and found.active else None
        at = standing.person_id
    found = ctx.people.get(member.scorer_id)
    return found if found and found.active and found.id != member.person_id else None


def scorers(db: Connection, member: Member) -> set[str]:
    """Everybody who had a hand in the score: the scorer, whoever wrote for them, and HR's side. Not the member."""
    return scorers_in(member, reviews_rows.every(db, member.cycle_id, member.person_id))


def scorers_in(member: Member, every: Sequence[Review]) -> set[str]:
    """The same where all of the member's reviews are known."""
    found = {member.scorer_id} if member.scorer_id else set()
    for each in every:
        if each.side != SELF:
            found |= {each.by_id, each.behalf_person_id}
    return found - {"", member.person_id}


def barred(db: Connection, member: Member, now: datetime) -> frozenset[str]:
    """Who may not hear an appeal now, see rules_results.barred. A standing wish counts even while nobody is on leave:
    who would decide in the scorer's place tomorrow does not decide about the scorer today."""
    people = People(db)
    fresh = {each.id for each in people.with_role(access.HR, access.HR_HEAD)} | scorers(db, member)
    fresh |= {each.id for each in above(people, member.scorer_id)}
    known, stands = set[str](), dict[str, str]()
    for _ in range(FURTHEST + 1):
        found = {each: to.person_id for each, to in delegates.in_force(db, fresh, fresh, now).items()}
        stands |= found
        known |= fresh
        fresh = set(found.values()) - known
        if not fresh:
            break
    return rules_results.barred(member.person_id, scorers(db, member), stands)


def reviewer(ctx: Context, member: Member, but: frozenset[str] = frozenset()) -> Person | None:
    """Who hears an appeal: the HR head, else somebody of HR, else higher managers; nobody who is barred or away."""
    no = barred(ctx.db, member, ctx.now) | but
    order = [*ctx.people.with_role(access.HR_HEAD), *ctx.people.with_role(access.HR)]
    order += above(ctx.people, member.scorer_id)
    free = [each for each in order if each.active and each.id not in no]
    away = absence_facts.on_leave(ctx.db, [each.id for each in free], ctx.now)
    return next((each for each in free if each.id not in away), free[0] if free else None)


def above(people: People, person_id: str) -> list[Person]:
    """The person and the managers above, nearest first; ends where the line comes back to itself."""
    found: dict[str, Person] = {}
    at = people.get(person_id)
    while at and at.id not in found:
        found[at.id] = at
        at = people.get(at.manager_id)
    return list(found.values())
