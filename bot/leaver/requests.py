"""What somebody who left asks HR for on their record page, HR's answer in chat, and both in the log.

The request's id is its matter. HR's words are the answer; the person reads them on the same page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import access, leaver
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.evidence.tables import ev_event, ev_part
from bot.evidence.vault import vault_of
from bot.leaver import cards
from bot.leaver.cards import CERTIFICATE, CORRECTION, Asked
from bot.locale import t
from bot.people import Person
from bot.router import Gone, erases, on, words
from bot.store import new_ref
from bot.tables import ask as table, leaver_link

MOST = 1000
"""Characters of a request that are kept; a longer one is sent back, never cut."""
QUESTION, DONE, DECLINED, NOTED = "leaver.question", "leaver.words_done", "leaver.words_no", "leaver.request_of."
SETTLED = "这个请求已经处理过了，或不由您处理。"
WORDS = "请写明要更正的内容，至少两个字。"
LONG = "请控制在 {most} 字以内，可以分几次提交。"
ALREADY = "补发申请已经在处理，有答复会显示在本页。"
ANSWERED = "【回执】您向原单位提出的请求已有答复，请用 HR 给您的链接查看；链接过期可以请 HR 重新开通。"


@dataclass(frozen=True, slots=True)
class Types:
    """Event types of one kind of request."""

    asked: str
    done: str
    refused: str


TYPES: Mapping[str, Types] = {
    CORRECTION: Types("data.correction_requested", "data.corrected", "data.request_refused"),
    CERTIFICATE: Types("certificate.reissue_requested", "certificate.reissued", "certificate.reissue_refused"),
}


def request(ctx: Context, kind: str, text: str, link_id: str) -> bool:
    """`ctx.actor`, who left, asks HR; False when nobody is there who could answer (it is recorded all the same).

    Refused, in the reader's language, for words that are missing or too long and for a second certificate meanwhile.
    """
    person, text = ctx.actor, text.strip()
    if person is None or kind not in TYPES:
        raise Refused(t(SETTLED))
    if len(text) > MOST:
        raise Refused(t(LONG, most=MOST))
    if kind == CORRECTION and not _says_something(text):
        raise Refused(t(WORDS))
    if kind == CERTIFICATE and _waiting(ctx.db, person):
        raise Refused(t(ALREADY))
    matter = f"lr-{new_ref()}"
    parts = {"words": text} if text else {}
    ctx.record(TYPES[kind].asked, matter, subject=person, parts=parts, source={"via": "leaver_link", "link": link_id})
    row = {"ref": new_ref(), "kind": NOTED + kind, "matter": matter, "person_id": person.id, "state": "noted"}
    ctx.db.execute(sa.insert(table).values(**row, created_at=ctx.now))
    people = [each for each in ctx.people.with_role(access.HR) if each.id != person.id]
    people = people or [each for each in ctx.people.with_role(access.HR_HEAD) if each.id != person.id]
    for each in people:
        ctx.ask(each, QUESTION, matter, lambda ref: cards.question(ref, Asked(kind, person.name, text)))
    return bool(people)


def _says_something(text: str) -> bool:
    return sum(char.isalnum() for char in text) >= 2


def _waiting(db: Connection, person: Person) -> bool:
    """Is a certificate asked for and not answered yet? Asked of the log, so that one that nobody got counts too."""
    types = TYPES[CERTIFICATE]
    ended = sa.select(ev_event.c.object_id).where(ev_event.c.type.in_((types.done, types.refused)))
    mine = (ev_event.c.subject == person.ref, ev_event.c.type == types.asked, ev_event.c.object_id.not_in(ended))
    return db.execute(sa.select(ev_event.c.event_id).where(*mine).limit(1)).first() is not None


def _whose(db: Connection, matter: str) -> tuple[str, str]:
    """(person id, kind) of a request; empty when its person was erased with it."""
    mine = (table.c.matter == matter, table.c.kind.startswith(NOTED, autoescape=True))
    row = db.execute(sa.select(table.c.person_id, table.c.kind).where(*mine)).first()
    return (row.person_id, row.kind.removeprefix(NOTED)) if row else ("", "")


def _taken(event: Event, ctx: Context, *kinds: str) -> tuple[Ask, Person, Person, str]:
    """(ask, who asked, HR, kind of request) of a button that is still open; its one answer is taken."""
    ask = ctx.asked(event.ref)
    person_id, kind = _whose(ctx.db, ask.matter)
    person, actor = ctx.people.get(person_id), ctx.actor
    if ask.kind not in kinds or person is None or actor is None or actor.id == person.id or not access.is_hr(actor):
        raise Refused(t(SETTLED))
    if not ctx.answer(ask.ref, event.action.rpartition(".")[2]):
        raise Refused(t(SETTLED))
    return ask, person, actor, kind


@on("leaver.done")
def done(event: Event, ctx: Context) -> Card | None:
    """[已办理]: not an answer yet, HR's next words are."""
    return _words_please(event, ctx, DONE)


