"""Reviews: a draft, then versions that are never edited. Each side in its turn; who may read what before the result."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.engine import Connection

from bot import clock
from bot.access import is_hr
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.performance import store, tables as tab, words_results
from handlers.performance.cards import scores as cards_scores
from handlers.performance.rules import Problem, scoring as rules_scoring
from handlers.performance.rules.scoring import HR, MANAGER, SELF, Line, ReviewDraft
from handlers.performance.scoring import reviews_rows, seats
from handlers.performance.scoring.reviews_facts import GoalFact, facts, turn, turn_of
from handlers.performance.scoring.reviews_rows import DRAFT, SUBMITTED, Review
from handlers.performance.store import Cycle, Member
from handlers.performance.telling import documents, results

__all__ = ["GoalFact", "Line", "Review", "ReviewDraft", "facts", "save", "submit", "turn_of", "visible"]
ASK = "performance.score"
TURN_OF = {SELF: "自评", MANAGER: "主管评分", HR: "HR 评分"}
NOT_TURN = "还没轮到这一步：现在是「{turn}」。"
BUILT_ON = "下一步已经依据这份评分进行，不能再改；有不同看法请走申诉。"
NOT_SCORING = "现在不能评分：{state}"
NOT_SIDE = "这一步由别人评分，您没有权限。"
OWN = "不能给自己评分。"
NO_DRAFT = "没有可以提交的草稿。"


def save(ctx: Context, cycle: Cycle, person: Person, side: str, draft: ReviewDraft) -> Review:
    """Keep the actor's draft of `side` (self, manager, hr). After a submission: the draft of a new version.

    Refused when it is not the actor's side or not its turn. An incomplete draft is kept as it is.
    """
    _member, behalf, found = _standing(ctx, cycle, person, side)
    before = reviews_rows.newest(found, side)
    version = 1 if before is None else before.version + (before.state == SUBMITTED)
    lines = tuple(each for each in draft.lines if each.points.is_finite() and each.deduction.is_finite())
    new = Review(
        cycle.id,
        person.id,
        side,
        version,
        ctx.actor.id if ctx.actor else "",
        behalf,
        DRAFT,
        draft.comment[: rules_scoring.LONGEST_COMMENT],
        None,
        draft.reason.strip()[:400],
        ctx.now,
        None,
        None,
        lines[: rules_scoring.MOST_LINES],
    )
    reviews_rows.put(ctx.db, new, before if before and before.version == version else None)
    return new


def submit(ctx: Context, cycle: Cycle, person: Person, side: str) -> Review:
    """The draft becomes a version for good. Refused with every problem at once. The last side's builds the result
    and hands it to HR for approval."""
    member, behalf, every = _standing(ctx, cycle, person, side)
    draft = reviews_rows.newest(every, side)
    if draft is None or draft.state != DRAFT or ctx.actor is None:
        raise Refused(t(NO_DRAFT))
    template, policy = store.template(ctx.db, cycle.template_id), store.policy(ctx.db, cycle.policy_id)
    if template is None or policy is None:
        raise LookupError("a cycle without its template or policy")
    lines = rules_scoring.completed(draft.lines, template.dimensions)
    goals = {each.id for each in store.goals(ctx.db, cycle_id=cycle.id, person_id=person.id)}
    found = rules_scoring.line_problems(side, lines, template.dimensions, {each.no for each in policy.clauses}, goals)
    if draft.version > 1 and len(draft.reason) < 2:
        found.append(Problem("reason", "change_reason"))
    if found:
        raise Refused(t("还不能提交：\n{problems}", problems=words_results.problems(found)))
    scored = rules_scoring.scored(lines, template.dimensions, template.places)
    new = replace(draft, lines=lines, by_id=ctx.actor.id, behalf_person_id=behalf, state=SUBMITTED, score=scored.score)
    new = replace(new, submitted_at=ctx.now)
    text = documents.review(new, scored, template)
    source = {"cycle": cycle.id, "side": side, "version": str(new.version)} | seats.source(ctx, behalf)
    event = ctx.record("review.submitted", seats.matter(cycle, person), subject=person, parts=text, source=source)
    new = replace(new, event_id=event)
    reviews_rows.put(ctx.db, new, draft)
    _onward(ctx, cycle, person, member, side, {side} | {each.side for each in every if each.state == SUBMITTED})
    return new


def _onward(ctx: Context, cycle: Cycle, person: Person, member: Member, side: str, done: set[str]) -> None:
    """The next side is asked, or the result is built."""
    matter = seats.matter(cycle, person)
    ctx.close(matter, lambda _person, _ask: cards_scores.scored(person.name, cycle.name), kinds=(f"{ASK}.{side}",))
    following = turn(cycle, member.population, person, ctx.now, done)
    if following:
        keys = {"cycle_id": cycle.id, "person_id": person.id}
        store.move(ctx.db, tab.member, keys, (member.state,), state=following, next_at=ctx.now)
    else:
        results.submit(ctx, results.build(ctx, cycle, person))


def _standing(ctx: Context, cycle: Cycle, person: Person, side: str) -> tuple[Member, str, list[Review]]:
    """The member, locked, in whose place the actor writes, and what was written so far. Refused when it is not theirs,
    or not its turn."""
    member = store.member(ctx.db, cycle.id, person.id, lock=True)
    if member is None or side not in cycle.sides or ctx.actor is None:
        raise Refused(t(NOT_SIDE))
    if side != SELF and ctx.actor.id == person.id:
        raise Refused(t(OWN))
    behalf = seats.behalf(ctx, member, side)
    if behalf is None:
        raise Refused(t(NOT_SIDE))
    now = store.there(store.cycle(ctx.db, cycle.id))  # the caller's may be older than what a job did since
    if now.state not in ("running", "scoring", "results") or member.state not in rules_scoring.TURNS:
        raise Refused(t(NOT_SCORING, state=words_results.state(member.state)))
    found = reviews_rows.every(ctx.db, cycle.id, person.id)
    done = {each.side for each in found if each.state == SUBMITTED}
    now_at, order = turn(now, member.population, person, ctx.now, done), list(cycle.sides)
    if now_at and order.index(side) > order.index(now_at):
        raise Refused(t(NOT_TURN, turn=t(TURN_OF[now_at])))
    if not rules_scoring.changeable(cycle.sides, side, done):
        raise Refused(t(BUILT_ON))
    return member, behalf, found


def visible(db: Connection, viewer: Person, cycle: Cycle, person: Person) -> list[Review]:
    """Every version that `viewer` may read now: side by side in the cycle's order, newest first. [] for strangers."""
    member = store.member(db, cycle.id, person.id)
    if member is None or not viewer.active:
        return []
    roles = {SELF} if viewer.id == person.id else set()
    if viewer.id != person.id and (
        viewer.id == member.scorer_id or seats.stands_in(db, viewer.id, member.scorer_id, clock.now())
    ):
        roles.add(MANAGER)
    if is_hr(viewer) and viewer.id != person.id:
        roles.add(HR)
    if not roles:
        return []
    told = any(each.published_at for each in store.results(db, cycle_id=cycle.id, person_id=person.id))
    found = [
        each
        for each in reviews_rows.every(db, cycle.id, person.id)
        if each.by_id == viewer.id
        or (each.state == SUBMITTED and rules_scoring.may_read(each.side, roles, cycle.visibility, told=told))
    ]
    order = list(cycle.sides)
    return sorted(found, key=lambda each: (order.index(each.side) if each.side in order else len(order), -each.version))
