"""Goals in somebody's own words: 我的目标：交付 3 个项目，权重 40，6月20日前. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from handlers.performance.rules import GoalDraft

MINE = re.compile(r"^(?:我的目标|我的新目标|my goal)\s*[:：]\s*(?P<rest>.+)$", re.IGNORECASE | re.DOTALL)
THEIRS = re.compile(r"^(?P<name>[^\s:：]{1,20})的目标\s*[:：]\s*(?P<rest>.+)$", re.DOTALL)
LIST = frozenset({"我的绩效", "绩效", "我的目标", "my performance", "my goals"})
PENDING = re.compile(
    r"^(?:还有)?谁(?:还)?没(?:有)?(?:确认|定)(?:好)?目标[?？]?$|"
    r"^who (?:has|have)(?: not|n't) confirmed(?: their)? goals\??$",
    re.IGNORECASE,
)
_WEIGHT = re.compile(
    r"(?:权重|占比|weight)\s*(?:改为|改成|为|是|to|[:：=])?\s*(\d{1,3}(?:\.\d{1,6})?)\s*[%％]?", re.IGNORECASE
)
_ISO = re.compile(
    r"(?:截止(?:到|于)?|不晚于|by|until)?\s*[:：]?\s*(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?\s*(?:前|之前|截止|完成)?",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"(?:截止(?:到|于)?|不晚于)?\s*[:：]?\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?\s*(?:前|之前|截止|完成)?"
)
_REASON = re.compile(r"(?:原因|理由|reason|because)\s*(?:是|[:：])?\s*(.+)$", re.IGNORECASE | re.DOTALL)
_TARGET = re.compile(
    r"(?:目标值?|target)\s*(?:改为|改成|为|是|to|[:：=])?\s*(\d+(?:\.\d{1,6})?)\s*([^\d\s,，。;；]{0,6})", re.IGNORECASE
)
_AMOUNT = re.compile(
    r"(\d+(?:\.\d{1,6})?)\s*(万元|亿元|百分点|个|项|件|次|份|家|人|台|套|条|篇|场|天|小时|元|万|%|％|[A-Za-z]{1,12})"
)
_EDGES = re.compile(r"^[\s,，。;；、]+|[\s,，。;；、]+$")
LEAST = 4


@dataclass(frozen=True, slots=True)
class Said:
    """A draft and, when it was said, the reason for a change."""

    draft: GoalDraft
    reason: str = ""


def goal(words: str, starts_on: date, ends_on: date, left: Decimal, base: GoalDraft | None = None) -> Said:
    """What the words say; what they do not say stays as in `base`, or is the usual: what is left of the weight, the
    period's end. Without a number it is a milestone. The checks are rules.draft_problems'."""
    text, reason = _cut(words.strip(), _REASON)
    text, weight = _cut(text, _WEIGHT)
    text, due_on = _day(text, starts_on, ends_on)
    named = _TARGET.search(text) if base else None
    if named:
        text = text[: named.start()] + text[named.end() :]
    text = _EDGES.sub("", re.sub(r"[,，;；]\s*(?=[,，;；]|$)", "", text))
    draft = base if base is not None and len(text) < LEAST else _numbered(text, base)
    if named:
        draft = replace(draft, kind="numeric", target=Decimal(named.group(1)), unit=named.group(2) or draft.unit)
    weight_now = Decimal(weight[0]) if weight else base.weight if base else left
    return Said(_dated(replace(draft, weight=weight_now), due_on, ends_on), reason[0].strip() if reason else "")


def _numbered(text: str, base: GoalDraft | None) -> GoalDraft:
    found = _AMOUNT.search(text)
    old = base or GoalDraft(text, Decimal(0))
    if found:
        return replace(old, text=text, kind="numeric", target=Decimal(found.group(1)), unit=found.group(2))
    if base is not None and base.kind == "numeric":
        return replace(base, text=text)
    return replace(old, text=text, kind="milestone", target=None, unit="")


def _dated(draft: GoalDraft, due_on: date | None, ends_on: date) -> GoalDraft:
    if due_on is not None:
        return replace(draft, due_on=due_on)
    return replace(draft, due_on=ends_on) if draft.kind == "milestone" and draft.due_on is None else draft


def _cut(text: str, pattern: re.Pattern[str]) -> tuple[str, tuple[str, ...] | None]:
    found = pattern.search(text)
    return (text[: found.start()] + text[found.end() :], found.groups()) if found else (text, None)


def _day(text: str, starts_on: date, ends_on: date) -> tuple[str, date | None]:
    """A month and a day without a year are in the period, else in the year it ends in."""
    rest, whole = _cut(text, _ISO)
    if whole:
        return (rest, day) if (day := _a_day(int(whole[0]), whole[1], whole[2])) else (text, None)
    rest, short = _cut(text, _MONTH)
    if not short:
        return text, None
    days = [day for year in (starts_on.year, ends_on.year) if (day := _a_day(year, *short))]
    inside = [day for day in days if starts_on <= day <= ends_on]
    return (rest, (inside or days)[-1]) if days else (text, None)


def _a_day(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None
