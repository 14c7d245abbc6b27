"""What else a replayed month would have said: the alerts of missed days in a row and the message of a weekend. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from handlers.missed_punch.ladder import rungs as ladder, runs

What = Literal["alert2", "alert3", "weekend"]
BACK = 31
"""Calendar days looked back, as in earnest."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift as a ladder played it: when it was asked about, the signs of life, whether leave covers it. UTC."""

    day: date
    start: datetime
    asked: datetime | None
    signs: tuple[datetime, ...]
    leave: bool

    def silent(self, now: datetime) -> bool:
        """Asked, and nothing was heard until now."""
        return self.asked is not None and self.asked <= now and not self.leave and not self.heard(now)

    def heard(self, now: datetime) -> bool:
        """A punch or an answer until now."""
        return any(sign <= now for sign in self.signs)


@dataclass(frozen=True, slots=True)
class Past:
    """One person's weeks: `shifts` by day; `punched`: local days with a punch, which counts where there is no shift."""

    zone: str
    shifts: Mapping[date, Sequence[Shift]]
    punched: frozenset[date]
    leaves: Sequence[tuple[datetime, datetime]]
    kind: Callable[[date], Literal["work", "weekend", "holiday", "unknown"]]


@dataclass(frozen=True, slots=True)
class Said:
    """Something said at `at` about the days `counted` (none for a weekend), on the day `day`."""

    what: What
    day: date
    at: datetime
    counted: tuple[date, ...] = ()


def said(past: Past, versions: Sequence[ladder.Version], span: tuple[date, date], until: datetime) -> Iterator[Said]:
    """In the order of days, those of `span` (without its end), none later than `until`. Each alert once a run."""
    told: set[tuple[date, int]] = set()
    day = min([span[0], *past.shifts])
    while day < span[1]:
        for each in (*_alerts(past, day, told), *_gentle(past, day, versions)):
            if day >= span[0] and each.at <= until:
                yield each
        day += timedelta(days=1)


def _alerts(past: Past, day: date, told: set[tuple[date, int]]) -> Iterator[Said]:
    for at in sorted(each.asked for each in past.shifts.get(day, ()) if each.asked):
        found = runs.run(_days(past, day, at))
        length = runs.alert(found)
        if length and found.counted[-1] == day and (found.counted[0], length) not in told:
            told.add((found.counted[0], length))
            yield Said("alert2" if length == runs.ALERT else "alert3", day, at, found.counted)


def _gentle(past: Past, day: date, versions: Sequence[ladder.Version]) -> Iterator[Said]:
    version = ladder.in_force(versions, day)
    at = datetime.combine(day, version.rest_at, ZoneInfo(past.zone)).astimezone(UTC)
    recent = (each for ago in range(BACK) for each in past.shifts.get(day - timedelta(days=ago), ()))
    if past.kind(day) not in ("weekend", "holiday") or any(start <= at < end for start, end in past.leaves):
        return
    if not any(each.silent(at) for each in recent):
        return
    known = _days(past, day, at)
    if runs.rest_days(known) == version.rest_day and not known[-1].seen:
        yield Said("weekend", day, at)


def _days(past: Past, last: date, now: datetime) -> list[runs.Day]:
    return [_day(past, last - timedelta(days=ago), now) for ago in range(BACK, -1, -1)]


def _day(past: Past, day: date, now: datetime) -> runs.Day:
    planned = past.shifts.get(day, ())
    return runs.Day(
        day=day,
        calendar=past.kind(day),
        planned=bool(planned),
        seen=any(each.heard(now) for each in planned) or (not planned and day in past.punched),
        leave=bool(planned) and all(each.leave for each in planned),
        over=all(each.start < now for each in planned),
        held=not any(each.asked and each.asked <= now for each in planned),
    )
