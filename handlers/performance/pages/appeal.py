"""/performance/appeals/<id>: both sides' facts side by side, and the reviewer's decision with its reason."""

from __future__ import annotations

from typing import cast

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access
from bot.people import People
from bot.web.pages import Visit
from handlers.performance import board, store
from handlers.performance.pages.base import Seat, attempt, cycle_of, draw, field, looked, path, seat_in, wrong
from handlers.performance.pages.forms_score import number
from handlers.performance.pages.result import files_of
from handlers.performance.scoring import reviews_rows
from handlers.performance.store import Result
from handlers.performance.telling import appeals
from handlers.performance.telling.appeals import Appeal, Outcome

OUTCOMES = ("upheld", "adjusted")


def one(visit: Visit, appeal_id: str) -> ResponseReturnValue:
    """For the reviewer, HR, the person and their scorer; for everybody else it does not exist."""
    appeal, result, found = _found(visit, appeal_id)
    looked(visit, found.person, f"appeal:{appeal_id}")
    return _shown(visit, appeal, result, found)


def decide(visit: Visit, appeal_id: str) -> ResponseReturnValue:
    """[维持] [调整]: the reason goes to both sides."""
    appeal, result, found = _found(visit, appeal_id)
    outcome, reason = field("outcome"), request.form.get("reason", "").replace("\r\n", "\n").strip()
    typed = {"outcome": outcome, "reason": reason, "score": field("score")}
    if outcome not in OUTCOMES:
        return wrong(_shown(visit, appeal, result, found, "", typed, "outcome_missing"))
    score = number(field("score")) if outcome == "adjusted" else None
    error = attempt(visit, lambda ctx: appeals.decide(ctx, appeal, cast(Outcome, outcome), reason, score))
    if not error:
        return redirect(f"{path('appeals', appeal_id)}?said=decided", 303)
    return wrong(_shown(visit, appeal, result, found, error, typed))


def reassign(visit: Visit, appeal_id: str) -> ResponseReturnValue:
    """HR gives it to another reviewer, who must be free of the score."""
    appeal, result, found = _found(visit, appeal_id)
    if not access.is_hr(visit.person):
        raise NotFound
    with visit.app.engine.connect() as db:
        named = access.visible(db, visit.person, field("to")) if field("to") else []
        matching = [each for each in named if each.name == field("to")] or list(named)
    if len(matching) != 1:
        return wrong(_shown(visit, appeal, result, found, "", {"to": field("to")}, "nobody_named"))
    error = attempt(visit, lambda ctx: appeals.reassign(ctx, appeal, matching[0]))
    if not error:
        return redirect(f"{path('appeals', appeal_id)}?said=reassigned", 303)
    return wrong(_shown(visit, appeal, result, found, error, {"to": field("to")}))


def _found(visit: Visit, appeal_id: str) -> tuple[Appeal, Result, Seat]:
    with visit.app.context(visit.person) as ctx:
        appeal = appeals.get(ctx.db, appeal_id)
        result = store.result(ctx.db, appeal.result_id) if appeal else None
        if appeal is None or result is None:
            raise NotFound
        if appeal.reviewer_id != visit.person.id:
            return appeal, result, seat_in(ctx, result.cycle_id, result.person_id)
        member = store.member(ctx.db, result.cycle_id, result.person_id)
        person = People(ctx.db).get(result.person_id)
        if member is None or person is None:
            raise NotFound
        return appeal, result, Seat(cycle_of(ctx.db, result.cycle_id), member, person, "hr")


def _shown(
    visit: Visit, appeal: Appeal, result: Result, found: Seat, error: str = "",
    typed: dict[str, str] | None = None, key: str = "",
) -> str:  # fmt: skip
    with visit.app.engine.connect() as db:
        every = [
            each
            for each in reviews_rows.every(db, found.cycle.id, found.person.id)
            if each.state == reviews_rows.SUBMITTED
        ]
        sides = [each for side in found.cycle.sides if (each := reviews_rows.newest(every, side))]
        policy, template = store.policy(db, found.cycle.policy_id), store.template(db, found.cycle.template_id)
        files = files_of(db, appeal.id)
        ids = {appeal.reviewer_id, appeal.decided_by, appeal.behalf_person_id, *(each.by_id for each in every)}
        names = board.names_of(db, ids)
    own_review = next((each for each in sides if each.side == "self"), None)
    values = {"seat": found, "appeal": appeal, "result": result, "files": files, "names": names, "error": error}
    values |= {"theirs": own_review, "scored": [each for each in sides if each.side != "self"], "key": key}
    values |= {"clauses": {each.no: each.text for each in policy.clauses} if policy else {}, "typed": typed or {}}
    values |= {"dims": {each.code: each for each in template.dimensions} if template else {}}
    values |= {"mine": appeal.reviewer_id == visit.person.id and appeal.state == "open"}
    values |= {
        "may_reassign": access.is_hr(visit.person) and appeal.state == "open" and visit.person.id != found.person.id
    }
    return draw(visit, "appeal.html", **values)
