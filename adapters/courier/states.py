"""快递100's states -> ours (docs: 实时快递查询接口, 物流状态 and 高级物流状态). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.ports.courier import SignedBy, State

CODES: Mapping[str, State] = MappingProxyType(
    {
        **dict.fromkeys(("101", "102"), "ordered"),
        **dict.fromkeys(("1", "103"), "accepted"),
        **dict.fromkeys(("0", "5", "7", "8", "10", "11", "12", "1001", "1002", "1003"), "in_transit"),
        # Taken in by a locker or station, or handed out there to whoever knows the code: not a person's signature.
        **dict.fromkeys(("501", "304"), "at_address"),
        **dict.fromkeys(("3", "301", "302", "303"), "signed"),
        **dict.fromkeys(("4", "6", "14"), "returned"),
        **dict.fromkeys(("2", "13", "401", *map(str, range(201, 211))), "problem"),
    }
)
"""By number; 203 is refused for now, 401 and 210 called off."""
WORDS: tuple[tuple[str, State], ...] = (
    (r"退签|退回|拒签", "returned"),
    (r"投柜|驿站", "at_address"),
    (r"签收|代签", "signed"),
    (r"疑难|拒收|异常|无法联系|超时|超区|滞留|破损|销单", "problem"),
    (r"下单|待揽", "ordered"),
    (r"揽", "accepted"),
)
"""A line without a number names its state in words."""
_OWN, _OTHER = "301", "303"
_SOMEBODY = re.compile(r"代收|代签|他人|同事|家人|家属|亲属|邻居|门卫|保安|前台|物业|收发室|驿站|快递柜|丰巢|自提")


def scan_state(code: str) -> State:
    """Anything unknown is only on its way: a new word of the vendor never becomes a delivery."""
    if code in CODES:
        return CODES[code]
    return next((state for pattern, state in WORDS if re.search(pattern, code)), "in_transit")


def signed_by(state: State, code: str, words: str) -> SignedBy:
    """`own` only by the vendor's own number and when the courier's words do not say otherwise."""
    if state != "signed":
        return ""
    if code == _OTHER or code == "代签" or _SOMEBODY.search(words):
        return "other"
    return "own" if code in (_OWN, "本人签收") else "unknown"
