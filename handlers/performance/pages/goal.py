"""One goal: its versions, who confirmed which text, and the forms to propose, change, confirm and drop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot.context import Context
from bot.web.pages import Visit
from handlers.performance import board, rules, store, tables as t
from handlers.performance.agreeing import asking, goals
from handlers.performance.pages.base import Seat, attempt, day, draw, field, looked, path, seat, wrong
from handlers.performance.pages.forms_score import number
from handlers.performance.rules import GoalDraft
from handlers.performance.store import Goal, Template

FIELDS = ("text", "kind", "target", "unit", "weight", "due_on", "dimension", "source", "source_key", "reason")


@dataclass(frozen=True, slots=True)
class Version:
    """One version with its confirmations: (side, name, name in whose place or "", when, void since or None)."""

    number: int
    text: str
    amount: str
    weight: str
    due_on: str
    sha256: str
    reason: str
    by: str
    at: datetime
    confirmed: tuple[tuple[str, str, str, datetime, datetime | None], ...]


def one(visit: Visit, goal_id: str) -> ResponseReturnValue:
    """`/performance/goals/<id>`; a look at somebody else's is recorded."""
    goal, found = _found(visit, goal_id)
    looked(visit, found.person, f"goal:{goal_id}")
    return _shown(visit, goal, found)


def confirm(visit: Visit, goal_id: str) -> ResponseReturnValue:
    """[确认]: exactly the text whose hash the form brought back; a newer text is shown instead and not confirmed."""
    goal, found = _found(visit, goal_id)
    version, sha256 = field("version"), field("sha256")
    seen = _as_seen(goal, version)
    error = attempt(visit, lambda ctx: goals.confirm(ctx, seen, sha256))
    return _after(visit, goal_id, found, error, "confirmed")


def edit(visit: Visit, goal_id: str) -> ResponseReturnValue:
    """[提出修改]: a new version, both confirmations are void. What was typed is kept when something is wrong."""
    goal, found = _found(visit, goal_id)
    draft, typed = _draft(), _typed()
    seen = _as_seen(goal, field("version"))
    error = attempt(visit, lambda ctx: goals.edit(ctx, seen, draft, field("reason")))
    return _after(visit, goal_id, found, error, "changed", typed)


def drop(visit: Visit, goal_id: str) -> ResponseReturnValue:
    """[取消目标], with a reason; both sides are told."""
    goal, found = _found(visit, goal_id)
    seen = _as_seen(goal, field("version"))
    error = attempt(visit, lambda ctx: goals.drop(ctx, seen, field("reason")))
    return _after(visit, goal_id, found, error, "dropped", {"drop_reason": field("reason")})


def propose(visit: Visit, cycle_id: str, person_id: str) -> ResponseReturnValue:
    """The form for a new goal of a person, and where it goes."""
    found = seat(visit, cycle_id, person_id)
    typed, error = _typed(), ""
    if request.method == "POST":
        draft = _draft()

        def work(ctx: Context) -> None:
            goals.propose(ctx, found.cycle, found.person, draft, field("reason"))

        error = attempt(visit, work)
        if not error:
            back = "/performance" if found.role == "own" else path(cycle_id, person_id)
            return redirect(f"{back}?said=proposed", 303)
    with visit.app.context(visit.person) as ctx:
        template = store.template(ctx.db, found.cycle.template_id)
        left = goals.weight_left(ctx, found.cycle, person_id)
    typed = (
        typed if request.method == "POST" else {"weight": rules.plain(max(left, rules.WHOLE * 0)), "kind": "numeric"}
    )
    values = {"seat": found, "typed": typed, "error": error, "dimensions": _dimensions(template), "left": left}
    page = draw(visit, "propose.html", sources=rules.SOURCES, settled=found.member.state != "goals", **values)
    return wrong(page) if error else page


def _found(visit: Visit, goal_id: str) -> tuple[Goal, Seat]:
    with visit.app.engine.connect() as db:
        goal = store.goal(db, goal_id)
    if goal is None:
        raise NotFound
    return goal, seat(visit, goal.cycle_id, goal.person_id)


