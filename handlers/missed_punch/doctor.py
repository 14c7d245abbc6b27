"""What `huizhi doctor` says about attendance data: the plan of calls, open findings, the calendar, people's zones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import clock
from bot.ports import Finding, Limits
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import calendar as statutory, polling, questions

if TYPE_CHECKING:
    from bot.app import App


def findings(app: App) -> list[Finding]:
    """One per platform with its calls a month, then what waits for the administrator. Asks no platform anything."""
    with app.engine.connect() as db:
        return [
            *(plan(db, name, questions.limits_of(each.attendance)) for name, each in app.platforms.items()),
            *_waiting(db),
            _calendar(db),
        ]


def plan(db: Connection, platform: str, limits: Limits) -> Finding:
    """The forecast from the shifts of the last day that was fetched."""
    s = t.shift.c
    day = sa.select(sa.func.max(s.day)).where(s.platform == platform).scalar_subquery()
    counts = sa.select(sa.func.count(s.person_id.distinct()), sa.func.count(s.start_at.distinct()))
    heads, starts = db.execute(counts.where(s.platform == platform, s.day == day)).one()
    found = polling.forecast(int(heads), int(starts), limits)
    budget = f" / {found.budget}" if found.budget is not None else ""
    parts = f"排班 {found.shifts} 请假 {found.leaves} 打卡 {found.punches} 补传 {found.late}"
    detail = f"{heads} 人，每天 {starts} 个上班时间：每月约 {found.total}{budget} 次（{parts}）"
    advice = "考勤调用会用掉大部分额度：订阅打卡事件、减少上班时间的种类，或购买资源包 / buy a larger quota"
    return Finding(f"attendance plan: {platform}", found.fits, detail, "" if found.fits else advice)


def _waiting(db: Connection) -> list[Finding]:
    since = clock.now() - timedelta(days=7)
    query = sa.select(t.finding.c.kind, t.finding.c.platform, sa.func.count()).where(t.finding.c.found_at >= since)
    rows = db.execute(query.group_by(t.finding.c.kind, t.finding.c.platform).order_by(t.finding.c.kind)).all()
    advice = "核对该平台的班次与设备 / check that platform's shifts and devices"
    return [
        Finding(f"attendance data: {platform}", False, f"{kind}: {count} (7 天 / days)", advice)
        for kind, platform, count in rows
    ]


def _calendar(db: Connection) -> Finding:
    book, year = statutory.book(db), clock.now().year
    known = [each for each in (year, year + 1) if book.knows(each)]
    late = (clock.now().month, clock.now().day) >= statutory.WARN_FROM
    # The coming year may not be published yet: worth a word, no fault.
    ok = False if year not in known else (None if late and year + 1 not in known else True)
    detail = f"known: {', '.join(map(str, known)) or 'none'}"
    advice = "国务院办公厅公布后运行 huizhi calendar load FILE / load it once published"
    return Finding("statutory calendar", ok, detail, "" if ok else advice)
