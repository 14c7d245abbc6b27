"""Who belongs to which population of a cycle: departments with everything below them, and tags, written `#tag`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.tables import membership
from handlers.performance.rules import Problem

Populations = Mapping[str, Sequence[str]]
"""Name ("" for all others) -> departments and tags; one without any takes whoever is left."""
MOST_NAMES, LONGEST = 12, 40


def named(text: str) -> tuple[str, ...]:
    """Typed departments and tags: separated by commas of either kind, 、 or lines; each once."""
    return tuple(dict.fromkeys(each for part in re.split(r"[,，、;；\n]", text) if (each := part.strip())))


def problems(populations: Populations) -> list[Problem]:
    """Two that take whoever is left, a name that is too long, one department or tag in two populations."""
    found = [Problem("populations", "population_name", name) for name in populations if len(name) > LONGEST]
    rest = [name for name, wanted in populations.items() if not wanted]
    if len(rest) > 1:
        found.append(Problem("populations", "population_rest", "、".join(name or "-" for name in rest)))
    seen: set[str] = set()
    for wanted in populations.values():
        found += [Problem("populations", "population_twice", each) for each in wanted if each in seen]
        seen |= set(wanted)
    return found


def assigned(db: Connection, departments: Mapping[str, str], populations: Populations) -> dict[str, list[str]]:
    """person -> every population that names them, else the one that takes whoever is left.

    `departments`: person -> the department of their address book entry, for the people in question.
    """
    wanted = {each for names in populations.values() for each in names}
    has = _having(db, wanted, departments)
    rest = [name for name, names in populations.items() if not names][:1]
    found = {}
    for person in departments:
        mine = [name for name, names in populations.items() if any(person in has[each] for each in names)]
        if mine or rest:
            found[person] = mine or rest
    return found


def overlap(found: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> list[Problem]:
    """People whom two populations name, by name, the first MOST_NAMES and how many there are."""
    twice = sorted(names.get(person, person) for person, mine in found.items() if len(mine) > 1)
    if not twice:
        return []
    more = f" …… ({len(twice)})" if len(twice) > MOST_NAMES else ""
    return [Problem("populations", "two_populations", "、".join(twice[:MOST_NAMES]) + more)]


def _having(db: Connection, wanted: Iterable[str], departments: Mapping[str, str]) -> dict[str, set[str]]:
    """department or tag -> people. A department is named by its path, or by its own name wherever it stands."""
    found: dict[str, set[str]] = {each: set() for each in wanted}
    rows = db.execute(sa.select(membership.c.person_id, membership.c.kind, membership.c.name)).tuples() if found else ()
    for person, kind, name in rows:
        for each in [f"#{name}"] if kind == "tag" else _places(name):
            if each in found:
                found[each].add(person)
    for person, department in departments.items():
        if department in found:
            found[department].add(person)
    return found


def _places(path: str) -> set[str]:
    """研发/平台组 is in 研发, in 研发/平台组 and in 平台组."""
    parts = path.split("/")
    return {*parts, *("/".join(parts[: count + 1]) for count in range(len(parts)))}
