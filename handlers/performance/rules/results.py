"""Rules of answers, appeals and their deadlines: facts in, decisions out. Pure. Days are local days."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from handlers.performance.rules import WHOLE, Problem, plain
from handlers.performance.rules.scoring import rounded

LONGEST_WORDS = 4_000
DECIDE_DAYS = 3
"""Working days a reviewer has for an appeal."""
CLOSING = time(18, 0)
"""When a working day is over, local: deadlines end then."""


def barred(subject: str, scorers: Collection[str], stands: Mapping[str, str]) -> frozenset[str]:
    """Who may not hear an appeal: the subject, whoever scored, and all who stand in for one another with a scorer.

    `stands`: principal -> stand-in, in force now. Followed over several hops, and in both directions.
    """
    found = {subject, *scorers}
    links = [(a, b) for a, b in stands.items()]
    reached = set(scorers)
    while True:
        more = {b for a, b in links if a in reached} | {a for a, b in links if b in reached}
        if more <= reached:
            return frozenset(found | reached)
        reached |= more


def after(state: str, answer: str, wanted: str, *, may_appeal: bool) -> str:
    """What an answer comes to: `ok`, `same` (it was given), `signed`, `appealed`, `late`, `over`.

    Receipt can be followed by anything; an objection by an appeal or a signature; a signature by nothing.
    """
    if answer == "signed":
        return "signed"
    if state not in ("published", "answered"):
        return "appealed" if state == "appealed" else "over"
    if answer == wanted:
        return "same"
    if wanted == "appealed":
        return "ok" if may_appeal else "late"
    return "kept" if wanted == "received" and answer == "objected" else "ok"


def working_deadline(start: date, days: int, zone: str, works: Callable[[date], bool]) -> datetime:
    """The UTC end of the `days`-th working day after the local day `start`."""
    day, left = start, max(days, 1)
    while left:
        day += timedelta(days=1)
        left -= works(day)
    return datetime.combine(day, CLOSING, ZoneInfo(zone)).astimezone(UTC)


def day_after(day: date, zone: str) -> datetime:
    """The UTC beginning of the local day after `day`."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(zone)).astimezone(UTC)


def digest(text: str) -> str:
    """SHA-256 in hex of the document's UTF-8 text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def score_problems(score: Decimal | None, old: Decimal, places: int) -> list[Problem]:
    """Of an adjusted score: a number of 0 to 100 with the template's decimals, and not the one it was."""
    if score is None or not score.is_finite() or not 0 <= score <= WHOLE:
        return [Problem("score", "score_range", "" if score is None else str(score))]
    if score != rounded(score, places):
        return [Problem("score", "score_places", str(places))]
    return [Problem("score", "score_same", plain(old))] if score == old else []
