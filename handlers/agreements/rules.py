"""Who is asked for which consent, what the words of an address mean, when a consent counts. Pure; times aware UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

Kind = Literal["edelivery", "esign"]
KINDS: tuple[Kind, ...] = ("edelivery", "esign")
VALID = timedelta(days=365)
"""A consent is confirmed again every year."""
RENEW = timedelta(days=30)
"""How long before its end the next confirmation is asked for."""
DAILY_CAP = 200
"""People asked in one local day: HR can answer that many questions."""
OPENS, CLOSES = time(10), time(17)
"""Asked in the quiet part of a working day, after the morning's check-ins."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where paper and messages reach the person besides the work account; empty: not given."""

    mobile: str = ""
    email: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Where one consent stands. `state`: none, asked, agreed, refused, withdrawn, expired, superseded.

    `valid` is the only thing to rely on. `scope` are the addresses or the log's key it names; `at` the decision.
    """

    kind: Kind
    state: str
    valid: bool
    at: datetime | None = None
    expires_at: datetime | None = None
    scope: Mapping[str, str] | None = None
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """One asking as it is stored; `account` is the one it was made for."""

    state: str
    account: str
    version: int
    asked_at: datetime
    decided_at: datetime | None
    expires_at: datetime | None


def counts(known: Known, account: str, now: datetime) -> bool:
    """An agreed consent of this very account that has not run out."""
    return (
        known.state == "agreed" and known.account == account and known.expires_at is not None and now < known.expires_at
    )


def to_ask(found: list[Known], account: str, version: int, now: datetime) -> bool:
    """Is it time to ask (again)? `found`: all askings of one kind, newest first.

    A no is respected: it is asked again only for another account, another wording, or a year later.
    """
    if any(each.state == "asked" and each.account == account and each.version == version for each in found):
        return False
    if any(counts(each, account, now + RENEW) and each.version == version for each in found):
        return False
    no = next((each for each in found if each.state in ("refused", "withdrawn", "agreed", "expired")), None)
    if no is None or no.state in ("agreed", "expired"):
        return True
    same = no.account == account and no.version == version
    return not same or (no.decided_at or no.asked_at) + VALID <= now


def quiet_hour(local: datetime, day_off: bool) -> bool:
    """May people be asked now? `local` is wall-clock time, `day_off` a weekend or statutory holiday."""
    return not day_off and OPENS <= local.time() < CLOSES


_MOBILE = re.compile(r"(?<!\d)(?:\+?86[\s-]?)?(1[3-9]\d)[\s-]?(\d{4})[\s-]?(\d{4})(?!\d)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_LABEL = re.compile(
    r"(?:通信地址|通讯地址|邮寄地址|收件地址|联系地址|家庭住址|住址|地址|手机号码|手机号|手机|电话|电子邮箱|电子邮件|邮箱|邮件"
    r"|postal address|address|mobile|phone|e-?mail)\s*(?:改成|改为|是|为|is)?\s*[:：=]?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"[省市区县旗镇乡村]|街道|路|巷|弄|号楼|小区|大厦|[号栋幢室]|\b(?:road|street|st|rd|avenue|lane|room|district|building)\b",
    re.IGNORECASE,
)
MOST = 400
"""Longer words are not an address."""


def understand(text: str) -> Addresses | None:
    """Mobile, e-mail and postal address in any order and wording; None when the words hold none of them."""
    if len(text) > MOST:
        return None
    mobile, email = _MOBILE.search(text), _EMAIL.search(text)
    rest = _EMAIL.sub("\n", _MOBILE.sub("\n", text))
    rest = _LABEL.sub("\n", rest)
    pieces = [piece.strip(" \t,，。;；、.") for piece in re.split(r"[\n]+", rest)]
    post = max((each for each in pieces if _is_place(each)), key=len, default="")
    found = Addresses("".join(mobile.groups()) if mobile else "", email.group().lower() if email else "", post)
    return found if found != Addresses() else None


def _is_place(piece: str) -> bool:
    return (
        len(piece) >= 6
        and len(_PLACE.findall(piece)) >= 2
        and any(char.isdigit() or char in "一二三四五六七八九十" for char in piece)
    )


def merged(old: Addresses, new: Addresses) -> Addresses:
    """What was said replaces what was known; what was not mentioned stays."""
    return Addresses(new.mobile or old.mobile, new.email or old.email, new.post or old.post)


Wish = Literal["state", "full_text", "sign", "change", "withdraw_edelivery", "withdraw_esign", "withdraw_all", ""]
_TAKE_BACK = r"^(?:我要)?(?:撤回|撤销|取消)(?:我的)?"
_PATTERNS: tuple[tuple[Wish, str], ...] = (
    ("withdraw_all", _TAKE_BACK + r"(?:全部|所有)(?:的)?同意书?$"),
    ("withdraw_all", r"^withdraw all(?: my)? consents?$"),
    ("withdraw_edelivery", _TAKE_BACK + r"电子送达(?:的)?(?:同意|地址|确认)*书?$"),
    ("withdraw_edelivery", r"^withdraw (?:my )?(?:electronic )?delivery(?: consent)?$"),
    ("withdraw_esign", _TAKE_BACK + r"(?:电子签名|签名|存证)(?:与存证)?(?:方式)?(?:的)?(?:同意)?书?$"),
    ("withdraw_esign", r"^withdraw (?:my )?(?:electronic )?(?:signature|signing|recording)(?: consent)?$"),
    ("full_text", r"^(?:我的)?同意书(?:全文)?$|^full text$|^consent text$"),
    ("sign", r"^(?:签署|重新签署|签)同意书?$|^(?:sign|renew)(?: my)? consents?$"),
    ("change", r"^(?:修改|更换|变更)(?:我的)?(?:送达)?地址$|^change (?:my )?address$"),
    ("state", r"^我的(?:同意|授权|送达地址)$|^my consents?$|^consents?$"),
)
_WISHES = tuple((wish, re.compile(pattern, re.IGNORECASE)) for wish, pattern in _PATTERNS)


def wish(text: str) -> Wish:
    """What the person wants about consents; empty: something else."""
    plain = text.strip().strip("。.!！？?").strip()
    return next((name for name, pattern in _WISHES if pattern.search(plain)), "")
