"""Results: built from the last review, approved by HR, told to the person with reasons, clause and four answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot import signing
from bot.access import HR, HR_HEAD, is_hr
from bot.approvals import flow as approvals_flow, rows as approvals_rows
from bot.approvals.data import version_at
from bot.approvals.hours import after
from bot.context import Context
from bot.errors import Refused
from bot.locale import speaking, t
from bot.people import Person
from bot.signing import Paper
from bot.statutory import office_day
from handlers.performance import store, tables as tab, words_results
from handlers.performance.cards import results as cards_results
from handlers.performance.rules import results as rules_results, scoring as rules_scoring
from handlers.performance.scoring import reviews_facts, reviews_rows, seats
from handlers.performance.scoring.reviews_rows import Review
from handlers.performance.store import Cycle, Member, Result
from handlers.performance.telling import results_build
from handlers.performance.telling.results_rows import (
    TOLD,
    again,
    cycle_of,
    lock,
    mirror,
    move,
    person_of,
    policy_of,
    ref,
    source,
    unhold,
)

KIND = "performance_result"
ASK = "performance.result"
APPROVE = "performance.approve_result"
DOCUMENT = "performance_result"
FIRST_REMINDER = 8
"""Working hours after which somebody who has not answered is reminded for the first time."""
NOT_THROUGH = "还不能生成结果：等待「{turn}」。"
ALREADY_TOLD = "结果已经告知本人。要改动请通过申诉。"
NOT_APPROVED = "结果还没有通过审批，不能告知本人。"
NOBODY = "除评分人以外没有可以审批的 HR，请先在通讯录里设置 HR 或 HR 负责人。"
HR_ONLY = "这里由 HR 处理。"
NO_CLAUSE = "没有答复就是没有答复，不能当作同意。所依据的制度没有写明「视为收到」的条款，不能这样处理。"
WRONG_CLAUSE = "第 {clause} 条不是「视为收到」的条款，不能作为依据。"
TOO_EARLY = "答复期到 {at} 才结束，在此之前不能视为收到。"
ANSWERED = "本人已经答复（{answer}），不能再视为收到。"


def build(ctx: Context, cycle: Cycle, person: Person) -> Result:
    """The exact document of the newest reviews, state `built`; the same again when nothing changed. Refused before
    the last side has submitted, or when a result was told already (then it is a matter of an appeal)."""
    member = lock(ctx, cycle.id, person.id)
    every = reviews_rows.every(ctx.db, cycle.id, person.id)
    if ctx.actor is not None and not (is_hr(ctx.actor) or ctx.actor.id in seats.scorers_in(member, every)):
        raise Refused(t(HR_ONLY))
    done = {each.side for each in every if each.state == reviews_rows.SUBMITTED}
    if turn := reviews_facts.turn(cycle, member.population, person, ctx.now, done):
        raise Refused(t(NOT_THROUGH, turn=words_results.side(turn)))
    before = next(iter(store.results(ctx.db, cycle_id=cycle.id, person_id=person.id)), None)
    if before and before.state in TOLD:
        raise Refused(t(ALREADY_TOLD))
    if before and before.state in ("built", "approving"):
        return before
    return results_build.insert(ctx, cycle, person, before.version + 1 if before else 1, every=every)


def submit(ctx: Context, result: Result) -> Result:
    """To HR for approval (state `approving`). The approval publishes by itself; a refusal returns it to the scorer."""
    member, person = lock(ctx, result.cycle_id, result.person_id), person_of(ctx, result)
    every = reviews_rows.every(ctx.db, result.cycle_id, result.person_id)
    if ctx.actor is not None and not (is_hr(ctx.actor) or ctx.actor.id in seats.scorers_in(member, every)):
        raise Refused(t(HR_ONLY))
    if not move(ctx, result, ("built",), state="approving"):
        return again(ctx, result)
    chain = _chain(ctx, _managers(member, every) | {person.id})
    keys = {"cycle_id": member.cycle_id, "person_id": member.person_id}
    store.move(ctx.db, tab.member, keys, (member.state,), state="approving", next_at=None)
    parts: dict[str, str | bytes] = {"result": result.text}
    ctx.record("result.submitted", result.id, subject=person, parts=parts, source=source(result))
    day = ctx.now.astimezone(ZoneInfo(person.zone)).date()
    approvals_flow.request(ctx, chain, result.id, person, day=day, facts={"stakes": 3, "people": 1}, details={})
    return again(ctx, result)


def may_approve(ctx: Context, member: Member, person: Person) -> bool:
    """Nobody approves a score that they gave as, or in the place of, the manager."""
    return person.id not in _managers(member, reviews_rows.every(ctx.db, member.cycle_id, member.person_id))


def _managers(member: Member, given: Sequence[Review]) -> set[str]:
    names = {
        part for each in given if each.side == rules_scoring.MANAGER for part in (each.by_id, each.behalf_person_id)
    }
    return (names | {member.scorer_id}) - {""}


def _chain(ctx: Context, no: set[str]) -> str:
    """The chain of HR, or of the HR head where all of HR are in `no`. Refused when nobody else is left."""
    if any(each.id not in no for each in ctx.people.with_role(HR)):
        return KIND
    if any(each.id not in no for each in ctx.people.with_role(HR_HEAD)):
        return f"{KIND}_head"
    raise Refused(t(NOBODY))


def publish(ctx: Context, result: Result) -> Result:
    """Tell the person: card with the four answers. Refused before the approval; again: nothing happens."""
    if result.state in TOLD:
        return again(ctx, result)
    request = approvals_rows.of_matter(ctx.db, result.id)
    if request is None or request.state != "approved":
        raise Refused(t(NOT_APPROVED))
    return tell(ctx, result)


def tell(ctx: Context, result: Result, *, ask: bool = True) -> Result:
    """The result reaches its person; the caller knows that it may. The document to sign is fixed by now."""
    member, person, cycle = lock(ctx, result.cycle_id, result.person_id), person_of(ctx, result), cycle_of(ctx, result)
    day = ctx.now.astimezone(ZoneInfo(person.zone)).date()
    deadline = rules_results.working_deadline(day, cycle.appeal_days, person.zone, office_day)
    hours = version_at(ctx.now, person.zone).hours
    values: dict[str, Any] = {"state": "published", "published_at": ctx.now, "deadline": deadline}
    values["next_at"] = after(ctx.now, FIRST_REMINDER, person.zone, hours, office_day)
    if not move(ctx, result, ("built", "approving"), **values):
        return again(ctx, result)
    document = prepare(ctx, again(ctx, result), person)
    ctx.db.execute(sa.update(tab.result).where(tab.result.c.id == result.id).values(document_ref=document.ref))
    mirror(ctx, result, state="published", score=format(result.score, "f"), answer="", next_at=None)
    parts: dict[str, str | bytes] = {"result": result.text}
    more = {"deadline": deadline.isoformat(), "scorer": ref(ctx, member.scorer_id)}
    ctx.record("result.published", result.id, subject=person, parts=parts, source=source(result) | more)
    found = again(ctx, result)
    if ask:
        put(ctx, found)
    return found


def prepare(ctx: Context, result: Result, person: Person) -> signing.Document:
    """Fix the very text as a document to sign."""
    fixed = paper(cycle_of(ctx, result), result, person)
    return signing.prepare(ctx, person, result.id, fixed.title, fixed.blocks, kind=DOCUMENT)


def paper(cycle: Cycle, result: Result, person: Person) -> Paper:
    """What they are asked to sign, in their language: the very text, and what a signature means."""
    with speaking(person.locale):
        title = t("绩效结果确认：{cycle}（第 {version} 版）", cycle=cycle.name, version=result.version)
        note = t("签字表示您看过并同意以上结果。不同意请不要签字，可以选「收到但不同意」或「申诉」，没有期限压力。")
        return Paper(person, result.id, title, [("", result.text), (t("说明"), note)])


def put(ctx: Context, result: Result, *, after_appeal: bool = False) -> str:
    """The card with the answers; an older copy of the same question ends. Returns the ask's ref."""
    person, cycle = person_of(ctx, result), cycle_of(ctx, result)
    ctx.close(result.id, lambda _person, _ask: cards_results.moved(cycle.name), kinds=(ASK,))
    face = cards_results.face(result, format(result.score, "f"), cycle.name, person.zone)
    sign = ctx.page(signing.path(result.document_ref), person) if result.document_ref else ""
    link = ctx.page(f"/performance/results/{result.id}", person)
    may = not after_appeal
    links = (sign, link)
    reasons = cards_results.reasons_of(result.text)
    return ctx.ask(person, ASK, result.id, lambda ref: cards_results.ask(ref, face, reasons, links, may_appeal=may))


