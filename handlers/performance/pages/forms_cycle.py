"""The typed form of a cycle: populations with their own days and template, and who reads what before the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from bot.context import Context
from bot.errors import Refused
from handlers.performance import words
from handlers.performance.preparing import populations, setup
from handlers.performance.preparing.setup import CycleDraft
from handlers.performance.preparing.timeline import STEPS
from handlers.performance.rules import Problem
from handlers.performance.store import Cycle

NOBODY = "-"
SEES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "self": ("manager,hr", "hr", NOBODY),
        "manager": ("hr", "self,hr", NOBODY),
        "hr": (NOBODY, "manager", "self,manager"),
    }
)
"""side -> who may be chosen to read its submitted review before the result; the first is what holds unless chosen."""
CYCLE = ("name", "starts_on", "ends_on", "policy_id", "template_id", "appeal_days", "departments") + tuple(
    f"sees_{side}" for side in SEES
)
POPULATION = ("name", "groups", "template_id")
MOST_POPULATIONS, NEVER = 4, date(1, 1, 1)


def create(
    ctx: Context, typed: Mapping[str, str], blocks: Sequence[Mapping[str, str]], sides: Sequence[str]
) -> list[Cycle]:
    """The cycle, and one more for each further template. Refused with what to change."""
    used = [each for each in blocks if any(each.values())]
    names = [each["name"] for each in used]
    if "" in names or len(set(names)) != len(names):
        raise Refused(words.problem(Problem("populations", "population_unnamed")))
    draft = _draft(typed, used, sides)
    return setup.create_cycles(ctx, draft, {each["name"]: each["template_id"] for each in used})


def _draft(typed: Mapping[str, str], used: Sequence[Mapping[str, str]], sides: Sequence[str]) -> CycleDraft:
    days = typed["appeal_days"]
    line = {"": _days(typed)} | {each["name"]: found for each in used if (found := _days(each))}
    people = {"": populations.named(typed["departments"])}
    people |= {each["name"]: populations.named(each["groups"]) for each in used}
    # A form without these fields leaves it as the program has it.
    sees = {side: typed[f"sees_{side}"] for side in SEES if side in sides and typed[f"sees_{side}"]}
    return CycleDraft(
        typed["name"],
        _day(typed["starts_on"]),
        _day(typed["ends_on"]),
        typed["policy_id"],
        typed["template_id"],
        tuple(sides),
        visibility={side: () if text == NOBODY else populations.named(text) for side, text in sees.items()},
        timeline=line,
        appeal_days=int(days) if days.isascii() and days.isdigit() else 0,
        populations=people,
    )


def _days(typed: Mapping[str, str]) -> dict[str, str]:
    return {step: typed[step] for step in STEPS if typed[step]}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return NEVER
