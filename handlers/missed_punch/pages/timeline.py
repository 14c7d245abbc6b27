"""A case as it happened: evidence and messages in one line of time, each shown to whom it concerns.

Who sees what: the person everything. HR everything but words about health (they read 病假（待补）, like everybody).
A manager what happened, what they themselves were asked and said, and never the employee's words or private choices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.engine import Connection

from bot.evidence.tables import ev_event, ev_part
from bot.locale import t
from bot.people import Person
from bot.tables import ask, outbox
from bot.web.record import ReadPart, moment, names_of
from bot.wire import load_card
from handlers.missed_punch import cards, proofs
from handlers.missed_punch.cards import ladder as cards_ladder, manager as cards_manager
from handlers.missed_punch.flow import case as flow_case
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.pages import board
from handlers.missed_punch.rules import private

_WHY: Mapping[str, str] = {str(why): said for why, said in cards_ladder.WHY.items()}
Role = Literal["own", "hr", "manager"]
READABLE = ("words", "reason", "kind", "answer", "claimed", "step", "hint", "decision", "counted", "skipped", "file")
"""Parts that are shown; the rest is in the evidence package."""
FOR_MANAGER = ("kind", "answer", "claimed", "step", "decision", "counted", "skipped")
SECRET_KINDS = ("help", "medical", "safe", "unclear")
"""Choices a manager does not learn; a sickness reads 病假（待补） for everybody but the person."""
ASKING = ("expectation.missed", "checkin.missed_punch_asked", "checkin.escalated", *flow_case.TYPES)
ANSWERS: Mapping[str, str] = {"reached": "联系上了", "follow": "正在跟进", "ask": "已询问本人", "wait": "再等"}


@dataclass(frozen=True, slots=True)
class Happened:
    """An event on record. `parts`: (name, text), the text None where it is withheld."""

    at: datetime
    type: str
    by: str
    guards: Mapping[str, str]
    parts: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message. `state`: as in outbox; `error` only for those who may mend it; `asked`: open, answered or closed for
    a question, else empty; `title` empty when it is not for this reader."""

    at: datetime
    name: str
    platform: str
    title: str
    state: str
    attempts: int
    sent_at: datetime | None
    due: datetime
    message_id: str
    error: str
    ambiguous: bool
    asked: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Story:
    """`items` oldest first; `updates`: how often cards were changed, by outcome."""

    items: tuple[Happened | Sent, ...]
    updates: Mapping[str, int]


def story(db: Connection, case_id: str, subject: Person, viewer: Person, role: Role, read: ReadPart) -> Story:
    """What of the case `viewer` may read. Labels are in the language being spoken. ValueError: tampered contents."""
    rows = db.execute(sa.select(outbox).where(outbox.c.matter == case_id).order_by(outbox.c.id)).all()
    questions = {row.ref: row for row in db.execute(sa.select(ask).where(ask.c.matter == case_id))}
    sent = _sent(db, rows, questions, (subject, viewer, role))
    happened = _happened(db, case_id, (subject, viewer, role), read)
    both: list[Happened | Sent] = [*happened, *sent]
    items = sorted(both, key=lambda item: (item.at, _rank(item)))
    changed = [row.state for row in rows if row.kind in ("update", "interim") and role != "manager"]
    outcomes = {"n": len(changed), "sent": changed.count("sent"), "stopped": changed.count("stopped")}
    return Story(tuple(items), outcomes | {"failed": changed.count("failed")})


def _rank(item: Happened | Sent) -> int:
    """Of one and the same moment: the decision to ask, the question, the answer, what was said about the answer."""
    if isinstance(item, Sent):
        return 1 if item.asked else 3
    return 0 if item.type in ASKING else 2


def _sent(
    db: Connection, rows: Sequence[Row[Any]], questions: Mapping[str, Row[Any]], who: tuple[Person, Person, Role]
) -> list[Sent]:
    subject, viewer, role = who
    names = board.names_of(db, {row.person_id for row in rows if row.person_id})
    found = []
    for row in rows:
        question = questions.get(row.ask_ref or "")
        checkin = question is not None and question.kind == steps.CHECKIN
        hidden = role == "manager" and row.person_id != viewer.id and not (checkin and row.person_id == subject.id)
        if row.kind not in ("update", "interim") and not hidden:
            found.append(_message(row, question, names.get(row.person_id, ""), role))
    return found


