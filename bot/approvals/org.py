"""What is known now about those who may decide: managers, HR, who is away, who stands in. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from sqlalchemy.engine import Connection

from bot.approvals import delegates
from bot.approvals.who import FURTHEST, Org
from bot.people import People, Person

Away = Callable[[Connection, Collection[str], datetime], Iterable[str]]
sources: list[Away] = []
"""Handlers that know of leave add a function: (db, person ids, now) -> those of them who are away."""


def away(source: Away) -> Away:
    """Register a source."""
    if source not in sources:
        sources.append(source)
    return source


def org_of(db: Connection, subject_id: str, now: datetime) -> Org:
    """Everybody who could decide about the subject. Leave counts only while it lasts; so do stand-ins."""
    people = People(db)
    known = _above(people, subject_id)
    staff = {role: people.with_role(role) for role in ("hr", "hr_head")}
    known |= {each.id: each for members in staff.values() for each in members}
    stands: dict[str, str] = {}
    fresh = set(known)
    gone: set[str] = set()
    for _ in range(FURTHEST + 1):
        absent = {each for source in sources for each in source(db, fresh, now)}
        found = delegates.in_force(db, fresh, absent, now)
        gone |= absent | {each for each, to in found.items() if to.dated}
        stands |= {each: to.person_id for each, to in found.items()}
        fresh = {to.person_id for to in found.values()} - known.keys()
        known |= {each.id: each for each in map(people.get, sorted(fresh)) if each}
        if not fresh:
            break
    return Org(
        managers={each.id: each.manager_id for each in known.values()},
        active=frozenset(each.id for each in known.values() if each.active),
        hr=tuple(each.id for each in staff["hr"]),
        heads=tuple(each.id for each in staff["hr_head"]),
        away=frozenset(gone),
        delegates=stands,
    )


def _above(people: People, subject_id: str) -> dict[str, Person]:
    found: dict[str, Person] = {}
    at: str | None = subject_id
    while at and at not in found and (person := people.get(at)):
        found[at] = person
        at = person.manager_id
    return found
