"""Cycles, members and goals as CSV or XLSX, in and out with the same columns. All or nothing: a file with a wrong row
changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import sqlalchemy as sa

from bot import sheets, sheets_out
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.performance import store, tables as tab
from handlers.performance.agreeing import sides
from handlers.performance.files import cycles, goals as files_goals
from handlers.performance.files.cycles import CYCLES
from handlers.performance.files.rows import Imported, Row, Table, read
from handlers.performance.preparing import members
from handlers.performance.rules import Problem
from handlers.performance.store import Cycle

FileKind = Literal["cycles", "goals", "members"]
Form = Literal["csv", "xlsx"]
NO_CYCLE = "请先选择一个周期。"
LATE = ("results", "closed")
MEMBERS: Table = MappingProxyType(
    {
        "person": ("person", "account", "账号", "工号", "人员"),
        "name": ("name", "姓名"),
        "population": ("population", "人群"),
        "department": ("department", "部门"),
        "scorer": ("scorer", "manager", "评分人", "主管"),
    }
)


def import_rows(ctx: Context, cycle: Cycle | None, kind: FileKind, data: bytes, *, dry_run: bool = True) -> Imported:
    """CSV or XLSX. Nothing is written in a dry run or while any row is wrong. Refused for a file as a whole.

    `cycle` is None for kind `cycles`.
    """
    sides.need_hr(ctx)
    table, needed = {"cycles": CYCLES, "members": MEMBERS, "goals": files_goals.GOALS}[kind], _needed(kind)
    try:
        rows = read(sheets.rows(data), table, needed)
    except sheets.BadFile as error:
        raise Refused(str(error)) from error
    if kind == "cycles":
        found, write = cycles.checked(ctx, rows)
    elif cycle is None:
        raise Refused(t(NO_CYCLE))
    elif cycle.state in LATE:
        found, write = [Problem("state", "state", cycle.state)], lambda: 0
    elif kind == "members":
        found, write = _members(ctx, cycle, rows)
    else:
        found, write = files_goals.checked(ctx, cycle, rows)
    if found or dry_run:
        return Imported(len(rows) - len({each.row for each in found}), tuple(found))
    count = write()
    parts: dict[str, str | bytes] = {"file.sha256": hashlib.sha256(data).hexdigest()}
    source = {"kind": kind, "rows": str(count)}
    ctx.record("cycle.imported", cycle.id if cycle else "pc-import", parts=parts, source=source)
    return Imported(len(rows), ())


def _needed(kind: str) -> tuple[str, ...]:
    goals = ("person", "text", "weight")
    return {"cycles": ("name", "starts_on", "ends_on", "policy", "template"), "members": ("person",)}.get(kind, goals)


def _members(ctx: Context, cycle: Cycle, rows: list[Row]) -> tuple[list[Problem], Callable[[], int]]:
    people = members.everybody(ctx.db)
    find = files_goals.finder(people.values())
    now = {each.person_id: each for each in store.members(ctx.db, cycle_id=cycle.id)}
    found: list[Problem] = []
    places: dict[str, members.Place] = {}
    for number, cells in rows:
        person = find(cells["person"])
        if person is None:
            found.append(Problem("person", "person_unknown", cells["person"], number))
            continue
        if person.id in places:
            found.append(Problem("person", "person_twice", person.name, number))
        by = find(cells["scorer"]) if cells["scorer"] else None
        if cells["scorer"] and by is None:
            found.append(Problem("scorer", "person_unknown", cells["scorer"], number))
        if by and by.id == person.id:
            found.append(Problem("scorer", "own_scorer", person.name, number))
        old = now.get(person.id)
        usual = old.scorer_id if old else members.scorer(people, person)
        department = cells["department"] or (old.department if old else members.department(person))
        population = cells["population"] or (old.population if old else "")
        places[person.id] = members.Place(person.id, population[:40], department, by.id if by else usual)
    return found, lambda: _write_members(ctx, cycle, places, set(now))


def _write_members(ctx: Context, cycle: Cycle, places: Mapping[str, members.Place], known: set[str]) -> int:
    """New people join; of known ones population, department and scorer change."""
    members.add(ctx.db, cycle.id, [each for each in places.values() if each.person_id not in known])
    fresh = [each for each in places if each not in known]
    if cycle.state != "draft":
        files_goals.wake(ctx, cycle, fresh)
    c = tab.member.c
    changed = (
        sa.update(tab.member)
        .where(c.cycle_id == cycle.id, c.person_id == sa.bindparam("its_person"))
        .values({name: sa.bindparam(f"new_{name}") for name in ("population", "department", "scorer_id")})
    )
    rows = [
        {
            "its_person": each.person_id,
            "new_population": each.population,
            "new_department": each.department[:80],
            "new_scorer_id": each.scorer_id,
        }
        for each in places.values()
        if each.person_id in known
    ]
    if rows:
        ctx.db.execute(changed, rows)
    return len(places)


def export_rows(ctx: Context, cycle: Cycle | None, kind: FileKind, form: Form = "xlsx") -> bytes:
    """The same columns that `import_rows` reads. `cycle` is None for kind `cycles`."""
    sides.need_hr(ctx)
    people = members.everybody(ctx.db)
    if kind != "cycles" and cycle is None:
        raise Refused(t(NO_CYCLE))
    if cycle is None or kind == "cycles":
        headings, rows = list(CYCLES), cycles.exported(ctx)
    elif kind == "members":
        mine = store.members(ctx.db, cycle_id=cycle.id)
        headings, rows = list(MEMBERS), [_member_row(people, each) for each in mine]
    else:
        headings, rows = list(files_goals.GOALS), files_goals.exported(ctx, cycle, people)
    if cycle is not None:
        ctx.record("cycle.exported", cycle.id, source={"kind": kind, "rows": str(len(rows))})
    return (sheets_out.write_csv if form == "csv" else sheets_out.write_xlsx)(headings, rows)


def _member_row(people: Mapping[str, Person], each: store.Member) -> list[sheets_out.Value]:
    person = people.get(each.person_id)
    return [each.person_id, person.name if person else "", each.population, each.department, each.scorer_id]
