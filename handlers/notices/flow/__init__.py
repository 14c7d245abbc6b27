"""Buttons and words about notices. The ref of a button is the notice: who answers is said by the platform."""

from __future__ import annotations

import re

import sqlalchemy as sa

from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on, words
from bot.signing import Document, Signature, declined, signed
from handlers.notices import cards, store, tables as tb
from handlers.notices.flow import compose
from handlers.notices.receiving import answers, hearing
from handlers.notices.rules import Fact
from handlers.notices.store import Notice

__all__ = ["compose", "hearing"]
NOBODY = "没有找到您的账号，什么都没有记下。"
WHICH = "有 {count} 份通知都在等您答复，还没有替您决定。请在「{word}」后面加上编号，例如「{word} {number}」。"
_SAID = re.compile(
    r"^(收到但有异议|有异议|异议|申诉|收到|同意|received|agree|object|appeal)(?![\w])[\s,，:：]*(.*)$", re.I | re.S
)
_ANSWER = {
    "收到": "received", "received": "received", "同意": "agreed", "agree": "agreed", "收到但有异议": "objected",
    "有异议": "objected", "异议": "objected", "object": "objected", "申诉": "appealed", "appeal": "appealed",
}  # fmt: skip
_NUMBER = re.compile(r"^([0-9A-Fa-f]{6})\b[\s,，:：]*(.*)$", re.S)


def _actor(ctx: Context) -> Person:
    if ctx.actor is None:
        raise Refused(t(NOBODY))
    return ctx.actor


@on("notices.received")
def received(event: Event, ctx: Context) -> Card | None:
    """[收到]."""
    return _tapped(event, ctx, "received")


@on("notices.agreed")
def agreed(event: Event, ctx: Context) -> Card | None:
    """[同意]."""
    return _tapped(event, ctx, "agreed")


@on("notices.objected")
def objected(event: Event, ctx: Context) -> Card | None:
    """[收到但有异议]: counts at once, the words come next."""
    return _tapped(event, ctx, "objected")


@on("notices.appealed")
def appealed(event: Event, ctx: Context) -> Card | None:
    """[申诉]: counts at once, the words come next."""
    return _tapped(event, ctx, "appealed")


def _tapped(event: Event, ctx: Context, answer: str) -> Card:
    actor, notice = _actor(ctx), store.get(ctx.db, event.ref)
    if notice is None:
        return _say(ctx, actor, cards.not_yours())
    found = answers.take(ctx, notice, actor, answer, source="card", at=event.at)
    if found.recorded and answer in ("objected", "appealed"):
        _ask_words(ctx, actor, notice, answer)
    return _say(ctx, actor, found.card)


def _say(ctx: Context, actor: Person, card: Card) -> Card:
    """A shared card cannot be closed for one reader alone, so the outcome also comes as a message of its own."""
    ctx.say(actor, card, "chat")
    return card


def _ask_words(ctx: Context, actor: Person, notice: Notice, answer: str) -> None:
    title = notice.said(actor.locale)[0]
    ctx.ask(actor, f"{answers.WORDS}.{answer}", store.desk(notice.id), lambda ref: cards.ask_words(ref, title, answer))


def _about(ctx: Context, desk: str) -> Notice | None:
    """The notice behind a question of ours; questions have a matter of their own, which no pause holds."""
    return store.get(ctx.db, store.PREFIX + desk.split("-", 1)[-1])


@on("notices.unsaid")
def unsaid(event: Event, ctx: Context) -> Card | None:
    """[先不说]: the answer stands without words."""
    ask = ctx.asked(event.ref)
    notice = _about(ctx, ask.matter)
    ctx.answer(ask.ref, "unsaid")
    return cards.taken(notice.title if notice else "", ask.kind.rsplit(".", 1)[-1])


@words
def said(event: Event, ctx: Context) -> Card | None:
    """Words that were asked for, or an answer in words. None: neither."""
    actor, text = ctx.actor, event.data.get("text", "").strip()
    if actor is None or not text:
        return None
    match = _SAID.match(text)
    if match and (found := _named(ctx, actor, _ANSWER[match.group(1).lower()], match.group(2).strip())):
        return _in_words(event, ctx, actor, found, match.group(1))
    for ask in ctx.open_asks(actor.id, answers.WORDS):
        notice = _about(ctx, ask.matter)
        if notice and ctx.answer(ask.ref, "said"):
            return answers.say_words(ctx, notice, actor, ask.kind.rsplit(".", 1)[-1], text, event.at)
    return None


def _named(ctx: Context, actor: Person, answer: str, rest: str) -> tuple[str, str, list[Notice]] | None:
    """(answer, own words, notices that may be meant); None when no notice waits for this person."""
    open_ones = [each for each in _waiting(ctx, actor) if answer in each.answers]
    if match := _NUMBER.match(rest):
        named = [each for each in open_ones if cards.number(each.id) == match.group(1).upper()]
        if named:
            return answer, match.group(2).strip(), named
    return (answer, rest, open_ones) if open_ones else None


def _in_words(
    event: Event, ctx: Context, actor: Person, found: tuple[str, str, list[Notice]], word: str
) -> Card | None:
    answer, rest, notices = found
    if rest and answer in ("received", "agreed"):
        return None  # 「收到，明天到」 is about something else than a notice, and nothing is agreed by guessing
    if len(notices) > 1:
        raise Refused(t(WHICH, count=len(notices), word=word, number=cards.number(notices[0].id)))
    taken = answers.take(ctx, notices[0], actor, answer, rest, source="words", at=event.at)
    if taken.recorded and not rest and answer in ("objected", "appealed"):
        _ask_words(ctx, actor, notices[0], answer)
    return taken.card


def _waiting(ctx: Context, actor: Person) -> list[Notice]:
    """Notices in which an answer of this person is still open."""
    r, n = tb.recipient.c, tb.notice.c
    mine = (r.person_id == actor.id, r.answer == "", n.state.in_(store.LIVE), r.rung > 0)
    ids = ctx.db.execute(
        sa.select(n.id).join(tb.recipient, r.notice_id == n.id).where(*mine).order_by(n.created_at.desc()).limit(20)
    ).scalars()
    return [notice for each in ids.all() if (notice := store.get(ctx.db, each))]


@signed(store.PREFIX)
def signature(ctx: Context, document: Document, signature: Signature | None) -> None:
    """A notice that asks for a signature was signed; bot.signing has recorded the signature itself."""
    _document(ctx, document, Fact("signed", signature.at if signature else ctx.now, "signed"))


@declined(store.PREFIX)
def refusal(ctx: Context, document: Document, _signature: Signature | None) -> None:
    """It was read and not signed, which is an answer like any other."""
    _document(ctx, document, Fact("acknowledged", document.decided_at or ctx.now, "declined"))


def _document(ctx: Context, document: Document, fact: Fact) -> None:
    source = {"document": document.ref, "version": str(document.version), "kind": document.kind}
    hearing.learn_many(ctx, document.matter, {document.person_id: (fact, source)})
