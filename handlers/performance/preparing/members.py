"""Who takes part in a cycle, who scores them, and whether their goals are settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import asks
from bot.context import Context
from bot.people import Person
from bot.tables import person as person_table
from handlers.performance import cards, rules, store, tables as t
from handlers.performance.preparing.populations import Populations, assigned, overlap, problems as population_problems
from handlers.performance.rules import Problem
from handlers.performance.store import Cycle, Member

WRITE = "performance.write"
CHUNK = 500
LIVE = ("draft", "goals", "running", "scoring", "results")


@dataclass(frozen=True, slots=True)
class Place:
    """A member before they are one."""

    person_id: str
    population: str
    department: str
    scorer_id: str


def matter(cycle_id: str, person: Person) -> str:
    """The matter of one person in one cycle: 20,000 questions must not share one."""
    return f"{cycle_id}.{person.ref.removeprefix('p:')}"[:60]


def everybody(db: Connection) -> dict[str, Person]:
    """Everybody who is or was here, by id, in one read."""
    rows = db.execute(sa.select(person_table).order_by(person_table.c.id)).mappings()
    return {row["id"]: Person(**row) for row in rows}


def department(person: Person) -> str:
    """The department without the platform: `wecom/研发` is 研发."""
    return department_of(person.site)


def department_of(site: str) -> str:
    """The same of what the directory says."""
    return site.partition("/")[2] or site


def scorer(people: Mapping[str, Person], person: Person) -> str:
    """The nearest active manager, never the person; empty when there is none."""
    seen, at = {person.id}, person.manager_id
    while at and at not in seen and (boss := people.get(at)):
        if boss.active:
            return boss.id
        seen.add(at)
        at = boss.manager_id
    return ""


def from_organisation(db: Connection, populations: Populations) -> list[Place]:
    """Every active person whom a population names; one that names nobody takes whoever is left, see populations.py."""
    people = everybody(db)
    active = {each.id: department(each) for each in people.values() if each.active}
    found = assigned(db, active, populations)
    return [Place(each, mine[0], active[each], scorer(people, people[each])) for each, mine in found.items()]


def in_two(db: Connection, populations: Populations) -> list[Problem]:
    """What is wrong with the populations, with the names of whoever is in two of them."""
    if len(populations) < 2:
        return population_problems(populations)
    people = {each.id: each for each in everybody(db).values() if each.active}
    found = assigned(db, {each.id: department(each) for each in people.values()}, populations)
    return population_problems(populations) + overlap(found, {each.id: each.name for each in people.values()})


def add(db: Connection, cycle_id: str, places: Iterable[Place]) -> int:
    """Insert members in bulk; returns how many."""
    rows = [
        {
            "cycle_id": cycle_id,
            "person_id": each.person_id,
            "population": each.population,
            "department": each.department[:80],
            "scorer_id": each.scorer_id,
            "state": "goals",
        }
        for each in places
    ]
    for start in range(0, len(rows), CHUNK * 4):
        db.execute(sa.insert(t.member), rows[start : start + CHUNK * 4])
    return len(rows)


def problems(db: Connection, cycle: Cycle) -> list[Problem]:
    """Nobody there, nobody to score them, themselves, or somebody who left; somebody in an overlapping cycle."""
    mine = store.members(db, cycle_id=cycle.id)
    if not mine:
        return [Problem("members", "nobody")]
    people = everybody(db)
    found: list[Problem] = []
    for each in mine:
        person, by = people.get(each.person_id), people.get(each.scorer_id)
        name = person.name if person else each.person_id
        if by is None:
            found.append(Problem("scorer", "no_scorer", name))
        elif by.id == each.person_id:
            found.append(Problem("scorer", "own_scorer", name))
        elif not by.active:
            found.append(Problem("scorer", "scorer_gone", by.name))
    clash = _overlapping(db, cycle)
    return found + [Problem("members", "person_open", people[each].name) for each in clash if each in people]


def _overlapping(db: Connection, cycle: Cycle) -> list[str]:
    c, other = t.cycle.c, t.member.alias()
    mine = sa.select(t.member.c.person_id).where(t.member.c.cycle_id == cycle.id)
    where = (c.id != cycle.id, c.state.in_(LIVE[1:]), c.starts_on <= cycle.ends_on, c.ends_on >= cycle.starts_on)
    joined = sa.select(other.c.person_id).join(t.cycle, c.id == other.c.cycle_id).where(*where)
    found = db.execute(joined.where(other.c.person_id.in_(mine)).order_by(other.c.person_id).limit(20)).scalars()
    return list(dict.fromkeys(found))


def settled(states: Iterable[tuple[str, str]]) -> bool:
    """(state, weight) of goals that are not dropped: all agreed, and the weights add up."""
    every = list(states)
    return bool(every) and all(state == "agreed" for state, _ in every) and not rules.over(
        store.number(weight) or rules.WHOLE * 0 for _, weight in every
    )  # fmt: skip


def resettle(ctx: Context, member: Member) -> None:
    """`goals` <-> `running` by what is agreed now; a later state stays."""
    mine = store.goals(ctx.db, cycle_id=member.cycle_id, person_id=member.person_id, state=("proposed", "agreed"))
    state = "running" if settled((each.state, rules.plain(each.weight)) for each in mine) else "goals"
    keys = {"cycle_id": member.cycle_id, "person_id": member.person_id}
    store.move(ctx.db, t.member, keys, ("goals", "running"), state=state)


def wrote(ctx: Context, cycle: Cycle, person: Person) -> None:
    """They have a goal now: the question for one is answered."""
    found = asks.of_matter(ctx.db, matter(cycle.id, person), (WRITE,))
    if any(each.state == "open" for each in found):
        ctx.close(matter(cycle.id, person), lambda _person, _ask: cards.written(cycle.name), kinds=(WRITE,))