def _message(row: Row[Any], question: Row[Any] | None, name: str, role: Role) -> Sent:
    title = _title(row)
    return Sent(
        at=row.created_at,
        name=name,
        platform=row.platform,
        title=title if role != "hr" or not private(title) else "",
        state=row.state,
        attempts=row.attempts,
        sent_at=row.sent_at,
        due=row.due,
        message_id=(row.message_id or "") if role != "manager" else "",
        error=(row.error or "") if role != "manager" else "",
        ambiguous=bool(row.ambiguous),
        asked=question.state if question else "",
        answered_at=question.answered_at if question else None,
    )


def _title(row: Row[Any]) -> str:
    """What was said: a card's title, a channel's text, nothing for what was written to a platform."""
    if row.kind == "send":
        return load_card(row.body).title
    return str(json.loads(row.body).get("text", ""))


def _happened(db: Connection, case_id: str, who: tuple[Person, Person, Role], read: ReadPart) -> list[Happened]:
    unsaid = (ev_event.c.type.not_like("delivery.%"), ev_event.c.type.not_like("access.%"))
    statement = sa.select(ev_event).where(ev_event.c.object_id == case_id, *unsaid).order_by(ev_event.c.n)
    rows = [row for row in db.execute(statement) if who[2] != "manager" or not _between(row)]
    names, parts = names_of(db, {row.actor for row in rows}), _parts(db, [row.event_id for row in rows], read)
    found = []
    for row in rows:
        mine = parts.get(row.event_id, {})
        guards = {name.removeprefix("guard."): text for name, text in mine.items() if name.startswith("guard.")}
        free = row.actor == who[1].ref or (who[2] == "hr" and row.type in flow_case.TYPES)
        shown = _shown(mine, free, who[2])
        found.append(Happened(moment(row.at_ms), row.type, names.get(row.actor, ""), guards, shown))
    return found


def _between(row: Row[Any]) -> bool:
    """Between the person and HR: a call for help, what they sent, and a sickness beyond the one line everybody gets."""
    if row.type == proofs.SENT:
        return True
    source = json.loads(row.envelope).get("source", {}) if row.envelope else {}
    return bool(row.type == "checkin.escalated" and source.get("why") == "help")


def _parts(db: Connection, ids: Sequence[str], read: ReadPart) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    statement = sa.select(ev_part).where(ev_part.c.event_id.in_(ids)).order_by(ev_part.c.event_id, ev_part.c.position)
    for row in db.execute(statement):
        wanted = row.name in READABLE or row.name.startswith(("guard.", "channel."))
        if wanted and (content := read(db, row)) is not None:
            found.setdefault(row.event_id, {})[row.name] = content.decode("utf-8", "replace")
    return found


def _shown(parts: Mapping[str, str], free: bool, role: Role) -> tuple[tuple[str, str | None], ...]:
    """The parts for this reader. HR is told that there is something private, a manager not even that.

    `free`: nothing is withheld, because it is the reader's own act, or what HR decided read by HR.
    """
    found: list[tuple[str, str | None]] = []
    medical = parts.get("kind") in ("medical", cards.LABELS["medical"])
    for name, text in parts.items():
        if not text or name.startswith("guard."):
            continue
        if role == "own" or free:
            allowed = True
        elif role == "hr":
            allowed = name not in ("words", "reason") or not (medical or private(text))
        else:
            allowed = name in FOR_MANAGER or name.startswith("channel.")
        if name == "kind" and role == "manager" and text in SECRET_KINDS and text != "medical":
            allowed = False
        if allowed or role == "hr":
            found.append((name, label(name, text) if allowed else None))
    return tuple(found)


def label(name: str, text: str) -> str:
    """A part in the words of the buttons, in the language being spoken."""
    if name == "kind":
        return t(cards.LABELS.get(text, text))
    if name == "answer":
        return t(cards_manager.KNOWN.get(text) or ANSWERS.get(text) or text)
    if name == "step":
        return cards_manager.step(f"- {text}")[2:]
    if name == "skipped":
        days = (each.split(" ", 1) for each in text.split(", ") if " " in each)
        return "、".join(f"{day} {t(_WHY.get(why, why))}" for day, why in days) or "–"
    return text
