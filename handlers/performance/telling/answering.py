"""The four answers to a result. Each says what it is and no more; silence is none of them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

from bot import signing
from bot.context import Context
from bot.errors import Refused
from bot.locale import t
from bot.people import Person
from handlers.performance import store, words_results
from handlers.performance.cards import results as cards_results
from handlers.performance.rules import Problem, results as rules_results
from handlers.performance.store import Result
from handlers.performance.telling import appeals, results
from handlers.performance.telling.results_rows import (
    TOLD,
    again,
    cycle_of,
    hold,
    lock,
    mirror,
    move,
    newest,
    person_of,
    source,
    unhold,
)
from handlers.performance.telling.uploads import Upload

__all__ = ["Answer", "Upload", "may_appeal", "opened", "signing_path", "take"]
Answer = Literal["received", "objected", "appealed"]
NOT_YOURS = "这份结果只能由本人答复。"
OVER = "这份结果现在不能答复。"
SAID = "您已经答复过：{answer}。"
SIGNED = "您已经签字。如有新的情况，请联系 HR。"
WAITING = "您的申诉正在处理，结果出来后会发给您，届时可以再答复。"
LATE = "申诉期已过（或这已是申诉后的结果），不能再申诉；仍可以选「收到但不同意」，您的话会原样保留。"
KEPT = "您之前的答复「收到但不同意」仍然有效，没有改成「仅确认收到」。"


def take(ctx: Context, result: Result, answer: Answer, words: str = "", files: Sequence[Upload] = ()) -> Result:
    """The actor's answer. `words` verbatim: may be empty for `received`, may follow later for `objected`, must be
    there for `appealed`. Signing is done on `signing_path`.

    For a version that was replaced nothing is taken: the newest one is returned, and its card was sent again. Refused,
    in words, for an answer that cannot follow the one given, an appeal after the deadline, a bad file.
    """
    person = _mine(ctx, result)
    lock(ctx, result.cycle_id, person.id)
    found = again(ctx, result)
    current = newest(ctx, found)
    if current.id != found.id or found.state == "superseded":
        results.put(ctx, current, after_appeal=current.version > 1)
        return current
    if len(words) > rules_results.LONGEST_WORDS:
        too_long = Problem("words", "words_long", str(rules_results.LONGEST_WORDS))
        raise Refused(words_results.problem(too_long))
    verdict = rules_results.after(found.state, found.answer, answer, may_appeal=may_appeal(ctx, found))
    if verdict == "same" and answer == "objected" and words.strip() and words != found.words:
        return _more(ctx, found, person, words)
    if verdict != "ok":
        raise Refused(_refusal(verdict, found))
    if answer == "appealed":
        appeals.file(ctx, found, words, files)
        return again(ctx, found)
    return _take(ctx, found, person, answer, words)


def _take(ctx: Context, found: Result, person: Person, answer: Answer, words: str) -> Result:
    values: dict[str, Any] = {"state": "answered", "answer": answer, "answered_at": ctx.now, "next_at": None}
    if words:
        values["words"] = words
    if not move(ctx, found, ("published", "answered"), **values):
        raise Refused(t(OVER))
    mirror(ctx, found, state="answered", answer=answer)
    parts: dict[str, str | bytes] = {"result": found.text, "button": cards_results.LABELS[answer]}
    parts |= {"words": words} if words else {}
    ctx.record(f"result.{answer}", found.id, subject=person, parts=parts, source=source(found))
    show(ctx, found, answer)
    if answer == "objected":
        hold(ctx, found, "objected")
        _tell_hr(ctx, found, person, words)
    return again(ctx, found)


def _more(ctx: Context, found: Result, person: Person, words: str) -> Result:
    """The words to an objection that was made before."""
    both = f"{found.words}\n{words}" if found.words else words
    move(ctx, found, ("answered",), words=both)
    parts: dict[str, str | bytes] = {"words": words}
    ctx.record("result.words_added", found.id, subject=person, parts=parts, source=source(found))
    _tell_hr(ctx, found, person, words)
    return again(ctx, found)


def show(ctx: Context, found: Result, answer: str) -> None:
    """Every copy of the card says what was answered."""
    cycle, person = cycle_of(ctx, found), person_of(ctx, found)
    link = ctx.page(f"/performance/results/{found.id}", person)
    card = functools.partial(cards_results.answered, cycle.name, answer, link, may_appeal=may_appeal(ctx, found))
    ctx.close(found.id, lambda _person, _ask: card(), kinds=(results.ASK,))


def _tell_hr(ctx: Context, found: Result, person: Person, words: str) -> None:
    """The words go to whoever runs the cycle, not to the manager: they may hold what is not for the manager's eyes."""
    cycle = cycle_of(ctx, found)
    hr = ctx.people.get(cycle.created_by)
    if hr and hr.active and hr.id != person.id:
        link = ctx.page(f"/performance/results/{found.id}", hr)
        ctx.say(hr, lambda: cards_results.objection(person.name, cycle.name, words, link), found.id)


