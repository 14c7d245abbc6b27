"""Results as rows: found, locked, moved; what of them payroll holds. Nothing here decides or speaks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.context import Context
from bot.people import Person
from handlers.performance import store, tables as tab
from handlers.performance.store import Cycle, Member, Policy, Result

TOLD = ("published", "answered", "appealed", "final")
"""States in which the person knows the result."""


def hold(ctx: Context, result: Result, why: str) -> None:
    """What follows from the result for pay is contested; payroll waits with exactly that part."""
    if move(ctx, result, TOLD, held=True) and not result.held:
        _payroll(ctx, result, "payroll.hold", why, "")


def unhold(ctx: Context, result: Result, why: str, reason: str = "") -> None:
    """The contest is over."""
    found = again(ctx, result)
    if found.held:
        ctx.db.execute(sa.update(tab.result).where(tab.result.c.id == found.id).values(held=False))
        _payroll(ctx, found, "payroll.release", why, reason)


def _payroll(ctx: Context, result: Result, type: str, why: str, reason: str) -> None:
    clause = next((each for each in policy_of(ctx, result).clauses if each.no == result.clause), None)
    factor = "" if clause is None or clause.factor is None else format(clause.factor, "f")
    more = {"why": why, "clause": result.clause, "factor": factor, "cycle": result.cycle_id}
    parts: dict[str, str | bytes] = {"reason": reason} if reason else {}
    ctx.record(type, result.id, subject=person_of(ctx, result), parts=parts, source=source(result) | more)


def lock(ctx: Context, cycle_id: str, person_id: str) -> Member:
    """The member; until the end of this transaction nobody else moves their review, result or appeal."""
    found = store.member(ctx.db, cycle_id, person_id, lock=True)
    if found is None:
        raise LookupError("a result without its member")
    return found


def move(ctx: Context, result: Result, states: tuple[str, ...], **values: Any) -> bool:
    """Change the result only while its state is one of `states`."""
    return store.move(ctx.db, tab.result, {"id": result.id}, states, **values)


def mirror(ctx: Context, result: Result, **values: Any) -> None:
    """What boards read about the newest result."""
    c = tab.member.c
    mine = (c.cycle_id == result.cycle_id, c.person_id == result.person_id)
    ctx.db.execute(sa.update(tab.member).where(*mine).values(**values))


def again(ctx: Context, result: Result) -> Result:
    """The result as it is now."""
    found = store.result(ctx.db, result.id)
    if found is None:
        raise LookupError("there is no such result")
    return found


def newest(ctx: Context, result: Result) -> Result:
    """The newest version that the person was told of the same cycle."""
    mine = store.results(ctx.db, cycle_id=result.cycle_id, person_id=result.person_id)
    return next((each for each in mine if each.state in TOLD), again(ctx, result))


def person_of(ctx: Context, result: Result) -> Person:
    """Whose result it is."""
    found = ctx.people.get(result.person_id)
    if found is None:
        raise LookupError("a result without its person")
    return found


def cycle_of(ctx: Context, result: Result) -> Cycle:
    """The cycle of the result."""
    found = store.cycle(ctx.db, result.cycle_id)
    if found is None:
        raise LookupError("a result without its cycle")
    return found


def policy_of(ctx: Context, result: Result) -> Policy:
    """The policy's version that the result rests on."""
    found = store.policy(ctx.db, cycle_of(ctx, result).policy_id)
    if found is None:
        raise LookupError("a cycle without its policy")
    return found


def source(result: Result) -> dict[str, str]:
    """What every event about a result says in the open."""
    return {"version": str(result.version), "cycle": result.cycle_id}


def ref(ctx: Context, person_id: str) -> str:
    """The pseudonym of a person, for the log."""
    found = ctx.people.get(person_id)
    return found.ref if found else "p:none"
