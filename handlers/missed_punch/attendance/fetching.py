"""Asks the platforms what polling says is due, outside any transaction, and writes what came back.

A platform that fails, or answers empty where it had answered before, keeps its old `mp_feed.fetched_at`: the guards
then hold every question and the administrator is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot import clock
from bot.errors import PlatformError
from bot.people import Person
from bot.ports import Attendance, Leave, Limits, Platform, Shift
from handlers.missed_punch.attendance import (
    calendar as statutory,
    expected,
    fetched,
    findings,
    keeping,
    late,
    polling,
    questions,
    tenure,
)
from handlers.missed_punch.attendance.questions import Open

if TYPE_CHECKING:
    from bot.app import App

log = structlog.get_logger("huizhi.missed_punch")
CONTROLS = 50
AHEAD = timedelta(hours=1)
"""Punches are asked for a little beyond now: a clock that runs ahead is found instead of overlooked."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Zone:
    """People of one platform in one time zone, by case-folded user id, and their local day."""

    name: str
    people: Mapping[str, Person]
    day: date

    @property
    def users(self) -> list[str]:
        """User ids as the platform spells them."""
        return [each.user_id for each in self.people.values()]

    def midnight(self, day: date | None = None) -> datetime:
        """Start of the local day as UTC."""
        return datetime.combine(day or self.day, time(), ZoneInfo(self.name)).astimezone(UTC)


def poll(app: App) -> None:
    """Everything that is due now on every platform."""
    for name, platform in app.platforms.items():
        people = {each.user_id.casefold(): each for each in app.people_on(name)}
        limits = questions.limits_of(platform.attendance)
        try:
            for zone in _zones(people):
                _plan(app, name, platform, zone, limits)
            _ask(app, name, platform, people, limits)
        except PlatformError as error:
            log.warning("feed.failed", platform=name, code=error.code, alarm=error.alarm)


def _zones(people: Mapping[str, Person]) -> list[Zone]:
    grouped: dict[str, dict[str, Person]] = {}
    for user, person in people.items():
        grouped.setdefault(person.zone, {})[user] = person
    now = clock.now()
    return [Zone(name, found, now.astimezone(ZoneInfo(name)).date()) for name, found in sorted(grouped.items())]


def _plan(app: App, name: str, platform: Platform, zone: Zone, limits: Limits) -> None:
    """The day's shifts and leave of everybody, and once in the morning yesterday's late uploads."""
    attendance, now = platform.attendance, clock.now()
    with app.engine.connect() as db:
        plan_at = fetched.last(db, name, "plan", zone.name, zone.day)
        late_at = fetched.last(db, name, "late", zone.name, zone.day)
        before, known = fetched.rows_before(db, name, zone.name, zone.day), statutory.book(db)
    if polling.plan_due(plan_at, now, limits):
        since = zone.midnight() - DAY / 8
        shifts = attendance.shifts(zone.users, zone.day)
        if not shifts and before and known.workday(zone.day):
            _empty(app, name, f"plan-{zone.day}")
            if not attendance.shifts(zone.users[:CONTROLS], zone.day - DAY):
                raise PlatformError("empty", "no shifts today and none yesterday, where there had been some")
        leaves = attendance.leaves(zone.users, since, zone.midnight(zone.day + DAY))
        keeping.plan(app, name, zone.people, zone.day, shifts, since, leaves)
        with app.context() as ctx:
            expected.find_twins(ctx, zone.day)
            fetched.mark(ctx.db, name, "plan", zone.name, zone.day, now, len(shifts))
    if polling.late_due(late_at, now.astimezone(ZoneInfo(zone.name))):
        found = attendance.punches(zone.users, zone.midnight(zone.day - DAY), now + AHEAD)
        keeping.punches(app, name, zone.people, found)
        with app.context() as ctx:
            fetched.mark(ctx.db, name, "late", zone.name, zone.day, now, len(found))


def _ask(app: App, name: str, platform: Platform, people: Mapping[str, Person], limits: Limits) -> None:
    """Punches of those in question; plan and leave once more of those who are still missing then."""
    attendance, now = platform.attendance, clock.now()
    with app.engine.connect() as db:
        asked = [each for each in questions.due(db, name, now, limits) if each.user_id.casefold() in people]
        known = questions.known_punchers(db, name, now, CONTROLS) if asked else questions.Known()
        again = fetched.last(db, name, "asked", "", now.date())
    if not asked:
        return
    users = list(dict.fromkeys(each.user_id for each in asked))
    punches = attendance.punches(users, max(min(each.early_at for each in asked), now - 6 * DAY), now + AHEAD)
    # Nobody at all has punched today: does it still know what it knew yesterday?
    silent = not punches and not known.today and known.users
    if silent and not attendance.punches(known.users, known.since, now):
        _empty(app, name, f"punches-{now.date()}")
        raise PlatformError("empty", "no punches today and none yesterday, where there had been some")
    missing = questions.without(asked, punches)
    tenure.learn(app, platform, [people[each.user_id.casefold()] for each in missing if not each.case])
    refresh = _refresh(attendance, missing, again, now)
    keeping.punches(app, name, people, punches)
    with app.context() as ctx:
        for day, shifts in refresh.shifts.items():
            mine = {each.user_id.casefold(): people[each.user_id.casefold()] for each in missing if each.day == day}
            expected.write_shifts(ctx, name, mine, day, shifts)
        if refresh.users:
            some = {user.casefold(): people[user.casefold()] for user in refresh.users}
            expected.write_leaves(ctx, some, refresh.since, refresh.leaves)
            late.excuse(ctx, [each.id for each in some.values()])
            fetched.mark(ctx.db, name, "asked", "", now.date(), now, len(missing))
        fetched.mark_feed(ctx.db, name, now)


@dataclass(frozen=True, slots=True)
class _Refresh:
    users: Sequence[str]
    since: datetime
    shifts: Mapping[date, Sequence[Shift]]
    leaves: Sequence[Leave]


def _refresh(attendance: Attendance, missing: Sequence[Open], again: datetime | None, now: datetime) -> _Refresh:
    """Nobody is asked on the strength of an old plan: whoever is missing is looked up once more."""
    fresh = [each for each in missing if again is None or now - again >= polling.REFRESH or not each.case]
    if not fresh:
        return _Refresh((), now, {}, ())
    days: dict[date, list[str]] = {}
    for each in fresh:
        days.setdefault(each.day, []).append(each.user_id)
    users = list(dict.fromkeys(each.user_id for each in fresh))
    since = min(each.start_at for each in fresh)
    shifts = {day: attendance.shifts(list(dict.fromkeys(found)), day) for day, found in days.items()}
    return _Refresh(users, since, shifts, attendance.leaves(users, since, now + DAY))


def _empty(app: App, name: str, about: str) -> None:
    with app.context() as ctx:
        findings.note(ctx, "empty", name, about)