def _as_seen(goal: Goal, version: str) -> Goal:
    """The goal as the version that the form was made for: the flow compares it with what is there now."""
    values = {name: getattr(goal, name) for name in Goal.__dataclass_fields__}
    return Goal(**values | {"version": int(version) if version.isdigit() else 0})


def _after(
    visit: Visit, goal_id: str, found: Seat, error: str, said: str, typed: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    if not error:
        return redirect(f"{path('goals', goal_id)}?said={said}", 303)
    goal, _ = _found(visit, goal_id)
    return wrong(_shown(visit, goal, found, error, typed))


def _shown(visit: Visit, goal: Goal, found: Seat, error: str = "", typed: Mapping[str, str] | None = None) -> str:
    with visit.app.context(visit.person) as ctx:
        versions = history(ctx.db, goal)
        template = store.template(ctx.db, found.cycle.template_id)
        done = asking.confirmed(ctx, goal)
    side = {"own": "employee", "manager": "manager"}.get(found.role, "")
    mine = typed if typed and "text" in typed else _of(goal)
    values = {"goal": goal, "seat": found, "versions": versions, "dimensions": _dimensions(template), "error": error}
    values |= {"typed": mine, "drop_reason": (typed or {}).get("drop_reason", ""), "open_edit": bool(typed)}
    values |= {"may_confirm": bool(side) and goal.state == "proposed" and side not in done, "mine_done": side in done}
    values |= {
        "settable": found.member.state in ("goals", "running") and found.cycle.state not in ("results", "closed")
    }
    return draw(visit, "goal.html", sources=rules.SOURCES, canonical=rules.canonical(asking.draft_of(goal)), **values)


def history(db: Connection, goal: Goal) -> list[Version]:
    """All versions, newest first, with every confirmation there ever was."""
    v, c = t.goal_version.c, t.confirmation.c
    rows = db.execute(sa.select(t.goal_version).where(v.goal_id == goal.id).order_by(v.version.desc())).mappings().all()
    signed = db.execute(sa.select(t.confirmation).where(c.goal_id == goal.id).order_by(c.at)).mappings().all()
    ids = {row["proposed_by"] for row in rows} | {
        row[name] for row in signed for name in ("person_id", "behalf_person_id")
    }
    names = board.names_of(db, ids)

    def confirmed(version: int) -> tuple[tuple[str, str, str, datetime, datetime | None], ...]:
        mine = [row for row in signed if row["version"] == version]
        return tuple(
            (row["side"], names.get(row["person_id"], ""), names.get(row["behalf_person_id"], ""), row["at"],
             row["voided_at"])
            for row in mine
        )  # fmt: skip

    return [
        Version(
            row["version"], row["text"], f"{row['target']} {row['unit']}".strip(), row["weight"],
            row["due_on"].isoformat() if row["due_on"] else "", row["sha256"], row["reason"],
            names.get(row["proposed_by"], ""), row["created_at"], confirmed(row["version"]),
        )
        for row in rows
    ]  # fmt: skip


def _dimensions(template: Template | None) -> list[tuple[str, str]]:
    return [(each.code, each.name) for each in template.dimensions] if template else []


def _of(goal: Goal) -> dict[str, str]:
    numbers = {"target": rules.plain(goal.target), "weight": rules.plain(goal.weight)}
    texts = {name: str(getattr(goal, name)) for name in ("text", "kind", "unit", "dimension", "source", "source_key")}
    return texts | numbers | {"due_on": goal.due_on.isoformat() if goal.due_on else "", "reason": ""}


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in FIELDS}


def _draft() -> GoalDraft:
    """What the form says; what is no number is refused by the rules, together with all else that is wrong."""
    weight = number(field("weight"))
    return GoalDraft(
        field("text"),
        weight if weight is not None and weight.is_finite() else Decimal(0),
        field("kind") or "numeric",
        number(field("target")),
        field("unit"),
        day(field("due_on")) if field("due_on") else None,
        field("dimension"),
        field("source"),
        field("source_key"),
    )
