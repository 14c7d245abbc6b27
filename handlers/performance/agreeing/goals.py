"""Goals: proposed by either side, confirmed by both over one hash; any edit voids both confirmations visibly."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.performance import cards, rules, store, tables as tab, words
from handlers.performance.agreeing import asking, goals_rows, sides
from handlers.performance.agreeing.sides import Acting
from handlers.performance.preparing import members
from handlers.performance.rules import GoalDraft, Problem
from handlers.performance.store import Cycle, Goal, Member

OPEN_CYCLES = ("draft", "goals", "running", "scoring")
SETTABLE = ("goals", "running")
"""States of a member in which goals may change: once scoring began they are what is scored."""
STALE = "这个目标已有新版本（第 {version} 版），没有替您确认。请看过最新内容后再确认。"
TAKEN = "这个目标刚刚被改动过，请看过最新内容后再改。"
NOT_OPEN = "现在不能修改目标：{state}"
NO_MEMBER = "{name} 不在这个周期里。"
ONLY_SIDES = "确认只能由本人和主管（或其代理人）各自完成。"
DONE = "这个目标已经取消。"
TWICE = "{name} 已经代表这一方确认过了。"
NEEDS = "还差一点：\n{problems}"


def propose(ctx: Context, cycle: Cycle, person: Person, draft: GoalDraft, reason: str = "") -> Goal:
    """A new goal of `person`, by themself, their manager (or who stands in) or HR; both sides are asked to confirm.

    `reason` is needed once the person's goals were settled. Refused with what is wrong.
    """
    member = _member(ctx, cycle, person.id)
    by = sides.acting(ctx, member)
    draft = rules.tidy(draft)
    _check(ctx, cycle, member, draft, None, reason)
    found = goals_rows.insert(ctx, member, draft, reason.strip(), ctx.actor.id if ctx.actor else "")
    members.resettle(ctx, member)
    parts = {"goal": rules.canonical(draft)} | _why(reason)
    source = _source(ctx, found, by) | {"cycle": cycle.id}
    ctx.record("goal.proposed", found.id, subject=person, parts=parts, source=source)
    if cycle.state != "draft":
        asking.put(ctx, found, member, {}, _by(ctx, by))
        members.wrote(ctx, cycle, person)
    return found


def confirm(ctx: Context, goal: Goal, sha256: str) -> Goal:
    """The actor's side confirms the text with this hash. Refused when there is a newer one or nothing to confirm."""
    asking.lock(ctx, goal.id)
    found, member, by = _standing(ctx, goal.id)
    if by.side == sides.HR:
        raise Refused(t(ONLY_SIDES))
    if found.version != goal.version or found.sha256 != sha256 or rules.digest(asking.draft_of(found)) != sha256:
        raise Refused(t(STALE, version=found.version))
    before = asking.confirmed(ctx, found)
    if by.side in before:
        earlier = ctx.people.get(before[by.side])
        raise Refused(t(TWICE, name=earlier.name if earlier else ""))
    actor = store.there(ctx.actor)
    ctx.db.execute(
        sa.insert(tab.confirmation).values(
            goal_id=found.id,
            version=found.version,
            side=by.side,
            person_id=actor.id,
            behalf_person_id=by.behalf,
            sha256=sha256,
            at=ctx.now,
        )
    )
    subject = ctx.people.get(found.person_id)
    text = rules.canonical(asking.draft_of(found))
    ctx.record("goal.confirmed", found.id, subject=subject, parts={"goal": text}, source=_source(ctx, found, by))
    return _agree(ctx, found, member) if before else _wait(ctx, found, member, by)


def _wait(ctx: Context, found: Goal, member: Member, by: Acting) -> Goal:
    face = asking.face_of(ctx, found)
    others = [person.name for side, person in asking.seats(ctx, found, member) if side != by.side]
    waiting = others[0] if others else ""
    asking.show(ctx, found, lambda: cards.half(face, waiting), side=by.side, interim=True)
    return found


def _agree(ctx: Context, found: Goal, member: Member) -> Goal:
    if not store.move(ctx.db, tab.goal, {"id": found.id, "version": found.version}, ("proposed",), state="agreed"):
        raise Refused(t(TAKEN))
    face, subject = asking.face_of(ctx, found), ctx.people.get(found.person_id)
    who = asking.confirmed(ctx, found)
    refs = {f"by_{side}": person.ref for side, each in who.items() if (person := ctx.people.get(each))}
    text = rules.canonical(asking.draft_of(found))
    ctx.record("goal.agreed", found.id, subject=subject, parts={"goal": text}, source=_version(found) | refs)
    asking.show(ctx, found, lambda: cards.agreed(face))
    members.resettle(ctx, member)
    return store.goal(ctx.db, found.id) or found


def edit(ctx: Context, goal: Goal, draft: GoalDraft, reason: str = "") -> Goal:
    """A new version; both confirmations are void. `reason` is needed when the goal had been agreed.

    `goal` is the version the actor saw: Refused when somebody else was first.
    """
    asking.lock(ctx, goal.id)
    found, member, by = _standing(ctx, goal.id)
    if found.version != goal.version:
        raise Refused(t(TAKEN))
    cycle, draft, old = _cycle(ctx, found), rules.tidy(draft), asking.draft_of(found)
    changes = rules.changes(old, draft)
    if not changes:
        return found
    _check(ctx, cycle, member, draft, found, reason)
    who = _by(ctx, by)
    face = asking.face_of(ctx, found)
    asking.show(ctx, found, lambda: cards.superseded(face, who, changes))
    _void(ctx, found, by)
    reason = reason.strip() or found.reason
    new = goals_rows.following(ctx, found, draft, reason)
    if new is None:
        raise Refused(t(TAKEN))
    members.resettle(ctx, member)
    subject = ctx.people.get(found.person_id)
    parts = {"goal": rules.canonical(draft), "before": rules.canonical(old)} | _why(reason)
    ctx.record(
        "goal.changed", new.id, subject=subject, parts=parts, source=_source(ctx, new, by) | {"was": found.state}
    )
    if cycle.state != "draft":
        asking.put(ctx, new, member, changes, who)
    return new


