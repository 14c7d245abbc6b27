"""Goals of a whole cycle at once: from a file, from another cycle, into a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

import sqlalchemy as sa

from bot import sheets_out
from bot.context import Context, Entry
from bot.people import Person
from handlers.performance import rules, store, tables as tab
from handlers.performance.agreeing import asking, goals_rows
from handlers.performance.files.rows import Row, Table
from handlers.performance.preparing import members
from handlers.performance.rules import GoalDraft, Problem
from handlers.performance.store import Cycle

GOALS: Table = MappingProxyType(
    {
        "goal": ("goal", "id", "目标编号"),
        "person": ("person", "account", "账号", "工号", "人员"),
        "name": ("name", "姓名"),
        "text": ("text", "内容", "目标"),
        "kind": ("kind", "类型"),
        "target": ("target", "目标值"),
        "unit": ("unit", "单位"),
        "weight": ("weight", "权重"),
        "due_on": ("due_on", "due", "完成日期", "截止"),
        "dimension": ("dimension", "维度"),
        "source": ("source", "进度来源"),
        "source_key": ("source_key", "来源编号"),
        "state": ("state", "状态"),
    }
)
_KINDS = {"数值": "numeric", "里程碑": "milestone", "": ""}
_SOURCES = {"钉钉项目": "dingtalk", "系统推送": "webhook", "文件导入": "file", "人工": "", "jira": "jira"}


@dataclass(frozen=True, slots=True)
class New:
    """A goal that is not there yet."""

    person: Person
    draft: GoalDraft


def finder(people: Iterable[Person]) -> Callable[[str], Person | None]:
    """Active people by id, by account or by name, where that is only one person's."""
    found: dict[str, list[Person]] = defaultdict(list)
    for each in people:
        if each.active:
            for key in {each.id.casefold(), each.user_id.casefold(), each.name.casefold()}:
                found[key].append(each)

    def find(key: str) -> Person | None:
        same = found.get(key.strip().casefold(), [])
        return same[0] if len(same) == 1 else None

    return find


def checked(ctx: Context, cycle: Cycle, rows: list[Row]) -> tuple[list[Problem], Callable[[], int]]:
    """What is wrong with rows of goals, and the function that writes them as proposals.

    A row with the number of a goal that exists already is taken as it is in the file only when it says the same: an
    agreed text is changed by its two sides, never by a file.
    """
    find = finder(members.everybody(ctx.db).values())
    ids = set(ctx.db.execute(sa.select(tab.member.c.person_id).where(tab.member.c.cycle_id == cycle.id)).scalars())
    template = store.template(ctx.db, cycle.template_id)
    codes = [each.code for each in template.dimensions] if template else []
    old = {each.id: each for each in store.goals(ctx.db, cycle_id=cycle.id)}
    given: dict[str, list[Decimal]] = defaultdict(list)
    for each in old.values():
        if each.state != "dropped":
            given[each.person_id].append(each.weight)
    found, new = list[Problem](), list[New]()
    for number, cells in rows:
        person = find(cells["person"])
        draft, wrong = _draft(cells)
        if person is None:
            wrong.append(Problem("person", "person_unknown", cells["person"]))
        elif person.id not in ids:
            wrong.append(Problem("person", "not_member", person.name))
        if draft is not None:
            wrong += rules.draft_problems(draft, cycle.starts_on, cycle.ends_on, codes)
        if cells["goal"]:
            wrong += _same(old.get(cells["goal"]), person, draft, cells["goal"])
        elif person and draft and not wrong:
            given[person.id].append(draft.weight)
            new.append(New(person, rules.tidy(draft)))
            if (beyond := rules.over(given[person.id])) > 0:
                wrong.append(Problem("weight", "weights_over", rules.plain(beyond)))
            if len(given[person.id]) > rules.MOST_GOALS:
                wrong.append(Problem("text", "goals_many", str(rules.MOST_GOALS)))
        found += [Problem(each.field, each.code, each.value, number) for each in wrong]
    return found, lambda: write(ctx, cycle, new)


def _same(old: store.Goal | None, person: Person | None, draft: GoalDraft | None, key: str) -> list[Problem]:
    if old is None or (person and old.person_id != person.id):
        return [Problem("goal", "goal_unknown", key)]
    return [Problem("goal", "goal_changed", key)] if draft and rules.digest(draft) != old.sha256 else []


