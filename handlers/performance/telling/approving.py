"""HR's approval of a result: agreed, it reaches its person; returned, the scorer writes a new version with a reason."""

from __future__ import annotations

from bot import asks
from bot.approvals import (
    cards as approvals_cards,
    flow as approvals_flow,
    rows as approvals_rows,
    sweep as approvals_sweep,
)
from bot.approvals.faces import Asked, Face, Outcome, face
from bot.approvals.rows import Approval
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on
from handlers.performance import store
from handlers.performance.cards import results as cards_results, scores as cards_scores
from handlers.performance.scoring import seats
from handlers.performance.store import Result
from handlers.performance.telling import results
from handlers.performance.telling.results_rows import again, cycle_of, lock, mirror, move, person_of, source

ASK = "performance.approval"
REASON = "performance.return_reason"
PAGE, MOST = "/performance/cockpit/approvals", 20
"""Beyond so many that wait for somebody they come without a card of their own, and the page takes them together."""
OWN = "评分人不能审批自己打的分，请由其他 HR 处理。"
GONE = "没有找到这份结果。"


def _opened(event: Event, ctx: Context) -> tuple[Ask, Result, Person, str]:
    ask = ctx.asked(event.ref)
    found = store.result(ctx.db, ask.matter)
    if found is None or ctx.actor is None:
        raise Refused(t(GONE))
    approvals_rows.of_matter(ctx.db, found.id, lock=True)
    member = lock(ctx, found.cycle_id, found.person_id)
    if not results.may_approve(ctx, member, ctx.actor):
        raise Refused(t(OWN))
    return ask, again(ctx, found), ctx.actor, person_of(ctx, found).name


@on(results.APPROVE)
def approve(event: Event, ctx: Context) -> Card | None:
    """[同意]: of two at once one decides; the last step publishes."""
    ask, found, _actor, name = _opened(event, ctx)
    cycle = cycle_of(ctx, found).name
    if ask.state != "open" or found.state != "approving" or not ctx.answer(ask.ref, "agree"):
        return cards_scores.decided_before(name, cycle)

    def forward(now: Outcome) -> None:
        ctx.close(found.id, lambda _person, _ask: cards_scores.forwarded(name, cycle, now.by, now.to), kinds=(ASK,))

    outcome = approvals_flow.agree(ctx, found.id, forward)
    if outcome.state == "lapsed":
        return approvals_cards.lapsed(outcome.by)
    if outcome.state == "late":
        return cards_scores.decided_before(name, cycle)
    if outcome.state == "next":
        return cards_scores.forwarded(name, cycle, outcome.by, outcome.to)
    more = {"for": outcome.behalf.ref} if outcome.behalf else {}
    parts: dict[str, str | bytes] = {"result": found.text}
    subject = person_of(ctx, found)
    ctx.record("result.approved", found.id, subject=subject, parts=parts, source=source(found) | more, at=event.at)
    ctx.close(found.id, lambda _person, _ask: cards_scores.approved(name, cycle, outcome.by), kinds=(ASK, REASON))
    results.publish(ctx, found)
    return cards_scores.approved(name, cycle, outcome.by)


@on("performance.return_result")
def back(event: Event, ctx: Context) -> Card | None:
    """[退回] is not a decision yet: it asks for the reason first."""
    ask, found, actor, name = _opened(event, ctx)
    cycle = cycle_of(ctx, found).name
    if ask.state != "open" or found.state != "approving":
        return cards_scores.decided_before(name, cycle)
    ctx.close(found.id, lambda _person, _ask: cards_scores.decided_before(name, cycle), kinds=(REASON,))
    ctx.ask(actor, REASON, found.id, lambda ref: cards_scores.return_reason(ref, name, cycle))
    return None


@on("performance.keep_result")
def keep(event: Event, ctx: Context) -> Card | None:
    """[不退回了]: the card with the decision still holds."""
    ask, found, _actor, name = _opened(event, ctx)
    ctx.answer(ask.ref, "keep")
    return cards_scores.decided_before(name, cycle_of(ctx, found).name)


def waiting(ctx: Context, result: Result) -> Ask | None:
    """The actor's open question about this result."""
    found = asks.of_matter(ctx.db, result.id, (ASK,))
    return next((each for each in found if ctx.actor and each.person_id == ctx.actor.id and each.state == "open"), None)


def bring(ctx: Context, result: Result) -> None:
    """Send the actor the card of their question, which may have stayed back. Refused when nothing is asked of them."""
    ask = waiting(ctx, result)
    if ask is None or ctx.actor is None:
        raise Refused(t(GONE))
    approvals_sweep.again(ctx, ask.ref, ctx.actor, result.id)


def send_back(event: Event, ctx: Context, ask: Ask, reason: str) -> Card:
    """The reason came as a chat reply: now it is returned, and the scorer reads it word for word."""
    found = store.result(ctx.db, ask.matter)
    if found is None:
        raise Refused(t(GONE))
    member, person, cycle = lock(ctx, found.cycle_id, found.person_id), person_of(ctx, found), cycle_of(ctx, found)
    if sum(char.isalnum() for char in reason) < 2:
        return cards_scores.return_reason(ask.ref, person.name, cycle.name)
    outcome = approvals_flow.refuse(ctx, found.id)
    if outcome.state == "lapsed":
        return approvals_cards.lapsed(outcome.by)
    if outcome.state == "late" or not move(ctx, found, ("approving",), state="returned"):
        return cards_scores.decided_before(person.name, cycle.name)
    ctx.answer(ask.ref, "returned")
    mirror(ctx, found, state=cycle.sides[-1], next_at=ctx.now)
    parts: dict[str, str | bytes] = {"reason": reason, "result": found.text}
    ctx.record("result.returned", found.id, subject=person, parts=parts, source=source(found), at=event.at)

    def card() -> Card:
        return cards_scores.returned(person.name, cycle.name, outcome.by, reason)

    ctx.close(found.id, lambda _person, _ask: card(), kinds=(ASK, REASON))
    scorer = seats.scorer_of(ctx, member)
    if scorer and (ctx.actor is None or scorer.id != ctx.actor.id):
        ctx.say(scorer, card, found.id)
    return card()


def _card(ctx: Context, found: Approval, asked: Asked) -> Card:
    result = store.result(ctx.db, found.matter)
    if result is None:
        raise LookupError("an approval without its result")
    person, cycle = person_of(ctx, result), cycle_of(ctx, result)
    shown = cards_results.face(result, format(result.score, "f"), cycle.name, person.zone)
    link = ctx.page(f"/performance/results/{result.id}", asked.reader) if asked.reader else ""
    reasons = cards_results.reasons_of(result.text)
    return cards_scores.approval(asked.ref, person.name, shown, reasons, asked.behalf, link)


for _kind in (results.KIND, f"{results.KIND}_head"):
    face(Face(_kind, "绩效结果", ASK, results.APPROVE, _card, PAGE, MOST))
