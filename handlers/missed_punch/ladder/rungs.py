"""The ladder as data: which rung is whose, when, by which channels. Pure: text and times in, times out.

After a downtime exactly one message goes out per person, the rung that fits now. Who was never asked is asked first:
kindness before alarm, so in the manager's place the employee gets one card and the ladder stands at its second rung.
Only when the turn of HR has come meanwhile HR hears it (with a button to ask the employee), and nothing beyond HR ever
happens unless HR was asked before.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

Who = Literal["employee", "manager", "hr", "emergency", "hr_head"]
Channel = Literal["card", "again", "sms", "mail", "voice"]
ORDER: tuple[Who, ...] = ("employee", "employee", "manager", "hr", "emergency", "hr_head")
EMPLOYEE, EMPLOYEE_AGAIN, MANAGER, HR, EMERGENCY, HR_HEAD = range(6)
APART, LATER = timedelta(hours=1), timedelta(hours=2)
"""A rung at a time of day comes at least `APART` after the one before, else `LATER` after it."""
DAYS = 40
"""How far a working day is looked for; longer holidays do not exist."""

Works = Callable[[date], bool]
Quiet = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Rung:
    """One step. Either `after` (from the end of grace) or `at` (local wall clock, `workdays` working days later)."""

    who: Who
    channels: tuple[Channel, ...]
    after: timedelta | None
    at: time | None
    workdays: int


@dataclass(frozen=True, slots=True)
class Profile:
    """The six rungs of `ORDER` under a name. `day_and_night`: nobody's quiet hours hold them."""

    name: str
    version: int
    rungs: tuple[Rung, ...]
    quiet: Quiet
    day_and_night: bool


@dataclass(frozen=True, slots=True)
class Version:
    """What holds from the local day `since` on. `assign`: (pattern of the site, profile), the first match wins."""

    number: int
    since: date
    default: str
    quiet: Quiet
    rest_day: int
    rest_at: time
    assign: tuple[tuple[str, str], ...]
    profiles: tuple[Profile, ...]


def parse(text: str) -> tuple[Version, ...]:
    """Versions in the order of their days. ValueError says what is wrong and where."""
    versions = sorted((_version(raw) for raw in tomllib.loads(text).get("version", [])), key=lambda each: each.since)
    if not versions:
        raise ValueError("no [[version]]")
    if min(len({each.number for each in versions}), len({each.since for each in versions})) < len(versions):
        raise ValueError("two versions share a number or a day")
    return tuple(versions)


def _version(raw: dict[str, Any]) -> Version:
    number, quiet = int(raw["number"]), _quiet(raw["quiet"])
    profiles = tuple(_profile(name, each, number, quiet) for name, each in raw["profile"].items())
    names = {each.name for each in profiles}
    assign = tuple((str(each["site"]), str(each["profile"])) for each in raw.get("assign", []))
    for name in (raw["default"], *(profile for _, profile in assign)):
        if name not in names:
            raise ValueError(f"version {number}: no profile {name!r}")
    gentle = raw["gentle"]
    return Version(
        number,
        raw["since"],
        str(raw["default"]),
        quiet,
        int(gentle["rest_day"]),
        time.fromisoformat(gentle["at"]),
        assign,
        profiles,
    )


def _profile(name: str, raw: dict[str, Any], number: int, quiet: Quiet) -> Profile:
    rungs = tuple(_rung(each, f"version {number}, {name}, rung {at}") for at, each in enumerate(raw["rung"], 1))
    if tuple(each.who for each in rungs) != ORDER:
        raise ValueError(f"version {number}, {name}: rungs must be {', '.join(ORDER)}")
    delays = [each.after for each in rungs if each.after is not None]
    if delays != sorted(delays):
        raise ValueError(f"version {number}, {name}: a rung comes before the one below it")
    return Profile(name, number, rungs, quiet, bool(raw.get("day_and_night", False)))


