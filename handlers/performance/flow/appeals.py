"""What a reviewer taps and says about an appeal: the outcome is nothing without its reason."""

from __future__ import annotations

import re
from decimal import Decimal

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.router import on
from handlers.performance import store
from handlers.performance.cards import appeals as cards_appeals
from handlers.performance.store import Result
from handlers.performance.telling import appeals, results_rows
from handlers.performance.telling.appeals import Appeal, Outcome

GONE = "没有找到这份结果。"
_SCORE = re.compile(
    r"^\s*(?:调整为|改为|调整到|to)?\s*(?P<score>\d{1,3}(?:\.\d{1,4})?)\s*分?\s*[,，:：。;；\s]\s*(?P<rest>.+)$", re.S
)


@on("performance.appeal_upheld")
def uphold(event: Event, ctx: Context) -> Card | None:
    """[维持] asks for the reason."""
    return _outcome(event, ctx, "upheld")


@on("performance.appeal_adjusted")
def adjust(event: Event, ctx: Context) -> Card | None:
    """[调整] asks for the new score and the reason."""
    return _outcome(event, ctx, "adjusted")


def _appeal(ctx: Context, ask: Ask) -> tuple[Appeal, Result]:
    found = appeals.get(ctx.db, ask.matter)
    result = store.result(ctx.db, found.result_id) if found else None
    if found is None or result is None:
        raise Refused(t(GONE))
    return found, result


def _outcome(event: Event, ctx: Context, outcome: Outcome) -> Card | None:
    ask = ctx.asked(event.ref)
    found, result = _appeal(ctx, ask)
    if found.state != "open":
        raise Refused(t(appeals.DECIDED))
    if ctx.actor is None or found.reviewer_id != ctx.actor.id:
        raise Refused(t(appeals.NOT_REVIEWER))
    name, score = results_rows.person_of(ctx, result).name, format(result.score, "f")
    ctx.close(found.id, lambda _person, _ask: cards_appeals.appeal_waits(), kinds=appeals.reason_kinds())
    kind = f"{appeals.REASON}.{outcome}"
    ctx.ask(ctx.actor, kind, found.id, lambda ref: cards_appeals.appeal_reason(ref, name, outcome, score))
    return None


@on("performance.appeal_wait")
def wait(event: Event, ctx: Context) -> Card | None:
    """[再想想]."""
    ctx.answer(ctx.asked(event.ref).ref, "wait")
    return cards_appeals.appeal_waits()


def reason_given(ctx: Context, ask: Ask, text: str) -> Card:
    """The reviewer's reason, with the new score in front of it when they adjust."""
    found, result = _appeal(ctx, ask)
    outcome: Outcome = "adjusted" if ask.kind.endswith(".adjusted") else "upheld"
    score, reason = None, text
    if outcome == "adjusted":
        match = _SCORE.match(text)
        if match is None:
            name = results_rows.person_of(ctx, result).name
            return cards_appeals.appeal_reason(ask.ref, name, outcome, format(result.score, "f"))
        score, reason = Decimal(match["score"]), match["rest"]
    now = appeals.decide(ctx, found, outcome, reason, score)
    ctx.answer(ask.ref, "decided")
    told = results_rows.newest(ctx, result)
    who = (results_rows.person_of(ctx, result).name, results_rows.cycle_of(ctx, result).name)
    scores = (format(result.score, "f"), format(told.score, "f"))
    return cards_appeals.appeal_decided(who, outcome, now.reason, scores, own=False)
