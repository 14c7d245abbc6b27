"""Times and ranges in people's words, Chinese and English. Pure; in doubt None, so that the person is asked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_I = re.IGNORECASE
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ENGLISH = {word: number for number, word in enumerate(_WORDS, 1)} | {
    "fifteen": 15,
    "quarter": 15,
    "twenty": 20,
    "thirty": 30,
    "half": 30,
    "forty": 40,
    "fifty": 50,
}
_EN = r"(?:twelve|eleven|ten|nine|eight|seven|six|five|four|three|two|one)"
_EN_MINUTE = rf"(?:fifteen|thirty|(?:twenty|forty|fifty)(?:[ -]five)?|{_EN}|a quarter|quarter|half)"
_NUMBER = r"(?:\d{1,2}|[零〇一二两三四五六七八九十]{1,3})"
_PART = r"(?P<part>凌晨|清晨|早晨|早上|今早|早|上午|中午|下午|傍晚|晚上|今晚|晚)?\s*"
_CLOCK = re.compile(
    rf"{_PART}(?:(?P<before>差)\s*(?P<less>{_NUMBER}|一刻)分?钟?\s*(?:到|就)?\s*)?"
    rf"(?<![\d.:])(?P<hour>{_NUMBER})\s*"
    rf"(?::\s*(?P<colon>\d{{2}})(?!\d)|[点點时](?:钟|整)?\s*(?P<word>半|一刻|三刻|过?{_NUMBER}(?!\d|分钟[后内就])|差)?分?)"
    r"\s*(?P<half>[ap]\.?m\b\.?)?",
    _I,
)
_BARE = re.compile(r"(?<![\d:.])(?P<hour>1[0-2]|0?[1-9])\s*(?P<half>[ap]\.?m\b\.?)", _I)
_DOT = re.compile(
    r"(?<![\d.:])(?P<hour>[01]?\d|2[0-3])\.(?P<colon>[0-5]\d)(?![\d.]|\s*(?:公里|千米|km|元|块|万|%|度|℃|分钟|小时))"
)
_FOUR = re.compile(r"^(?:\D{0,12}[^\d\s:.]|\D{0,12}\s)?(?P<hour>[01]\d|2[0-3])(?P<colon>[0-5]\d)(?!\d)\D{0,8}$")
_PAST_HOUR = re.compile(rf"\b(?P<less>\d{{1,2}}|{_EN_MINUTE})\s*(?:minutes?)?\s*(?P<to>past|after|to|till|before)\s+"
                        rf"(?P<hour>{_EN}|1[0-2]|[1-9])(?![\d:])\b(?:\s*o'?clock)?", _I)  # fmt: skip
_SPOKEN = re.compile(rf"\b(?P<hour>{_EN})[ -](?P<word>oh[ -]{_EN}|{_EN_MINUTE})\b", _I)
_OCLOCK = re.compile(rf"\b(?P<hour>{_EN}|1[0-2]|[1-9])\s*(?:o'?\s?clock|ish)\b|"
                     rf"\b(?:at|by|around|about)\s+(?P<at>{_EN}|1[0-2]|[1-9])"
                     r"(?![\d:.]|\s*(?:min|m\b|hour|hr|people|%|percent|[ap]\.?m))\b", _I)  # fmt: skip
_AMOUNT = rf"(?P<amount>\d{{1,3}}|[一二两三四五六七八九十]{{1,3}}|半|{_EN}|fifteen|twenty|thirty|forty|half|an?|a few)"
_UNIT = r"(?P<unit>个?半?(?:小时|钟头)|分钟|分|刻钟|minutes?|mins?|m(?=\s*$)|hours?|hrs?|an hour|hour)"
_SPAN = re.compile(rf"{_AMOUNT}\s*{_UNIT}(?P<half>半)?", _I)
_LATER = re.compile(
    r"^\s*(?:左右|吧|的样子)?\s*(?:以?后|之后|内|就|能|可以|到(?!的|了)|赶到|"
    r"away|out|later|till|until|from now|$|[,.，。!！~])",
    _I,
)
_SOON = re.compile(
    r"(?:还有|还要|还得|再过|再有|再等|再|大概|差不多|预计|估计|约|给我|"
    r"\bin|within|about|eta|another|give me|around|need)\s*$",
    _I,
)
_AGO = re.compile(r"^\s*(?:之?前|以前|ago|earlier)", _I)
_IN_MINUTES = re.compile(r"\bin (?:about )?(?P<amount>[1-9]\d?)(?=\s*(?:$|[,.!]))", _I)
_NOT_LATER = re.compile(r"(?:迟到|晚点|晚了?|延误|耽误|请假?|请了?|late|by|delayed|for|休息)\s*(?:了|约|大概)?\s*$", _I)
_JOIN = re.compile(r"^\s*(?:左右)?\s*(?:到|至|-|~|—|–|或者?|to|and|or|until)\s*$", _I)
_VAGUE_AFTER = re.compile(r"^\s*(?:多|几分|过几分|来钟|(?:之?前|以前)(?!能?到)|something)", _I)
_VAGUE_BEFORE = re.compile(r"(?:快|不到|还没到?|没到)\s*$")
_NOT_A_TIME = re.compile(
    r"一点(?=[都也儿点小意])|(?<=[有早晚快慢差])一点|(?:说|讲|有|以下|这|那|就)[一两二三四]点(?![\d半到左钟零一二三四五])|"
    rf"{_NUMBER}[点:]\d{{0,2}}\s*的?(?:班|早班|会议?|课|闹钟|航班|车票|高铁|飞机)(?!车)|"
    rf"(?:昨晚|昨天|昨夜|昨日|last night)[^,，。;；]{{0,12}}?{_NUMBER}[点:]\d{{0,2}}半?|"
    rf"(?:不是|not)\s*{_NUMBER}[点:]\s*(?:{_NUMBER}|半)?分?(?:到|来)?的?[,，]?",
    _I,
)


@dataclass(frozen=True, slots=True)
class SaidTime:
    """Local wall-clock time, the end of a range, and whether it was said as an amount from now (`半小时后`)."""

    at: time
    until: time | None = None
    relative: bool = False


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    at: time | None


def folded(text: str) -> str:
    """Full-width digits and marks as the plain ones."""
    return unicodedata.normalize("NFKC", text)


def clock_time(text: str, now_local: datetime) -> time | None:
    """The time in `text`: `9点05`, `九点半`, `8:55am`, `下午两点一刻`, `0905`, `半小时后`; or None."""
    found = said_time(text, now_local)
    return found.at if found else None


def said_time(text: str, now_local: datetime) -> SaidTime | None:
    """None without a time, and None when several times are said and it is not clear which one counts."""
    text = _NOT_A_TIME.sub(" ", folded(text))
    hits = _hits(text, now_local)
    if len(hits) == 2 and hits[0].at and hits[1].at and _JOIN.match(text[hits[0].end : hits[1].start]):
        return SaidTime(hits[0].at, hits[1].at)
    clear = [hit for hit in hits if not _vague(text, hit)]
    arrived = [hit for hit in clear if re.match(r"\s*(?:左右|分|就)?\s*(?:已经)?(?:到|来的|进)", text[hit.end :])]
    times = {hit.at for hit in (arrived if len(clear) > 1 and arrived else clear)}
    if len(times) == 1 and (at := times.pop()):
        return SaidTime(at)
    return _relative(text, now_local) if not hits else None


def _hits(text: str, now_local: datetime) -> list[_Hit]:
    """Every time of day that is written, in order; `at` None for an impossible one like 25:00."""
    found: list[_Hit] = []
    for pattern in (_PAST_HOUR, _CLOCK, _BARE, _SPOKEN, _DOT, _OCLOCK, _FOUR):
        for match in pattern.finditer(text):
            if not any(match.start() < hit.end and hit.start < match.end() for hit in found):
                found.append(_Hit(match.start(), match.end(), _read(match, now_local)))
    return sorted(found, key=lambda hit: hit.start)


def _vague(text: str, hit: _Hit) -> bool:
    """`9点多`, `快9点`: a time, but not one to write into anybody's record."""
    return bool(_VAGUE_AFTER.match(text[hit.end :]) or _VAGUE_BEFORE.search(text[: hit.start]))


