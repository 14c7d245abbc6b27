"""HR approves many results at once: what it covers, the number to type, and how far the last confirmation is."""

from __future__ import annotations

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue

from bot.context import Context
from bot.web.pages import Visit
from handlers.performance import board, tables as t
from handlers.performance.pages import charts
from handlers.performance.pages.base import attempt, cycle_of, draw, field, looked_at_all, need_hr, path, wrong
from handlers.performance.rules.release import WHY
from handlers.performance.telling import release_rows, releasing

ALL = "*"
"""In the form: over all departments. A department may well be called the empty string."""


def waiting(visit: Visit) -> ResponseReturnValue:
    """`/performance/cockpit/approvals`: to where most results wait; to the list of cycles when none does."""
    found = _most(visit, "approving")
    return redirect(path("cockpit", found, "release") if found else path("cockpit"), 303)


def scores(visit: Visit) -> ResponseReturnValue:
    """`/performance/cockpit/scores`: to the list of the cycle in which most people wait for HR's side."""
    found = _most(visit, "hr")
    return redirect(f"{path('cockpit', found, 'people')}?state=hr" if found else path("cockpit"), 303)


def _most(visit: Visit, state: str) -> str | None:
    """The cycle with the most members in that state."""
    need_hr(visit)
    c = t.member.c
    found = sa.select(c.cycle_id).where(c.state == state).group_by(c.cycle_id)
    with visit.app.engine.connect() as db:
        return db.execute(found.order_by(sa.func.count().desc(), c.cycle_id).limit(1)).scalar()


def show(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """`/performance/cockpit/<cycle>/release`: `?site=` a department, `?before=` further people to choose from."""
    need_hr(visit)
    looked_at_all(visit, f"performance.cockpit:{cycle_id}")
    return _page(visit, cycle_id, request.args.get("site", ALL)[:80])


def confirm(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """The number was typed: the job does the rest. `who` narrows it to people who were ticked."""
    need_hr(visit)
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
    site, who, typed = field("site") or ALL, request.form.getlist("who"), field("count")
    count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else -1
    department = None if site == ALL else site

    def work(ctx: Context) -> None:
        releasing.begin(ctx, cycle, department, count, who)

    if error := attempt(visit, work):
        return wrong(_page(visit, cycle_id, site, error, typed, who))
    return redirect(f"{path('cockpit', cycle_id, 'release')}?said=releasing", 303)


def _page(
    visit: Visit, cycle_id: str, site: str, error: str = "", typed: str = "", who: list[str] | None = None
) -> str:
    department = None if site == ALL else site
    with visit.app.context(visit.person) as ctx:
        cycle = cycle_of(ctx.db, cycle_id)
        found = releasing.ready(ctx, cycle, department)
        lines, onward = board.listed(ctx.db, cycle_id, "approving", department, request.args.get("before", "")[:40])
        before = release_rows.found(ctx.db, cycle_id=cycle_id)
        c = t.member.c
        sites = sa.select(c.department, sa.func.count()).where(c.cycle_id == cycle_id, c.state == "approving")
        departments = ctx.db.execute(sites.group_by(c.department).order_by(c.department)).tuples().all()
    values = {
        "cycle": cycle,
        "found": found,
        "lines": lines,
        "onward": onward,
        "site": site,
        "departments": departments,
    }
    values |= {"releases": [(each, charts.share(each.done + each.apart, each.total)) for each in before]}
    values |= {
        "open": any(each.state == "open" for each in before),
        "error": error,
        "typed": typed,
        "who": who or [],
        "all": ALL,
        "whys": WHY,
    }
    return draw(visit, "release.html", **values)
