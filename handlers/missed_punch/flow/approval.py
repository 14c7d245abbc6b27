"""The approval of a correction: agree, refuse with a reason, write back, read again, tell everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.approvals import cards as approvals_cards, delegates, flow as approvals_flow, rows as approvals_rows
from bot.approvals.faces import Outcome
from bot.approvals.rows import Approval
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.router import on
from handlers.missed_punch import approving, cards, rules, store
from handlers.missed_punch.cards import approval as cards_approval, manager as cards_manager
from handlers.missed_punch.flow import leave
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.store import Case

__all__ = ["approve", "corrected", "delegates", "refuse", "reject", "retry"]
_DECISION = (steps.APPROVAL, steps.REASON)
_OWN = (steps.CHECKIN, steps.TIME)
OWN_CORRECTION = "自己的补卡需要由别人确认。"
Shown = Callable[[], Card]


def _absence(event: Event, ctx: Context) -> tuple[Ask, Approval] | None:
    """The request behind a button that is about leave or field work; None when it is about a correction."""
    ask = ctx.asked(event.ref)
    found = approvals_rows.of_matter(ctx.db, ask.matter, lock=True)
    return (ask, found) if found and found.kind != approving.CORRECTION else None


def _by(ctx: Context, case: Case) -> str:
    """Who decided, `王HR 代 李主管` for a stand-in; empty when nobody did."""
    found, by = approvals_rows.of_matter(ctx.db, case.id), ctx.people.get(case.decided_by)
    return (approvals_flow.decided_by(ctx, found) if found else "") or (by.name if by else "")


def where_it_stands(ctx: Context, case: Case) -> Card:
    """For a click that came second: what happened before it, and by whom."""
    now = store.get(ctx.db, case.id) or case
    return cards.already(now.state, now.outcome, _by(ctx, now))


def _opened(event: Event, ctx: Context) -> tuple[Ask, Case, Person, Person]:
    ask = ctx.asked(event.ref)
    approving.lock(ctx.db, ask.matter)
    case, person = store.need(ctx, ask.matter)
    if ctx.actor is None or ctx.actor.id == person.id:
        raise Refused(t(OWN_CORRECTION))
    return ask, case, person, ctx.actor


def _show(ctx: Context, case: Case, shown: Shown, own: Shown, *, interim: bool = False) -> Card:
    """Every copy of every card of the correction shows the outcome: `shown` the deciders', `own` the employee's."""
    ctx.close(case.id, lambda _person, _ask: shown(), kinds=_DECISION, interim=interim)
    ctx.close(case.id, lambda _person, _ask: own(), kinds=_OWN, interim=interim)
    return shown()


def _decided(case: Case, person: Person, outcome: str, by: str, reason: str = "") -> Shown:
    return lambda: cards_manager.decided(person.name, _claimed(case, person), outcome, by, reason)


def _claimed(case: Case, person: Person) -> str:
    return store.hhmm(case.claimed_at or case.start_at, person.zone)


@on("missed_punch.approve")
def approve(event: Event, ctx: Context) -> Card | None:
    """[同意], also as a change of mind while the reason for a refusal is still missing."""
    if other := _absence(event, ctx):
        return leave.agree(event, ctx, *other)
    ask, case, person, actor = _opened(event, ctx)
    if ask.kind not in _DECISION or case.state not in ("approval", "reason") or not ctx.answer(ask.ref, "approve"):
        return where_it_stands(ctx, case)
    outcome = approvals_flow.agree(ctx, case.id, lambda now: _forwarded(ctx, case, person, now))
    if outcome.state == "lapsed":
        return approvals_cards.lapsed(outcome.by)
    if outcome.state == "next":
        store.move(ctx.db, case, states=("approval", "reason"), state="approval", decided_by=actor.id, next_at=None)
        return cards_approval.forwarded(_title(person), outcome.by, outcome.to)
    decided: dict[str, Any] = {"decided_by": actor.id, "decided_at": ctx.now, "next_at": None}
    if outcome.state == "late" or not store.move(
        ctx.db, case, states=("approval", "reason"), state="writing", **decided
    ):
        return where_it_stands(ctx, case)
    parts, source = {"claimed": _claimed(case, person)}, _for(outcome)
    ctx.record("checkin.approved", case.id, subject=person, parts=parts, source=source, at=event.at)
    _write(ctx, case, person)
    writing, claimed = _decided(case, person, "writing", outcome.by), _claimed(case, person)
    return _show(ctx, case, writing, lambda: cards.writing(outcome.by, claimed), interim=True)


def _for(outcome: Outcome) -> dict[str, str]:
    return {"for": outcome.behalf.ref} if outcome.behalf else {}


def _title(person: Person) -> str:
    return t("{name} 申请补卡", name=person.name)


def _forwarded(ctx: Context, case: Case, person: Person, now: Outcome) -> None:
    """One of several agreed: the copies of this step say so before the next one is asked."""
    _show(
        ctx,
        case,
        lambda: cards_approval.forwarded(_title(person), now.by, now.to),
        lambda: cards_approval.forwarded_own(now.by, now.to),
        interim=True,
    )


def _write(ctx: Context, case: Case, person: Person) -> None:
    args = {
        "user_id": case.user_id,
        "day": case.day.isoformat(),
        "slot_start": case.start_at.isoformat(),
        "at": (case.claimed_at or case.start_at).isoformat(),
        "plan_ref": case.plan_ref,
        # The attendance system is read by managers too.
        "reason": cards.LABELS.get(case.reason, "忘打卡"),
    }
    ctx.request(case.platform, "attendance.correct", args, case.id, "missed_punch.corrected")


@on("missed_punch.corrected")
def corrected(event: Event, ctx: Context) -> Card | None:
    """The worker wrote and read again. Only the system says so: the same action from a person is refused."""
    if ctx.actor is not None or event.actor:
        raise Refused(t("这个操作只能由系统完成。"))
    case = store.get(ctx.db, event.ref)
    person = ctx.people.get(case.person_id) if case else None
    if case is None or person is None:
        return None
    name, claimed = _by(ctx, case) or "HR", _claimed(case, person)
    if event.data.get("ok") != "true":
        _not_written(event, ctx, case, person, name)
        return None
    if not store.move(
        ctx.db, case, states=("writing", "write_failed"), state="closed", outcome="corrected", next_at=None
    ):
        return None
    ctx.record(
        "checkin.correction_written", case.id, subject=person, parts={"claimed": claimed}, source={"ch": case.platform}
    )

    def done() -> Card:
        return cards.corrected(name, claimed)

    _show(ctx, case, _decided(case, person, "written", name), done)
    ctx.close(
        case.id, lambda _person, _ask: cards_manager.hr_done(person.name, name, "补卡已写入"), kinds=(steps.REPAIR,)
    )
    ctx.say(person, done, case.id)
    return None


def _not_written(event: Event, ctx: Context, case: Case, person: Person, name: str) -> None:
    if not store.move(ctx.db, case, states=("writing",), state="write_failed"):
        return
    code, hint = event.data.get("code", ""), event.data.get("hint", "")
    ctx.record("checkin.correction_failed", case.id, subject=person, parts={"hint": hint}, source={"code": code[:60]})

    def own() -> Card:
        return cards.write_failed(name)

    _show(ctx, case, _decided(case, person, "write_failed", name), own, interim=True)
    ctx.say(person, own, case.id)
    claimed = _claimed(case, person)
    for each in steps.hr_people(ctx, person):
        steps.ask(
            ctx,
            each,
            steps.REPAIR,
            case,
            lambda ref: cards_manager.write_failed(ref, person.name, claimed, hint or code),
        )


@on("missed_punch.retry")
def retry(event: Event, ctx: Context) -> Card | None:
    """[重试并核对]: what is in the attendance system already is not written twice."""
    ask, case, person, actor = _opened(event, ctx)
    if ask.kind != steps.REPAIR or not ctx.answer(ask.ref, "retry"):
        return where_it_stands(ctx, case)
    if not store.move(ctx.db, case, states=("write_failed",), state="writing"):
        return where_it_stands(ctx, case)
    ctx.record("checkin.correction_retried", case.id, subject=person, at=event.at)
    _write(ctx, case, person)

    def again() -> Card:
        return cards_manager.hr_done(person.name, actor.name, "正在重新写入")

    ctx.close(case.id, lambda _person, _ask: again(), kinds=(steps.REPAIR,), interim=True)
    return again()


@on("missed_punch.reject")
def reject(event: Event, ctx: Context) -> Card | None:
    """[驳回] is not a decision yet: it asks for the reason first."""
    if other := _absence(event, ctx):
        return leave.reject(event, ctx, *other)
    ask, case, person, actor = _opened(event, ctx)
    if ask.kind != steps.APPROVAL or not ctx.answer(ask.ref, "reject"):
        return where_it_stands(ctx, case)
    waiting: dict[str, Any] = {"decided_by": actor.id, "next_at": ctx.now + rules.REASON_PATIENCE}
    if not store.move(ctx.db, case, states=("approval",), state="reason", **waiting):
        return where_it_stands(ctx, case)
    ctx.record("checkin.reason_requested", case.id, subject=person, at=event.at)

    def wanted() -> Card:
        return cards_manager.reason_wanted(person.name, actor.name)

    ctx.close(case.id, lambda _person, _ask: wanted(), kinds=(steps.APPROVAL,), interim=True)
    ctx.ask(actor, steps.REASON, case.id, lambda ref: cards_manager.reason(ref, person.name))
    return wanted()


def refuse(event: Event, ctx: Context, ask: Ask, reason: str) -> Card:
    """The reason came as a chat reply: now it is a refusal, and the employee reads it word for word."""
    found = approvals_rows.of_matter(ctx.db, ask.matter, lock=True)
    if found and found.kind != approving.CORRECTION:
        return leave.refuse(event, ctx, ask, found, reason)
    approving.lock(ctx.db, ask.matter)
    case, person = store.need(ctx, ask.matter)
    actor = ctx.actor
    if actor is None or actor.id == person.id:
        raise Refused(t(OWN_CORRECTION))
    if sum(char.isalnum() for char in reason) < 2:
        return cards_manager.reason(ask.ref, person.name)
    if not ctx.answer(ask.ref, "rejected"):
        return where_it_stands(ctx, case)
    outcome = approvals_flow.refuse(ctx, case.id)
    if outcome.state == "lapsed":
        return approvals_cards.lapsed(outcome.by)
    decided: dict[str, Any] = {"decided_by": actor.id, "decided_at": ctx.now, "next_at": None, "outcome": "rejected"}
    if outcome.state == "late" or not store.move(ctx.db, case, states=("reason",), state="closed", **decided):
        return where_it_stands(ctx, case)
    ctx.record("checkin.rejected", case.id, subject=person, parts={"reason": reason}, source=_for(outcome), at=event.at)

    def own() -> Card:
        return cards.rejected(outcome.by, reason)

    ctx.say(person, own, case.id)
    return _show(ctx, case, _decided(case, person, "rejected", outcome.by, reason), own)
