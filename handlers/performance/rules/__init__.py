"""Rules of goals: facts in, decisions out. Pure. Numbers are Decimal, days are local days."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

WHOLE = Decimal(100)
KINDS = ("numeric", "milestone")
SOURCES = ("", "jira", "dingtalk", "webhook", "file")
ASKED = ("jira", "dingtalk")
"""Sources that we ask; what the others say arrives by itself."""
LONGEST, LONGEST_UNIT, LONGEST_KEY, PLACES = 2_000, 20, 400, 6
MOST_GOALS = 20


@dataclass(frozen=True, slots=True)
class GoalDraft:
    """What a version of a goal says. `weight` of 100; `target` None for a milestone; `due_on` None: the period's end.

    `source` one of SOURCES ("": by hand) and `source_key` as docs/progress.md explains.
    """

    text: str
    weight: Decimal
    kind: str = "numeric"
    target: Decimal | None = None
    unit: str = ""
    due_on: date | None = None
    dimension: str = ""
    source: str = ""
    source_key: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands in the way: `code` is said by words.problem, `value` is what it is about, `row` of a file."""

    field: str
    code: str
    value: str = ""
    row: int = 0


def plain(value: Decimal | None) -> str:
    """3.50 -> 3.5, 300 -> 300, None -> empty: one way of writing a number, whoever typed it."""
    if value is None:
        return ""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def tidy(draft: GoalDraft) -> GoalDraft:
    """The same draft as it is kept: composed characters, no blanks at the ends, one kind of line feed."""

    def text(value: str) -> str:
        lines = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\n".join(line.rstrip() for line in lines).strip()

    numeric = draft.kind == "numeric"
    return GoalDraft(
        text(draft.text),
        draft.weight,
        draft.kind,
        draft.target if numeric else None,
        text(draft.unit) if numeric else "",
        draft.due_on,
        draft.dimension.strip(),
        draft.source.strip(),
        text(draft.source_key),
    )


def due(draft: GoalDraft, day: date | None) -> GoalDraft:
    """The same draft for another day."""
    return replace(draft, due_on=day)


def canonical(draft: GoalDraft) -> str:
    """The exact text both sides confirm; two drafts that mean the same are written the same."""
    tidied = tidy(draft)
    due = tidied.due_on.isoformat() if tidied.due_on else ""
    lines = [
        "huizhi-goal/1",
        f"kind {tidied.kind}",
        f"target {plain(tidied.target)}",
        f"unit {_line(tidied.unit)}",
        f"weight {plain(tidied.weight)}",
        f"due {due}",
        f"dimension {_line(tidied.dimension)}",
    ]
    return "\n".join((*lines, f"source {tidied.source}", f"key {_line(tidied.source_key)}", "", tidied.text, ""))


def _line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def digest(draft: GoalDraft) -> str:
    """SHA-256 in hex of `canonical`."""
    return hashlib.sha256(canonical(draft).encode("utf-8", "replace")).hexdigest()


def draft_problems(draft: GoalDraft, starts_on: date, ends_on: date, dimensions: Iterable[str]) -> list[Problem]:
    """What keeps this draft from being proposed in a period from `starts_on` to `ends_on`, both included."""
    found: list[Problem] = []
    draft = tidy(draft)
    if not 2 <= len(draft.text) <= LONGEST:
        found.append(Problem("text", "text_length", str(LONGEST)))
    if draft.kind not in KINDS:
        found.append(Problem("kind", "kind", draft.kind))
    if not _number(draft.weight) or not 0 < draft.weight <= WHOLE:
        found.append(Problem("weight", "weight_range", str(draft.weight)))
    if draft.kind == "numeric" and (draft.target is None or not _number(draft.target) or draft.target <= 0):
        found.append(Problem("target", "target_number", str(draft.target or "")))
    if draft.kind == "milestone" and draft.due_on is None:
        found.append(Problem("due_on", "milestone_due"))
    if draft.due_on is not None and not starts_on <= draft.due_on <= ends_on:
        found.append(Problem("due_on", "due_outside", draft.due_on.isoformat()))
    if len(draft.unit) > LONGEST_UNIT:
        found.append(Problem("unit", "unit_length", str(LONGEST_UNIT)))
    known = set(dimensions)
    if draft.dimension and draft.dimension not in known:
        found.append(Problem("dimension", "dimension_unknown", draft.dimension))
    return found + _source_problems(draft)


def _source_problems(draft: GoalDraft) -> list[Problem]:
    if draft.source not in SOURCES:
        return [Problem("source", "source_unknown", draft.source)]
    if bool(draft.source) != bool(draft.source_key):
        return [Problem("source_key", "source_key_missing" if draft.source else "source_missing")]
    return [Problem("source_key", "source_key_length", str(LONGEST_KEY))] if len(draft.source_key) > LONGEST_KEY else []


def _number(value: Decimal) -> bool:
    if not value.is_finite() or abs(value) >= Decimal(10) ** 12:
        return False
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= PLACES


def over(weights: Iterable[Decimal]) -> Decimal:
    """By how much the weights exceed 100; negative: how much is still to be given out; 0: they add up."""
    return sum(weights, Decimal(0)) - WHOLE


def changes(old: GoalDraft, new: GoalDraft) -> Mapping[str, tuple[str, str]]:
    """field -> (before, after) of everything both sides have to look at again."""
    pairs = {
        "text": (old.text, new.text),
        "target": (_amount(old), _amount(new)),
        "weight": (plain(old.weight), plain(new.weight)),
        "due_on": (str(old.due_on or ""), str(new.due_on or "")),
        "dimension": (old.dimension, new.dimension),
        "source": (f"{old.source} {old.source_key}".strip(), f"{new.source} {new.source_key}".strip()),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _amount(draft: GoalDraft) -> str:
    return f"{plain(draft.target)} {draft.unit}".strip()
