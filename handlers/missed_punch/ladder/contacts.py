"""How a person may be reached beside the chat, and what their words about it mean. Pure; times aware UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from handlers.missed_punch.ladder.rungs import Quiet

CALLS = ((3, timedelta(minutes=8)), (8, timedelta(hours=24)))
"""Voice calls to one person: at most so many within so long (WeCom 紧急通知)."""
RECENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Contact:
    """What is kept of a person; empty text: nothing. `kin_agreed_at` empty: the emergency contact is never used."""

    person_id: str
    mobile: str = ""
    email: str = ""
    quiet: str = ""
    profile: str = ""
    joined_on: date | None = None
    leaving_on: date | None = None
    kin_name: str = ""
    kin_phone: str = ""
    kin_agreed_at: datetime | None = None

    @property
    def kin(self) -> bool:
        """May the emergency contact be asked, once a human approves it?"""
        return bool(self.kin_agreed_at and self.kin_phone)

    def quiet_hours(self, firm: Quiet) -> Quiet:
        """The person's own, else the firm's."""
        return quiet(self.quiet) or firm


Kind = Literal["mobile", "email", "quiet", "kin", "kin_off", "state"]


@dataclass(frozen=True, slots=True)
class Wish:
    """`values`: mobile, email, quiet (`22:00-07:00`) or kin name and phone."""

    kind: Kind
    values: tuple[str, ...] = ()


_PHONE = r"(\+?\d[\d\s-]{6,18}\d)"
_EMAIL = r"([^\s@<>,]{1,64}@[^\s@<>,]{3,64})"
_CLOCK = r"(\d{1,2})[:：](\d{2})"
_SAID: tuple[tuple[Kind, str], ...] = (
    ("kin_off", r"^(?:删除|撤回|取消)(?:我的)?紧急联系人$|^(?:remove|withdraw)(?: my)? emergency contact$"),
    ("kin", rf"^(?:我的)?紧急联系人\s*(?:是|为|[:：])?\s*(\S.{{0,40}}?)[\s,，:：]+{_PHONE}$"),
    ("kin", rf"^(?:my )?emergency contact\s*(?:is|:)?\s*(\S.{{0,40}}?)[\s,:]+{_PHONE}$"),
    ("mobile", rf"^(?:我的)?提醒手机\s*(?:是|为|[:：])?\s*{_PHONE}$|^reminder (?:mobile|phone)\s*:?\s*{_PHONE}$"),
    ("email", rf"^(?:我的)?提醒邮箱\s*(?:是|为|[:：])?\s*{_EMAIL}$|^reminder (?:e-?mail)\s*:?\s*{_EMAIL}$"),
    ("quiet", rf"^(?:我的)?(?:免打扰|quiet hours?)\s*[:：]?\s*{_CLOCK}\s*(?:-|–|—|到|至|to)\s*{_CLOCK}$"),
    ("state", r"^(?:我的)?(?:提醒方式|紧急联系人|免打扰)$|^(?:my )?(?:emergency contact|reminders|quiet hours)$"),
)
_WISHES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _SAID)


def understand(text: str) -> Wish | None:
    """None: the words are about something else."""
    plain = text.strip().rstrip("。.!！")
    for kind, pattern in _WISHES:
        if len(plain) <= 120 and (match := pattern.search(plain)):
            found = [each for each in match.groups() if each]
            if kind == "quiet":
                span = f"{int(found[0]):02}:{found[1]}-{int(found[2]):02}:{found[3]}"
                return Wish(kind, (span,)) if quiet(span) else None
            return Wish(kind, tuple(_number(each) if re.fullmatch(_PHONE, each) else each for each in found))
    return None


def _number(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def quiet(text: str) -> Quiet | None:
    """`22:00-07:00` -> two local times; None when it is empty or no such span."""
    try:
        start, end = (time.fromisoformat(each) for each in text.split("-"))
    except ValueError:
        return None
    return None if start == end else (start, end)


def may_call(now: datetime, earlier: Sequence[datetime]) -> bool:
    """Is there a call left in every budget? `earlier`: this person's calls of the last 24 hours."""
    return all(sum(now - at < span for at in earlier) < most for most, span in CALLS)


@dataclass(frozen=True, slots=True)
class Registration:
    """What was registered with the police or found at a visit, in the words of whoever did it."""

    at: str
    station: str
    receipt: str
    caller: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Of 时间, 地点, 编号: what the words did not say."""
        said = (("时间", self.at), ("地点", self.station), ("编号", self.receipt))
        return tuple(name for name, value in said if not value)


_WHEN = re.compile(r"(?:\d{1,2}[月/-]\d{1,2}[日号]?\s*)?(?:[01]?\d|2[0-3])[:：点]\d{0,2}分?")
_RECEIPT = re.compile(
    r"(?:回执|编号|受理号|报警号|receipt|no\.?|number)\s*(?:号|单号|编号)?\s*[:：#]?\s*(无号码|没有|无|none|[A-Za-z0-9][\w-]{2,})",
    re.IGNORECASE,
)
_RECEIPT_BARE = re.compile(r"\b([A-Za-z]{0,4}\d[\w-]{5,})\b")
_CALLER = re.compile(r"(?:报警人|拨打人|caller)\s*(?:是|为|[:：])?\s*([^\s,，。;；]{1,20})", re.IGNORECASE)
_PLACE = re.compile(
    r"[\u4e00-\u9fff\d]{2,20}(?:派出所|公安局|警务站|分局)|[\u4e00-\u9fff\d]{0,20}(?:家中|住处|小区)"
    r"|(?:[A-Z]\w+ ){1,3}[Pp]olice [Ss]tation"
)


def registration(text: str) -> Registration:
    """Time, place and receipt number from one sentence, in any order; what is not there stays empty."""
    when = _WHEN.search(text)
    plain = _CALLER.sub(" ", text)
    rest = plain.replace(when.group(), " ") if when else plain
    receipt = _RECEIPT.search(rest) or _RECEIPT_BARE.search(rest)
    place = _PLACE.search(rest.replace(receipt.group(), " ") if receipt else rest)
    station = re.sub(r"^(?:已|在|到|去|向)+", "", place.group()) if place else ""
    caller = _CALLER.search(text)
    number = receipt.group(1) if receipt else ""
    return Registration(when.group() if when else "", station, number, caller.group(1) if caller else "")
