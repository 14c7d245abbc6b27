"""Puts together what a result is made of: the reviews, the policy's band, the goals' values, an appeal's outcome."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from bot.context import Context
from bot.errors import Refused
from bot.locale import speaking, t
from bot.people import Person
from handlers.performance import store, tables as tab
from handlers.performance.rules import plain, results as rules_results, scoring as rules_scoring
from handlers.performance.rules.scoring import SELF, Scored
from handlers.performance.scoring import reviews_facts, reviews_rows
from handlers.performance.scoring.reviews_rows import SUBMITTED, Review
from handlers.performance.store import Cycle, Policy, Result, Template
from handlers.performance.telling import documents
from handlers.performance.telling.documents import Basis, Fact, Said

NO_SCORE = "还没有可以生成结果的评分。"
NO_BAND = "制度里没有分数 {score} 对应的等级，请先由 HR 补充条款。"
Adjusted = tuple[Decimal, str, str]
"""(score before, who adjusted it, why)."""


def basis_review(cycle: Cycle, found: list[Review]) -> Review:
    """The review the result rests on: of the last side that is not the person's own. Refused without one."""
    sides = [each for each in reversed(cycle.sides) if each != SELF] or [SELF]
    newest = (reviews_rows.newest(found, each, SUBMITTED) for each in sides)
    basis = next((each for each in newest if each), None)
    if basis is None or basis.score is None:
        raise Refused(t(NO_SCORE))
    return basis


def insert(
    ctx: Context,
    cycle: Cycle,
    person: Person,
    version: int,
    *,
    adjusted: Adjusted | None = None,
    score: Decimal | None = None,
    every: list[Review] | None = None,
) -> Result:
    """A row in state `built`; the text is in the person's own language, whoever builds it. `every`: their reviews,
    where they are known."""
    policy, template = store.policy(ctx.db, cycle.policy_id), store.template(ctx.db, cycle.template_id)
    if policy is None or template is None:
        raise LookupError("a cycle without its template or policy")
    found = reviews_rows.every(ctx.db, cycle.id, person.id) if every is None else every
    review = basis_review(cycle, found)
    scored = rules_scoring.scored(review.lines, template.dimensions, template.places)
    with speaking(person.locale):
        basis = _basis(ctx, cycle, person, version, (policy, template, review, scored, found), adjusted, score)
        text = documents.result(basis)
    row = {"id": store.new_id(store.RESULT), "cycle_id": cycle.id, "person_id": person.id, "version": version}
    row |= {"score": format(basis.score, "f"), "band": basis.band[:40], "clause": basis.clause, "text": text}
    row |= {"consequence": basis.consequence, "sha256": rules_results.digest(text), "state": "built"}
    ctx.db.execute(sa.insert(tab.result).values(**row))
    return store.there(store.result(ctx.db, str(row["id"])))


def _basis(
    ctx: Context,
    cycle: Cycle,
    person: Person,
    version: int,
    given: tuple[Policy, Template, Review, Scored, list[Review]],
    adjusted: Adjusted | None,
    score: Decimal | None,
) -> Basis:
    policy, template, review, scored, found = given
    final = scored.score if score is None else score
    clause = rules_scoring.band_of(policy.clauses, final)
    if clause is None:
        raise Refused(t(NO_BAND, score=format(final, "f")))
    return Basis(
        name=person.name,
        cycle=cycle.name,
        starts_on=cycle.starts_on,
        ends_on=cycle.ends_on,
        policy=policy.name,
        policy_version=policy.version,
        version=version,
        zone=person.zone,
        scored=scored,
        score=final,
        lines=review.lines,
        dimensions=template.dimensions,
        facts=_facts(ctx, cycle, person),
        said=_said(ctx, cycle, found),
        clauses={each.no: each.text for each in policy.clauses},
        band=clause.band,
        clause=clause.no,
        consequence=clause.consequence,
        factor=clause.factor,
        appeal_days=cycle.appeal_days,
        adjusted=adjusted,
    )


def _facts(ctx: Context, cycle: Cycle, person: Person) -> tuple[Fact, ...]:
    return tuple(
        Fact(each.goal.text, "" if each.percent is None else f"{plain(each.percent)} %", each.at, each.fresh)
        for each in reviews_facts.facts(ctx.db, cycle, person, ctx.now)
    )


def _said(ctx: Context, cycle: Cycle, found: list[Review]) -> tuple[Said, ...]:
    rows = []
    for side in cycle.sides:
        each = reviews_rows.newest(found, side, SUBMITTED)
        if each is None:
            rows.append(Said(side, "", 0, None, None))
            continue
        by, principal = ctx.people.get(each.by_id), ctx.people.get(each.behalf_person_id)
        name = by.name if by else ""
        if principal:
            name = t("{name}（代 {principal}）", name=name, principal=principal.name)
        rows.append(Said(side, name, each.version, each.submitted_at, each.score))
    return tuple(rows)
