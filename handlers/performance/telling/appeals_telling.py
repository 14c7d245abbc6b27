"""Who hears what of an appeal: the reviewer both sides' facts, the person that it is heard, both the outcome."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.card import Card
from bot.context import Context
from bot.people import Person
from handlers.performance import store
from handlers.performance.cards import appeals as cards_appeals, results as cards_results
from handlers.performance.cards.appeals import Case
from handlers.performance.scoring import reviews_rows, seats
from handlers.performance.store import Result
from handlers.performance.telling import documents, results_build, uploads
from handlers.performance.telling.results_rows import cycle_of, person_of, policy_of

ASK = "performance.appeal"


class Filed(Protocol):
    """An appeal, see appeals.Appeal."""

    @property
    def id(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def score(self) -> Decimal | None: ...
    @property
    def due_at(self) -> datetime: ...


def case_of(ctx: Context, appeal: Filed, result: Result, reader: Person) -> Case:
    """Both sides' facts side by side, as the reviewer's card shows them."""
    person, cycle, policy = person_of(ctx, result), cycle_of(ctx, result), policy_of(ctx, result)
    template = store.template(ctx.db, cycle.template_id)
    review = results_build.basis_review(cycle, reviews_rows.every(ctx.db, cycle.id, person.id))
    clauses = {each.no: each.text for each in policy.clauses}
    given = documents.reasons(review.lines, template.dimensions if template else (), clauses)
    due = f"{appeal.due_at.astimezone(ZoneInfo(reader.zone)):%m-%d %H:%M}"
    files = tuple(each.name for each in uploads.of_matter(ctx, appeal.id))
    return Case(
        person.name, cycle.name, format(result.score, "f"), result.band, "\n".join(given), appeal.words, files, due
    )


def ask(ctx: Context, appeal: Filed, result: Result, reviewer: Person) -> None:
    """To the reviewer."""
    case = case_of(ctx, appeal, result, reviewer)
    link = ctx.page(f"/performance/appeals/{appeal.id}", reviewer)
    ctx.ask(reviewer, ASK, appeal.id, lambda ref: cards_appeals.appeal(ref, case, link), deadline=appeal.due_at)


def filed(ctx: Context, appeal: Filed, result: Result, reviewer: Person) -> None:
    """The reviewer is asked; the person hears who decides and until when."""
    person, cycle = person_of(ctx, result), cycle_of(ctx, result)
    due = f"{appeal.due_at.astimezone(ZoneInfo(person.zone)):%m-%d %H:%M}"
    link = ctx.page(f"/performance/results/{result.id}", person)
    ctx.close(
        result.id,
        lambda _person, _ask: cards_results.answered(cycle.name, "appealed", link),
        kinds=("performance.result", "performance.appeal_words"),
    )
    ask(ctx, appeal, result, reviewer)
    ctx.say(person, lambda: cards_appeals.appeal_filed(cycle.name, reviewer.name, due, appeal.words), result.id)


def decided(ctx: Context, appeal: Filed, result: Result, told: Result) -> None:
    """Both sides read the same outcome and reason; the reviewer's card is closed."""
    person, cycle = person_of(ctx, result), cycle_of(ctx, result)
    scores = (format(result.score, "f"), format(told.score, "f"))
    outcome, reason = appeal.outcome, appeal.reason

    def card(own: bool) -> Card:
        return cards_appeals.appeal_decided((person.name, cycle.name), outcome, reason, scores, own=own)

    kinds = (ASK, "performance.appeal_reason.upheld", "performance.appeal_reason.adjusted")
    ctx.close(appeal.id, lambda _person, _ask: card(False), kinds=kinds)
    ctx.say(person, lambda: card(True), result.id)
    member = store.member(ctx.db, result.cycle_id, result.person_id)
    scorer = seats.scorer_of(ctx, member) if member else None
    if scorer and (ctx.actor is None or scorer.id != ctx.actor.id):
        ctx.say(scorer, lambda: card(False), result.id)
