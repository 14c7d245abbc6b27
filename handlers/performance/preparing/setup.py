"""Cycles and what they rest on: policies, templates, members, timelines. HR does all of this."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from handlers.performance import rules, store, tables as tab
from handlers.performance.agreeing import sides
from handlers.performance.files import FileKind, Form, export_rows, goals as files_goals, import_rows
from handlers.performance.files.rows import Imported
from handlers.performance.preparing import members
from handlers.performance.preparing.cycles import CycleDraft, draft_problems, insert, name_problems, refuse
from handlers.performance.preparing.timeline import moved
from handlers.performance.rules import Problem, policy as rules_policy
from handlers.performance.store import Clause, Cycle, Dimension, Policy, Template

__all__ = ["CycleDraft", "FileKind", "Form", "Imported", "export_rows", "import_rows"]


def create_policy(ctx: Context, name: str, since: date, clauses: Sequence[Clause], deemed_clause: str = "") -> Policy:
    """The next version of the policy of that name. Refused with every problem at once."""
    sides.need_hr(ctx)
    refuse([*name_problems(name), *rules_policy.clause_problems(clauses, deemed_clause)])
    body = json.dumps([_clause(each) for each in clauses], ensure_ascii=False, sort_keys=True)
    sha256 = hashlib.sha256(f"{since.isoformat()}\n{deemed_clause}\n{body}".encode()).hexdigest()
    row = {"id": store.new_id("pp-"), "name": name.strip(), "version": _next(ctx.db, tab.policy, name), "since": since}
    row |= {"clauses": body, "deemed_clause": deemed_clause, "sha256": sha256}
    ctx.db.execute(sa.insert(tab.policy).values(**row))
    source = {"name": name.strip(), "version": str(row["version"]), "since": since.isoformat(), "sha256": sha256}
    ctx.record("policy.versioned", str(row["id"]), parts={"clauses": body}, source=source)
    return store.there(store.policy(ctx.db, str(row["id"])))


def _clause(each: Clause) -> dict[str, str]:
    numbers = {"at_least": each.at_least, "below": each.below, "factor": each.factor}
    said = {
        "no": each.no.strip(),
        "text": each.text.strip(),
        "band": each.band.strip(),
        "consequence": each.consequence,
    }
    return said | {name: rules.plain(value) for name, value in numbers.items()}


def create_template(ctx: Context, name: str, dimensions: Sequence[Dimension], places: int = 1) -> Template:
    """The next version of the template of that name. Refused with every problem at once."""
    sides.need_hr(ctx)
    refuse([*name_problems(name), *rules_policy.template_problems(dimensions, places)])
    parts = [
        {"code": each.code.strip(), "name": each.name, "weight": rules.plain(each.weight), "max": rules.plain(each.max)}
        for each in dimensions
    ]
    body = json.dumps(parts, ensure_ascii=False)
    row = {"id": store.new_id("pt-"), "name": name.strip(), "version": _next(ctx.db, tab.template, name)}
    ctx.db.execute(sa.insert(tab.template).values(**row, dimensions=body, places=places))
    ctx.record("cycle.template_versioned", str(row["id"]), parts={"dimensions": body})
    return store.there(store.template(ctx.db, str(row["id"])))


def _next(db: Connection, table: sa.Table, name: str) -> int:
    newest = db.execute(sa.select(sa.func.max(table.c.version)).where(table.c.name == name.strip())).scalar()
    return int(newest or 0) + 1


def create_cycle(ctx: Context, draft: CycleDraft) -> Cycle:
    """A draft with its members from the organisation. Refused with every problem at once."""
    sides.need_hr(ctx)
    return create_cycles(ctx, draft, {})[0]


def create_cycles(ctx: Context, draft: CycleDraft, templates: Mapping[str, str]) -> list[Cycle]:
    """The draft's populations, those with a template of their own (population -> template id) as a cycle beside it.

    Nobody is in two of them: refused with the names of whoever would be, and with every other problem at once.
    """
    sides.need_hr(ctx)
    own = {name: found for name, found in templates.items() if name in draft.populations and found}
    wanted = [draft.template_id, *sorted(set(own.values()) - {draft.template_id})]
    unknown = [each for each in wanted[1:] if store.template(ctx.db, each) is None]
    found = draft_problems(ctx.db, draft) + [Problem("template_id", "template_unknown") for _ in unknown]
    refuse(found + members.in_two(ctx.db, draft.populations))
    places = members.from_organisation(ctx.db, draft.populations)
    made = []
    for template_id in wanted:
        mine = [name for name in draft.populations if own.get(name, draft.template_id) == template_id]
        new = insert(ctx, _part_of(draft, mine, template_id))
        members.add(ctx.db, new.id, [each for each in places if each.population in mine])
        made.append(new)
    return made


def _part_of(draft: CycleDraft, names: Sequence[str], template_id: str) -> CycleDraft:
    """The draft for some of its populations; days of all others ("") hold where a population has none."""
    title = draft.name if template_id == draft.template_id else f"{draft.name.strip()} · {'、'.join(names)}"
    line = {name: days for name, days in draft.timeline.items() if name in ("", *names)}
    populations = {name: draft.populations[name] for name in names}
    return replace(draft, name=title[:80], template_id=template_id, timeline=line, populations=populations)


def copy_cycle(ctx: Context, cycle: Cycle, name: str, starts_on: date, ends_on: date, *, goals: bool = False) -> Cycle:
    """The same set-up for another period, days of the timeline moved along; with `goals` those too, as proposals.

    Members, their populations and scorers are taken over; who left is left out.
    """
    sides.need_hr(ctx)
    line = moved(cycle.timeline, starts_on - cycle.starts_on)
    parts = (cycle.sides, cycle.visibility, line, cycle.appeal_days, cycle.populations or {"": ()})
    draft = CycleDraft(name, starts_on, ends_on, cycle.policy_id, cycle.template_id, *parts)
    refuse(draft_problems(ctx.db, draft))
    found = insert(ctx, draft)
    people = members.everybody(ctx.db)
    old = [each for each in store.members(ctx.db, cycle_id=cycle.id) if people[each.person_id].active]
    places = [
        members.Place(each.person_id, each.population, members.department(people[each.person_id]), each.scorer_id)
        for each in old
    ]
    members.add(ctx.db, found.id, places)
    if goals:
        files_goals.copied(ctx, cycle, found)
    return found


def problems(ctx: Context, cycle: Cycle) -> list[Problem]:
    """What keeps the cycle from being opened."""
    found = [] if cycle.state == "draft" else [Problem("state", "state", cycle.state)]
    return found + members.problems(ctx.db, cycle)


def open_cycle(ctx: Context, cycle: Cycle) -> Cycle:
    """Goals may be agreed from now on; people are asked by a job, 500 in one step. Refused while `problems` has any."""
    sides.need_hr(ctx)
    refuse(problems(ctx, cycle))
    if not store.move(ctx.db, tab.cycle, {"id": cycle.id}, ("draft",), state="goals"):
        refuse([Problem("state", "state", "goals")])
    mine = tab.member.c.cycle_id == cycle.id
    total = ctx.db.execute(sa.update(tab.member).where(mine).values(next_at=ctx.now)).rowcount
    source = {"people": str(total), "policy": cycle.policy_id, "template": cycle.template_id}
    ctx.record("cycle.opened", cycle.id, source=source)
    return store.there(store.cycle(ctx.db, cycle.id))
