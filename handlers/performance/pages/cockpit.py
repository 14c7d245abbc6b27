"""HR's cockpit of one cycle: who has not confirmed, scored or signed; attainment; the spread of scores; reminders."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue

from bot import clock
from bot.context import Context
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.performance import board, reminding, store, tables as t
from handlers.performance.files import board as files_board
from handlers.performance.measuring import progress
from handlers.performance.pages import charts
from handlers.performance.pages.base import attempt, cycle_of, draw, field, local, looked_at_all, need_hr, path, wrong
from handlers.performance.preparing import setup
from handlers.performance.preparing.setup import FileKind, Form, Imported
from handlers.performance.preparing.timeline import STEPS
from handlers.performance.reminding import Reminded, What
from handlers.performance.rules import scoring as rules_scoring
from handlers.performance.store import Cycle

KINDS = ("members", "goals", "progress")
"""What can be brought as a file into a cycle; a file of cycles belongs to the cockpit itself."""
WHAT = ("goals", "scores", "answers")
GOOD, WARN = ("signed", "received", "deemed", "final"), ("goals", "objected", "appealed", "refused")
MOST_FILE = (10 << 20) + (1 << 16)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}


def overview(visit: Visit) -> ResponseReturnValue:
    """`/performance/cockpit`: every cycle with its counts, policies and templates, and the way to new ones."""
    need_hr(visit)
    with visit.app.engine.connect() as db:
        cycles = store.cycles(db)
        tallies = {each.id: board.tally(db, each.id) for each in cycles[:12]}
        p, m = t.policy.c, t.template.c
        policies = db.execute(sa.select(p.id, p.name, p.version, p.since).order_by(p.name, p.version.desc())).all()
        templates = db.execute(sa.select(m.id, m.name, m.version).order_by(m.name, m.version.desc())).all()
    looked_at_all(visit, "performance.cockpit")
    return draw(visit, "cockpit.html", cycles=cycles, tallies=tallies, policies=policies, templates=templates)


def one(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """`/performance/cockpit/<cycle>`: the counts add up to everybody; each leads to its list."""
    need_hr(visit)
    looked_at_all(visit, f"performance.cockpit:{cycle_id}")
    return _shown(visit, cycle_id)


def _shown(
    visit: Visit, cycle_id: str, error: str = "", brought: Imported | None = None, kind: str = "", dry: bool = True
) -> str:
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
        tally, departments = board.tally(db, cycle_id), board.departments(db, cycle_id)
        policy, template = store.policy(db, cycle.policy_id), store.template(db, cycle.template_id)
    with visit.app.context(visit.person) as ctx:
        blocking = setup.problems(ctx, cycle) if cycle.state == "draft" else []
    rows = [(name, count, charts.share(count, tally.total)) for name, count in tally.counts.items() if count]
    values = {"cycle": cycle, "tally": tally, "rows": rows, "departments": departments, "error": error}
    values |= {"policy": policy, "scheme": template, "blocking": blocking, "steps": STEPS, "kinds": KINDS}
    values |= {"questions": _questions(tally), "brought": brought, "kind": kind, "dry": dry, "low": board.LOW}
    values |= {"n": request.args.get("n", "")[:60], "bar": charts.bar, "good": GOOD, "warn": WARN}
    values |= {"today": local(visit, clock.now())}
    sees = {side: cycle.visibility.get(side, rules_scoring.READERS.get(side, ())) for side in cycle.sides}
    values |= {"seen": {side: [each for each in store.SIDES if each in readers] for side, readers in sees.items()}}
    return draw(visit, "cycle.html", **values)


def _questions(tally: board.Tally) -> list[tuple[str, int, str]]:
    """(question, people, the list behind it): who has not confirmed, scored, answered, signed."""
    return [
        ("goals", tally.of("goals"), "goals"),
        ("scores", tally.of(*board.SCORING), "scores"),
        ("answers", tally.of("published"), "answers"),
        ("unsigned", tally.unsigned, "unsigned"),
    ]


def people(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """The list behind a number: `?state=` a group or list, `?site=` a department, `?before=` goes on."""
    need_hr(visit)
    looked_at_all(visit, f"performance.cockpit:{cycle_id}")
    wanted, site, after = (request.args.get(name, "")[:80] for name in ("state", "site", "before"))
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
        lines, onward = board.listed(db, cycle_id, wanted, site if "site" in request.args else None, after)
    query = {"state": wanted} | ({"site": site} if "site" in request.args else {})
    onward = f"?{urlencode(query | {'before': onward})}" if onward else ""
    known = wanted if wanted in (*board.GROUPS, *board.LISTS) else ""
    remind = {"goals": "goals", "scores": "scores", "answers": "answers", "published": "answers"}.get(wanted, "")
    remind = "scores" if wanted in board.SCORING else remind
    values = {"cycle": cycle, "lines": lines, "onward": onward, "wanted": known, "site": site, "remind": remind}
    return draw(visit, "people.html", bar=charts.bar, good=GOOD, warn=WARN, **values)


def remind(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """[提醒]: whoever it waits for, worded by the day; `who` narrows it to the people of a list."""
    need_hr(visit)
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
    what, who = field("what"), request.form.getlist("who")
    if what not in WHAT:
        return redirect(path("cockpit", cycle_id), 303)
    done: list[Reminded] = []

    def work(ctx: Context) -> None:
        done.append(reminding.remind(ctx, cycle, cast(What, what), who or None))

    error = attempt(visit, work)
    if error:
        return wrong(_shown(visit, cycle_id, error))
    counts = [done[0].sent, done[0].away, done[0].recent, done[0].resting]
    query = urlencode({"said": "reminded", "n": "-".join(str(each) for each in counts)})
    return redirect(f"{path('cockpit', cycle_id)}?{query}", 303)


def calibration(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """The spread of the scores of one side (`?state=`), by department (`?site=` opens one) and by scorer (`?q=`)."""
    need_hr(visit)
    looked_at_all(visit, f"performance.cockpit:{cycle_id}")
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
        side = request.args.get("state", "")
        side = side if side in (*cycle.sides, "result") else "manager" if "manager" in cycle.sides else cycle.sides[-1]
        spread = board.spread(db, cycle_id, side)
        site, by = request.args.get("site", "")[:80], request.args.get("q", "")[:40]
        lines = board.scored(db, cycle_id, side, department=site, scorer=by) if site or by else []
    values = {"cycle": cycle, "side": side, "spread": spread, "lines": lines, "site": site, "by": by}
    values |= {"columns": charts.columns(spread.counts), "width": charts.WIDTH, "height": charts.HEIGHT}
    return draw(visit, "calibration.html", foot=charts.HEIGHT - charts.FOOT, **values)


def bring(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """A file into a cycle: [试读] says what it would do, [导入] does it, both with every wrong row."""
    need_hr(visit)
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
    kind, dry = field("kind"), field("do") != "write"
    error, found = imported(visit, cycle, kind if kind in KINDS else "members", dry=dry)
    page = _shown(visit, cycle_id, error, found, kind if kind in KINDS else "members", dry)
    return wrong(page) if error or (found and found.problems) else page


def imported(visit: Visit, cycle: Cycle | None, kind: str, *, dry: bool) -> tuple[str, Imported | None]:
    """(what it was refused with, what it brought) of the form's file."""
    upload = request.files.get("file")
    data = upload.stream.read(MOST_FILE) if upload else b""
    found: list[Imported] = []

    def work(ctx: Context) -> None:
        if kind == "progress" and cycle is not None:
            found.append(progress.import_file(ctx, cycle, data, dry_run=dry))
        else:
            found.append(setup.import_rows(ctx, cycle, cast(FileKind, kind), data, dry_run=dry))

    return attempt(visit, work), found[0] if found else None


def export(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """Members, goals or the board of a cycle as CSV or XLSX; nothing in it can act as a formula. It is recorded."""
    need_hr(visit)
    kind, form = field("kind"), "csv" if field("form") == "csv" else "xlsx"
    content = b""
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)

    def work(ctx: Context) -> None:
        nonlocal content
        if kind == "board":
            content = files_board.table(ctx, cycle, cast(Form, form), visit.lang)
        else:
            content = setup.export_rows(ctx, cycle, "goals" if kind == "goals" else "members", cast(Form, form))

    error = attempt(visit, work)
    if error:
        return wrong(_shown(visit, cycle_id, error))
    return attached(content, f"{cycle.name}-{kind}.{form}", MEDIA[form])


def open_cycle(visit: Visit, cycle_id: str) -> ResponseReturnValue:
    """[开启周期]: people are asked by a job, in working time."""
    need_hr(visit)
    with visit.app.engine.connect() as db:
        cycle = cycle_of(db, cycle_id)
    error = attempt(visit, lambda ctx: setup.open_cycle(ctx, cycle))
    return wrong(_shown(visit, cycle_id, error)) if error else redirect(f"{path('cockpit', cycle_id)}?said=opened", 303)
