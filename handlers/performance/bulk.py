"""Questions for thousands: the same rows as ctx.ask writes, in bulk statements. Evidence: ctx.record_many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import kept as approvals_kept
from bot.card import Card
from bot.context import Context
from bot.delivery.outbox import BULK
from bot.locale import speaking
from bot.people import Person
from bot.store import new_ref, ordered_ref
from bot.tables import ask as ask_table, outbox as outbox_table
from bot.wire import dump_card


@dataclass(frozen=True, slots=True)
class Question:
    """One card to one person. `kind` empty: it needs no answer, and `card` gets an empty ref."""

    person: Person
    kind: str
    matter: str
    card: Callable[[str], Card]


def put(ctx: Context, questions: Iterable[Question], *, priority: int = BULK) -> int:
    """Ask and say them all, behind everything else that is to be sent unless said otherwise; returns how many."""
    asked, sent = list[Mapping[str, object]](), list[Mapping[str, object]]()
    room: dict[tuple[str, str], int | None] = {}
    for each in questions:
        key = each.person.id, each.kind
        if key not in room:
            room[key] = approvals_kept.room(ctx.db, *key)
        left = room[key]
        room[key] = None if left is None else left - 1
        ref = new_ref() if each.kind else ""
        with speaking(each.person.locale):
            body = dump_card(each.card(ref))
        if each.kind:
            row = {"ref": ref, "kind": each.kind, "matter": each.matter, "person_id": each.person.id}
            asked.append(row | {"state": "open", "created_at": ctx.now, "deadline": None})
        sent.append(
            {
                "id": ordered_ref(),
                "kind": "send",
                "platform": each.person.platform,
                "matter": each.matter,
                "person_id": each.person.id,
                "user_id": each.person.user_id,
                "ask_ref": ref or None,
                "body": body,
                "state": "queued" if left is None or left > 0 else approvals_kept.KEPT,
                "due": ctx.now,
                "created_at": ctx.now,
                "priority": priority,
            }
        )
    if asked:
        ctx.db.execute(sa.insert(ask_table), asked)
    if sent:
        ctx.db.execute(sa.insert(outbox_table), sent)
    return len(sent)
