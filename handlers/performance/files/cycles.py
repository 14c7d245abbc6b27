"""Cycles as a file: one row for each population, rows of the same name and period are one cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import sqlalchemy as sa

from bot import sheets_out
from bot.context import Context
from handlers.performance import store, tables as tab
from handlers.performance.files.rows import Row, Table
from handlers.performance.preparing import cycles, members, populations
from handlers.performance.preparing.timeline import STEPS
from handlers.performance.rules import Problem
from handlers.performance.store import SIDES, Cycle

CYCLES: Table = MappingProxyType(
    {
        "name": ("name", "名称", "周期"),
        "starts_on": ("starts_on", "start", "开始日期"),
        "ends_on": ("ends_on", "end", "结束日期"),
        "policy": ("policy", "制度"),
        "template": ("template", "模板"),
        "sides": ("sides", "评分方"),
        "appeal_days": ("appeal_days", "申诉工作日"),
        "population": ("population", "人群"),
        "groups": ("groups", "departments", "部门或标签"),
        **{f"sees_{side}": (f"sees_{side}",) for side in SIDES},
        **{step: (step,) for step in STEPS},
    }
)
NOBODY = "-"
"""In a column `sees_…`: nobody else before the result. Empty: as the program has it."""


def checked(ctx: Context, rows: Sequence[Row]) -> tuple[list[Problem], Callable[[], int]]:
    """What is wrong with the rows, and what writes their cycles."""
    found: list[Problem] = []
    drafts: dict[tuple[str, date, date], tuple[int, cycles.CycleDraft]] = {}
    for number, cells in rows:
        wrong, draft = _read(ctx, cells)
        found += [replace(each, row=number) for each in wrong]
        if draft is None:
            continue
        key = (draft.name.strip(), draft.starts_on, draft.ends_on)
        first, before = drafts.get(key, (number, draft))
        joined = draft if before is draft else _joined(before, draft)
        if joined is None:
            found.append(Problem("population", "population_row", cells["population"], number))
        else:
            drafts[key] = (first, joined)
    for number, draft in drafts.values():
        found += [replace(each, row=number) for each in members.in_two(ctx.db, draft.populations)]
    return found, lambda: _write(ctx, [draft for _, draft in drafts.values()])


def _read(ctx: Context, cells: Mapping[str, str]) -> tuple[list[Problem], cycles.CycleDraft | None]:
    wrong = [Problem(name, "no_date", cells[name]) for name in ("starts_on", "ends_on") if not a_day(cells[name])]
    days = cells["appeal_days"] or "5"
    if not (days.isascii() and days.isdigit()):
        wrong.append(Problem("appeal_days", "no_number", days))
    if wrong:
        return wrong, None
    draft = _draft(ctx, cells, int(days))
    return cycles.draft_problems(ctx.db, draft), draft


def _joined(one: cycles.CycleDraft, other: cycles.CycleDraft) -> cycles.CycleDraft | None:
    """A further population of the same cycle; None when it says something else about the cycle, or is there already."""
    same = replace(other, populations=one.populations, timeline=one.timeline)
    if same != one or set(one.populations) & set(other.populations):
        return None
    line = {**one.timeline, **other.timeline}
    return replace(one, populations={**one.populations, **other.populations}, timeline=line)


def _draft(ctx: Context, cells: Mapping[str, str], days: int) -> cycles.CycleDraft:
    """Of policies the newest version that is in force when the period starts, of templates the newest."""
    starts_on, ends_on = a_day(cells["starts_on"]) or date.min, a_day(cells["ends_on"]) or date.min
    p, tp, name = tab.policy.c, tab.template.c, cells["population"].strip()
    policy = sa.select(p.id).where(p.name == cells["policy"], p.since <= starts_on).order_by(p.version.desc())
    template = sa.select(tp.id).where(tp.name == cells["template"]).order_by(tp.version.desc())
    wanted = tuple(each.strip() for each in cells["sides"].split(",") if each.strip()) or SIDES
    sees = {side: cells[f"sees_{side}"] for side in SIDES if cells[f"sees_{side}"]}
    return cycles.CycleDraft(
        cells["name"],
        starts_on,
        ends_on,
        ctx.db.execute(policy.limit(1)).scalar() or "",
        ctx.db.execute(template.limit(1)).scalar() or "",
        wanted,
        visibility={side: [] if text == NOBODY else list(populations.named(text)) for side, text in sees.items()},
        timeline={name: {step: cells[step] for step in STEPS if cells[step]}},
        appeal_days=days,
        populations={name: populations.named(cells["groups"])},
    )


def _write(ctx: Context, drafts: Sequence[cycles.CycleDraft]) -> int:
    for draft in drafts:
        found = cycles.insert(ctx, draft)
        members.add(ctx.db, found.id, members.from_organisation(ctx.db, draft.populations))
    return len(drafts)


def exported(ctx: Context) -> list[list[sheets_out.Value]]:
    """All cycles, newest first, in the columns of CYCLES."""
    return [row for each in store.cycles(ctx.db, limit=1000) for row in _rows(ctx, each)]


def _rows(ctx: Context, each: Cycle) -> list[list[sheets_out.Value]]:
    policy, template = store.policy(ctx.db, each.policy_id), store.template(ctx.db, each.template_id)
    base: list[sheets_out.Value] = [each.name, each.starts_on, each.ends_on]
    base += [policy.name if policy else "", template.name if template else "", ",".join(each.sides), each.appeal_days]
    sees = [(",".join(each.visibility[side]) or NOBODY) if side in each.visibility else "" for side in SIDES]
    found = []
    for name in each.populations or each.timeline or [""]:
        days = [each.day(name, step) for step in STEPS]  # with the days that hold for all: each row stands for itself
        groups = ",".join(each.populations.get(name, ()))
        found.append([*base, name, groups, *sees, *days])
    return found


def a_day(text: str) -> date | None:
    """An ISO day, with / as well; None for anything else."""
    try:
        return date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError:
        return None