def deem(ctx: Context, result: Result, clause: str) -> Result:
    """HR: take it as received (视为收到) by a clause of the policy; never as agreed or signed. Refused without a
    clause that says so, before the deadline, and when there is an answer."""
    if ctx.actor is None or not is_hr(ctx.actor) or ctx.actor.id == result.person_id:
        raise Refused(t(HR_ONLY))
    person, found = person_of(ctx, result), again(ctx, result)
    if found.answer or found.state != "published":
        raise Refused(t(ANSWERED, answer=words_results.answer(found.answer or found.state)))
    policy = policy_of(ctx, found)
    clause = clause.strip()
    if not policy.deemed_clause or not clause:
        raise Refused(t(NO_CLAUSE))
    if clause != policy.deemed_clause:
        raise Refused(t(WRONG_CLAUSE, clause=clause))
    if found.deadline and ctx.now < found.deadline:
        raise Refused(t(TOO_EARLY, at=f"{found.deadline.astimezone(ZoneInfo(person.zone)):%Y-%m-%d %H:%M}"))
    values: dict[str, Any] = {"state": "answered", "answer": "deemed", "deemed_clause": clause, "next_at": None}
    if not move(ctx, found, ("published",), **values):
        raise Refused(t(ANSWERED, answer=""))
    mirror(ctx, found, answer="deemed", state="answered")
    text = next((each.text for each in policy.clauses if each.no == clause), "")
    parts: dict[str, str | bytes] = {"clause": f"{clause} {text}", "stamp": "视为收到"}
    ctx.record("result.deemed", found.id, subject=person, parts=parts, source=source(found) | {"clause": clause})
    cycle = cycle_of(ctx, found)
    link = ctx.page(f"/performance/results/{found.id}", person)
    ctx.say(person, lambda: cards_results.deemed(cycle.name, clause, text, link), found.id)
    return again(ctx, found)


def release(ctx: Context, result: Result, reason: str) -> Result:
    """HR: what was held for payroll after an objection is no longer held, for the reason given."""
    if ctx.actor is None or not is_hr(ctx.actor) or ctx.actor.id == result.person_id:
        raise Refused(t(HR_ONLY))
    if len(reason.strip()) < 4:
        raise Refused(t("请写明理由（至少 4 个字），双方都会看到。"))
    if again(ctx, result).state == "appealed":
        raise Refused(t("申诉还没有结果，不能先解除。"))
    unhold(ctx, result, "released", reason.strip())
    return again(ctx, result)
