"""Who decides a step: the person, their stand-in, or further up, and in the end HR. Pure: ids in, ids out.

Never the subject nor anybody in `but`, and always an answer: seats, or nobody and then it waits in HR's queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from bot.approvals import Role

FURTHEST = 3
"""How often a stand-in may be stood in for."""
Why = Literal["no_manager", "away", "stand_in", "stand_in_circle", "stand_in_subject", "stand_in_gone", "queue"]


@dataclass(frozen=True, slots=True)
class Org:
    """What is known now. `managers`: person -> manager; `delegates`: person -> stand-in, only where it is in force.

    `away`: on leave or missing; `hr` and `heads` in the order in which they are asked.
    """

    managers: Mapping[str, str | None]
    active: frozenset[str]
    hr: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    away: frozenset[str] = frozenset()
    delegates: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Seat:
    """`person` may decide; when `behalf` is not empty, in the place of that person."""

    person: str
    behalf: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The first answer of any seat counts. `role`: who it became in the end; `why`: (what happened, about whom)."""

    seats: tuple[Seat, ...]
    role: Role
    why: tuple[tuple[Why, str], ...] = ()


def choose(org: Org, subject: str, role: Role, but: Iterable[str] = ()) -> Chosen:
    """Seats for `role` about `subject`; `but` are people who decided an earlier step."""
    barred, why = {subject, *but}, list[tuple[Why, str]]()
    if role in ("manager", "skip_level"):
        if seat := _boss(org, subject, role, barred, why):
            return Chosen((seat,), role, tuple(why))
        why.append(("no_manager", subject))
    order: tuple[Role, ...] = ("hr_head", "hr") if role == "hr_head" else ("hr", "hr_head")
    for each in order:
        if seats := _office(org, org.hr if each == "hr" else org.heads, barred):
            return Chosen(seats, each, tuple(why))
    # Everybody is away: their cards wait for them, which is better than nobody's.
    late = tuple(Seat(each) for each in dict.fromkeys(org.hr + org.heads) if each in org.active and each not in barred)
    return Chosen(late, "hr", (*why, ("queue", "")))


def line(org: Org, subject: str) -> Iterator[str]:
    """The managers above `subject`, nearest first; ends where the line comes back to somebody it passed."""
    seen, at = {subject}, org.managers.get(subject)
    while at and at not in seen:
        seen.add(at)
        if at in org.active:
            yield at
        at = org.managers.get(at)


def _boss(org: Org, subject: str, role: Role, barred: set[str], why: list[tuple[Why, str]]) -> Seat | None:
    for boss in list(line(org, subject))[1 if role == "skip_level" else 0 :]:
        if boss in barred:
            continue
        if boss not in org.away:
            return Seat(boss)
        why.append(("away", boss))
        found, what = _stand_in(org, boss, subject, barred)
        if what:
            why.append((what, boss))
        if found:
            return Seat(found, boss)
        if what == "stand_in_circle":
            return None
    return None


def _stand_in(org: Org, boss: str, subject: str, barred: set[str]) -> tuple[str, Why | None]:
    """(who stands in, what is to be said about it); empty when nobody does."""
    seen, at = {boss}, boss
    for _ in range(FURTHEST):
        following = org.delegates.get(at, "")
        if not following:
            return "", "stand_in_gone" if at != boss else None
        if following in seen:
            return "", "stand_in_circle"
        if following == subject:
            return "", "stand_in_subject"
        if following in org.active and following not in org.away and following not in barred:
            return following, "stand_in"
        seen.add(following)
        at = following
    return "", "stand_in_gone"


def _office(org: Org, members: Iterable[str], barred: set[str]) -> tuple[Seat, ...]:
    found: dict[str, Seat] = {}
    for each in members:
        if each not in org.active or each in barred:
            continue
        if each not in org.away:
            found[each] = Seat(each)  # in their own right, even when they stand in for a colleague as well
        elif stand_in := next((to for to in [_stand_in(org, each, "", barred)[0]] if to), ""):
            found.setdefault(stand_in, Seat(stand_in, each))
    return tuple(found.values())