def drop(ctx: Context, goal: Goal, reason: str) -> None:
    """The goal is not pursued any more, for the reason given; both sides are told."""
    asking.lock(ctx, goal.id)
    found, member, by = _standing(ctx, goal.id)
    if found.version != goal.version:
        raise Refused(t(TAKEN))
    if len(reason.strip()) < 2:
        raise Refused(t(NEEDS, problems=words.problems([Problem("reason", "reason")])))
    if not store.move(ctx.db, tab.goal, {"id": found.id}, ("proposed", "agreed"), state="dropped"):
        raise Refused(t(DONE))
    subject, face, who = ctx.people.get(found.person_id), asking.face_of(ctx, found), _by(ctx, by)
    ctx.record("goal.dropped", found.id, subject=subject, parts=_why(reason), source=_source(ctx, found, by))
    asking.show(ctx, found, lambda: cards.dropped(face, who, reason.strip()))
    for _side, person in asking.seats(ctx, found, member):
        if ctx.actor is None or person.id != ctx.actor.id:
            ctx.say(person, lambda: cards.dropped(face, who, reason.strip()), found.id)
    members.resettle(ctx, member)


def _void(ctx: Context, found: Goal, by: Acting) -> None:
    before = asking.confirmed(ctx, found)
    if not before:
        return
    c = tab.confirmation.c
    mine = (c.goal_id == found.id, c.version == found.version, c.voided_at.is_(None))
    ctx.db.execute(sa.update(tab.confirmation).where(*mine).values(voided_at=ctx.now))
    sides_of = {"voided": ",".join(sorted(before))}
    ctx.record(
        "goal.voided", found.id, subject=ctx.people.get(found.person_id), source=_source(ctx, found, by) | sides_of
    )


def _standing(ctx: Context, goal_id: str) -> tuple[Goal, Member, Acting]:
    found = store.goal(ctx.db, goal_id)
    member = store.member(ctx.db, found.cycle_id, found.person_id) if found else None
    if found is None or member is None:
        raise Refused(t(NO_MEMBER, name=""))
    by = sides.acting(ctx, member)
    if found.state == "dropped":
        raise Refused(t(DONE))
    _open(_cycle(ctx, found), member)
    return found, member, by


def _cycle(ctx: Context, found: Goal) -> Cycle:
    return store.there(store.cycle(ctx.db, found.cycle_id))


def _member(ctx: Context, cycle: Cycle, person_id: str) -> Member:
    member = store.member(ctx.db, cycle.id, person_id)
    if member is None:
        person = ctx.people.get(person_id)
        raise Refused(t(NO_MEMBER, name=person.name if person else ""))
    return member


def _open(cycle: Cycle, member: Member) -> None:
    if cycle.state not in OPEN_CYCLES or member.state not in SETTABLE:
        raise Refused(t(NOT_OPEN, state=member.state if cycle.state in OPEN_CYCLES else cycle.state))


def _check(ctx: Context, cycle: Cycle, member: Member, draft: GoalDraft, old: Goal | None, reason: str) -> None:
    """Refused with every problem at once."""
    _open(cycle, member)
    template = store.template(ctx.db, cycle.template_id)
    codes = [each.code for each in template.dimensions] if template else []
    found = rules.draft_problems(draft, cycle.starts_on, cycle.ends_on, codes)
    state = ("proposed", "agreed")
    others = store.goals(ctx.db, cycle_id=cycle.id, person_id=member.person_id, state=state)
    others = [each for each in others if old is None or each.id != old.id]
    beyond = rules.over([*(each.weight for each in others), draft.weight])
    if beyond > 0:
        found.append(Problem("weight", "weights_over", rules.plain(beyond)))
    if old is None and len(others) >= rules.MOST_GOALS:
        found.append(Problem("text", "goals_many", str(rules.MOST_GOALS)))
    settled = old.state == "agreed" if old else member.state == "running" or cycle.state not in ("draft", "goals")
    if settled and len(reason.strip()) < 2:
        found.append(Problem("reason", "reason"))
    if found:
        raise Refused(t(NEEDS, problems=words.problems(found)))


def _why(reason: str) -> dict[str, str | bytes]:
    return {"reason": reason.strip()} if reason.strip() else {}


def _version(goal: Goal) -> dict[str, str]:
    """What the log says in the open. The text is a part: its bare hash there would tell whoever guesses the text."""
    return {"version": str(goal.version)}


def _source(ctx: Context, goal: Goal, by: Acting) -> dict[str, str]:
    principal = ctx.people.get(by.behalf)
    return _version(goal) | {"side": by.side} | ({"for": principal.ref} if principal else {})


def _by(ctx: Context, by: Acting) -> str:
    return sides.named(ctx, by)


def weight_left(ctx: Context, cycle: Cycle, person_id: str) -> Decimal:
    """What is still to be given out of 100."""
    mine = store.goals(ctx.db, cycle_id=cycle.id, person_id=person_id, state=("proposed", "agreed"))
    return -rules.over(each.weight for each in mine)
