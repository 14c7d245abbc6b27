"""The approval of a correction: agree, refuse with a reason, write back, read again, tell everybody."""

from __future__ import annotations

from typing import Any

from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.errors import Refused
from bot.event import Event
from bot.people import Person
from bot.router import on
from handlers.missed_punch import cards, cards_manager, rules, steps, store
from handlers.missed_punch.employee import where_it_stands
from handlers.missed_punch.store import Case

_DECISION = (steps.APPROVAL, steps.REASON)
_OWN = (steps.CHECKIN, steps.TIME)


def _opened(event: Event, ctx: Context) -> tuple[Ask, Case, Person, Person]:
    ask = ctx.asked(event.ref)
    case, person = store.need(ctx, ask.matter)
    if ctx.actor is None or ctx.actor.id == person.id:
        raise Refused("自己的补卡需要由别人确认。")
    return ask, case, person, ctx.actor


def _show(ctx: Context, case: Case, person: Person, card: Card, own: Card, *, interim: bool = False) -> Card:
    """Every copy of every card of the correction shows the outcome: `card` the deciders', `own` the employee's."""
    ctx.close(case.id, lambda _person, _ask: card, kinds=_DECISION, interim=interim)
    ctx.close(case.id, lambda _person, _ask: own, kinds=_OWN, interim=interim)
    return card


def _decided(case: Case, person: Person, outcome: str, detail: str = "") -> Card:
    return cards_manager.decided(person.name, _claimed(case, person), outcome, detail)


def _claimed(case: Case, person: Person) -> str:
    return store.hhmm(case.claimed_at or case.start_at, person.zone)


@on("missed_punch.approve")
def approve(event: Event, ctx: Context) -> Card | None:
    """[同意], also as a change of mind while the reason for a refusal is still missing."""
    ask, case, person, actor = _opened(event, ctx)
    if ask.kind not in _DECISION or not ctx.answer(ask.ref, "approve"):
        return where_it_stands(ctx, case)
    decided: dict[str, Any] = {"decided_by": actor.id, "decided_at": ctx.now, "next_at": None}
    if not store.move(ctx.db, case, states=("approval", "reason"), state="writing", **decided):
        return where_it_stands(ctx, case)
    ctx.record("checkin.approved", case.id, subject=person, parts={"claimed": _claimed(case, person)}, at=event.at)
    _write(ctx, case, person)
    writing = _decided(case, person, f"{actor.name} 已同意，写入中")
    return _show(ctx, case, person, writing, cards.writing(actor.name, _claimed(case, person)), interim=True)


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
        raise Refused("这个操作只能由系统完成。")
    case = store.get(ctx.db, event.ref)
    person = ctx.people.get(case.person_id) if case else None
    if case is None or person is None:
        return None
    by = ctx.people.get(case.decided_by)
    name, claimed = by.name if by else "HR", _claimed(case, person)
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
    done = cards.corrected(name, claimed)
    _show(ctx, case, person, _decided(case, person, f"{name} 已同意，已补卡"), done)
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
    own = cards.write_failed(name)
    failed = _decided(case, person, f"{name} 已同意，写入失败", "HR 会处理写入，不需要重复审批。")
    _show(ctx, case, person, failed, own, interim=True)
    ctx.say(person, own, case.id)
    claimed = _claimed(case, person)
    for each in steps.hr_people(ctx, person):
        ctx.ask(
            each, steps.REPAIR, case.id, lambda ref: cards_manager.write_failed(ref, person.name, claimed, hint or code)
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
    card = cards_manager.hr_done(person.name, actor.name, "正在重新写入")
    ctx.close(case.id, lambda _person, _ask: card, kinds=(steps.REPAIR,), interim=True)
    return card


@on("missed_punch.reject")
def reject(event: Event, ctx: Context) -> Card | None:
    """[驳回] is not a decision yet: it asks for the reason first."""
    ask, case, person, actor = _opened(event, ctx)
    if ask.kind != steps.APPROVAL or not ctx.answer(ask.ref, "reject"):
        return where_it_stands(ctx, case)
    waiting: dict[str, Any] = {"decided_by": actor.id, "next_at": ctx.now + rules.REASON_PATIENCE}
    if not store.move(ctx.db, case, states=("approval",), state="reason", **waiting):
        return where_it_stands(ctx, case)
    ctx.record("checkin.reason_requested", case.id, subject=person, at=event.at)
    card = cards_manager.reason_wanted(person.name, actor.name)
    ctx.close(case.id, lambda _person, _ask: card, kinds=(steps.APPROVAL,), interim=True)
    ctx.ask(actor, steps.REASON, case.id, lambda ref: cards_manager.reason(ref, person.name))
    return card


def refuse(event: Event, ctx: Context, ask: Ask, reason: str) -> Card:
    """The reason came as a chat reply: now it is a refusal, and the employee reads it word for word."""
    case, person = store.need(ctx, ask.matter)
    actor = ctx.actor
    if actor is None or actor.id == person.id:
        raise Refused("自己的补卡需要由别人确认。")
    if sum(char.isalnum() for char in reason) < 2:
        return cards_manager.reason(ask.ref, person.name)
    if not ctx.answer(ask.ref, "rejected"):
        return where_it_stands(ctx, case)
    decided: dict[str, Any] = {"decided_by": actor.id, "decided_at": ctx.now, "next_at": None, "outcome": "rejected"}
    if not store.move(ctx.db, case, states=("reason",), state="closed", **decided):
        return where_it_stands(ctx, case)
    ctx.record("checkin.rejected", case.id, subject=person, parts={"reason": reason}, at=event.at)
    own = cards.rejected(actor.name, reason)
    ctx.say(person, own, case.id)
    return _show(
        ctx, case, person, _decided(case, person, f"{actor.name} 已驳回", f"原因已告知{person.name}：{reason}"), own
    )
