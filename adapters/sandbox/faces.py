"""People and their messages as JSON for the page and for tests."""

from __future__ import annotations

from datetime import date

from adapters.sandbox import roster
from adapters.sandbox.state import Bubble, Json, Letter, Person


def facts(person: Person, today: date) -> Json:
    """Who it is, with hours (`planned`: of today), punches and leave. Times ISO with offset."""
    return {
        "id": person.id,
        "name": person.name,
        "platform": person.platform,
        "manager": person.manager,
        "role": person.role,
        "department": person.department,
        "tags": list(person.tags),
        "phone": person.phone,
        "mail": person.mail,
        "shift": person.shift,
        "days": {day.isoformat(): times for day, times in person.days.items()},
        "planned": roster.planned(person, today),
        "punches": [{"at": each.at.isoformat(), "source": each.source} for each in person.punches],
        "leaves": [
            {
                "id": each.id,
                "start": each.start.isoformat(),
                "end": each.end.isoformat(),
                "pending": each.pending,
                "kind": each.kind,
            }
            for each in person.leaves
        ],
    }


def letter(each: Letter) -> Json:
    """An SMS or a mail."""
    return {
        "number": each.number,
        "channel": each.channel,
        "to": each.to,
        "title": each.title,
        "text": each.text,
        "at": each.at.isoformat(timespec="seconds"),
    }


def bubble(each: Bubble) -> Json:
    """One message as a phone shows it."""
    return {
        "id": each.id,
        "kind": each.kind,
        "text": each.text,
        "card": each.card,
        "state": each.state,
        "mine": each.mine,
        "group": each.data.get("group", ""),
        "read": bool(each.data.get("read")),
        "sent_at": each.sent_at.isoformat(timespec="seconds"),
    }