def _refusal(verdict: str, found: Result) -> str:
    if verdict == "same":
        return t(SAID, answer=words_results.answer(found.answer))
    known = {"signed": SIGNED, "appealed": WAITING, "late": LATE, "kept": KEPT}
    return t(known.get(verdict, OVER))


def _mine(ctx: Context, result: Result) -> Person:
    if ctx.actor is None or ctx.actor.id != result.person_id:
        raise Refused(t(NOT_YOURS))
    return ctx.actor


def opened(ctx: Context, result: Result) -> None:
    """The person themself opened the details page; recorded once."""
    if ctx.actor is None or ctx.actor.id != result.person_id or result.state not in TOLD:
        return
    found = again(ctx, result)
    if found.opened_at is None and move(ctx, found, TOLD, opened_at=ctx.now):
        parts: dict[str, str | bytes] = {"result": found.text}
        ctx.record("result.opened", found.id, subject=ctx.actor, parts=parts, source=source(found))


def signing_path(ctx: Context, result: Result) -> str:
    """Path of the page where the actor signs this very document; Refused when there is nothing to sign any more."""
    person = _mine(ctx, result)
    lock(ctx, result.cycle_id, person.id)
    found = again(ctx, result)
    if found.state not in ("published", "answered", "final") or newest(ctx, found).id != found.id:
        raise Refused(t(WAITING if found.state == "appealed" else OVER))
    document = signing.get(ctx.db, found.document_ref)
    if document is None or document.state in (signing.DECLINED, signing.WITHDRAWN, signing.WITNESSED):
        document = results.prepare(ctx, found, person)
        move(ctx, found, (found.state,), document_ref=document.ref)
    return signing.path(document)


def may_appeal(ctx: Context, result: Result) -> bool:
    """Before its deadline, and not about the outcome of an appeal."""
    found = again(ctx, result)
    if found.state not in ("published", "answered") or found.answer == "signed" or found.deadline is None:
        return False
    earlier = store.results(ctx.db, cycle_id=found.cycle_id, person_id=found.person_id)
    heard = any(appeals.of_result(ctx.db, each.id) for each in earlier)
    return not heard and ctx.now <= found.deadline


@signing.signed(store.RESULT)
def signed(ctx: Context, document: signing.Document, _signature: signing.Signature | None) -> None:
    """The document of a result was signed: only this is called agreed. Refused when the result was replaced."""
    found = store.result(ctx.db, document.matter)
    if found is None:
        raise LookupError("a signature without its result")
    person = person_of(ctx, found)
    lock(ctx, found.cycle_id, person.id)
    values: dict[str, Any] = {"state": "final", "answer": "signed", "answered_at": ctx.now, "next_at": None}
    if not move(ctx, found, ("published", "answered", "final"), **values):
        raise Refused(t(OVER))
    mirror(ctx, found, state="final", answer="signed")
    parts: dict[str, str | bytes] = {"result": found.text, "document": document.sha256}
    parts |= {"button": cards_results.LABELS["signed"]}
    more = {"document": document.ref}
    ctx.record("result.signed", found.id, subject=person, parts=parts, source=source(found) | more)
    ctx.record("result.agreed", found.id, subject=person, parts=parts, source=source(found) | more)
    show(ctx, found, "signed")
    unhold(ctx, found, "signed")


@signing.declined(store.RESULT)
def not_signed(ctx: Context, document: signing.Document, _none: signing.Signature | None) -> None:
    """Declined on the page, or a refusal that two people witnessed. Neither is an answer of its own kind: whoever did
    not sign may still say that they received it, or do not agree."""
    found = store.result(ctx.db, document.matter)
    if found is None:
        raise LookupError("a document without its result")
    person = person_of(ctx, found)
    witnessed = document.state == signing.WITNESSED
    parts: dict[str, str | bytes] = {"words": document.words} if document.words else {}
    type = "result.refusal_witnessed" if witnessed else "result.not_signed"
    ctx.record(type, found.id, subject=person, parts=parts, source=source(found) | {"document": document.ref})
    if witnessed and not again(ctx, found).answer and move(ctx, found, ("published",), answer="refused"):
        mirror(ctx, found, answer="refused")
