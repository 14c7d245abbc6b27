"""Questions and evidence for thousands: the same rows as ctx.ask and ctx.record write, in bulk statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.evidence.log import Draft, Part, append_many
from bot.evidence.vault import vault_of
from bot.locale import speaking
from bot.outbox import BULK
from bot.people import Person
from bot.store import new_ref, ordered_ref
from bot.tables import ask as ask_table
from bot.tables import outbox as outbox_table
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
    for each in questions:
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
                "state": "queued",
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


@dataclass(frozen=True, slots=True)
class Fact:
    """One evidence event about one person, see Context.record."""

    type: str
    matter: str
    subject: Person
    parts: Mapping[str, str | bytes]
    source: Mapping[str, str]


def record(ctx: Context, facts: Sequence[Fact]) -> None:
    """Append them in one go. Whoever acts gets one receipt of the whole (recorded apart), not thousands."""
    actor = ctx.actor.ref if ctx.actor else "p:system"
    drafts = [
        Draft(
            f"evt_{new_ref()}",
            each.type,
            ctx.now,
            ctx.now,
            actor,
            each.subject.ref,
            each.matter,
            [_part(name, body) for name, body in sorted(each.parts.items())],
            dict(each.source),
        )
        for each in facts
    ]
    if drafts:
        append_many(ctx.db, ctx.keys, drafts, vault=vault_of(ctx.keys.key_dir))


def _part(name: str, body: str | bytes) -> Part:
    if isinstance(body, str):
        return Part(name, "text/plain; charset=utf-8", body.encode())
    return Part(name, "application/octet-stream", body)
