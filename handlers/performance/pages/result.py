"""/performance/results/<id>: the result in full, and the four answers to it. Its person's opening is on record."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from bot import access, locale
from bot.errors import Refused
from bot.locale import speaking
from bot.web.downloads import attached
from bot.web.pages import Visit
from handlers.performance import board, store, tables as t
from handlers.performance.pages.base import Seat, attempt, draw, field, looked, path, seat, wrong
from handlers.performance.rules import scoring as rules_scoring
from handlers.performance.scoring import reviews
from handlers.performance.store import Policy, Result
from handlers.performance.telling import answering, appeals, approving, documents, results, uploads
from handlers.performance.telling.answering import Answer
from handlers.performance.telling.uploads import Upload

ANSWERS: tuple[Answer, ...] = ("received", "objected", "appealed")
TOLD = ("published", "answered", "appealed", "final", "superseded")
OPEN = ("published", "answered")
MOST_FORM = uploads.COUNT * uploads.SIZE + (1 << 18)
"""Bytes of a form with files: what the files may be together, and the words."""


def one(visit: Visit, result_id: str) -> ResponseReturnValue:
    """The page. A version that was replaced says so and leads to the newest."""
    found, result = _found(visit, result_id)
    if found.role == "own" and result.state != "superseded":
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            answering.opened(ctx, result)
        result = _again(visit, result_id)
    looked(visit, found.person, f"result:{result_id}")
    return _shown(visit, found, result)


def answer(visit: Visit, result_id: str) -> ResponseReturnValue:
    """[仅确认收到] [收到但不同意] [申诉]: each what it says. What was typed is kept when it could not be taken."""
    found, result = _found(visit, result_id)
    if found.role != "own":
        raise NotFound
    given, said = field("answer"), request.form.get("words", "").replace("\r\n", "\n").strip()
    if given not in ANSWERS:
        return redirect(path("results", result_id), 303)
    files = _files(request.files.getlist("files")) if given == "appealed" else []
    error = attempt(visit, lambda ctx: answering.take(ctx, result, given, said, files))
    if not error:
        return redirect(f"{path('results', result_id)}?said={given}", 303)
    return wrong(_shown(visit, found, _again(visit, result_id), error, {given: said}))


def sign(visit: Visit, result_id: str) -> ResponseReturnValue:
    """[同意并签字]: to the page that shows this very document; nothing is signed by coming here."""
    found, result = _found(visit, result_id)
    if found.role != "own":
        raise NotFound
    try:
        with visit.app.context(visit.person) as ctx, speaking(visit.lang):
            where = answering.signing_path(ctx, result)
    except Refused as error:
        return wrong(_shown(visit, found, _again(visit, result_id), str(error)))
    return redirect(where, 303)


def deem(visit: Visit, result_id: str) -> ResponseReturnValue:
    """HR's [视为收到]: only by a clause that says so, never as agreement."""
    return _hr(visit, result_id, "deemed")


def release(visit: Visit, result_id: str) -> ResponseReturnValue:
    """HR's [解除暂缓], with a reason."""
    return _hr(visit, result_id, "released")


def publish(visit: Visit, result_id: str) -> ResponseReturnValue:
    """HR's [告知本人], after the approval."""
    return _hr(visit, result_id, "published")


def card(visit: Visit, result_id: str) -> ResponseReturnValue:
    """HR's [把审批卡片发给我]: the question that waits for them, to be answered in the chat."""
    return _hr(visit, result_id, "card")


def _hr(visit: Visit, result_id: str, what: str) -> ResponseReturnValue:
    found, result = _found(visit, result_id)
    if found.role != "hr":
        raise NotFound
    typed = field("reason") or field("clause")
    work = {
        "deemed": lambda ctx: results.deem(ctx, result, field("clause")),
        "released": lambda ctx: results.release(ctx, result, field("reason")),
        "published": lambda ctx: results.publish(ctx, result),
        "card": lambda ctx: approving.bring(ctx, result),
    }[what]
    error = attempt(visit, work)
    if not error:
        return redirect(f"{path('results', result_id)}?said={what}", 303)
    return wrong(_shown(visit, found, _again(visit, result_id), error, {what: typed}))


