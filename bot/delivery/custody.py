"""The receipt custodian: platforms forget who received and read a message (DingTalk after a day); it asks in time.

Soon after sending, because a message that was dropped without an error must be found within ten minutes; then hourly
while somebody's result is still open; for certain before the window shuts; and at last whatever stayed unknown is said
to be unknown. Nothing is lost by a crash or an outage: what is due stands in the database.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from bot import clock
from bot.app import App
from bot.card import Card, Fact
from bot.context import Context
from bot.db import begin
from bot.delivery import crowds, custody_reads, outbox, pacing
from bot.delivery.outbox import Row
from bot.delivery.pacing import Pace
from bot.errors import PlatformError
from bot.locale import t
from bot.ports import Platform
from bot.ports.crowds import Crowds, Outcome, Route
from bot.router import routes
from bot.tables import outbox_harvest as table

log = structlog.get_logger("huizhi.custody")
JOB, SECONDS = "custody", 10.0
EARLY = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=10))
EVERY = timedelta(hours=1)
LAST = timedelta(minutes=30)
"""Before the window shuts: late enough to know much, early enough for several tries."""
LEASE = timedelta(minutes=2)
BATCH = 200
SIDE_BY_SIDE, TOGETHER = 4, 50
"""Calls under way, messages written in one transaction."""
OVER = ("opened", "dropped", "rejected")
"""States that asking again does not change."""
AT_RISK = "custody.at_risk"


def enrol(ctx: Context, platforms: Mapping[str, Platform], sent: Sequence[tuple[Row, str, datetime]]) -> None:
    """Remember to ask about rows that a feature wants to hear about; with each the vendor's message id and when it was
    taken, from which the vendor counts how long it will tell."""
    rows = []
    for row, message_id, at in sent:
        route = route_of(platforms.get(row.platform), row)
        if message_id and route and route.tells != "nothing" and routes.harvester(row.matter):
            common = {"row_id": row.id, "platform": row.platform, "route": route.name, "matter": row.matter}
            until = at + route.known_for
            rows.append(common | {"sent_at": at, "due": min(at + EARLY[0], until), "known_until": until})
    if rows:
        ctx.db.execute(sa.insert(table), rows)


def route_of(platform: Platform | None, row: Row) -> Route | None:
    """The way a row went: its own for a crowd, "card" for a card of one person."""
    if not isinstance(platform, Crowds):
        return None
    return platform.routes.get({crowds.KIND: row.route, "send": "card"}.get(row.kind, ""))


@dataclass(frozen=True, slots=True)
class Asked:
    """One message and what came of asking: `found` by person id. `error`: it could not be asked about."""

    harvest: sa.RowMapping
    row: Row
    people: tuple[str, ...]
    found: Mapping[str, Outcome]
    error: PlatformError | None = None


def harvest(app: App) -> int:
    """Ask about everything due; how many messages were asked about."""
    custody_reads.tell_waiting(app)
    total = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="custody") as pool:
        while due := _take(app):
            asked = [each for each in pool.map(lambda each: _ask(app, each), due) if each]
            for start in range(0, len(asked), TOGETHER):
                _write(app, asked[start : start + TOGETHER])
            total += len(due)
    return total


def _write(app: App, asked: Sequence[Asked]) -> None:
    try:
        with app.context() as ctx:
            for each in asked:
                _keep(ctx, each, timedelta(hours=app.settings.custody_warning))
    except Exception as error:  # noqa: BLE001 - one message must not take what others' vendors said with it
        # Alone it is asked about again when its lease is over, until a feature's error is put right.
        log.error("custody.broken", count=len(asked), row=asked[0].row.id, error=type(error).__name__)
        for each in asked if len(asked) > 1 else ():
            _write(app, [each])


def _take(app: App) -> list[sa.RowMapping]:
    """Rows to ask about now; another custodian, or this one after a crash, gets them when the lease is over."""
    now = clock.now()
    with begin(app.engine) as connection:
        due = sa.select(table.c.row_id).where(table.c.due <= now).order_by(table.c.due).limit(BATCH)
        ids = connection.execute(due.with_for_update(skip_locked=True)).scalars().all()
        if not ids:
            return []
        mine = sa.update(table).where(table.c.row_id.in_(ids), table.c.due <= now)
        rows = connection.execute(mine.values(due=now + LEASE).returning(*table.c)).mappings().all()
    return sorted(rows, key=lambda each: each["known_until"])


def _ask(app: App, each: sa.RowMapping) -> Asked | None:
    """One call, in the platform's pace; None for a message whose row is gone."""
    with begin(app.engine) as connection:
        row, message_id = outbox.get(connection, each["row_id"]), outbox.message_of(connection, each["row_id"])
        if row is None:
            _close(connection, each["row_id"])
            return None
        users = {user: person_id for person_id, user in crowds.members(connection, row) if user}
    people, platform = tuple(users.values()), app.platforms.get(each["platform"])
    if not users or not message_id or not isinstance(platform, Crowds):
        return Asked(each, row, people, {}, PlatformError("route.off", permanent=not users or not message_id))
    # Vendors count each API by itself (DingTalk: how-to-process-api-throttling): asking takes nothing from sending.
    ceilings = pacing.known(app.settings)(each["platform"])
    buckets = {f"{each['platform']}:asks": ceilings.calls} if ceilings.calls else {}
    time.sleep(max(0.0, Pace(app.redis).reserve(buckets, [dict.fromkeys(buckets, 1.0)])[0]))
    try:
        found = platform.outcomes(each["route"], message_id, list(users))
    except PlatformError as error:
        log.warning("custody.failed", row=row.id, code=error.code)
        return Asked(each, row, people, {}, error)
    return Asked(each, row, people, {users[user]: what for user, what in found.items() if user in users})


