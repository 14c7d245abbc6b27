"""/performance: one's own goals, progress, results and answers; the same page about somebody for who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import clock
from bot.people import Person
from bot.web.pages import Visit
from bot.web.words import Lang
from handlers.performance import board, rules, store, tables as t
from handlers.performance.pages import charts, team as views_team, words
from handlers.performance.pages.base import Seat, draw, looked, path, seat
from handlers.performance.scoring import reviews
from handlers.performance.scoring.reviews import GoalFact, Review
from handlers.performance.store import Cycle, Goal, Member, Result

LIVE = ("goals", "running", "scoring", "results")
TOLD = ("published", "answered", "appealed", "final", "superseded")
"""States of a result that its person has been told."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A goal with its newest value and who confirmed it. `width` of its bar, 1000 wide."""

    goal: Goal
    fact: GoalFact | None
    width: int
    employee: datetime | None
    manager: datetime | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What one side did, whether or not it may be read now."""

    side: str
    name: str
    at: datetime
    versions: int
    state: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the visitor: `what` names the sentence, `name` whom it is about."""

    what: str
    link: str
    name: str
    cycle: str


def mine(visit: Visit) -> ResponseReturnValue:
    """`/performance`: the newest cycle, what waits for me, and a way to the earlier ones."""
    with visit.app.engine.connect() as db:
        cycles = cycles_of(db, visit.person.id)
        waiting = waiting_for(db, visit.person)
    open_ones = [each for each in cycles if each.state != "draft"]
    found = seat(visit, open_ones[0].id, visit.person.id) if open_ones else None
    return _page(visit, found, open_ones, waiting)


def person(visit: Visit, cycle_id: str, person_id: str) -> ResponseReturnValue:
    """`/performance/<cycle>/<person>`: for the person, their scorer, their manager and HR; the look is recorded."""
    found = seat(visit, cycle_id, person_id)
    if found.role == "own" and found.cycle.state == "draft":
        raise NotFound
    looked(visit, found.person, f"performance:{cycle_id}")
    with visit.app.engine.connect() as db:
        cycles = [each for each in cycles_of(db, person_id) if each.state != "draft" or found.role == "hr"]
    return _page(visit, found, cycles, [])


def _page(visit: Visit, found: Seat | None, cycles: Sequence[Cycle], waiting: Sequence[Waiting]) -> ResponseReturnValue:
    if found is None:
        return draw(visit, "mine.html", seat=None, cycles=cycles, waiting=waiting, team=views_team.manages_now(visit))
    cycle, member = found.cycle, found.member
    with visit.app.engine.connect() as db:
        shown, dropped = goals_of(visit, db, cycle, found.person)
        readable = reviews.visible(db, visit.person, cycle, found.person)
        results = results_of(db, found)
        entered = entered_by(db, cycle, found.person.id)
        values: dict[str, object] = {
            "names": names_for(db, found, readable),
            "scheme": store.template(db, cycle.template_id),
        }
    weight = sum((each.goal.weight for each in shown), rules.WHOLE * 0)
    low = member.attainment and charts.bar(store.number(member.attainment)) < 700
    values |= {"seat": found, "cycle": cycle, "member": member, "group": board.group(member.state, member.answer)}
    values |= {"goals": shown, "dropped": dropped, "weight": weight, "low": low, "cycles": cycles, "waiting": waiting}
    values |= {"reviews": readable, "entered": entered, "results": results, "newest": results[0] if results else None}
    values |= {"settable": member.state in ("goals", "running") and cycle.state in ("draft", *LIVE[:3])}
    values["team"] = views_team.manages_now(visit)
    return draw(visit, "mine.html", bar=charts.bar(store.number(member.attainment)), **values)


def goals_of(visit: Visit, db: Connection, cycle: Cycle, person: Person) -> tuple[list[Shown], list[Goal]]:
    """(goals with progress and confirmations, goals that were dropped)."""
    goals = store.goals(db, cycle_id=cycle.id, person_id=person.id)
    facts = {
        each.goal.id: each
        for each in reviews.facts(db, cycle, person, clock.now(), visit.app.settings.progress_stale_days)
    }
    signed = confirmations(db, goals)
    shown = []
    for each in goals:
        if each.state == "dropped":
            continue
        fact, by = facts.get(each.id), signed.get(each.id, {})
        width = charts.bar(fact.percent) if fact else 0
        shown.append(Shown(each, fact, width, by.get("employee"), by.get("manager")))
    return shown, [each for each in goals if each.state == "dropped"]


def confirmations(db: Connection, goals: Sequence[Goal]) -> dict[str, dict[str, datetime]]:
    """goal id -> side -> when the newest version was confirmed."""
    c = t.confirmation.c
    where = (c.goal_id.in_([each.id for each in goals]), c.voided_at.is_(None))
    versions = {each.id: each.version for each in goals}
    found: dict[str, dict[str, datetime]] = {}
    for row in db.execute(sa.select(t.confirmation).where(*where)):
        if row.version == versions[row.goal_id]:
            found.setdefault(row.goal_id, {})[row.side] = row.at
    return found


