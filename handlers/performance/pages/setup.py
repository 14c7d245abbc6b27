"""HR sets up policies, templates and cycles: forms with every problem at once and nothing typed lost, or files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot.context import Context
from bot.tables import person as people
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.performance import rules, store, tables as t
from handlers.performance.pages import forms_cycle
from handlers.performance.pages.base import attempt, cycle_of, day, draw, field, need_hr, path, unread, wrong
from handlers.performance.pages.cockpit import MEDIA, imported
from handlers.performance.pages.forms_cycle import CYCLE, MOST_POPULATIONS, POPULATION
from handlers.performance.pages.forms_score import NO_NUMBER, number
from handlers.performance.preparing import members, setup
from handlers.performance.preparing.timeline import STEPS
from handlers.performance.rules import policy as rules_policy
from handlers.performance.store import SIDES, Clause, Cycle, Dimension

CLAUSE = ("no", "text", "at_least", "below", "band", "consequence", "factor")
NUMBERS = ("at_least", "below", "factor")
DIMENSION = ("code", "name", "weight", "max")
MOST_CLAUSES, MOST_DIMENSIONS, NEVER = 40, 20, date(1, 1, 1)


def policy(visit: Visit) -> ResponseReturnValue:
    """The form of a policy version; `?q=` starts from an older one, `do=more` adds empty rows."""
    need_hr(visit)
    rows, typed = _typed("c", CLAUSE, MOST_CLAUSES), {name: field(name) for name in ("name", "since", "deemed")}
    error = ""
    if request.method == "POST" and field("do") != "more":
        clauses = [_clause(row) for row in rows]
        since = day(typed["since"]) or NEVER
        error = unread(
            visit.lang,
            [typed["since"]],
            [row[name] for row in rows for name in NUMBERS],
            rules_policy.clause_problems(clauses, typed["deemed"]),
        ) or attempt(visit, lambda ctx: setup.create_policy(ctx, typed["name"], since, clauses, typed["deemed"]))
        if not error:
            return redirect("/performance/cockpit?said=policy", 303)
    if request.method == "GET" and request.args.get("q"):
        with visit.app.engine.connect() as db:
            rows, typed = _old_policy(db, request.args["q"])
    page = draw(visit, "policy.html", rows=_padded(rows, CLAUSE, 4), typed=typed, error=error)
    return wrong(page) if error else page


def template(visit: Visit) -> ResponseReturnValue:
    """The form of a template version, likewise."""
    need_hr(visit)
    rows, typed = _typed("d", DIMENSION, MOST_DIMENSIONS), {name: field(name) for name in ("name", "places")}
    error = ""
    if request.method == "POST" and field("do") != "more":
        parts = [_dimension(row) for row in rows]
        places = int(typed["places"]) if typed["places"].isascii() and typed["places"].isdigit() else -1
        error = attempt(visit, lambda ctx: setup.create_template(ctx, typed["name"], parts, places))
        if not error:
            return redirect("/performance/cockpit?said=template", 303)
    if request.method == "GET" and request.args.get("q"):
        with visit.app.engine.connect() as db:
            rows, typed = _old_template(db, request.args["q"])
    page = draw(visit, "template.html", rows=_padded(rows, DIMENSION, 3), typed=typed, error=error)
    return wrong(page) if error else page


def cycle(visit: Visit) -> ResponseReturnValue:
    """The form of a cycle: period, policy, template, sides, days. Its people come from the organisation."""
    need_hr(visit)
    typed, error = {name: field(name) for name in (*CYCLE, *STEPS)}, ""
    blocks = [{name: field(f"p{no}.{name}") for name in (*POPULATION, *STEPS)} for no in range(1, 1 + MOST_POPULATIONS)]
    chosen = request.form.getlist("sides") or list(SIDES)
    if request.method == "POST":
        made: list[Cycle] = []

        def work(ctx: Context) -> None:
            made.extend(forms_cycle.create(ctx, typed, blocks, [each for each in SIDES if each in chosen]))

        error = unread(visit.lang, [typed["starts_on"], typed["ends_on"]]) or attempt(visit, work)
        if not error:
            here = path("cockpit") if len(made) > 1 else path("cockpit", made[0].id)
            return redirect(f"{here}?said=created", 303)
    with visit.app.engine.connect() as db:
        policies, templates, departments = _choices(db)
    values = {"policies": policies, "templates": templates, "departments": departments, "steps": STEPS}
    values |= {"blocks": blocks, "sees": forms_cycle.SEES}
    page = draw(visit, "new_cycle.html", typed=typed, chosen=chosen, sides=SIDES, error=error, **values)
    return wrong(page) if error else page


def copy(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """[复制为新周期]: the same set-up for another period, with the goals as proposals when wished."""
    need_hr(visit)
    with visit.app.engine.connect() as db:
        old = cycle_of(db, cycle_id)
    starts, ends, made = day(field("starts_on")) or NEVER, day(field("ends_on")) or NEVER, list[Cycle]()

    def work(ctx: Context) -> None:
        made.append(setup.copy_cycle(ctx, old, field("name"), starts, ends, goals=bool(field("goals"))))

    error = unread(visit.lang, [field("starts_on"), field("ends_on")]) or attempt(visit, work)
    if not error:
        return redirect(f"{path('cockpit', made[0].id)}?said=created", 303)
    typed = {name: field(name) for name in ("name", "starts_on", "ends_on", "goals")}
    return wrong(draw(visit, "copy.html", cycle=old, typed=typed, error=error))


def cycles_in(visit: Visit) -> ResponseReturnValue:
    """A file with cycles: dry run or for good."""
    need_hr(visit)
    dry = field("do") != "write"
    error, found = imported(visit, None, "cycles", dry=dry)
    page = draw(visit, "brought.html", error=error, brought=found, dry=dry, back="/performance/cockpit")
    return wrong(page) if error or (found and found.problems) else page


def cycles_out(visit: Visit) -> ResponseReturnValue:
    """All cycles as a file with the columns that come back in."""
    need_hr(visit)
    form = "csv" if field("form") == "csv" else "xlsx"
    content: list[bytes] = []

    def work(ctx: Context) -> None:
        content.append(setup.export_rows(ctx, None, "cycles", "csv" if form == "csv" else "xlsx"))

    if attempt(visit, work):
        raise NotFound
    return attached(content[0], f"cycles.{form}", MEDIA[form])


Rows = list[dict[str, str]]


def _typed(prefix: str, names: Sequence[str], most: int) -> Rows:
    rows = [{name: field(f"{prefix}.{no}.{name}") for name in names} for no in range(most)]
    return [row for row in rows if any(row.values())]


def _padded(rows: Rows, names: Sequence[str], least: int) -> Rows:
    extra = 2 if field("do") == "more" else 1 if rows else least
    return [*rows, *(dict.fromkeys(names, "") for _ in range(extra))]


def _clause(row: Mapping[str, str]) -> Clause:
    numbers = {name: number(row[name]) for name in NUMBERS}
    # What is no number must be refused, and not be taken for "no limit".
    said = {name: Decimal(-1) if value is NO_NUMBER else value for name, value in numbers.items()}
    limits = (said["at_least"], said["below"], row["band"], row["consequence"], said["factor"])
    return Clause(row["no"], row["text"], *limits)


def _dimension(row: Mapping[str, str]) -> Dimension:
    weight, most = number(row["weight"]), number(row["max"])
    known = [Decimal(0) if each is None or each is NO_NUMBER else each for each in (weight, most)]
    return Dimension(row["code"], row["name"], known[0], known[1])


def _old_policy(db: Connection, policy_id: str) -> tuple[Rows, dict[str, str]]:
    found = store.policy(db, policy_id)
    if found is None:
        raise NotFound
    rows = [{name: _said(getattr(each, name)) for name in CLAUSE} for each in found.clauses]
    return rows, {"name": found.name, "since": "", "deemed": found.deemed_clause}


def _old_template(db: Connection, template_id: str) -> tuple[Rows, dict[str, str]]:
    found = store.template(db, template_id)
    if found is None:
        raise NotFound
    rows = [{name: _said(getattr(each, name)) for name in DIMENSION} for each in found.dimensions]
    return rows, {"name": found.name, "places": str(found.places)}


def _said(value: object) -> str:
    return rules.plain(value) if isinstance(value, Decimal) else str(value or "")


def _choices(db: Connection) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]:
    """(id, name) of policies and of templates, newest versions first, and the names of departments."""
    p, m = t.policy.c, t.template.c
    policies = db.execute(sa.select(p.id, p.name, p.version, p.since).order_by(p.since.desc(), p.version.desc()))
    templates = db.execute(sa.select(m.id, m.name, m.version).order_by(m.name, m.version.desc()))
    sites = db.execute(sa.select(people.c.site).where(people.c.active).distinct()).scalars()
    found = {members.department_of(each) for each in sites}
    return (
        [(row.id, f"{row.name} v{row.version} ({row.since})") for row in policies],
        [(row.id, f"{row.name} v{row.version}") for row in templates],
        sorted(each for each in found if each),
    )