def _keep(ctx: Context, asked: Asked, warning: timedelta) -> None:
    """News to the feature, then when to ask again."""
    each, row, error = asked.harvest, asked.row, asked.error
    known: dict[str, list[str]] = json.loads(each["known"])
    news = {person: what for person, what in asked.found.items() if known.get(person) != _noted(what)}
    known |= {person: _noted(what) for person, what in news.items()}
    shut = ctx.now >= each["known_until"] or (error is not None and error.permanent)
    if shut:
        # Whoever was heard of another way is not unknown.
        heard = custody_reads.readers(ctx.db, row.id) | known.keys()
        news |= {one: Outcome("unknown", None, "expired") for one in asked.people if one not in heard}
    harvester = routes.harvester(row.matter)
    if news and harvester:
        harvester(ctx, row, news)
    if shut or all(known.get(one, [""])[0] in OVER for one in asked.people):
        _close(ctx.db, row.id, known)
        return
    failures = each["failures"] + 1 if error else 0
    values = {"due": again(each["sent_at"], each["known_until"], ctx.now, failures), "failures": failures}
    ctx.db.execute(sa.update(table).where(table.c.row_id == row.id).values(values | {"known": json.dumps(known)}))
    if error and each["known_until"] - ctx.now <= warning:
        _warn(ctx, each)


def _noted(what: Outcome) -> list[str]:
    return [what.state, what.at.isoformat() if what.at else "", what.code]


def again(sent: datetime, until: datetime, now: datetime, failures: int) -> datetime:
    """When to ask next: after a failure soon, else by the plan in the module's text; never after `until`, when the last
    try is due."""
    if failures:
        return min(now + timedelta(seconds=min(30 << min(failures - 1, 5), 600)), until)
    plan = [*(sent + each for each in EARLY), now + EVERY, until - LAST]
    return min([*(each for each in plan if each > now), until])


def _close(connection: Connection, row_id: str, known: Mapping[str, list[str]] | None = None) -> None:
    values: dict[str, object] = {"due": None} | ({"known": json.dumps(known)} if known else {})
    connection.execute(sa.update(table).where(table.c.row_id == row_id).values(values))


def _warn(ctx: Context, each: sa.RowMapping) -> None:
    """Once for a matter on a platform: somebody may still put it right in time."""
    same = sa.and_(table.c.matter == each["matter"], table.c.platform == each["platform"])
    told = ctx.db.execute(sa.select(table.c.row_id).where(same, table.c.warned).limit(1)).first()
    ctx.db.execute(sa.update(table).where(same).values(warned=True))
    if told:
        return
    ctx.record(AT_RISK, each["matter"], source={"ch": each["platform"], "until": each["known_until"].isoformat()})
    log.error(AT_RISK, matter=each["matter"], platform=each["platform"])
    until = each["known_until"].astimezone(ctx.zone).strftime("%m-%d %H:%M")
    for person in ctx.people.with_role("hr", "hr_head"):
        ctx.say(person, lambda: _card(each["platform"], each["matter"], until), "system")


def _card(platform: str, matter: str, until: str) -> Card:
    return Card(
        t("回执快要取不到了"),
        t(
            "平台只保留一段时间的送达和已读结果，系统最近一直没有取到。请管理员看一下平台连接；到期后这些人的结果只能写“未知”。"
        ),
        (Fact(t("平台"), platform), Fact(t("事项"), matter), Fact(t("最晚"), until)),
    )