def _read(match: re.Match[str], now_local: datetime) -> time | None:
    said = match.groupdict()
    hour = _number(said.get("hour") or said.get("at") or "")
    minute = int(said["colon"]) if said.get("colon") else _minute(said.get("word"))
    if said.get("less"):
        less = _minute(said["less"])
        back = said.get("before") or (said.get("to") or "").lower() in ("to", "till", "before")
        hour, minute = (hour - 1, 60 - less) if back else (hour, less)
    return _time(hour, minute, (said.get("part") or "") + (said.get("half") or "").lower(), now_local)


def _relative(text: str, now_local: datetime) -> SaidTime | None:
    """An amount from now, only with a word that says so: `20分钟` alone in `晚了20分钟` is not an arrival."""
    for match in _SPAN.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        minutes = _minutes(match)
        if _AGO.match(after):
            return SaidTime(_moved(now_local, -minutes), relative=True)
        if _NOT_LATER.search(before) or not (_LATER.match(after) or _SOON.search(before)):
            continue
        return SaidTime(_moved(now_local, minutes), relative=True)
    if found := _IN_MINUTES.search(text):
        return SaidTime(_moved(now_local, int(found["amount"])), relative=True)
    return None


def _moved(now_local: datetime, minutes: float) -> time:
    return (now_local + timedelta(minutes=minutes)).time().replace(second=0, microsecond=0, tzinfo=None)


