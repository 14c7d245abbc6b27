"""Appeals: heard by somebody who neither scored nor stands in for who did, decided with reasons, in working days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot import signing
from bot.access import is_hr
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from bot.statutory import office_day
from handlers.performance import erasing, store, tables as tab, words_results
from handlers.performance.cards import appeals as cards_appeals
from handlers.performance.rules import Problem, results as rules_results, scoring as rules_scoring
from handlers.performance.scoring import seats
from handlers.performance.store import Result, number
from handlers.performance.telling import appeals_telling, results, results_build, uploads
from handlers.performance.telling.results_rows import (
    again,
    cycle_of,
    hold,
    lock,
    mirror,
    move,
    person_of,
    source,
    unhold,
)
from handlers.performance.telling.uploads import Upload

Outcome = Literal["upheld", "adjusted"]
ASK = "performance.appeal"
REASON = "performance.appeal_reason"
NOBODY = "现在没有与评分无关的人可以处理申诉，请联系 HR 负责人。您的申诉期从有人可以处理时算起。"
NOT_REVIEWER = "这件申诉由别人处理。"
BARRED = "您参与了评分，或与评分人互为代理，不能处理这件申诉。"
DECIDED = "这件申诉已经有结果了。"
ALREADY = "这份结果已经申诉过了。"
NEEDS = "还差一点：\n{problems}"


@dataclass(frozen=True, slots=True)
class Appeal:
    """`state` open, decided; `outcome` upheld (维持) or adjusted (调整). Times UTC."""

    id: str
    result_id: str
    words: str
    state: str
    reviewer_id: str
    due_at: datetime
    outcome: str
    score: Decimal | None
    reason: str
    decided_by: str
    behalf_person_id: str
    decided_at: datetime | None
    reminded_at: datetime | None


def get(db: Connection, appeal_id: str) -> Appeal | None:
    """The appeal, or None."""
    return _one(db, tab.appeal.c.id == appeal_id)


def of_result(db: Connection, result_id: str) -> Appeal | None:
    """The appeal against a result, or None."""
    return _one(db, tab.appeal.c.result_id == result_id)


def _one(db: Connection, where: sa.ColumnElement[bool]) -> Appeal | None:
    row = db.execute(sa.select(tab.appeal).where(where)).mappings().first()
    return Appeal(**{**row, "score": number(row["score"])}) if row else None


def file(ctx: Context, result: Result, words: str, files: Sequence[Upload] = ()) -> Appeal:
    """The actor appeals against their own result; payroll holds what follows. See answering.take."""
    person = person_of(ctx, result)
    if sum(char.isalnum() for char in words) < 2:
        raise Refused(words_results.problem(Problem("words", "appeal_words")))
    member = lock(ctx, result.cycle_id, person.id)
    if of_result(ctx.db, result.id):
        raise Refused(t(ALREADY))
    reviewer = seats.reviewer(ctx, member)
    if reviewer is None:
        raise Refused(t(NOBODY))
    appeal_id = store.new_id(store.APPEAL)
    uploads.join(ctx, result.id, appeal_id)  # sent in the chat while the words were waited for
    kept = [*uploads.of_matter(ctx, appeal_id), *uploads.keep(ctx, appeal_id, files)]
    day = ctx.now.astimezone(ZoneInfo(person.zone)).date()
    due = rules_results.working_deadline(day, rules_results.DECIDE_DAYS, person.zone, office_day)
    row = {"id": appeal_id, "result_id": result.id, "words": words, "state": "open", "reviewer_id": reviewer.id}
    ctx.db.execute(sa.insert(tab.appeal).values(**row, due_at=due))
    values: dict[str, Any] = {"state": "appealed", "answer": "appealed", "answered_at": ctx.now, "next_at": None}
    if not move(ctx, result, ("published", "answered"), words=words, **values):
        raise Refused(t(DECIDED))
    mirror(ctx, result, state="answered", answer="appealed")
    if document := signing.get(ctx.db, result.document_ref):
        signing.withdraw(ctx, document, t("本人已申诉，待申诉结果出来后重新发送。"))
    parts: dict[str, str | bytes] = {"words": words, "result": result.text}
    # Under the file's own ending the digest would pass for the file.
    parts |= {f"file {no}.sha256": f"{each.sha256}  {each.name}\n" for no, each in enumerate(kept, 1)}
    more = {"appeal": appeal_id, "reviewer": reviewer.ref, "due": due.isoformat(), "files": str(len(kept))}
    ctx.record("result.appealed", result.id, subject=person, parts=parts, source=source(result) | more)
    ctx.record("appeal.filed", appeal_id, subject=person, parts=parts, source=source(result) | more)
    hold(ctx, result, "appealed")
    erasing.hold(ctx, appeal_id, person)
    found = store.there(get(ctx.db, appeal_id))
    appeals_telling.filed(ctx, found, result, reviewer)
    return found


def decide(ctx: Context, appeal: Appeal, outcome: Outcome, reason: str, score: Decimal | None = None) -> Appeal:
    """The reviewer decides; the reason goes to both sides. `adjusted` needs another `score`: a new version of the
    result. Refused for anybody else, for whoever is barred by now, without a reason, and the second time."""
    result = store.result(ctx.db, appeal.result_id)
    if result is None:
        raise LookupError("an appeal without its result")
    member, cycle = lock(ctx, result.cycle_id, result.person_id), cycle_of(ctx, result)
    found = get(ctx.db, appeal.id)
    if found is None or ctx.actor is None or found.reviewer_id != ctx.actor.id:
        raise Refused(t(NOT_REVIEWER))
    if found.state != "open":
        raise Refused(t(DECIDED))
    if ctx.actor.id in seats.barred(ctx.db, member, ctx.now):
        raise Refused(t(BARRED))
    template = store.template(ctx.db, cycle.template_id)
    places = template.places if template else 0
    problems = rules_results.score_problems(score, result.score, places) if outcome == "adjusted" else []
    if sum(char.isalnum() for char in reason) < 4:
        problems.append(Problem("reason", "decide_reason"))
    if problems:
        raise Refused(t(NEEDS, problems=words_results.problems(problems)))
    final = rules_scoring.rounded(score, places) if outcome == "adjusted" and score is not None else None
    return _decide(ctx, found, result, outcome, reason.strip(), final)


def _decide(
    ctx: Context, found: Appeal, result: Result, outcome: Outcome, reason: str, score: Decimal | None
) -> Appeal:
    actor, person = store.there(ctx.actor), person_of(ctx, result)
    values: dict[str, Any] = {"state": "decided", "outcome": outcome, "reason": reason, "decided_by": actor.id}
    values |= {"score": "" if score is None else format(score, "f"), "decided_at": ctx.now}
    if not store.move(ctx.db, tab.appeal, {"id": found.id}, ("open",), **values):
        raise Refused(t(DECIDED))
    parts: dict[str, str | bytes] = {"reason": reason, "words": found.words}
    parts |= {"score": f"{format(result.score, 'f')} → {format(score, 'f')}"} if score is not None else {}
    more = {"appeal": found.id, "outcome": outcome, "result": result.id}
    ctx.record("appeal.decided", found.id, subject=person, parts=parts, source=source(result) | more)
    unhold(ctx, result, f"appeal_{outcome}", reason)
    erasing.let_go(ctx, found.id)
    now = store.there(get(ctx.db, found.id))
    told = _adjusted(ctx, result, score, actor, reason) if score is not None else _upheld(ctx, result)
    appeals_telling.decided(ctx, now, result, told)
    results.put(ctx, told, after_appeal=True)
    return now


def _adjusted(ctx: Context, result: Result, score: Decimal, actor: Person, reason: str) -> Result:
    """A new version; the old one stays as it was told, marked as replaced."""
    cycle, person = cycle_of(ctx, result), person_of(ctx, result)
    move(ctx, result, ("appealed",), state="superseded", next_at=None)
    adjusted = (result.score, actor.name, reason)
    new = results_build.insert(ctx, cycle, person, result.version + 1, adjusted=adjusted, score=score)
    return results.tell(ctx, new, ask=False)


def _upheld(ctx: Context, result: Result) -> Result:
    """The same text is to be answered, with a document to sign of its own again."""
    person = person_of(ctx, result)
    document = results.prepare(ctx, result, person)
    move(ctx, result, ("appealed",), state="published", document_ref=document.ref)
    mirror(ctx, result, state="published")
    return again(ctx, result)


def reassign(ctx: Context, appeal: Appeal, to: Person) -> Appeal:
    """HR gives the appeal to another reviewer. Refused for somebody who may not hear it."""
    if ctx.actor is None or not is_hr(ctx.actor):
        raise Refused(t(results.HR_ONLY))
    return given(ctx, appeal, to)


def given(ctx: Context, appeal: Appeal, to: Person) -> Appeal:
    """The same, by the system: the reviewer left, is away, or became part of the scoring side."""
    result = store.result(ctx.db, appeal.result_id)
    if result is None:
        raise LookupError("an appeal without its result")
    member = lock(ctx, result.cycle_id, result.person_id)
    if not to.active or to.id in seats.barred(ctx.db, member, ctx.now):
        raise Refused(t(BARRED))
    if not store.move(ctx.db, tab.appeal, {"id": appeal.id}, ("open",), reviewer_id=to.id):
        raise Refused(t(DECIDED))
    found = store.there(get(ctx.db, appeal.id))
    person = person_of(ctx, result)
    ctx.record("appeal.reassigned", appeal.id, subject=person, source=source(result) | {"reviewer": to.ref})
    ctx.close(appeal.id, lambda _person, _ask: cards_appeals.appeal_moved(), kinds=(ASK, *reason_kinds()))
    appeals_telling.ask(ctx, found, result, to)
    return found


def reason_kinds() -> tuple[str, str]:
    """The asks for the reason of each outcome."""
    return f"{REASON}.upheld", f"{REASON}.adjusted"
