"""Buttons and words about scores, results and appeals."""

from __future__ import annotations

import functools
import re
from datetime import timedelta

import sqlalchemy as sa

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import command, on, words
from bot.tables import ask as ask_table
from handlers.performance import store, who_waits
from handlers.performance.cards import results as cards_results, scores as cards_scores
from handlers.performance.flow import appeals as flow_appeals
from handlers.performance.store import Result
from handlers.performance.telling import answering, appeals, approving, results, results_rows

WORDS = "performance.result_words"
LISTEN = timedelta(hours=24)
"""So long after [申诉] or [收到但不同意] the next words are taken as the answer; later ones may be about anything."""
GONE = "没有找到这份结果。"
SEVERAL = "您有 {count} 份绩效结果，还没有替您决定。请打开对应的卡片或详情页答复。"
_SAID = re.compile(
    r"^(?:绩效[:：\s]*)?(收到但不同意|不同意|申诉|仅确认收到|object|appeal)(?![\w])\s*[:：,，]\s*(?P<rest>.+)$",
    re.I | re.S,
)
_ANSWERS: dict[str, answering.Answer] = {
    "收到但不同意": "objected", "不同意": "objected", "object": "objected", "申诉": "appealed", "appeal": "appealed",
    "仅确认收到": "received",
}  # fmt: skip


def _result(event: Event, ctx: Context) -> tuple[Ask, Result, Person]:
    ask = ctx.asked(event.ref)
    found = store.result(ctx.db, ask.matter)
    if found is None or ctx.actor is None:
        raise Refused(t(GONE))
    return ask, found, ctx.actor


def _name(ctx: Context, found: Result) -> str:
    return results_rows.cycle_of(ctx, found).name


@on("performance.sign_result")
def sign(event: Event, ctx: Context) -> Card | None:
    """[同意并签字] where it could not be a link: the page's address, nothing is recorded yet."""
    _ask, found, actor = _result(event, ctx)
    link = ctx.page(answering.signing_path(ctx, found), actor)
    card = cards_results.sign(_name(ctx, found), link)
    ctx.say(actor, card, found.id)
    return None


@on("performance.result_received")
def received(event: Event, ctx: Context) -> Card | None:
    """[仅确认收到]."""
    return _take(event, ctx, "received")


@on("performance.result_objected")
def objected(event: Event, ctx: Context) -> Card | None:
    """[收到但不同意]: counts at once, the words come next."""
    return _take(event, ctx, "objected")


def _take(event: Event, ctx: Context, answer: answering.Answer) -> Card:
    _ask, found, actor = _result(event, ctx)
    now = answering.take(ctx, found, answer)
    if now.id != found.id:
        return cards_results.replaced(_name(ctx, found))
    if answer == "objected":
        _ask_words(ctx, actor, found, answer)
    return cards_results.answered(_name(ctx, found), answer, may_appeal=answering.may_appeal(ctx, found))


@on("performance.result_appealed")
def appealed(event: Event, ctx: Context) -> Card | None:
    """[申诉] asks for the reason; it is filed with the words."""
    _ask, found, actor = _result(event, ctx)
    current = results_rows.newest(ctx, found)
    if current.id != found.id:
        results.put(ctx, current, after_appeal=current.version > 1)
        return cards_results.replaced(_name(ctx, found))
    if not answering.may_appeal(ctx, found):
        raise Refused(t(answering.WAITING if found.state == "appealed" else answering.LATE))
    _ask_words(ctx, actor, found, "appealed")
    return None


def _ask_words(ctx: Context, actor: Person, found: Result, answer: str) -> None:
    kinds = (f"{WORDS}.objected", f"{WORDS}.appealed")
    name = _name(ctx, found)
    ctx.close(found.id, lambda _person, _ask: cards_results.moved(name), kinds=kinds)
    ctx.ask(actor, f"{WORDS}.{answer}", found.id, lambda ref: cards_results.ask_words(ref, name, answer))


