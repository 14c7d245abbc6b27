"""Facts of a package -> the plain values the report's template prints. Pure: no clock, no database, no file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.evidence.due import high_stakes
from bot.evidence.facts import EventFact, PackageFacts
from bot.evidence.meaning import meaning
from bot.evidence.report_consents import NOBODY, Clock, consents, exhibit_number, name_of, scopes, unconsented
from bot.evidence.report_parts import part_view, readable
from bot.evidence.report_remarks import remarked

QUOTED = 300  # characters
BEIJING = "各项结论中的时间为北京时间。"
"""The verifier's words carry no offset."""
OWN_WORDS = ("words", "reason")
"""Names of parts that hold what a person said themself."""
WHOLE = 120
"""Events up to which every content is printed: beyond, nobody reads it on paper and it takes minutes to set."""
_LATE = timedelta(seconds=60)
_KINDS = {"chat": "私聊", "group": "聊天群", "mail": "邮件", "witness": "见证人", "notary": "公证处"}


def view(facts: PackageFacts, zone: ZoneInfo, *, stamped: bool) -> dict[str, Any]:
    """JSON values only. `stamped`: the seal will be asked an outside time stamp for; the report says which it is."""
    when, shown = _clock(zone), _printed(facts.events)
    verdicts, remarks = remarked([_zh(each.verdict) for each in facts.events])
    return {
        "scope": scope_of(facts),
        "origin": facts.origin,
        "made": when(facts.made),
        "vkeys": list(facts.vkeys),
        "digest": leaves_digest(facts.events),
        "count": len(facts.events),
        "verdicts": [[text, n] for text, n in Counter(_short(each.verdict) for each in facts.events).items()],
        "stamped": stamped,
        "parties": [[name, ref, _roles(facts, ref)] for ref, name in sorted(_people(facts).items())],
        "consents": consents(facts, when),
        "scopes": scopes(facts),
        "unconsented": unconsented(facts),
        "timeline": [_line(facts, each, said, when) for each, said in zip(facts.events, verdicts, strict=True)],
        "remarks": [BEIJING, *(f"注 {number}：{each}。" for number, each in enumerate(remarks, 1))],
        "exhibits": [_exhibit(each, when) for each in shown],
        "elsewhere": len(facts.events) - len(shown),
        "meanings": _meanings(facts.events),
        "gaps": list(facts.gaps),
        "favourable": [_favour(facts, each, when) for each in facts.events if meaning(each.type).favours],
        "hidden": [_hidden(each) for each in facts.events if each.erased or each.withheld],
        "checkpoints": [[_place(each.epoch, each.size), each.root, when(each.made)] for each in facts.checkpoints],
        "tokens": [[_place(each.epoch, each.size), each.authority, when(each.time)] for each in facts.tokens],
        "copies": [
            [_place(each.epoch, each.size), f"见证人 {each.witness}", when(each.received)]
            for each in facts.cosignatures
        ]
        + [
            [_place(each.epoch, each.size), f"{_KINDS.get(each.kind, each.kind)} {each.target}", when(each.posted)]
            for each in facts.anchors
        ],
        "limits": list(facts.limits),
    }


def _printed(events: Sequence[EventFact]) -> Sequence[EventFact]:
    """Whose contents are printed: all of a case; of a year only what people decided, disputed or said. The rest is in
    the package under the same number, and in the timeline."""
    if len(events) <= WHOLE:
        return events
    return [each for each in events if meaning(each.type).favours or high_stakes(each.type)]


def scope_of(facts: PackageFacts) -> str:
    """What the report is about; a person by name if it is known."""
    name = facts.parties.get(facts.scope)
    return f"{name}（{facts.scope}）" if name else facts.scope


def leaves_digest(events: Sequence[EventFact]) -> str:
    """SHA-256 of the leaf hashes in lower-case hex, each followed by a line feed, in the order of the report."""
    return hashlib.sha256("".join(f"{event.leaf}\n" for event in events).encode()).hexdigest()


def _clock(zone: ZoneInfo) -> Clock:
    def when(moment: datetime) -> str:
        local = moment.astimezone(zone)
        return f"{local:%Y-%m-%d %H:%M:%S} {local.isoformat()[-6:]}"

    return when