@on("leaver.decline")
def decline(event: Event, ctx: Context) -> Card | None:
    """[不能办理]: the reason is asked for first."""
    return _words_please(event, ctx, DECLINED)


def _words_please(event: Event, ctx: Context, wanted: str) -> Card | None:
    ask, person, actor, kind = _taken(event, ctx, QUESTION)
    ctx.ask(actor, wanted, ask.matter, lambda ref: cards.words_wanted(ref, kind, person.name, wanted == DONE))
    return None


@on("leaver.back")
def back(event: Event, ctx: Context) -> Card | None:
    """[返回]: the question is open again."""
    ask, person, actor, kind = _taken(event, ctx, DONE, DECLINED)
    said = _words_of(ctx, ask.matter)
    ctx.ask(actor, QUESTION, ask.matter, lambda ref: cards.question(ref, Asked(kind, person.name, said)))
    return None


def _words_of(ctx: Context, matter: str) -> str:
    """What the person wrote, from the log; empty when it was erased."""
    joined = sa.select(ev_part).join(ev_event, ev_event.c.event_id == ev_part.c.event_id)
    asked = [each.asked for each in TYPES.values()]
    where = (ev_event.c.object_id == matter, ev_event.c.type.in_(asked), ev_part.c.name == "words")
    row = ctx.db.execute(joined.where(*where)).first()
    content = vault_of(ctx.keys.key_dir).open_part(ctx.db, row) if row and row.salt is not None else None
    return content.decode() if content else ""


@words
def said(event: Event, ctx: Context) -> Card | None:
    """HR's words after a button are the answer, verbatim; None for everything else."""
    actor, text = ctx.actor, event.data.get("text", "").strip()
    # Only while it is the newest question: otherwise the words may answer something else.
    ask = next(iter(ctx.open_asks(actor.id)), None) if actor else None
    if actor is None or ask is None or ask.kind not in (DONE, DECLINED) or not access.is_hr(actor):
        return None
    person_id, kind = _whose(ctx.db, ask.matter)
    person = ctx.people.get(person_id)
    if person is None:
        raise Refused(t(SETTLED))
    if not _says_something(text):
        return cards.words_wanted(ask.ref, kind, person.name, ask.kind == DONE)
    if not ctx.answer(ask.ref, "said"):
        raise Refused(t(SETTLED))
    types, good = TYPES[kind], ask.kind == DONE
    part = "answer" if good else "reason"
    ctx.record(types.done if good else types.refused, ask.matter, subject=person, parts={part: text}, at=event.at)
    ctx.close(ask.matter, lambda _person, _ask: cards.settled(kind, person.name, actor.name, good))
    leaver.tell(ctx, person, ANSWERED, ask.matter)
    return cards.settled(kind, person.name, actor.name, good)


@erases
def forget(db: Connection, gone: Gone) -> list[str]:
    """What a person asked for goes with them, and the cards about it; their links stop working."""
    db.execute(sa.delete(leaver_link).where(leaver_link.c.person_id == gone.person_id))
    mine = (table.c.person_id == gone.person_id, table.c.kind.startswith(NOTED, autoescape=True))
    return list(db.execute(sa.select(table.c.matter).where(*mine)).scalars())