def _draft(cells: Mapping[str, str]) -> tuple[GoalDraft | None, list[Problem]]:
    wrong: list[Problem] = []

    def number(name: str) -> Decimal | None:
        text = cells[name].rstrip("%％").strip()
        if not text:
            return None
        try:
            return Decimal(text)
        except InvalidOperation:
            wrong.append(Problem(name, "no_number", cells[name]))
            return None

    target, weight = number("target"), number("weight")
    due_on: date | None = None
    if cells["due_on"]:
        try:
            due_on = date.fromisoformat(cells["due_on"].replace("/", "-")[:10])
        except ValueError:
            wrong.append(Problem("due_on", "no_date", cells["due_on"]))
    if weight is None and not wrong:
        wrong.append(Problem("weight", "no_number", cells["weight"]))
    if wrong or weight is None:
        return None, wrong
    kind = _KINDS.get(cells["kind"], cells["kind"]) or ("numeric" if target is not None else "milestone")
    source = _SOURCES.get(cells["source"], cells["source"])
    parts = (target, cells["unit"], due_on, cells["dimension"], source, cells["source_key"])
    return GoalDraft(cells["text"], weight, kind, *parts), []


def write(ctx: Context, cycle: Cycle, new: list[New]) -> int:
    """Insert goals as proposals in bulk; both sides are asked by the job that opens cycles."""
    numbers: dict[str, int] = defaultdict(int)
    taken = sa.select(tab.goal.c.person_id, sa.func.max(tab.goal.c.no)).where(tab.goal.c.cycle_id == cycle.id)
    numbers.update({row[0]: row[1] for row in ctx.db.execute(taken.group_by(tab.goal.c.person_id))})
    by, heads, versions, facts = ctx.actor.id if ctx.actor else "", [], [], []
    for each in new:
        numbers[each.person.id] += 1
        goal_id = store.new_id(store.GOAL)
        head = {"id": goal_id, "cycle_id": cycle.id, "person_id": each.person.id, "no": numbers[each.person.id]}
        heads.append(head | {"version": 1, "state": "proposed"})
        versions.append(goals_rows.version_row(ctx, goal_id, 1, each.draft, "", by))
        source = {"version": "1", "side": "hr", "cycle": cycle.id}
        parts = {"goal": rules.canonical(each.draft)}
        facts.append(Entry("goal.proposed", goal_id, each.person, parts, source))
    for start in range(0, len(heads), 1000):
        ctx.db.execute(sa.insert(tab.goal), heads[start : start + 1000])
        ctx.db.execute(sa.insert(tab.goal_version), versions[start : start + 1000])
        ctx.record_many(facts[start : start + 1000])
    if cycle.state != "draft":
        wake(ctx, cycle, {each.person.id for each in new})
    return len(new)


def wake(ctx: Context, cycle: Cycle, person_ids: Collection[str]) -> None:
    """Let the job that opens cycles look at these members again; settled ones are not any more."""
    ids, c = sorted(person_ids), tab.member.c
    for start in range(0, len(ids), 500):
        mine = (c.cycle_id == cycle.id, c.person_id.in_(ids[start : start + 500]), c.state.in_(("goals", "running")))
        ctx.db.execute(sa.update(tab.member).where(*mine).values(state="goals", next_at=ctx.now))


def copied(ctx: Context, old: Cycle, new: Cycle) -> int:
    """The goals agreed in one cycle as proposals of another, their days moved along."""
    people = {each.person_id for each in store.members(ctx.db, cycle_id=new.id)}
    everybody, by = members.everybody(ctx.db), new.starts_on - old.starts_on
    found = []
    for each in store.goals(ctx.db, cycle_id=old.id, state="agreed"):
        if each.person_id in people:
            draft = asking.draft_of(each)
            due = min(each.due_on + by, new.ends_on) if each.due_on else None
            found.append(New(everybody[each.person_id], rules.tidy(rules.due(draft, due))))
    return write(ctx, new, found)


def exported(ctx: Context, cycle: Cycle, people: Mapping[str, Person]) -> list[list[sheets_out.Value]]:
    """One row per goal that was not dropped, in the order of GOALS."""
    return [
        [
            each.id,
            each.person_id,
            people[each.person_id].name if each.person_id in people else "",
            each.text,
            each.kind,
            each.target,
            each.unit,
            each.weight,
            each.due_on,
            each.dimension,
            each.source,
            each.source_key,
            each.state,
        ]
        for each in store.goals(ctx.db, cycle_id=cycle.id, state=("proposed", "agreed"))
    ]