def _two(moment: str) -> str:
    """Date and time on a line each, for narrow columns."""
    return moment.replace(" ", "\n", 1)


def _short(verdict: str) -> str:
    """The Chinese half, without what differs from event to event."""
    for mark in "。；：（":
        verdict = verdict.partition(mark)[0]
    return verdict


def _zh(sentence: str) -> str:
    head, mark, _ = sentence.partition("。 ")
    return head + mark.strip()


def _place(epoch: int, size: int) -> str:
    return f"{epoch}-{size}"


def _people(facts: PackageFacts) -> dict[str, str]:
    met = {ref for event in facts.events for ref in (event.actor, event.subject)} | {c.subject for c in facts.consents}
    known = {ref: facts.parties.get(ref, "（未提供姓名）") for ref in met - set(NOBODY)}
    return known | dict(facts.parties)


def _roles(facts: PackageFacts, ref: str) -> str:
    about = sum(event.subject == ref for event in facts.events)
    by = sum(event.actor == ref for event in facts.events)
    return f"涉及 {about} 项，由其账号作出 {by} 项"


def _line(facts: PackageFacts, event: EventFact, verdict: str, when: Clock) -> list[str]:
    at = when(event.at) + (f"（收录于 {when(event.seen)}）" if abs(event.seen - event.at) > _LATE else "")
    who = name_of(facts, event.actor) + (f" → {name_of(facts, event.subject)}" if event.subject != event.actor else "")
    title = meaning(event.type).title_zh + ("（内容已删除）" if event.erased else "")
    return [f"{event.number:06d}", at, title, event.type, who, verdict]


def _exhibit(event: EventFact, when: Clock) -> dict[str, Any]:
    index = "尚未编入日志" if event.index is None else f"日志 {event.epoch} 第 {event.index} 位"
    cover = "" if event.covering is None else f"，检查点 {_place(event.epoch, event.covering)}"
    outside = "没有外部时间" if event.token_time is None else f"外部时间 {when(event.token_time)}"
    return {
        "number": exhibit_number(event.number),
        "title": meaning(event.type).title_zh,
        "facts": [
            ["类型与编号", f"{event.type}  {event.id}"],
            ["所属事项", f"{event.object} 第 {event.seq} 条"],
            ["时间", f"来源所称 {when(event.at)}；系统收录 {when(event.seen)}"],
            ["位置", f"{index}{cover}；{outside}"],
            ["叶", event.leaf],
        ],
        "parts": [part_view(each) for each in event.parts],
        "withheld": list(event.withheld),
        "erased": event.erased,
    }


def _meanings(events: Sequence[EventFact]) -> list[dict[str, str]]:
    numbers: dict[str, list[int]] = {}
    for event in events:
        numbers.setdefault(event.type, []).append(event.number)
    found = []
    for type, each in numbers.items():
        told = meaning(type)
        row = {"title": told.title_zh, "type": type, "numbers": _ranges(each)}
        row |= {"proves": told.proves_zh, "not": told.not_zh, "proves_en": told.proves_en, "not_en": told.not_en}
        found.append(row)
    return found


def _ranges(numbers: Sequence[int]) -> str:
    """`1–3、7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return "、".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)


def _favour(facts: PackageFacts, event: EventFact, when: Clock) -> list[str]:
    # The person's own words, where there are some: what they answered to stands in the exhibit.
    own = [each for each in event.parts if each.name in OWN_WORDS] or event.parts
    words = [text for kind, text in map(readable, own) if kind == "原文"]
    said = "\n".join(words)[: QUOTED + 1]
    quote = said if len(said) <= QUOTED else said[:QUOTED] + "……（全文见证据清单）"
    return [
        exhibit_number(event.number),
        _two(when(event.at)),
        name_of(facts, event.actor),
        meaning(event.type).title_zh,
        quote,
    ]


def _hidden(event: EventFact) -> list[str]:
    what = "内容已删除，只留下编号" if event.erased else "未披露：" + "、".join(event.withheld)
    return [exhibit_number(event.number), meaning(event.type).title_zh, what]
