"""A fetched file becomes evidence, said by its sender, where it belongs."""

from __future__ import annotations

import functools
import hashlib

from bot import access
from bot.card import Card
from bot.context import Context
from bot.people import Person
from bot.router import Filed, SentFile, discover, routes
from handlers.chat_files import cards, rules, store
from handlers.chat_files.store import Sent

KEPT = "chat.file_kept"
LOOK = "chat_files.look"


def take(ctx: Context, row: Sent, name: str, content: bytes) -> Card | None:
    """What its sender reads; None when it was settled before. `ctx.actor` is the sender, whose language is spoken."""
    person = ctx.actor
    if person is None:
        raise LookupError("a file without its sender")
    try:
        name, media_type = rules.checked(row.kind, row.name or name, content, ctx.settings.chat_file_mb << 20)
    except ValueError as error:
        done = store.settle(ctx.db, row.id, "refused", code="unfit")
        return cards.refused(row.name, str(error)) if done else None
    if not store.settle(ctx.db, row.id, "kept", name=name, media_type=media_type, size=len(content)):
        return None
    desk = store.unseen(ctx.db, person.id, LOOK) or f"{store.PREFIX}{row.id}"
    file = SentFile(name, media_type, content, row.sent_at, f"/chat-files/{desk}")
    readers = hr_people(ctx, person)
    filed = _offered(ctx, person, file) or Filed(desk, cards.kept(rules.spoken(row.kind), name, bool(readers)))
    digest = hashlib.sha256(content).hexdigest()
    parts: dict[str, str | bytes] = {part_of(name): content, "file": name}
    source = {"ch": row.platform, "kind": row.kind, "sha256": digest, "media": media_type, "page": file.page}
    event_id = ctx.record(KEPT, filed.matter, subject=person, parts=parts, source=source, at=row.sent_at)
    store.mark(ctx.db, row.id, desk=desk, matter=filed.matter, event_id=event_id, sha256=digest)
    # Several pictures of one sheet of paper are one thing to look at, as long as nobody has looked.
    if filed.for_hr and not store.asked(ctx.db, desk, LOOK):
        for each in readers:
            link = ctx.page(file.page, each)
            ctx.ask(each, LOOK, desk, functools.partial(cards.look, person=person.name, link=link))
    return filed.card


def part_of(name: str) -> str:
    """The part of the evidence that holds the bytes."""
    return f"sent.{name.rsplit('.', 1)[-1]}"


def _offered(ctx: Context, person: Person, file: SentFile) -> Filed | None:
    """The newest open question that takes it, else whoever takes what nobody asked for."""
    # Only now: imported with the flows, it would change the order in which those are offered free text.
    discover("handlers", "taking")
    for ask in ctx.open_asks(person.id):
        taker = routes.taker(ask.kind)
        if taker and (filed := taker(ctx, ask, file)):
            return filed
    unasked = routes.takers.get("")
    return unasked(ctx, None, file) if unasked else None


def hr_people(ctx: Context, person: Person) -> list[Person]:
    """HR without the sender; the HR head when nobody else is left. Never a manager as such."""
    for role in (access.HR, access.HR_HEAD):
        if found := [each for each in ctx.people.with_role(role) if each.id != person.id]:
            return found
    return []
