"""Who is expected when: the day's shifts and leave as the platform has them now, without what contradicts itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from bot.context import Context
from bot.people import Person
from bot.ports import Leave, Shift
from bot.tables import person as person_table
from handlers.missed_punch import tables as t
from handlers.missed_punch.attendance import assign, findings, slips
from handlers.missed_punch.attendance.assign import Slot

CHUNK = 500


def write_shifts(ctx: Context, platform: str, people: Mapping[str, Person], day: date, shifts: Sequence[Shift]) -> None:
    """The plan of `people` (by case-folded user id) for one local day.

    Changed shifts replace the old ones, dropped ones go, unless somebody was already asked about them. A plan that
    contradicts itself expects nobody and becomes a finding.
    """
    mine: dict[str, list[Shift]] = defaultdict(list)
    for each in dict.fromkeys(shifts):
        if each.day == day and each.user_id.casefold() in people:
            mine[each.user_id.casefold()].append(each)
    fresh: dict[tuple[str, datetime], dict[str, Any]] = {}
    for user, plan in mine.items():
        for row in _rows(ctx, platform, people[user], plan):
            fresh[row["person_id"], row["start_at"]] = row
    ids = [each.id for each in people.values()]
    for start in range(0, len(ids), CHUNK):
        _replace(ctx, platform, day, ids[start : start + CHUNK], fresh)


def write_leaves(ctx: Context, people: Mapping[str, Person], since: datetime, leaves: Sequence[Leave]) -> None:
    """Leave of `people` that ends after `since`; what was withdrawn disappears."""
    ids = [each.id for each in people.values()]
    for start in range(0, len(ids), CHUNK):
        mine = t.leave.c.person_id.in_(ids[start : start + CHUNK])
        ctx.db.execute(sa.delete(t.leave).where(mine, t.leave.c.end_at > since))
    rows: dict[tuple[str, datetime, datetime, str], dict[str, object]] = {}
    for each in leaves:
        person = people.get(each.user_id.casefold())
        if person and each.end > since:
            row = {"person_id": person.id, "start_at": each.start, "end_at": each.end, "kind": each.kind[:64]}
            rows[person.id, each.start, each.end, each.kind[:64]] = row | {"pending": each.pending}
    if rows:
        ctx.db.execute(sa.insert(t.leave), list(rows.values()))
    for start in range(0, len(ids), CHUNK):
        # DingTalk's leave status does not know what is still pending: the request itself does.
        for slip in slips.covering(ctx.db, ids[start : start + CHUNK], since):
            slips.cover(ctx.db, slip)


def find_twins(ctx: Context, day: date) -> None:
    """The same name on two platforms with shifts at the same time: perhaps one person who would be asked twice."""
    alike = _namesakes(ctx)
    plans = _plans(ctx, [who.id for same in alike for who in same], day)
    for same in alike:
        for number, first in enumerate(same):
            for second in same[number + 1 :]:
                if first.platform != second.platform and _overlap(plans.get(first.id, ()), plans.get(second.id, ())):
                    findings.note(ctx, "twin", second.platform, second.id, first.platform, second.id)


def _namesakes(ctx: Context) -> list[list[sa.Row[Any]]]:
    """People (id, name, platform) of each name that two platforms have, by platform. Names first: a database that
    begins with everybody's shifts, as SQLite chose to, compares each of a day's with each other one."""
    who = person_table.c
    twice = sa.func.count(who.platform.distinct()) > 1
    shared = ctx.db.execute(sa.select(who.name).where(who.active).group_by(who.name).having(twice)).scalars().all()
    found: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    for start in range(0, len(shared), CHUNK):
        mine = sa.select(who.id, who.name, who.platform).where(who.active, who.name.in_(shared[start : start + CHUNK]))
        for row in ctx.db.execute(mine.order_by(who.platform, who.id)):
            found[row.name].append(row)
    return list(found.values())


def _plans(ctx: Context, ids: Sequence[str], day: date) -> dict[str, list[tuple[datetime, datetime]]]:
    plans: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    times = sa.select(t.shift.c.person_id, t.shift.c.start_at, t.shift.c.end_at).where(t.shift.c.day == day)
    for start in range(0, len(ids), CHUNK):
        for row in ctx.db.execute(times.where(t.shift.c.person_id.in_(ids[start : start + CHUNK]))):
            plans[row.person_id].append((row.start_at, row.end_at))
    return plans


def _overlap(one: Sequence[tuple[datetime, datetime]], two: Sequence[tuple[datetime, datetime]]) -> bool:
    return any(begin < until and since < end for begin, end in one for since, until in two)


def _rows(ctx: Context, platform: str, person: Person, plan: Sequence[Shift]) -> list[dict[str, Any]]:
    wrong = assign.faults([Slot(each.start, each.end) for each in plan])
    for index, fault in wrong.items():
        findings.note(ctx, fault, platform, person.id, _span(plan[index], ctx), person.id)
    plan = [each for index, each in enumerate(plan) if index not in wrong]
    windows = assign.arrivals([Slot(each.start, each.end) for each in plan])
    return [
        {
            "person_id": person.id,
            "platform": platform,
            "user_id": each.user_id,
            "day": each.day,
            "site": person.site,
            "early_at": window.since,
            "start_at": each.start,
            "end_at": each.end,
            "plan_ref": each.plan_ref,
            "core_at": each.core if each.core and each.start < each.core < each.end else None,
            "until_at": window.until if window.until < each.end else None,
        }
        for each, window in zip(plan, windows, strict=True)
    ]


def _replace(
    ctx: Context, platform: str, day: date, ids: Sequence[str], fresh: Mapping[tuple[str, datetime], dict[str, Any]]
) -> None:
    today = (t.shift.c.platform == platform, t.shift.c.day == day, t.shift.c.person_id.in_(ids))
    known = {
        (row["person_id"], row["start_at"]): row for row in ctx.db.execute(sa.select(t.shift).where(*today)).mappings()
    }
    gone = [row["id"] for key, row in known.items() if key not in fresh]
    if gone:
        asked = sa.select(t.case.c.shift_id)
        ctx.db.execute(sa.delete(t.shift).where(t.shift.c.id.in_(gone), t.shift.c.id.not_in(asked)))
    wanted = set(ids)
    for key, row in fresh.items():
        old = known.get(key)
        if old and any(old[name] != value for name, value in row.items()):
            ctx.db.execute(sa.update(t.shift).where(t.shift.c.id == old["id"]).values(**row))
    if added := [row for key, row in fresh.items() if key[0] in wanted and key not in known]:
        ctx.db.execute(sa.insert(t.shift), added)


def _span(shift: Shift, ctx: Context) -> str:
    start, end = (at.astimezone(ctx.zone) for at in (shift.start, shift.end))
    return f"{start:%m-%d %H:%M}–{end:%m-%d %H:%M}"