@on("performance.result_unsaid")
def unsaid(event: Event, ctx: Context) -> Card | None:
    """[先不说], [不申诉了]."""
    ask, found, _actor = _result(event, ctx)
    answer = ask.kind.rpartition(".")[2]
    if not ctx.answer(ask.ref, "unsaid"):
        raise Refused(t("已经处理过了。"))
    return cards_results.unsaid(_name(ctx, found), answer)


@on("performance.score_later")
def score_later(event: Event, ctx: Context) -> Card | None:
    """[稍后再写]: the question stays open and in 我的待办."""
    cycle = store.cycle(ctx.db, ctx.asked(event.ref).matter.partition(".")[0])
    return cards_scores.score_later(cycle.name if cycle else "")


@on("performance.remind_waiting")
def remind(event: Event, ctx: Context) -> Card | None:
    """[提醒他们]."""
    return who_waits.remind(ctx, ctx.asked(event.ref))


@command
def waiting(event: Event, ctx: Context) -> Card | None:
    """Who has still to answer. None for everything else."""
    return who_waits.heard(ctx, ctx.actor, event.data.get("text", "").strip()) if ctx.actor else None


@words
def said(event: Event, ctx: Context) -> Card | None:
    """Words that were asked for, and answers in words. None for everything else."""
    actor, text = ctx.actor, event.data.get("text", "").strip()
    if actor is None or not text:
        return None
    if (match := _SAID.match(text)) and (card := _in_words(ctx, actor, match)) is not None:
        return card
    ask = _listening(ctx, actor)
    if ask is None:
        return None
    if ask.kind == approving.REASON:
        return approving.send_back(event, ctx, ask, text)
    if ask.kind.startswith(WORDS):
        return _words_of(ctx, ask, text)
    return flow_appeals.reason_given(ctx, ask, text)


def _in_words(ctx: Context, actor: Person, match: re.Match[str]) -> Card | None:
    """申诉：……"""
    found = store.results(ctx.db, person_id=actor.id, state=("published", "answered"))
    found = [each for each in found if each.answer != "signed"]
    if not found:
        return None
    if len(found) > 1:
        raise Refused(t(SEVERAL, count=len(found)))
    answer = _ANSWERS[match.group(1).lower()]
    return _given(ctx, found[0], answer, match["rest"].strip())


def _given(ctx: Context, found: Result, answer: answering.Answer, words: str) -> Card:
    now = answering.take(ctx, found, answer, words)
    name = _name(ctx, found)
    if now.id != found.id:
        return cards_results.replaced(name)
    kinds = (f"{WORDS}.objected", f"{WORDS}.appealed")
    card = functools.partial(cards_results.answered, name, answer, may_appeal=answering.may_appeal(ctx, found))
    ctx.close(found.id, lambda _person, _ask: card(), kinds=kinds)
    return card()


def _words_of(ctx: Context, ask: Ask, text: str) -> Card:
    found = store.result(ctx.db, ask.matter)
    if found is None:
        raise Refused(t(GONE))
    answer: answering.Answer = "appealed" if ask.kind.endswith(".appealed") else "objected"
    card = _given(ctx, found, answer, text)
    ctx.answer(ask.ref, "said")
    return card


def _listening(ctx: Context, actor: Person) -> Ask | None:
    """The newest question whose answer is somebody's next words, when it was put lately."""
    c = ask_table.c
    kinds = (f"{WORDS}.objected", f"{WORDS}.appealed", approving.REASON, *appeals.reason_kinds())
    where = (c.person_id == actor.id, c.state == "open", c.kind.in_(kinds), c.created_at > ctx.now - LISTEN)
    ref = ctx.db.execute(sa.select(c.ref).where(*where).order_by(c.created_at.desc()).limit(1)).scalar()
    return ctx.asked(ref) if ref else None
