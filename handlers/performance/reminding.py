"""Reminders of whoever has not confirmed, scored or answered: worded by the day, in working time, not during leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from bot import absence_facts
from bot.access import HR, HR_HEAD, is_hr
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from bot.tables import outbox
from handlers.performance import bulk, hours, rules, store, tables as tab
from handlers.performance.agreeing import sides
from handlers.performance.cards import progress as cards_progress
from handlers.performance.preparing import members, timeline
from handlers.performance.rules.progress import grade
from handlers.performance.store import Cycle, Member

if TYPE_CHECKING:
    from bot.app import App

What = Literal["goals", "scores", "answers"]
STATES: dict[What, tuple[str, ...]] = {
    "goals": ("goals",),
    "scores": ("self", "manager", "hr"),
    "answers": ("published",),
}
STEPS = {"goals": "goals_by", "self": "self_by", "manager": "manager_by", "hr": "hr_by", "published": "sign_by"}
AGAIN = timedelta(hours=20)
BEFORE = timedelta(days=2)
"""By itself a reminder goes out from so long before the day."""
SHOWN = 8
FEW = 1000
"""Up to so many people are read one by one; beyond, everybody at once."""
NOT_YOURS = "只能提醒由您负责的人。"


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many were reminded, and how many not: on leave, reminded within the last day, outside their working time."""

    sent: int
    away: int = 0
    recent: int = 0
    resting: int = 0


@dataclass(slots=True)
class _For:
    """One card: to whom, about what, by when, and about whom."""

    what: str
    due_on: date | None = None
    names: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)


def waiting(ctx: Context, cycle: Cycle, what: What, people: Collection[str] | None = None) -> list[Member]:
    """Members of the cycle for whom `what` is still to be done."""
    found = store.members(ctx.db, cycle_id=cycle.id, state=STATES[what])
    return found if people is None else [each for each in found if each.person_id in set(people)]


def remind(ctx: Context, cycle: Cycle, what: What, people: Collection[str] | None = None) -> Reminded:
    """Remind whoever `what` waits for; `people` (member ids) narrows it. A manager reminds about their own people
    only, HR about everybody, the system likewise. Refused for everybody else."""
    found = waiting(ctx, cycle, what, people)
    actor = ctx.actor
    if actor is not None and not is_hr(actor):
        found = [each for each in found if each.scorer_id == actor.id]
        if not found:
            raise Refused(t(NOT_YOURS))
    return _send(ctx, cycle, _cards(ctx, cycle, what, found))


def _cards(ctx: Context, cycle: Cycle, what: What, found: Iterable[Member]) -> dict[tuple[str, str], _For]:
    """(reader id, text) -> card. One card names all people a reader has to see to."""
    every = list(found)
    people = _people(ctx, [each.person_id for each in every])
    sides_of = _unconfirmed(ctx, cycle, every) if what == "goals" else {}
    staff = [each.id for each in ctx.people.with_role(HR, HR_HEAD)]
    cards: dict[tuple[str, str], _For] = {}

    def add(reader: str, text: str, each: Member) -> None:
        card = cards.setdefault((reader, text), _For(text, cycle.day(each.population, STEPS[each.state])))
        card.names.append(people[each.person_id].name if each.person_id in people else "")
        card.members.append(each.person_id)

    for each in every:
        if what == "goals":
            own, boss = sides_of[each.person_id]
            if own:
                add(each.person_id, "goals", each)
            if boss:
                add(each.scorer_id, "goals_team", each)
        elif each.state in ("self", "published"):
            add(each.person_id, "self" if each.state == "self" else "answers", each)
        elif each.state == "manager":
            add(each.scorer_id, "team", each)
        else:
            for reader in staff:
                if reader != each.person_id:
                    add(reader, "hr", each)
    return cards


def _people(ctx: Context, ids: list[str]) -> Mapping[str, Person]:
    if len(ids) > FEW:
        return members.everybody(ctx.db)
    return {each: person for each in ids if (person := ctx.people.get(each))}


