"""What the report says about consents: the steps, what each covers, and whose are missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from bot.evidence.facts import ConsentFact, EventFact, PackageFacts

Clock = Callable[[datetime], str]
"""A moment in one zone, with its offset: `2026-11-20 09:00:05 +08:00`."""
NOBODY = {"p:none": "—", "p:system": "系统"}
_CONSENTS = {"edelivery": "送达地址确认", "esign": "电子签名与存证方式同意"}
_STATES = {
    "asked": "已征求，未答复",
    "agreed": "同意",
    "confirmed": "确认",
    "refused": "拒绝",
    "declined": "拒绝",
    "withdrawn": "撤回",
    "expired": "已到期",
    "superseded": "已被新的文本取代",
}
_GIVEN = frozenset({"agreed", "confirmed"})
TEXT = "text"
"""Name of the part that holds the whole statement agreed to."""
_ITEM = re.compile(r"\d+\. \S.*|[^：。；]+：\S+( \S+)*")
"""A line of a statement that names an address, an account or a key, not a sentence."""
_BLANK = "未填写"


def exhibit_number(number: int) -> str:
    """`证 000012`, as in `events/000012.json`."""
    return f"证 {number:06d}"


def name_of(facts: PackageFacts, ref: str) -> str:
    return facts.parties.get(ref) or NOBODY.get(ref, ref)


def consents(facts: PackageFacts, when: Clock) -> list[list[str]]:
    """Rows: person, document, state, time, end, exhibit."""
    return [_consent(facts, each, when) for each in facts.consents]


def scopes(facts: PackageFacts) -> list[str]:
    """What each consent that was given covers, in the words of its own text; what is not disclosed is said to be."""
    events = {event.id: event for event in facts.events}
    found = []
    for each in facts.consents:
        event = events.get(each.event_id)
        if each.state in _GIVEN and event is not None:
            title = _CONSENTS.get(each.kind, each.kind)
            what = "；".join(_items(event)) or "见该项所附全文；全文未披露时须由持有人出示"
            found.append(f"{name_of(facts, each.subject)}《{title}》（{exhibit_number(event.number)}）：{what}。")
    return found


def _items(event: EventFact) -> list[str]:
    texts = [part.content.decode("utf-8", "replace") for part in event.parts if part.name == TEXT]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return [line for line in lines if _ITEM.fullmatch(line) and "。" not in line and not line.endswith(_BLANK)]


def _consent(facts: PackageFacts, each: ConsentFact, when: Clock) -> list[str]:
    expires = "未定" if each.expires is None else when(each.expires)
    if each.expires is not None and each.expires <= facts.made:
        expires += "（制作本报告时已到期）"
    numbers = [event.number for event in facts.events if event.id == each.event_id]
    exhibit = exhibit_number(numbers[0]) if numbers else "不在本包中"
    what, state = _CONSENTS.get(each.kind, each.kind), _STATES.get(each.state, each.state)
    return [name_of(facts, each.subject), what, state, when(each.at), expires, exhibit]


def unconsented(facts: PackageFacts) -> list[str]:
    """Who has no valid consent when the report is made: a line for each kind and reason, with all it is true of."""
    last = {(each.subject, each.kind): each for each in sorted(facts.consents, key=lambda consent: consent.at)}
    subjects = sorted({event.subject for event in facts.events} - set(NOBODY))
    found: dict[tuple[str, str], list[str]] = {}
    for ref in subjects:
        for kind, title in _CONSENTS.items():
            state = _state(last.get((ref, kind)), facts.made)
            if state:
                found.setdefault((title, state), []).append(name_of(facts, ref))
    return [f"{'、'.join(names)}：没有有效的《{title}》（{state}）。" for (title, state), names in found.items()]


def _state(last: ConsentFact | None, made: datetime) -> str:
    """Why there is no valid consent; empty if there is one."""
    if last is None:
        return "本包中没有记录"
    if last.state not in _GIVEN:
        return f"最后状态：{_STATES.get(last.state, last.state)}"
    return "已到期" if last.expires is not None and last.expires <= made else ""
