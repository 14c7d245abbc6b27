"""The scoring page: points and deductions with their facts and clauses, a preview, a draft, then a version for good."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from bot import access, clock
from bot.locale import speaking
from bot.web.pages import Visit
from handlers.performance import store, words, words_results
from handlers.performance.pages import forms_score
from handlers.performance.pages.base import Seat, attempt, draw, field, looked, path, seat, wrong
from handlers.performance.pages.forms_score import Part
from handlers.performance.rules import scoring as rules_scoring
from handlers.performance.rules.scoring import ReviewDraft
from handlers.performance.scoring import reviews, reviews_rows, seats
from handlers.performance.scoring.reviews import Review
from handlers.performance.store import Policy, Template


def score(visit: Visit, cycle_id: str, person_id: str) -> ResponseReturnValue:
    """`/performance/<cycle>/<person>/score`: the form of the visitor's side; read only when it is not their turn."""
    found = seat(visit, cycle_id, person_id)
    looked(visit, found.person, f"score:{cycle_id}")
    side = side_of(visit, found)
    template, policy = _basis(visit, found)
    draft = _newest(visit, found, side)
    parts = forms_score.from_lines(template.dimensions, draft.lines if draft else ())
    return _shown(visit, found, side, parts, draft.comment if draft else "", _reason(draft))


def save(visit: Visit, cycle_id: str, person_id: str) -> ResponseReturnValue:
    """[预览] [保存草稿] [加一行] [提交]. The draft is kept first, whatever else comes of it."""
    found = seat(visit, cycle_id, person_id)
    side, do = side_of(visit, found), field("do")
    template, _ = _basis(visit, found)
    parts = forms_score.from_form(template.dimensions, request.form, more=do == "more")
    comment, reason = request.form.get("comment", "").replace("\r\n", "\n"), field("reason")
    lines, unread = forms_score.lines(parts)
    draft = ReviewDraft(tuple(lines), comment, reason)
    error = attempt(visit, lambda ctx: reviews.save(ctx, found.cycle, found.person, side, draft))
    kept = not error and not forms_score.unsaved(parts)
    if unread and not error and do == "submit":
        with speaking(visit.lang):
            error = "\n".join(words.problem(each) for each in unread)
    if do == "submit" and not error:
        error = attempt(visit, lambda ctx: reviews.submit(ctx, found.cycle, found.person, side))
        if not error:
            back = "/performance" if found.role == "own" else path(cycle_id, person_id)
            return redirect(f"{back}?said=submitted", 303)
    if do == "save" and kept:
        return redirect(f"{path(cycle_id, person_id, 'score')}?said=saved", 303)
    page = _shown(visit, found, side, parts, comment, reason, error=error, kept=kept, preview=do == "preview")
    return wrong(page) if error else page


def side_of(visit: Visit, found: Seat) -> str:
    """Which review the visitor writes: their own, the scorer's, or HR's. NotFound when none."""
    if found.role == "own":
        return rules_scoring.SELF
    hr = access.is_hr(visit.person)
    with visit.app.context(visit.person) as ctx:
        both = hr and reviews.turn_of(ctx, found.cycle, found.person) == rules_scoring.HR
        if not both and seats.behalf(ctx, found.member, rules_scoring.MANAGER) is not None:
            return rules_scoring.MANAGER
    if hr:
        return rules_scoring.HR
    raise NotFound


def _reason(draft: Review | None) -> str:
    return draft.reason if draft and draft.state == reviews_rows.DRAFT else ""


def _basis(visit: Visit, found: Seat) -> tuple[Template, Policy]:
    with visit.app.engine.connect() as db:
        template, policy = store.template(db, found.cycle.template_id), store.policy(db, found.cycle.policy_id)
    if template is None or policy is None:
        raise LookupError("a cycle without its template or policy")
    return template, policy


def _newest(visit: Visit, found: Seat, side: str) -> Review | None:
    with visit.app.engine.connect() as db:
        return reviews_rows.newest(reviews_rows.every(db, found.cycle.id, found.person.id), side)


def _shown(
    visit: Visit, found: Seat, side: str, parts: Sequence[Part], comment: str, reason: str, *,
    error: str = "", kept: bool = True, preview: bool = False,
) -> str:  # fmt: skip
    template, policy = _basis(visit, found)
    with visit.app.context(visit.person) as ctx:
        facts = reviews.facts(ctx.db, found.cycle, found.person, clock.now(), visit.app.settings.progress_stale_days)
        every = reviews_rows.every(ctx.db, found.cycle.id, found.person.id)
        others = [
            each for each in reviews.visible(ctx.db, visit.person, found.cycle, found.person) if each.side != side
        ]
        turn = reviews.turn_of(ctx, found.cycle, found.person)
    submitted = {each.side for each in every if each.state == reviews_rows.SUBMITTED}
    sides = found.cycle.sides
    open_now = side in sides and found.member.state in rules_scoring.TURNS
    open_now = open_now and rules_scoring.changeable(sides, side, submitted)
    open_now = open_now and not (turn and sides.index(side) > sides.index(turn))
    goals = [each.goal.id for each in facts]
    lines, _ = forms_score.lines(parts)
    found_now = forms_score.preview(side, lines, template.dimensions, template.places, policy.clauses, goals)
    with speaking(visit.lang):
        problems = [words_results.problem(each) for each in found_now.problems]
    values = {"seat": found, "side": side, "parts_of": parts, "facts": facts, "others": others, "turn": turn}
    values |= {"comment": comment, "reason": reason, "error": error, "kept": kept, "preview": found_now}
    values |= {"problems": problems if preview else [], "open": open_now, "again": side in submitted}
    values |= {"policy": policy, "scheme": template, "show_preview": preview or found_now.scored is not None}
    values |= {"readers": _readers(found, side)}
    values |= {"names": {each.code: each.name for each in template.dimensions}, "last": found.member.state}
    return draw(visit, "score.html", **values)


def _readers(found: Seat, side: str) -> str:
    """Who reads this review before the result is told, as the end of a word's key: `hr`, `self_hr`, `nobody`."""
    known = found.cycle.visibility.get(side, rules_scoring.READERS.get(side, ()))
    return "_".join(each for each in store.SIDES if each in known and each != side) or "nobody"
