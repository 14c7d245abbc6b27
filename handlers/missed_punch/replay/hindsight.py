"""What a ladder would have done with a day that is over. Pure: facts of the past in, steps out; all times aware UTC.

An answer that came is taken to come as long after the first card as it came then; whoever was never asked is taken not
to have answered. Quiet hours are the firm's. Whether our own feed was late that day is not asked again: the replay sees
what is known today.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from handlers.missed_punch import rules
from handlers.missed_punch.ladder import rungs as ladder

DayKind = Literal["work", "holiday", "unknown"]
"""What the statutory calendar says."""


@dataclass(frozen=True, slots=True)
class Day:
    """One shift of one person. `start` is the latest moment to arrive; `came` the first punch that counts.

    `answered_after`: how long after the first card they answered, None when they did not. `managed`, `kin`: is there
    somebody for those rungs? `expected`/`missing`: people due at the site then, and those of them without a punch.
    """

    person_id: str
    day: date
    site: str
    zone: str
    start: datetime
    end: datetime
    kind: DayKind = "work"
    came: datetime | None = None
    leaves: tuple[tuple[datetime, datetime], ...] = ()
    answered_after: timedelta | None = None
    own_profile: str = ""
    managed: bool = True
    kin: bool = False
    expected: int = 1
    missing: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """A rung that would have been done at `at`."""

    rung: int
    who: ladder.Who
    channels: tuple[ladder.Channel, ...]
    at: datetime
    profile: str


@dataclass(frozen=True, slots=True)
class Played:
    """`held`: the guard that kept everybody quiet, empty when somebody was asked or came in time."""

    steps: tuple[Step, ...] = ()
    held: str = ""


def play(day: Day, versions: Sequence[ladder.Version], works: Callable[[date], bool], until: datetime) -> Played:
    """The steps of one day under `versions`, none later than `until`."""
    base = day.start + rules.GRACE
    if base > until or (day.came is not None and day.came <= base):
        return Played()
    facts = rules.Facts(
        now=base,
        start=day.start,
        end=day.end,
        feed_at=base,
        day=day.kind,
        leave="leave" if _away(day, base) else "",
        expected=day.expected,
        missing=day.missing,
    )
    verdict = rules.guards(facts)
    if not verdict.asks:
        return Played(held=verdict.action)
    profile = ladder.profile_for(ladder.in_force(versions, day.day), day.site, day.own_profile)
    return Played(tuple(_climb(day, profile, base, works, until)))


def _climb(
    day: Day, profile: ladder.Profile, base: datetime, works: Callable[[date], bool], until: datetime
) -> list[Step]:
    done: list[Step] = []
    for number in range(len(profile.rungs)):
        if not _taken(day, profile.rungs[number].who):
            continue
        at = ladder.dues(profile, base, day.zone, works)[number]
        quiet = None if profile.day_and_night or number <= ladder.EMPLOYEE_AGAIN else profile.quiet
        if end := ladder.quiet_until(at, day.zone, quiet):
            # As in earnest: the ladder stands still meanwhile and later rungs keep their distance.
            base, at = base + (end - at), end
        if at > until or _stopped(day, done, at):
            break
        rung = profile.rungs[number]
        done.append(Step(number, rung.who, rung.channels, at, f"{profile.name}/{profile.version}"))
    return done


def _taken(day: Day, who: ladder.Who) -> bool:
    return day.managed if who == "manager" else day.kin if who == "emergency" else True


def _stopped(day: Day, done: Sequence[Step], at: datetime) -> bool:
    answered = done[0].at + day.answered_after if done and day.answered_after is not None else None
    signs = [sign for sign in (day.came, answered) if sign is not None]
    return any(sign <= at for sign in signs) or _away(day, at)


def _away(day: Day, at: datetime) -> bool:
    return any(start <= at < end for start, end in day.leaves)


def change(then: datetime | None, now: datetime | None, slack: timedelta = timedelta(minutes=2)) -> str:
    """`same`, `added`, `dropped`, or `+30`/`-30`: minutes later or earlier than then. Empty: in neither."""
    if then is None or now is None:
        return "" if then is now else "added" if then is None else "dropped"
    minutes = round((now - then) / timedelta(minutes=1))
    return "same" if abs(now - then) <= slack else f"{minutes:+d}"
