"""Before sending: how many, in which language, who cannot be reached and why, how long, and what would be dropped."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import clock
from bot.errors import PlatformError
from bot.ports import Platform
from bot.ports.crowds import Crowds, Route
from bot.tables import membership
from handlers.notices import cards, tables as tb
from handlers.notices.composing import audience
from handlers.notices.composing.audience import Target
from handlers.notices.sending import serving
from handlers.notices.store import Notice

if TYPE_CHECKING:
    from bot.app import App


@runtime_checkable
class Metered(Protocol):
    """A platform whose calls of a month are counted: name of the counter -> calls so far."""

    def quota(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One platform. `minutes` at the vendor's ceiling, None where the vendor names none.

    `same_text`: people who were sent these very cards today, a repetition of which is dropped. `capped`: people whose
    messages of today are at the vendor's daily maximum. `quota`: calls this month so far, empty where none are counted
    or, `quota_known` False, the vendor could not be asked.
    """

    platform: str
    route: str
    people: int
    minutes: int | None
    same_text: int
    capped: int
    quota: Mapping[str, int]
    quota_known: bool = True


@dataclass(frozen=True, slots=True)
class Forecast:
    """`languages`: (platform, locale) -> people. `unreachable`: reason -> person ids.

    Reasons: left (no longer in the directory), inactive (in it with an account that is switched off), no_account,
    platform_off.

    `people` is everybody on the list: the reachable by language and the unreachable add up to it.
    """

    people: int
    excluded: int
    unknown: tuple[str, ...]
    languages: Mapping[tuple[str, str], int]
    unreachable: Mapping[str, tuple[str, ...]]
    parts: tuple[Part, ...]


def of(app: App, notice: Notice) -> Forecast:
    """What would happen now. ValueError for an audience that cannot be read. Asks platforms for their month's count."""
    now = clock.now()
    quotas = {name: _quota(platform) for name, platform in app.platforms.items()}
    with app.engine.connect() as db:
        chosen = audience.resolve(db, notice.audience)
        listed = _listed(db, [each.id for each in chosen.people if not each.active])
        reachable: dict[str, list[Target]] = {}
        missing: dict[str, list[str]] = {}
        for each in chosen.people:
            if why := _why_not(each, app.platforms, listed):
                missing.setdefault(why, []).append(each.id)
            else:
                reachable.setdefault(each.platform, []).append(each)
        zone = ZoneInfo(app.settings.timezone)
        midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
        personal = bool(notice.texts and cards.buttons(serving.shown_of(app.context_on(db), notice, "zh", 0)))
        planned = serving.Planned(notice.importance, len(chosen.people), notice.plan)
        few = app.settings.notice_cards_to

        def way(name: str, to: int) -> tuple[Platform, str]:
            """The platform and its route, empty for personal cards: what sending will choose."""
            at = app.platforms[name]
            return at, serving.route_of(at, planned, to, personal=personal, small=few)

        parts = tuple(
            _part(db, notice, way(name, len(found)), found, midnight, quotas[name])
            for name, found in sorted(reachable.items())
        )
    languages = Counter((each.platform, each.locale) for found in reachable.values() for each in found)
    gone = {why: tuple(ids) for why, ids in missing.items()}
    return Forecast(len(chosen.people), chosen.excluded, chosen.unknown, dict(languages), gone, parts)


def _listed(db: Connection, ids: Sequence[str]) -> set[str]:
    """Those the directory still has in a department: whoever vanished from it is in none, see bot.people.sync."""
    m = membership.c
    found = sa.select(m.person_id).where(m.person_id.in_(audience.listed(db, ids))).distinct()
    return set(db.execute(found).scalars()) if ids else set()


def _why_not(one: Target, platforms: Mapping[str, Platform], listed: Collection[str]) -> str:
    if not one.active:
        return "inactive" if one.id in listed else "left"
    if not one.user_id:
        return "no_account"
    return "" if one.platform in platforms else "platform_off"


def _quota(platform: Platform) -> Mapping[str, int] | None:
    """None: it could not be asked; the forecast says so and stands without it."""
    if not isinstance(platform, Metered):
        return {}
    try:
        return platform.quota()
    except PlatformError:
        return None


def _part(
    db: Connection, notice: Notice, way: tuple[Platform, str], found: Sequence[Target], midnight: datetime,
    quota: Mapping[str, int] | None,
) -> Part:  # fmt: skip
    platform, name = way
    route = platform.routes[name] if name and isinstance(platform, Crowds) else None
    same = capped = 0
    if route:
        channel, ids = f"{platform.name}.{name}"[:24], [each.id for each in found]
        same = _same_text(db, notice, channel, ids, midnight) if route.once_a_day else 0
        capped = _capped(db, channel, ids, midnight, route.per_person) if route.per_person else 0
    return Part(
        platform.name, name, len(found), minutes(route, len(found)), same, capped, quota or {}, quota is not None
    )


def minutes(route: Route | None, people: int) -> int | None:
    """Whole minutes at the ceiling; None where the vendor names none."""
    if route is None or not people:
        return None
    by_people = people / route.per_minute if route.per_minute else 0.0
    by_calls = math.ceil(people / route.people) / route.per_second / 60 if route.per_second else 0.0
    return max(1, math.ceil(max(by_people, by_calls))) if by_people or by_calls else None


def _sent_today(channel: str, midnight: datetime) -> list[sa.ColumnElement[bool]]:
    a = tb.attempt.c
    return [a.channel == channel, a.at >= midnight, a.state.not_in(("rejected", "stopped"))]


def _same_text(db: Connection, notice: Notice, channel: str, ids: Sequence[str], midnight: datetime) -> int:
    """A card carries the number of its notice and which reminder it is, so the same text in another notice is not the
    same words: what counts is a first send of this notice, or of one that happens to have its number."""
    a, x = tb.attempt.c, tb.text.c
    mine = sa.select(x.sha256).where(x.notice_id == notice.id)
    alike = db.execute(sa.select(x.notice_id).where(x.sha256.in_(mine)).distinct()).scalars()
    same = [each for each in alike if cards.number(each) == cards.number(notice.id)]
    first = (a.step == 0, a.notice_id.in_(same), a.person_id.in_(audience.listed(db, ids)))
    where = (*_sent_today(channel, midnight), *first)
    return db.execute(sa.select(sa.func.count(sa.distinct(a.person_id))).where(*where)).scalar_one()


def _capped(db: Connection, channel: str, ids: Sequence[str], midnight: datetime, most: int) -> int:
    a = tb.attempt.c
    where = (*_sent_today(channel, midnight), a.person_id.in_(audience.listed(db, ids)))
    full = sa.select(a.person_id).where(*where).group_by(a.person_id).having(sa.func.count() >= most).subquery()
    return db.execute(sa.select(sa.func.count()).select_from(full)).scalar_one()
