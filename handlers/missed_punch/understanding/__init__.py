"""What a person's own words mean here. Pure; Chinese and English; in doubt `unclear`, never a guess against them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from handlers.missed_punch.understanding import general, urgent, words
from handlers.missed_punch.understanding.times import SaidTime, clock_time, folded, said_time

__all__ = ["Kind", "Understood", "clock_time", "private", "shareable", "understand"]
_Clock = time
Kind = Literal["forgot", "on_my_way", "leave", "field", "device", "help", "medical", "safe", "unclear"]


@dataclass(frozen=True, slots=True)
class Understood:
    """`time` is local wall-clock, None when no time was said; `until` ends a range."""

    kind: Kind
    time: _Clock | None = None
    until: _Clock | None = None

    @property
    def span(self) -> str:
        """`09:40`, `09:30–10:00`, or nothing."""
        return "–".join(each.strftime("%H:%M") for each in (self.time, self.until) if each)


_EVERYDAY = frozenset({"forgot", "device", "on_my_way", "field", "leave", "safe"})
_NOON = datetime(2026, 6, 11, 12, tzinfo=UTC)
_ORDINARY: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (words.DEVICE, "device"),
    (words.FIELD, "field"),
    (words.LEAVE, "leave"),
    (words.ON_WAY, "on_my_way"),
    (words.FORGOT, "forgot"),
    (general.DEVICE, "device"),
    (general.FIELD, "field"),
    (general.LEAVE, "leave"),
    (general.ON_WAY, "on_my_way"),
    (general.FORGOT, "forgot"),
)
_ARRIVED = (words.ARRIVED, general.ARRIVED)
_MEDICAL = (urgent.MEDICAL, general.MEDICAL)


def private(text: str) -> bool:
    """True when the words touch health or an emergency, denied or not: a manager is never shown them."""
    plain = words.plain(folded(text))
    return any(each.search(plain) for each in (*_MEDICAL, urgent.HELP, urgent.DISTRESS, urgent.BODY))


def shareable(text: str) -> bool:
    """True when every part of the sentence is an everyday reason: only such words may be shown to a manager.

    Words that nobody could sort may hold anything, an illness that no list knows included.
    """
    kinds = [understand(part, _NOON).kind for part in words.PARTS.split(folded(text)) if not words.FILLER.match(part)]
    return bool(kinds) and set(kinds) <= _EVERYDAY and not private(text)


def understand(text: str, now_local: datetime, *, about_self: bool = True) -> Understood:
    """`text` as typed, `now_local` the person's wall clock (it tells a past time from a plan).

    `about_self` False: a manager speaks about somebody else, so `他在出差` is an answer and not a doubt.
    """
    said = words.plain(folded(text.strip()))
    meant = words.NEGATED.sub(" ", said)
    alarming = urgent.NOT_HELP.sub(" ", meant)
    if urgent.HELP.search(alarming) or urgent.DISTRESS.search(alarming):
        return Understood("help")
    if words.SAFE.match(said):
        return Understood("safe")
    ill = urgent.NOT_MEDICAL.sub(" ", meant)
    if any(each.search(ill) for each in _MEDICAL):
        # A visit to a hospital as a customer is work: which of the two it is, only the person can say.
        return Understood("unclear") if words.FIELD.search(meant) else Understood("medical")
    at = said_time(said, now_local)
    if words.doubtful(said) or words.other_day(said) or (about_self and words.about_others(said)):
        return _timed("unclear", at)
    return _ordinary(said, meant, at, now_local)


def _ordinary(said: str, meant: str, at: SaidTime | None, now_local: datetime) -> Understood:
    kinds = [kind for pattern, kind in _ORDINARY if pattern.search(meant)]
    past, here = _is_past(at, now_local), any(each.search(meant) for each in _ARRIVED)
    if "device" in kinds:
        return _timed("device", at if past else None)
    if "leave" in kinds and (here or "on_my_way" in kinds or "forgot" in kinds):
        # 请假 and 在路上 in one sentence: which of them is about now?
        return _timed("unclear", at)
    if "field" in kinds or "leave" in kinds:
        return _timed("field" if "field" in kinds else "leave", at)
    if "on_my_way" in kinds and not here and not (past and words.CAME.search(meant)):
        return _timed("on_my_way", None if past else at)
    if "forgot" in kinds or here or "on_my_way" in kinds:
        late = at is not None and not past and "忘" not in meant
        return _timed("on_my_way" if late else "forgot", at)
    if at:
        return _bare_time(said, at, past)
    # 不用帮忙, 不是请假: no reason, but a person who answers; the reason is asked next.
    answered = meant != said or words.PUNCHED.search(said)
    return Understood("safe" if answered else "unclear")


def _bare_time(said: str, at: SaidTime, past: bool) -> Understood:
    """A time and hardly anything else answers the question that was asked; in a longer sentence it may be anything."""
    if at.relative and not past:
        return _timed("on_my_way", at)
    short = len(re.sub(r"[\W\d_]|[点分半一二三四五六七八九十零两]", "", said)) <= words.SHORT
    if short or words.CAME.search(said):
        return _timed("forgot" if past else "on_my_way", at)
    return _timed("unclear", at)


def _timed(kind: Kind, at: SaidTime | None) -> Understood:
    return Understood(kind, at.at, at.until) if at else Understood(kind)


def _is_past(at: SaidTime | None, now_local: datetime) -> bool:
    return at is not None and at.at <= (now_local + timedelta(minutes=2)).time()