def file(visit: Visit, file_id: str) -> ResponseReturnValue:
    """A file of an appeal, for whoever reads the appeal. Always a download: nothing of it runs in our pages."""
    with visit.app.engine.connect() as db:
        row = db.execute(sa.select(t.file).where(t.file.c.id == file_id)).mappings().first()
        appeal = appeals.get(db, row["matter"]) if row else None
        result = store.result(db, appeal.result_id) if appeal else (store.result(db, row["matter"]) if row else None)
    if row is None or result is None:
        raise NotFound
    reviewing = appeal is not None and appeal.reviewer_id == visit.person.id
    # The person's own words and files are not for the manager's eyes.
    if not reviewing and seat(visit, result.cycle_id, result.person_id).role == "manager":
        raise NotFound
    return attached(bytes(row["content"]), row["name"], row["media_type"])


def files_of(db: Connection, matter: str) -> list[tuple[str, str, int]]:
    """(id, name, bytes) of the files of a matter, without their contents."""
    c = t.file.c
    rows = db.execute(sa.select(c.id, c.name, sa.func.length(c.content)).where(c.matter == matter).order_by(c.name))
    return [(row[0], row[1], int(row[2] or 0)) for row in rows]


def _files(found: Sequence[FileStorage]) -> list[Upload]:
    """What was attached; of what is too big one byte more than allowed is read, so that it is refused in words."""
    return [Upload(each.filename, each.stream.read(uploads.SIZE + 1)) for each in found if each.filename]


def _found(visit: Visit, result_id: str) -> tuple[Seat, Result]:
    result = _again(visit, result_id)
    found = seat(visit, result.cycle_id, result.person_id)
    if found.role != "hr" and (result.state not in TOLD or result.published_at is None):
        raise NotFound
    return found, result


def _again(visit: Visit, result_id: str) -> Result:
    with visit.app.engine.connect() as db:
        result = store.result(db, result_id)
    if result is None:
        raise NotFound
    return result


def _policy(db: Connection, found: Seat) -> Policy:
    policy = store.policy(db, found.cycle.policy_id)
    if policy is None:
        raise LookupError("a cycle without its policy")
    return policy


def _shown(visit: Visit, found: Seat, result: Result, error: str = "", typed: dict[str, str] | None = None) -> str:
    with visit.app.context(visit.person) as ctx:
        db = ctx.db
        policy, template = _policy(db, found), store.template(db, found.cycle.template_id)
        appeal = appeals.of_result(db, result.id)
        versions = store.results(db, cycle_id=result.cycle_id, person_id=result.person_id)
        told = [each for each in versions if found.role == "hr" or (each.state in TOLD and each.published_at)]
        readable = reviews.visible(db, visit.person, found.cycle, found.person)
        own = found.role == "own" and result.state in OPEN
        may_appeal = own and answering.may_appeal(ctx, result)
        files = files_of(db, appeal.id) if appeal else []
        names = board.names_of(db, {appeal.reviewer_id} if appeal else set())
        adjusted = _adjusted(visit, db, result, versions)
        asked = found.role == "hr" and approving.waiting(ctx, result) is not None
    last = next((each for each in readable if each.side == found.cycle.sides[-1] and each.score is not None), None)
    formula = ""
    if last and template and last.lines:
        formula = rules_scoring.formula(rules_scoring.scored(last.lines, template.dimensions, template.places))
    values = {"seat": found, "result": result, "policy": policy, "appeal": appeal, "files": files, "error": error}
    values |= {"clauses": {each.no: each.text for each in policy.clauses}, "versions": told, "last": last}
    values |= {"adjusted": adjusted, "asked": asked}
    values |= {"open": own, "may_appeal": may_appeal, "typed": typed or {}, "formula": formula}
    values |= {"newest": told[0] if told else result, "reviewer": names.get(appeal.reviewer_id, "") if appeal else ""}
    values |= {"dims": {each.code: each for each in template.dimensions} if template else {}, "most": uploads.COUNT}
    values |= {"most_mb": uploads.SIZE >> 20, "may_deem": access.is_hr(visit.person) and found.role == "hr"}
    return draw(visit, "result.html", **values)


def _adjusted(visit: Visit, db: Connection, result: Result, versions: Sequence[Result]) -> str:
    """What an appeal changed, where this version is its outcome: without it the sum beside the score looks wrong."""
    before = next((each for each in versions if each.version == result.version - 1), None)
    heard = appeals.of_result(db, before.id) if before else None
    if before is None or heard is None or heard.outcome != "adjusted":
        return ""
    by, scores = board.names_of(db, {heard.decided_by}).get(heard.decided_by, ""), (before.score, result.score)
    old, new = (format(each, "f") for each in scores)
    with speaking(visit.lang):
        return locale.t(documents.ADJUSTED, by=by, old=old, new=new, reason=heard.reason)
