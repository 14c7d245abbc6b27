"""The service plan: what is tried next for one person, when, and why not. Pure; times are aware UTC.

Graded: the same channel, another channel, the manager, a call. Each person has a schedule of their own; nothing goes
out in their quiet hours or while they are on leave, and nothing at all once they have done what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Literal, cast, get_args
from zoneinfo import ZoneInfo

from handlers.notices.rules import ACKNOWLEDGED, INFORM, OPENED, Receipt

Channel = Literal["chat", "sms", "mail", "manager", "call", "courier"]
NAMES: Mapping[str, str] = MappingProxyType(
    {"chat": "聊天", "sms": "短信", "mail": "邮件", "manager": "请上级提醒", "call": "语音电话", "courier": "快递"}
)
"""As the record says them, whoever reads it."""
UNREACHABLE = "没有可以联系到本人的方式"
ORDER: tuple[Channel, ...] = ("chat", "sms", "mail", "courier", "manager", "call")
"""From gentle to loud; a plan may leave steps out, never turn the order round."""
QUIET = (time(21), time(8))
"""The firm's, when a notice names none."""
Quiet = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Step:
    """`after` is counted from the step before it, the first from the first send."""

    channel: Channel
    after: timedelta


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one person now. `ways`: channels that can reach them. `away_until`: end of their leave."""

    receipt: Receipt
    importance: str
    step: int
    zone: str
    ways: frozenset[str]
    quiet: Quiet | None = QUIET
    away_until: datetime | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """What to do: `act` now (by `channel`), `wait` until `at`, or `done`. `skipped`: steps passed over, and why."""

    kind: Literal["act", "wait", "done"]
    channel: str = ""
    step: int = 0
    at: datetime | None = None
    skipped: tuple[tuple[str, str], ...] = ()


_HOURS: Mapping[str, tuple[tuple[Channel, int], ...]] = {
    INFORM: (("mail", 0),),
    "read": (("chat", 24), ("mail", 24)),
    "confirm": (("chat", 24), ("sms", 24), ("mail", 0), ("manager", 24), ("call", 24)),
    "sign": (("chat", 24), ("sms", 24), ("mail", 0), ("manager", 24), ("call", 24)),
}


def steps_of(written: Sequence[Mapping[str, Any]], importance: str) -> tuple[Step, ...]:
    """The plan of a notice, else the one its importance has. Entries: `{"channel": "sms", "after_hours": 24}`.

    An entry that names a platform's own route is about the first send and no step. ValueError for a wrong order.
    """
    named = [each for each in written if each.get("channel") in get_args(Channel)]
    if not named:
        return tuple(Step(channel, timedelta(hours=hours)) for channel, hours in _HOURS.get(importance, ()))
    steps = tuple(Step(cast(Channel, e["channel"]), timedelta(hours=float(e.get("after_hours", 24)))) for e in named)
    grades = [ORDER.index(each.channel) for each in steps]
    if grades != sorted(grades) or any(each.after < timedelta(0) for each in steps):
        raise ValueError("a plan goes from gentle to loud and forward in time")
    return steps


def satisfied(importance: str, receipt: Receipt) -> bool:
    """Has the person done what the notice asks? Silence never does it."""
    if importance == "sign":
        return receipt.signed_at is not None or receipt.answer in ("declined", "objected", "appealed")
    needed = {"inform": 1, "read": OPENED, "confirm": ACKNOWLEDGED}[importance]
    return receipt.rung >= needed


def next_move(steps: Sequence[Step], standing: Standing, now: datetime) -> Move:
    """The move for a person whose turn it is. Steps that cannot reach them are passed over at once, with the reason."""
    if standing.over or satisfied(standing.importance, standing.receipt):
        return Move("done", step=standing.step)
    if standing.away_until and standing.away_until > now:
        return Move("wait", step=standing.step, at=standing.away_until)
    if until := quiet_until(now, standing.zone, standing.quiet):
        return Move("wait", step=standing.step, at=until)
    skipped: list[tuple[str, str]] = []
    for at in range(standing.step, len(steps)):
        channel = steps[at].channel
        if channel in standing.ways:
            return Move("act", channel, at + 1, _following(steps, at + 1, now), tuple(skipped))
        skipped.append((channel, UNREACHABLE))
    return Move("done", step=len(steps), skipped=tuple(skipped))


def _following(steps: Sequence[Step], number: int, now: datetime) -> datetime | None:
    return now + steps[number].after if number < len(steps) else None


def quiet(text: str) -> Quiet | None:
    """`22:00-07:00` -> two local times; None when it is empty or no such span."""
    try:
        start, end = (time.fromisoformat(each.strip()) for each in text.split("-"))
    except ValueError:
        return None
    return None if start == end else (start, end)


def quiet_until(now: datetime, zone: str, span: Quiet | None) -> datetime | None:
    """The end of the quiet hours that hold `now`, in `now`'s zone; None when it is not quiet."""
    if span is None or span[0] == span[1]:
        return None
    local, (start, end) = now.astimezone(ZoneInfo(zone)), span
    clock = local.time()
    if start < end:
        inside, day = start <= clock < end, local.date()
    else:
        inside, day = clock >= start or clock < end, local.date() + timedelta(days=1 if clock >= start else 0)
    return datetime.combine(day, end, ZoneInfo(zone)).astimezone(now.tzinfo) if inside else None