def results_of(db: Connection, found: Seat) -> list[Result]:
    """What was told, newest first; HR also sees what is not told yet."""
    every = store.results(db, cycle_id=found.cycle.id, person_id=found.person.id)
    return every if found.role == "hr" else [each for each in every if each.state in TOLD and each.published_at]


def entered_by(db: Connection, cycle: Cycle, person_id: str) -> list[Entered]:
    """Who has written a review and when it was handed in; its content is another matter."""
    c = t.review.c
    rows = db.execute(sa.select(t.review).where(c.cycle_id == cycle.id, c.person_id == person_id).order_by(c.version))
    last: dict[str, Entered] = {}
    names = dict[str, str]()
    for row in rows.mappings().all():
        if row["state"] == "submitted":
            names |= board.names_of(db, [row["by_id"]])
            at = row["submitted_at"] or row["saved_at"]
            last[row["side"]] = Entered(row["side"], names.get(row["by_id"], ""), at, row["version"], row["state"])
    return [last[each] for each in cycle.sides if each in last]


def names_for(db: Connection, found: Seat, readable: Sequence[Review]) -> dict[str, str]:
    """Names of everybody on the page."""
    ids = {found.member.scorer_id, found.person.id, *(each.by_id for each in readable)}
    return board.names_of(db, ids | {each.behalf_person_id for each in readable})


def cycles_of(db: Connection, person_id: str) -> list[Cycle]:
    """The cycles somebody is in, newest first."""
    c = t.member.c
    ids = tuple(db.execute(sa.select(c.cycle_id).where(c.person_id == person_id)).scalars())
    return store.cycles(db, id=ids) if ids else []


def waiting_for(db: Connection, person: Person) -> list[Waiting]:
    """Goals to confirm, scores to give, a result to answer, appeals to decide."""
    c = t.member.c
    live = {each.id: each for each in store.cycles(db, limit=100, state=LIVE)}
    rows = db.execute(
        sa.select(t.member).where(
            sa.or_(c.person_id == person.id, c.scorer_id == person.id),
            c.cycle_id.in_(live),
            c.state.in_(("goals", "running", "self", "manager", "published")),
        )
    )
    members = [Member(**row) for row in rows.mappings()]
    names = board.names_of(db, {each.person_id for each in members})
    found = _goals_waiting(db, person, [each for each in members if each.state in ("goals", "running")], live, names)
    for each in members:
        own, cycle = each.person_id == person.id, live[each.cycle_id].name
        if own and each.state == "published" and not each.answer:
            told = next(iter(store.results(db, cycle_id=each.cycle_id, person_id=person.id, state="published")), None)
            if told:
                found.append(Waiting("wait_result", path("results", told.id), "", cycle))
        elif (own and each.state == "self") or (not own and each.state == "manager"):
            link = path(each.cycle_id, each.person_id, "score")
            found.append(Waiting("wait_self" if own else "wait_score", link, names.get(each.person_id, ""), cycle))
    return found + _appeals_waiting(db, person)


def _goals_waiting(
    db: Connection, person: Person, members: Sequence[Member], live: dict[str, Cycle], names: dict[str, str]
) -> list[Waiting]:
    ids, cycles = tuple({each.person_id for each in members}), tuple({each.cycle_id for each in members})
    keys = {(each.cycle_id, each.person_id) for each in members}
    goals = store.goals(db, cycle_id=cycles, person_id=ids, state="proposed") if ids else []
    goals = [each for each in goals if (each.cycle_id, each.person_id) in keys]
    done, found = confirmations(db, goals), []
    for each in goals:
        own = each.person_id == person.id
        if ("employee" if own else "manager") not in done.get(each.id, {}):
            name = "" if own else names.get(each.person_id, "")
            found.append(Waiting("wait_goal" if own else "wait_goal_of", path("goals", each.id), name, each.text[:40]))
    having = {each.person_id for each in store.goals(db, cycle_id=cycles, person_id=person.id)} if ids else set()
    for member in members:
        if member.person_id == person.id and not having and member.state == "goals":
            link = path(member.cycle_id, member.person_id, "goal")
            found.append(Waiting("wait_propose", link, "", live[member.cycle_id].name))
    return found


def _appeals_waiting(db: Connection, person: Person) -> list[Waiting]:
    a, r = t.appeal.c, t.result.c
    joined = sa.select(a.id, r.person_id).join(t.result, r.id == a.result_id)
    rows = db.execute(joined.where(a.reviewer_id == person.id, a.state == "open").limit(50)).all()
    names = board.names_of(db, {row.person_id for row in rows})
    return [Waiting("wait_appeal", path("appeals", row.id), names.get(row.person_id, ""), "") for row in rows]


def status(db: Connection, person: Person, lang: Lang) -> str:
    """For the start page."""
    count = len(waiting_for(db, person))
    return words.say(lang, "status_waiting", n=count) if count else words.say(lang, "status_none")