def _rung(raw: dict[str, Any], where: str) -> Rung:
    channels = tuple(raw["channels"])
    if not channels or set(channels) - set(get_args(Channel)):
        raise ValueError(f"{where}: channels {channels}")
    if ("after" in raw) == ("at" in raw):
        raise ValueError(f"{where}: needs either after or at")
    after = timedelta(minutes=int(raw["after"])) if "after" in raw else None
    at = time.fromisoformat(raw["at"]) if "at" in raw else None
    return Rung(cast(Who, raw["who"]), cast("tuple[Channel, ...]", channels), after, at, int(raw.get("workdays", 0)))


def _quiet(raw: Sequence[str]) -> Quiet:
    start, end = (time.fromisoformat(each) for each in raw)
    return start, end


def in_force(versions: Sequence[Version], day: date) -> Version:
    """The version of a local day; the first one for days before it."""
    return next((each for each in reversed(versions) if each.since <= day), versions[0])


def profile_for(version: Version, site: str, own: str = "") -> Profile:
    """The person's `own` profile, else the first that matches the site, else the default."""
    named = {each.name: each for each in version.profiles}
    wanted = (own, *(name for pattern, name in version.assign if fnmatchcase(site, pattern)), version.default)
    return next(named[name] for name in wanted if name in named)


def dues(profile: Profile, base: datetime, zone: str, works: Works) -> tuple[datetime, ...]:
    """UTC moments of the rungs, never decreasing. `base`: end of grace; `works`: is this local day a working day?"""
    found: list[datetime] = []
    for rung in profile.rungs:
        before = found[-1] if found else base
        found.append(max(before, base + rung.after) if rung.after is not None else _at(rung, before, base, zone, works))
    return tuple(found)


def _at(rung: Rung, before: datetime, base: datetime, zone: str, works: Works) -> datetime:
    local, clock = base.astimezone(ZoneInfo(zone)), rung.at or time()
    if not rung.workdays:
        moment = datetime.combine(local.date(), clock, ZoneInfo(zone)).astimezone(base.tzinfo)
        return moment if moment >= before + APART else before + LATER
    left = rung.workdays
    for ahead in range(1, DAYS):
        day = local.date() + timedelta(days=ahead)
        left -= works(day)
        moment = datetime.combine(day, clock, ZoneInfo(zone)).astimezone(base.tzinfo)
        if left <= 0 and works(day) and moment > before:
            return moment
    return before + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """Do `rung` now. `shift`: by how much the ladder's base moves, so that the next rung keeps its distance."""

    rung: int
    shift: timedelta = timedelta(0)


def step(due: Sequence[datetime], now: datetime, done: int, asked: bool) -> Step | None:
    """The one rung that fits now, above `done`; None when it is not time yet. `asked`: the employee ever was."""
    fits = max((rung for rung, moment in enumerate(due) if moment <= now), default=-1)
    if done < HR:
        fits = min(fits, HR)
    if fits <= done:
        return None
    if fits == MANAGER and not asked:
        return Step(EMPLOYEE_AGAIN, now - due[EMPLOYEE_AGAIN])
    return Step(fits)


def following(due: Sequence[datetime], rung: int, now: datetime) -> datetime | None:
    """When the rung after `rung` comes: at its time; after a late rung not before half the usual distance, and with
    all of it when that time has passed. None: no more."""
    if rung + 1 >= len(due):
        return None
    gap = min(due[rung + 1] - due[rung], APART)
    return max(due[rung + 1], now + gap / 2) if due[rung + 1] > now else now + gap


def quiet_until(now: datetime, zone: str, quiet: Quiet | None) -> datetime | None:
    """The end of the quiet hours that hold `now`; None when it is not quiet."""
    if quiet is None or quiet[0] == quiet[1]:
        return None
    local = now.astimezone(ZoneInfo(zone))
    start, end = quiet
    clock = local.timetz().replace(tzinfo=None)
    over = clock >= start if start > end else False
    if not (over or (clock < end if start > end else start <= clock < end)):
        return None
    day = local.date() + timedelta(days=1 if over else 0)
    return datetime.combine(day, end, ZoneInfo(zone)).astimezone(now.tzinfo)
