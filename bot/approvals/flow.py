"""A request climbs its chain: opened, asked, agreed step by step, or refused. Rows and asks only; the kinds speak.

Of two answers in the same moment one wins: a step is taken by a conditional update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal, cast

from bot.approvals import Role, Step, cards, hours as approvals_hours, kept, plain, plan, rows as approvals_rows
from bot.approvals.data import chain_of, numbered, version_at
from bot.approvals.faces import Asked, Outcome, faces
from bot.approvals.org import org_of
from bot.approvals.rows import Approval, StepRow
from bot.approvals.who import FURTHEST, Chosen, choose
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from bot.statutory import office_day
from bot.store import new_ref

Onward = Callable[[Outcome], None]
OWN = "自己的申请需要由别人决定。"


def request(
    ctx: Context,
    kind: str,
    matter: str,
    subject: Person,
    *,
    day: date,
    facts: Mapping[str, float],
    details: dict[str, str],
) -> list[Person]:
    """Open a request and ask the first step. Returns who was asked; nobody: it waits in HR's queue."""
    version = version_at(ctx.now, subject.zone)
    chain = chain_of(version, kind)
    steps = plan(chain, facts)
    new = Approval(
        id=f"ap-{new_ref()}"[:32],
        kind=kind,
        matter=matter,
        person_id=subject.id,
        day=day,
        facts=facts,
        details=details,
        version=version.number,
        step=0,
        state="open",
        bulk=plain(chain, facts),
        opened_at=ctx.now,
        decided_at=None,
        decided_by="",
        behalf_person_id="",
    )
    approvals_rows.insert(ctx.db, new, [each.who for each in steps])
    return _start(ctx, new)


def _start(ctx: Context, found: Approval) -> list[Person]:
    step = approvals_rows.steps_of(ctx.db, found.id)[found.step]
    approvals_rows.move_step(ctx.db, step, "waiting", state="open", asked_at=ctx.now)
    return seat(ctx, found, step, cast(Role, step.role))


def chosen(ctx: Context, found: Approval, role: Role) -> Chosen:
    """Who decides `role` now; people who decided an earlier step are not asked again."""
    before = {each.decided_by for each in approvals_rows.steps_of(ctx.db, found.id) if each.decided_by}
    return choose(org_of(ctx.db, found.person_id, ctx.now), found.person_id, role, before)


def seat(ctx: Context, found: Approval, step: StepRow, role: Role) -> list[Person]:
    """Ask whoever holds `role` now and is not asked yet; sets the step's times. Returns the new ones."""
    picked = chosen(ctx, found, role)
    known = set(step.seats)
    fresh = [(person, each.behalf) for each in picked.seats if (person := ctx.people.get(each.person))]
    fresh = [(person, behalf) for person, behalf in fresh if person.id not in known]
    if not fresh:
        return []
    for person, behalf in fresh:
        approvals_rows.seat(ctx.db, step, person.id, behalf)
        put(ctx, found, step, person, behalf)
    times = _times(ctx, found, [person.zone for person, _ in fresh])
    further = picked.role in numbered(found.version).escalate
    values: dict[str, Any] = {"asked_role": picked.role, "remind_at": times[0]}
    values["escalate_at"] = times[1] if further else None
    approvals_rows.move_step(ctx.db, step, "open", **values)
    return [person for person, _ in fresh]


def _times(ctx: Context, found: Approval, zones: list[str]) -> tuple[datetime, datetime]:
    version = numbered(found.version)
    hours = version.hours
    reminds = (approvals_hours.after(ctx.now, version.remind, zone, hours, office_day) for zone in zones)
    overs = ((zone, approvals_hours.next_day_over(ctx.now, zone, hours, office_day)) for zone in zones)
    # Whoever comes next is disturbed when work begins again, not in the evening.
    return max(reminds), max(approvals_hours.after(over, 0, zone, hours, office_day) for zone, over in overs)


def put(ctx: Context, found: Approval, step: StepRow, person: Person, behalf: str) -> None:
    """Put the question of the step to somebody who has a seat; `behalf`: id of whoever's place it is, or empty."""
    principal = ctx.people.get(behalf)
    before, reason = agreed(ctx, found) if step.no else lambda: (), _reason(found, step.no)
    shown = faces[found.kind]
    ref = ctx.ask(
        person,
        shown.ask,
        found.matter,
        lambda ref: shown.card(ctx, found, Asked(ref, principal.name if principal else "", before(), reason(), person)),
    )
    kept.put(ctx, shown, person, ref)


def _reason(found: Approval, no: int) -> Callable[[], str]:
    steps: tuple[Step, ...] = plan(chain_of(numbered(found.version), found.kind), found.facts)
    return lambda: steps[no].reason if no and no < len(steps) else ""


def agreed(ctx: Context, found: Approval) -> Callable[[], tuple[str, ...]]:
    """Names of those who agreed so far, `王HR 代 李主管`, said in the reader's language."""
    rows = [each for each in approvals_rows.steps_of(ctx.db, found.id) if each.state == "approved"]
    names = [(ctx.people.get(each.decided_by), ctx.people.get(each.behalf_person_id)) for each in rows]
    return lambda: tuple(cards.on_behalf(by.name, principal.name if principal else "") for by, principal in names if by)