def _minutes(match: re.Match[str]) -> float:
    word, unit = match["amount"].lower(), match["unit"].lower()
    hours = "小时" in unit or "钟头" in unit or "h" in unit
    amount = (
        0.5 if word in ("半", "half") else 1.0 if word in ("a", "an") else 5.0 if word == "a few" else _number(word)
    )
    if hours and (match["half"] or ("半" in unit)):
        amount += 0.5
    return amount * (60 if hours or word == "half" else 15 if "刻" in unit else 1)


def _time(hour: int, minute: int, part: str, now_local: datetime) -> time | None:
    later = part.startswith(("下午", "傍晚", "晚", "今晚")) or bool(re.search(r"p\.?m\.?$", part))
    if re.search(r"a\.?m\.?$", part) and hour == 12:
        hour = 0
    if (later and hour < 12) or (part == "中午" and hour < 3):
        hour += 12
    ago = now_local.hour + now_local.minute / 60 - hour
    if not part and 1 <= hour <= 6 and now_local.hour >= 7 and not 0 <= ago <= 3.5:
        # Nobody who writes "2点到的" in the afternoon means the night.
        hour += 12
    return time(hour, minute) if 0 <= hour < 24 and 0 <= minute < 60 else None


def _minute(word: str | None) -> int:
    named = {"": 0, "半": 30, "一刻": 15, "三刻": 45, "差": 0}
    word = (word or "").lower().removeprefix("过").removeprefix("a ").removeprefix("oh ").removeprefix("oh-")
    return named[word] if word in named else _number(word)


def _number(text: str) -> int:
    """Digits, Chinese or English; -1 for what is none, which no clock accepts."""
    if text.isdigit():
        return int(text)
    if text[:1].isascii():
        parts = re.split(r"[ -]", text.lower())
        return sum(_ENGLISH.get(part, -100) for part in parts)
    tens, ten, ones = text.partition("十")
    if ten:
        return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(ones[-1:], 0) if ones else 0)
    value = 0
    for char in text:
        value = value * 10 + _DIGITS.get(char, -100)
    return value
