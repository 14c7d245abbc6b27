"""A cycle as it is drafted, checked and kept; without its people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from handlers.performance import store, tables as tab, words
from handlers.performance.preparing.timeline import timeline_problems
from handlers.performance.rules import Problem
from handlers.performance.store import SIDES, Cycle

NEEDS = "请先改好以下几处：\n{problems}"


@dataclass(frozen=True, slots=True)
class CycleDraft:
    """A cycle before it exists. `populations`: name ("" for all others) -> departments and #tags.

    `timeline`: population -> step -> ISO day, steps as in timeline.STEPS.
    """

    name: str
    starts_on: date
    ends_on: date
    policy_id: str
    template_id: str
    sides: tuple[str, ...] = SIDES
    visibility: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    timeline: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    appeal_days: int = 5
    populations: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({"": ()}))


def refuse(found: Iterable[Problem]) -> None:
    """Refused with every problem at once, when there is any."""
    if every := list(found):
        raise Refused(t(NEEDS, problems=words.problems(every)))


def name_problems(name: str) -> list[Problem]:
    """Of a policy, a template, a cycle."""
    return [] if 0 < len(name.strip()) <= 80 else [Problem("name", "name")]


def draft_problems(db: Connection, draft: CycleDraft) -> list[Problem]:
    """What keeps the draft from being kept."""
    found = name_problems(draft.name)
    if draft.starts_on >= draft.ends_on:
        found.append(Problem("starts_on", "period"))
    policy = store.policy(db, draft.policy_id)
    if policy is None:
        found.append(Problem("policy_id", "policy_unknown"))
    elif policy.since > draft.starts_on:
        found.append(Problem("policy_id", "policy_later", policy.since.isoformat()))
    if store.template(db, draft.template_id) is None:
        found.append(Problem("template_id", "template_unknown"))
    if not draft.sides or len(set(draft.sides)) != len(draft.sides) or not set(draft.sides) <= set(SIDES):
        found.append(Problem("sides", "sides", ",".join(draft.sides)))
    if strange := {*draft.visibility, *(each for some in draft.visibility.values() for each in some)} - set(SIDES):
        found.append(Problem("visibility", "sides", ",".join(sorted(strange))))
    if not 1 <= draft.appeal_days <= 60:
        found.append(Problem("appeal_days", "appeal_days"))
    return found + timeline_problems(draft.timeline, draft.starts_on)


def insert(ctx: Context, draft: CycleDraft) -> Cycle:
    """The row of a checked draft, without members."""
    values = {
        "id": store.new_id(store.CYCLE),
        "name": draft.name.strip(),
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "policy_id": draft.policy_id,
        "template_id": draft.template_id,
        "sides": ",".join(draft.sides),
        "visibility": json.dumps({side: list(others) for side, others in draft.visibility.items()}),
        "timeline": json.dumps({name: dict(steps) for name, steps in draft.timeline.items()}, ensure_ascii=False),
        "populations": json.dumps({name: list(each) for name, each in draft.populations.items()}, ensure_ascii=False),
        "appeal_days": draft.appeal_days,
        "created_by": ctx.actor.id if ctx.actor else "",
    }
    ctx.db.execute(sa.insert(tab.cycle).values(**values, state="draft", created_at=ctx.now))
    found = store.there(store.cycle(ctx.db, str(values["id"])))
    ctx.record("cycle.created", found.id, parts={"cycle": json.dumps(values, ensure_ascii=False, default=str)})
    return found
