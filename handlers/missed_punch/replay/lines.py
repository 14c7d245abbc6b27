"""Lines of a replayed month: when each step was taken then, would be by the rules in force, and by a draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from handlers.missed_punch.ladder import rungs as ladder
from handlers.missed_punch.replay import hindsight
from handlers.missed_punch.replay.hindsight import Played


@dataclass(frozen=True, slots=True)
class Line:
    """One step of one day. Times are the person's wall clock `06-11 09:15`, empty where the step was not taken.

    `change`: draft against the rules in force (against then, without a draft), see replay_rules.change; `held`: the
    guard that kept everybody quiet. `name` is the person's.
    """

    day: str
    person: str
    name: str
    rung: str
    who: str
    channels: str
    then: str
    in_force: str
    draft: str
    change: str
    held: str = ""


def line(
    row: Mapping[Any, Any], day: str, what: tuple[str, str, str], at: tuple[datetime | None, ...], drafted: bool
) -> Line:
    """One line. `what`: (rung, who, channels); `at`: (then, in force, draft) in UTC."""
    then, before, after = at
    moved = hindsight.change(before, after) if drafted else hindsight.change(then, before)
    first, second, third = (clock(each, row["zone"]) for each in (then, before, after))
    return Line(day, row["person_id"], row["name"], *what, first, second, third, moved)


def of_shift(
    row: Mapping[Any, Any], then: Mapping[int, tuple[datetime, tuple[str, ...]]], force: Played, draft: Played | None
) -> Iterator[Line]:
    old, new = ({step.rung: step for step in each.steps} if each else {} for each in (force, draft))
    for rung in sorted({*then, *old, *new}):
        step = new.get(rung) or old.get(rung)
        at = then[rung][0] if rung in then else None
        before, after = (each.at if (each := known.get(rung)) else None for known in (old, new))
        who, how = (step.who, "+".join(step.channels)) if step else (ladder.ORDER[rung], "card")
        yield line(row, row["day"].isoformat(), (str(rung), who, how), (at, before, after), draft is not None)
    if held := (draft or force).held:
        yield Line(row["day"].isoformat(), row["person_id"], row["name"], "", "", "", "", "", "", "", held)


def clock(at: datetime | None, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M") if at else ""
