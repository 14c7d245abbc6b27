"""When we are not sure whether it is them or us, the administrator is asked and the employee is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from bot.context import Context
from bot.people import Person
from handlers.missed_punch import cards_doubt, reach, rules, steps, store
from handlers.missed_punch import tables as t

TODAY = timedelta(hours=12)
CHUNK = 500
Kind = Literal["new", "leaving", "device"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """`key` is the hold's; `what` the device; `values` are the guard's, for the record."""

    kind: Kind
    key: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`ask` False: not now. `since`: when a human said that all is well; `values` for the record."""

    ask: bool
    since: datetime | None
    values: dict[str, str]


def settle(ctx: Context, row: RowMapping, person: Person) -> Answer:
    """May this person be asked about the shift `row`? If unsure, HR is asked once."""
    found, values = _find(ctx, row, person)
    if found is None:
        return Answer(True, None, values)
    notice = store.seen(ctx, found.key)
    if notice["decision"]:
        return Answer(notice["decision"] == "ask", notice["decided_at"], values)
    if notice["told_at"] is None:
        name = "" if found.kind == "device" else person.name
        for each in steps.hr_people(ctx, person):
            ctx.ask(
                each,
                steps.STORM,
                notice["id"],
                lambda ref: cards_doubt.doubt(ref, found.kind, name, found.what),
            )
        store.told(ctx.db, found.key, told_at=ctx.now)
        ctx.record("checkin.held", notice["id"], source={"guard": found.key[:120]} | values)
    return Answer(False, None, values)


def _find(ctx: Context, row: RowMapping, person: Person) -> tuple[Doubt | None, dict[str, str]]:
    kept, day = reach.contact_of(ctx.db, person.id), row["day"]
    new = kept.joined_on == day or (kept.joined_on is None and _first_day(ctx, row))
    leaving = kept.leaving_on is not None and kept.leaving_on <= day
    device, down = _device(ctx, row)
    values = {"newly_joined": str(new).lower(), "leaving": str(leaving).lower(), "device": device or "unknown"}
    values |= {"device_down": str(down).lower()}
    if down:
        return Doubt("device", f"device:{row['platform']}:{device}:{day}", device), values
    if new:
        return Doubt("new", f"new:{row['id']}"), values
    return (Doubt("leaving", f"leaving:{row['id']}") if leaving else None), values


def _first_day(ctx: Context, row: RowMapping) -> bool:
    """Their first planned day ever, although others of the platform had earlier ones: probably not enrolled yet."""
    earlier = t.shift.c.day < row["day"]
    own = sa.select(t.shift.c.id).where(t.shift.c.person_id == row["person_id"], earlier).limit(1)
    anybody = sa.select(t.shift.c.id).where(t.shift.c.platform == row["platform"], earlier).limit(1)
    return ctx.db.execute(own).first() is None and ctx.db.execute(anybody).first() is not None


def _device(ctx: Context, row: RowMapping) -> tuple[str, bool]:
    """(the device this person used last, is it probably down?)."""
    device = _usual(ctx, [row["person_id"]]).get(row["person_id"], "")
    if not device:
        return "", False
    recent = sa.select(t.punch.c.source, sa.func.max(t.punch.c.at)).where(t.punch.c.at >= row["start_at"] - TODAY)
    last: dict[str, datetime] = {row[0]: row[1] for row in ctx.db.execute(recent.group_by(t.punch.c.source))}
    others = max((at for source, at in last.items() if source != device), default=None)
    if not rules.device_down(rules.DEVICE_PEOPLE, last.get(device), others, row["start_at"]):
        return device, False
    used = _usual(ctx, _absent(ctx, row))
    count = sum(1 for source in used.values() if source == device)
    return device, rules.device_down(count, last.get(device), others, row["start_at"])


def _absent(ctx: Context, row: RowMapping) -> list[str]:
    """Who of the platform should have begun by now and has no punch."""
    begun = (t.shift.c.platform == row["platform"], t.shift.c.day == row["day"], t.shift.c.start_at <= ctx.now)
    mine = (t.punch.c.person_id == t.shift.c.person_id, t.punch.c.at >= t.shift.c.early_at)
    absent = sa.select(t.shift.c.person_id).where(*begun, ~sa.exists().where(*mine)).distinct()
    return list(ctx.db.execute(absent).scalars())


def _usual(ctx: Context, ids: Sequence[str]) -> dict[str, str]:
    """Person -> the source of their latest punch."""
    found: dict[str, tuple[datetime, str]] = {}
    for start in range(0, len(ids), CHUNK):
        mine = t.punch.c.person_id.in_(ids[start : start + CHUNK])
        newest = sa.select(t.punch.c.person_id, t.punch.c.source, sa.func.max(t.punch.c.at).label("at")).where(mine)
        for person_id, source, at in ctx.db.execute(newest.group_by(t.punch.c.person_id, t.punch.c.source)):
            found[person_id] = max(found.get(person_id, (at, source)), (at, source))
    return {person_id: source for person_id, (_at, source) in found.items()}
