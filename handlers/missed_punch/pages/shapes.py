"""How the absence pages write times, ages, channels and shares."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import access, clock
from bot.locale import speaking
from bot.web.pages import Visit
from bot.web.words import Lang
from handlers.missed_punch import cards
from handlers.missed_punch.pages import timeline, words
from handlers.missed_punch.pages.board import Line


def when(visit: Visit, moment: datetime) -> str:
    """`09:16` on the reader's day, else `06-10 09:16`."""
    zone = ZoneInfo(visit.person.zone)
    local = moment.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == clock.now().astimezone(zone).date() else "%m-%d %H:%M")


def said_by(visit: Visit, line: Line, own: bool) -> str:
    """What the person chose, where this reader may know it; empty else."""
    kind = line.case.reason
    if line.case.state == "closed" or (kind in timeline.SECRET_KINDS and not own and not access.is_hr(visit.person)):
        kind = "medical" if kind == "medical" and line.case.state != "closed" else ""
    with speaking(visit.lang):
        return timeline.label("kind", kind) if kind in cards.LABELS else ""


def channel(visit: Visit, name: str) -> str:
    """What people call a platform or channel; its own name when nobody gave it one."""
    return words.say(visit.lang, f"ch_{name}") if f"ch_{name}" in words.WORDS else name


def age(lang: Lang, passed: timedelta) -> str:
    """A length of time in its largest unit."""
    seconds = max(0, int(passed.total_seconds()))
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return words.say(lang, unit, n=seconds // size)
    return words.say(lang, "seconds", n=seconds)


def bar(counts: dict[str, int]) -> list[tuple[str, float, float, int]]:
    """(key, x, width, count) of the parts of a bar 1000 wide; whoever exists is visible."""
    total, x, found = sum(counts.values()) or 1, 0.0, []
    for key, count in counts.items():
        if count:
            width = round(1000 * count / total, 1)
            found.append((key, round(x, 1), width, count))
            x += width
    return found
