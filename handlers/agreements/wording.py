"""The two texts, complete, in Chinese with the English sense below. Pure; the texts lie beside as `<kind>.v<n>.txt`.
A changed sentence is a new version in a new file: what was signed stays readable.

What they rest on: 民法典 art. 137, 电子签名法 arts. 3-6, 11 and 13, 民事诉讼证据的若干规定 art. 94(5),
个人信息保护法 arts. 14-16 and 44-47.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from importlib import resources

from handlers.agreements.rules import Addresses, Kind

VERSION = 1
NAMES: dict[Kind, str] = {"edelivery": "电子送达地址确认书", "esign": "电子签名与存证方式同意书"}
NOT_GIVEN = "未填写"
_TEXTS: dict[Kind, str] = {
    kind: resources.files(__package__).joinpath(f"{kind}.v{VERSION}.txt").read_text(encoding="utf-8").rstrip("\n")
    for kind in NAMES
}
PAGE_BYTES = 900
"""A page that both chat platforms show whole: DingTalk card variables hold 1 KB, WeCom text 2 KB."""


@dataclass(frozen=True, slots=True)
class Log:
    """The log the consent names: its origin, and its public key's text and SHA-256 fingerprint."""

    origin: str
    key: str
    fingerprint: str


def log_of(origin: str, key: str) -> Log:
    """Fingerprint: the first 16 bytes of SHA-256 over the key's text, in groups of four hex digits."""
    digits = hashlib.sha256(key.encode()).hexdigest()[:32]
    return Log(origin, key, " ".join(digits[i : i + 4] for i in range(0, 32, 4)))


def edelivery(name: str, account: str, where: Addresses, until: date) -> str:
    """The full text of the confirmation of addresses; `account` like `wecom:zhang`."""
    return _TEXTS["edelivery"].format(
        version=VERSION,
        name=name,
        account=account,
        mobile=where.mobile or NOT_GIVEN,
        email=where.email or NOT_GIVEN,
        post=where.post or NOT_GIVEN,
        until=f"{until:%Y-%m-%d}",
    )


def esign(name: str, account: str, log: Log, until: date) -> str:
    """The full text of the consent to electronic signature and the way records are kept."""
    return _TEXTS["esign"].format(
        version=VERSION,
        name=name,
        account=account,
        origin=log.origin,
        key=log.key,
        fingerprint=log.fingerprint,
        until=f"{until:%Y-%m-%d}",
    )


def digest(text: str) -> str:
    """SHA-256 of the exact UTF-8 bytes, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def pages(text: str) -> list[str]:
    """The text in pages of at most PAGE_BYTES, cut between lines; together they are the text, line for line."""
    found: list[str] = []
    for line in text.split("\n"):
        for piece in _pieces(line):
            longer = f"{found[-1]}\n{piece}" if found else piece
            if found and len(longer.encode()) <= PAGE_BYTES:
                found[-1] = longer
            else:
                found.append(piece)
    return [page.strip("\n") for page in found if page.strip()]


def _pieces(line: str) -> list[str]:
    """A line that is too long for a page is cut after a sentence, else anywhere."""
    pieces = []
    while len(line.encode()) > PAGE_BYTES:
        head = line.encode()[:PAGE_BYTES].decode(errors="ignore")
        cut = max(head.rfind(mark) for mark in "。；;. ") + 1 or len(head)
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]