def _unconfirmed(ctx: Context, cycle: Cycle, found: list[Member]) -> dict[str, tuple[bool, bool]]:
    """person -> (they themselves have something to do, their manager has)."""
    c, g, v = tab.confirmation.c, tab.goal.c, tab.goal_version.c
    said: dict[str, set[str]] = defaultdict(set)
    valid = sa.select(c.goal_id, c.side).join(tab.goal, sa.and_(g.id == c.goal_id, g.version == c.version))
    few = [g.person_id.in_([each.person_id for each in found])] if len(found) <= FEW else []
    for row in ctx.db.execute(valid.where(g.cycle_id == cycle.id, c.voided_at.is_(None), *few)):
        said[row.goal_id].add(row.side)
    goals: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    joined = sa.select(g.id, g.person_id, g.state, v.weight)
    joined = joined.join(tab.goal_version, sa.and_(v.goal_id == g.id, v.version == g.version))
    for row in ctx.db.execute(joined.where(g.cycle_id == cycle.id, g.state != "dropped", *few)):
        goals[row.person_id].append((row.id, row.state, row.weight))
    result = {}
    for each in found:
        mine = goals[each.person_id]
        short = rules.over(store.there(store.number(weight)) for _, _, weight in mine) != 0
        open_ones = [goal for goal, state, _ in mine if state == "proposed"]
        own = short or any(sides.EMPLOYEE not in said[goal] for goal in open_ones)
        result[each.person_id] = (own, any(sides.MANAGER not in said[goal] for goal in open_ones))
    return result


def _send(ctx: Context, cycle: Cycle, cards: dict[tuple[str, str], _For]) -> Reminded:
    readers = {reader: person for reader, _ in cards if (person := ctx.people.get(reader)) and person.active}
    away = absence_facts.on_leave(ctx.db, list(readers), ctx.now)
    lately = _lately(ctx, cycle, readers)
    counts = {"away": 0, "recent": 0, "resting": 0}
    questions: list[bulk.Question] = []
    reminded: set[str] = set()
    for (reader, _), card in cards.items():
        person = readers.get(reader)
        if person is None:
            continue
        why = "away" if reader in away else "recent" if reader in lately else ""
        why = why or ("" if hours.working(ctx, person) else "resting")
        if why:
            counts[why] += 1
            continue
        questions.append(_question(ctx, cycle, person, card))
        reminded |= set(card.members)
    sent = bulk.put(ctx, questions)
    _mark(ctx, cycle, sorted(reminded))
    if sent:
        said = {name: str(count) for name, count in counts.items() if count}
        ctx.record("cycle.reminded", cycle.id, source={"sent": str(sent)} | said)
    return Reminded(sent, **counts)


def _question(ctx: Context, cycle: Cycle, person: Person, card: _For) -> bulk.Question:
    now = grade(card.due_on, timeline.today(ctx.now, person.zone))
    names = card.names[:SHOWN]
    matter = members.matter(cycle.id, person)
    return bulk.Question(
        person, "", matter, lambda _ref: cards_progress.remind(cycle.name, card.what, now, card.due_on, names)
    )


def _lately(ctx: Context, cycle: Cycle, readers: dict[str, Person]) -> set[str]:
    """Readers who got a reminder of this cycle within AGAIN."""
    matters = {members.matter(cycle.id, each): each.id for each in readers.values()}
    names, found = sorted(matters), set[str]()
    o = outbox.c
    for start in range(0, len(names), members.CHUNK):
        where = (o.matter.in_(names[start : start + members.CHUNK]), o.ask_ref.is_(None), o.kind == "send")
        rows = ctx.db.execute(sa.select(o.matter).where(*where, o.created_at > ctx.now - AGAIN)).scalars()
        found |= {matters[each] for each in rows}
    return found


def _mark(ctx: Context, cycle: Cycle, ids: list[str]) -> None:
    c = tab.member.c
    for start in range(0, len(ids), members.CHUNK):
        mine = (c.cycle_id == cycle.id, c.person_id.in_(ids[start : start + members.CHUNK]))
        ctx.db.execute(sa.update(tab.member).where(*mine).values(reminded_at=ctx.now))


def by_itself(app: App) -> int:
    """From BEFORE the day of a step on: whoever it waits for, at most once a day; 500 members in one transaction."""
    total = 0
    with app.context() as ctx:
        every = [
            (cycle, what, [each.person_id for each in waiting(ctx, cycle, what) if _soon(ctx, cycle, each)])
            for cycle in store.cycles(ctx.db, limit=1000, state=("goals", "running", "scoring", "results"))
            for what in STATES
        ]
    for cycle, what, ids in every:
        for start in range(0, len(ids), members.CHUNK):
            with app.context() as ctx:
                total += remind(ctx, cycle, what, ids[start : start + members.CHUNK]).sent
    return total


def _soon(ctx: Context, cycle: Cycle, member: Member) -> bool:
    due_on = cycle.day(member.population, STEPS[member.state])
    if due_on is None or (member.reminded_at and member.reminded_at > ctx.now - AGAIN):
        return False
    return timeline.today(ctx.now, str(ctx.zone)) >= due_on - BEFORE
