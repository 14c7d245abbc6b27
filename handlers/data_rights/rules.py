"""What a person wants to know or to have changed about their own data. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Wish = Literal["mine", "correct", "erase"]
_MINE = re.compile(r"^(?:查看)?我的(?:数据|个人信息|资料)$|^my (?:data|personal data)$", re.IGNORECASE)
_ERASE = re.compile(
    r"^(?:请|我要|申请)?(?:删除|注销)我的(?:全部|所有)?(?:数据|个人信息|资料)$"
    r"|^(?:erase|delete) my (?:personal )?data$",
    re.IGNORECASE,
)
_CORRECT = re.compile(r"^(?:更正|改正|correct(?:ion)?)\s*[:：]\s*(.*)$", re.IGNORECASE | re.DOTALL)
MOST = 1000
"""Characters of a correction that are kept; a longer one is asked to be shortened, never cut."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`words`: what is to be corrected, verbatim and perhaps empty."""

    wish: Wish
    words: str = ""


def understand(text: str) -> Asked | None:
    """None when the words are about something else."""
    plain = text.strip()
    if found := _CORRECT.match(plain):
        return Asked("correct", found.group(1).strip())
    plain = plain.strip("。.!！？?").strip()
    if _MINE.match(plain):
        return Asked("mine")
    return Asked("erase") if _ERASE.match(plain) else None


def a_reason(text: str) -> bool:
    """Two letters or digits at least: a sign or a sigh is no reason."""
    return sum(char.isalnum() for char in text) >= 2