def agree(ctx: Context, matter: str, onward: Onward) -> Outcome:
    """The actor agrees. `onward` is called with `next` just before the following step is asked: the time to change the
    copies of this one. `next`: the following step was asked. A matter that was never opened is decided by one answer.

    Refused for the subject, whatever they stand in for, and when a stand-in's time is over.
    """
    return _take(ctx, matter, "approved", onward)


def refuse(ctx: Context, matter: str) -> Outcome:
    """The actor refuses: `taken` and the request ends, or `late`, or `lapsed`."""
    return _take(ctx, matter, "rejected", lambda _outcome: None)


def _take(ctx: Context, matter: str, answer: Literal["approved", "rejected"], onward: Onward) -> Outcome:
    found, actor = approvals_rows.of_matter(ctx.db, matter, lock=True), ctx.actor
    if actor is None:
        raise Refused(t(OWN))
    if found is None:
        return Outcome("taken", actor.name)
    if found.person_id == actor.id:
        raise Refused(t(OWN))
    step = approvals_rows.steps_of(ctx.db, found.id)[found.step]
    behalf = ctx.people.get(step.seats.get(actor.id, ""))
    if found.state == "open" and behalf and not _stands_in(ctx, actor, behalf):
        if behalf.id not in step.seats:
            approvals_rows.seat(ctx.db, step, behalf.id, "")
            put(ctx, found, step, behalf, "")
        return Outcome("lapsed", behalf.name, behalf)
    taken: dict[str, Any] = {
        "decided_by": actor.id,
        "behalf_person_id": behalf.id if behalf else "",
        "decided_at": ctx.now,
    }
    ended: dict[str, Any] = {"state": answer, "remind_at": None, "escalate_at": None}
    if found.state != "open" or not approvals_rows.move_step(ctx.db, step, "open", **taken, **ended):
        return Outcome("late")
    by = cards.on_behalf(actor.name, behalf.name if behalf else "")
    onto = _following(ctx, found, step, Outcome("next", by, behalf), onward) if answer == "approved" else None
    if onto:
        return onto
    approvals_rows.move(ctx.db, found, **taken, state=answer)
    return Outcome("taken", by, behalf)


def end(ctx: Context, matter: str, state: Literal["withdrawn", "elsewhere"]) -> bool:
    """Ended without a decision here: withdrawn by the person, or decided in another system. False: it was over."""
    found = approvals_rows.of_matter(ctx.db, matter)
    if found is None or not approvals_rows.move(ctx.db, found, state=state, decided_at=ctx.now):
        return False
    step = approvals_rows.steps_of(ctx.db, found.id)[found.step]
    approvals_rows.move_step(ctx.db, step, "open", state="over")
    return True


def decided_by(ctx: Context, found: Approval) -> str:
    """Who decided, or agreed last, as read on cards; empty when nobody did."""
    if by := ctx.people.get(found.decided_by):
        principal = ctx.people.get(found.behalf_person_id)
        return cards.on_behalf(by.name, principal.name if principal else "")
    return "、".join(agreed(ctx, found)())


def _stands_in(ctx: Context, actor: Person, behalf: Person) -> bool:
    """Does the actor stand in for `behalf` at this moment, over however many hops?"""
    stands, at = org_of(ctx.db, behalf.id, ctx.now).delegates, behalf.id
    for _ in range(FURTHEST):
        at = stands.get(at, "")
        if at == actor.id:
            return True
    return False


def _following(ctx: Context, found: Approval, step: StepRow, outcome: Outcome, onward: Onward) -> Outcome | None:
    """Ask the next step that somebody else can decide; None when there is none."""
    source = {"step": str(step.no + 1), "kind": found.kind} | ({"for": outcome.behalf.ref} if outcome.behalf else {})
    for following in approvals_rows.steps_of(ctx.db, found.id)[step.no + 1 :]:
        picked = chosen(ctx, found, cast(Role, following.role))
        if not picked.seats and _only_the_same(ctx, found, following):
            approvals_rows.move_step(ctx.db, following, "waiting", state="skipped")
            continue
        approvals_rows.move(ctx.db, found, step=following.no)
        subject = ctx.people.get(found.person_id)
        ctx.record("approval.step_agreed", found.matter, subject=subject, source=source)
        moved = approvals_rows.of_matter(ctx.db, found.matter)
        names = (person.name for each in picked.seats if (person := ctx.people.get(each.person)))
        outcome = replace(outcome, to="、".join(names) or "HR")
        onward(outcome)
        if moved:
            _start(ctx, moved)
        return outcome
    return None


def _only_the_same(ctx: Context, found: Approval, step: StepRow) -> bool:
    """Nobody is left but those who agreed already: asking them twice would add nothing."""
    return bool(choose(org_of(ctx.db, found.person_id, ctx.now), found.person_id, cast(Role, step.role)).seats)
