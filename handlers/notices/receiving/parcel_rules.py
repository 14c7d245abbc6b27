"""What a courier's track says about a parcel. Pure.

"Signed" by somebody else, and a locker, mean that it arrived at the address, never that its person received it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.ports.courier import Scan

STATES = ("posted", "moving", "arrived", "signed_self", "signed_other", "returned", "unknown")
NUMBER = re.compile(r"[A-Za-z]{2}\d{9}[A-Za-z]{2}|[A-Za-z]{0,4}\d{8,20}")
"""UPU S10 (two letters, nine digits, two letters) or a domestic number."""
PHOTOS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_OF = {
    "ordered": "posted",
    "accepted": "posted",
    "in_transit": "moving",
    "at_address": "arrived",
    "returned": "returned",
}


def state_of(scans: Sequence[Scan]) -> str:
    """The state by the newest scan that says one. `arrived` when the courier does not say who signed."""
    for scan in sorted(scans, key=lambda each: each.at, reverse=True):
        if scan.state == "signed":
            return {"own": "signed_self", "other": "signed_other"}.get(scan.signed_by, "arrived")
        if scan.state in _OF:
            return _OF[scan.state]
    return "unknown" if scans else "posted"


def final(state: str) -> bool:
    """Is nothing more expected of the courier?"""
    return state in ("signed_self", "signed_other", "returned")


def proves(state: str) -> bool:
    """Does it say that the person themself got it? A courier's word for the person's own signature is the only one."""
    return state == "signed_self"


def photo_type(content: bytes) -> str:
    """The media type by the content's own first bytes; empty for anything that is no JPEG and no PNG."""
    if content[:4] == b"RIFF":
        return ""
    return next((kind for magic, kind in PHOTOS.items() if content.startswith(magic)), "")
