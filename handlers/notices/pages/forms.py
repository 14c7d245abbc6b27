"""From the compose form to a draft and back. Pure. What cannot be read is said, all at once; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from handlers.notices.composing.drafts import Draft
from handlers.notices.rules import ANSWERS
from handlers.notices.sending import plan

TIMES = ("deadline", "send_at", "send_until")
GROUPS = ("departments", "tags", "sites", "roles")
Values = dict[str, Any]
"""What the form shows: field -> text, or a list of texts for several choices."""


Form = MultiDict[str, str]
"""As a web form brings it."""


def values_of(draft: Draft, zone: ZoneInfo) -> Values:
    """The draft as the form shows it; times are wall clock of the author's zone."""
    found: Values = {"importance": draft.importance, "answers": list(draft.answers), "basis": draft.basis}
    found |= {"quiet": draft.quiet, "urgent": draft.urgent, "joiners": draft.joiners, "replaces_id": draft.replaces_id}
    for locale in ("zh", "en"):
        found[f"title_{locale}"], found[f"body_{locale}"] = draft.texts.get(locale, ("", ""))
    for name in TIMES:
        at = getattr(draft, name)
        found[name] = at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""
    into, minus = draft.audience.get("into") or {}, draft.audience.get("minus") or {}
    found |= {"everybody": into.get("everybody") is True, "team": bool(into.get("team_of"))}
    found |= {name: "\n".join(into.get(name, ())) for name in GROUPS}
    found |= {f"minus_{name}": "\n".join(minus.get(name, ())) for name in ("departments", "tags", "people")}
    found |= {"listed": len(into.get("people", ())), "platforms": list(draft.audience.get("platforms", ()))}
    hours = {str(each.get("channel")): each.get("after_hours", 24) for each in draft.plan}
    return found | {f"plan_{channel}": str(hours.get(channel, "")) for channel in plan.ORDER}


def typed(form: Form) -> Values:
    """The same from what was typed, as it was typed."""
    lines = [f"minus_{name}" for name in ("departments", "tags", "people")]
    names = ["title_zh", "body_zh", "title_en", "body_en", "importance", "basis", "quiet", "joiners", "replaces_id"]
    names += [*TIMES, *GROUPS, *lines, *(f"plan_{channel}" for channel in plan.ORDER)]
    found: Values = {name: form.get(name, "") for name in names}
    found |= {name: form.get(name, "") == "1" for name in ("urgent", "everybody", "team")}
    return found | {"answers": form.getlist("answers"), "platforms": form.getlist("platforms"), "listed": 0}


def draft_of(given: Values, zone: ZoneInfo, people: Sequence[str], author: str) -> tuple[Draft, list[str]]:
    """(draft, names of the fields that could not be read). `people`: ids that came with a list; they are no field."""
    wrong: list[str] = []
    times = {name: _time(given[name], zone, name, wrong) for name in TIMES}
    texts = {
        locale: (given[f"title_{locale}"].strip(), given[f"body_{locale}"].replace("\r\n", "\n"))
        for locale in ("zh", "en")
        if given[f"title_{locale}"].strip() or given[f"body_{locale}"].strip()
    }
    importance = given["importance"] or "inform"
    draft = Draft(
        texts=texts,
        importance=importance,
        answers=tuple(each for each in ANSWERS if each in given["answers"]),
        basis=given["basis"].strip(),
        quiet=given["quiet"].strip().replace("：", ":").replace("—", "-").replace("～", "-"),
        urgent=given["urgent"],
        audience=_audience(given, people, author),
        joiners=given["joiners"] or "none",
        plan=_plan(given, wrong),
        replaces_id=given["replaces_id"][:32],
        **times,
    )
    return draft, wrong


def _time(text: str, zone: ZoneInfo, name: str, wrong: list[str]) -> datetime | None:
    """A wall clock time of the author; what a browser without such a field lets people type is read as well."""
    text = text.strip().replace("/", "-").replace(" ", "T", 1)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong.append(name)
        return None


def _audience(given: Values, people: Sequence[str], author: str) -> Mapping[str, Any]:
    into: dict[str, Any] = {name: lines for name in GROUPS if (lines := _lines(given[name]))}
    if given["everybody"]:
        into["everybody"] = True
    if given["team"]:
        into["team_of"] = [author]
    if people:
        into["people"] = list(people)
    minus = {name: lines for name in ("departments", "tags", "people") if (lines := _lines(given[f"minus_{name}"]))}
    found = {"into": into, "minus": minus, "platforms": given["platforms"]}
    return {name: value for name, value in found.items() if value}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("，", "\n").replace(",", "\n").splitlines() if line.strip()]


def _plan(given: Values, wrong: list[str]) -> tuple[Mapping[str, Any], ...]:
    """Only the channels with hours; none at all: the plan that belongs to the importance."""
    found = []
    for channel in plan.ORDER:
        text = given[f"plan_{channel}"].strip()
        if not text:
            continue
        try:
            hours = float(text)
        except ValueError:
            hours = -1.0
        if 0 <= hours <= 24 * 90:  # also no NaN
            found.append({"channel": channel, "after_hours": int(hours) if hours == int(hours) else hours})
        else:
            wrong.append(f"plan_{channel}")
    return tuple(found)
