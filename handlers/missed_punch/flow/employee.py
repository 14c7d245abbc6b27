"""What the employee's answer leads to, whether tapped or typed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import asks
from bot.approvals import hours as approvals_hours
from bot.approvals.data import version_at
from bot.asks import Ask
from bot.card import Card
from bot.context import Context
from bot.event import Event
from bot.locale import t
from bot.people import Person
from bot.statutory import office_day
from handlers.missed_punch import approving, cards, rules, store
from handlers.missed_punch.cards import approval as cards_approval, manager as cards_manager
from handlers.missed_punch.flow import distress
from handlers.missed_punch.ladder import steps
from handlers.missed_punch.store import Case


def where_it_stands(ctx: Context, case: Case) -> Card:
    """For a click that came second: what happened before it, and by whom."""
    by = ctx.people.get(case.decided_by)
    return cards.already(case.state, case.outcome, by.name if by else "")


def choose(
    event: Event, ctx: Context, case: Case, person: Person, said: rules.Understood, words: str, ref: str
) -> Card:
    """Take one answer. `ref` is the check-in ask it belongs to, empty when typed after all cards were answered."""
    kind, at = said.kind, _moment(case, person, said.time) if said.time else None
    said_as = {"words": words} if words else {"said": t(cards.LABELS[kind])} if kind in cards.LABELS else {}
    parts = {"kind": kind, **said_as}
    ctx.record(
        "checkin.replied",
        case.id,
        subject=person,
        parts=parts,
        source={"by": "words" if words else "button"},
        at=event.at,
    )
    values: dict[str, Any] = {"replied_at": ctx.now, "words": words or case.words}
    if kind in ("safe", "unclear"):
        if kind == "unclear":
            values |= _not_understood(ctx, case, person, words)
        steps.stop(ctx, case, person, event.at, state=case.state if case.state == "time" else "alive", **values)
        return cards.safe(ref) if kind == "safe" else cards.unclear(ref, words)
    if at and kind in ("forgot", "device"):
        return submit(event, ctx, case, person, at, words, kind)
    steps.stop(ctx, case, person, event.at, state="time" if kind == "forgot" else "alive", reason=kind, **values)
    if ref and not ctx.answer(ref, kind):
        return where_it_stands(ctx, case)
    _tell(event, ctx, case, person, said, words)

    def noted(_person: Person, ask: Ask | None) -> Card:
        mine = kind != "forgot" and (ask is None or ask.ref == ref)
        return cards.noted(kind, ref, words, said.span) if mine else cards.noted_closed(kind)

    ctx.close(case.id, noted, kinds=(steps.CHECKIN,), interim=kind == "forgot")
    if kind == "forgot":
        start = store.hhmm(case.start_at, person.zone)
        used, limit = approving.allowance(ctx, person, case.day)
        ctx.ask(
            person,
            steps.TIME,
            case.id,
            lambda time_ref: cards_approval.with_allowance(cards.ask_time(time_ref, start), used, limit),
        )
    elif kind in cards_approval.KINDS:
        approving.draft(ctx, case, person, kind, words)
    return noted(person, None)


def _not_understood(ctx: Context, case: Case, person: Person, words: str) -> dict[str, Any]:
    """Ten working minutes for saying it differently, counted from the first words; then HR reads all of them."""
    again = case.reason == "unclear" and bool(case.words)
    waits = case.next_at if again and case.state in steps.UNCLEAR_IN else None
    hours = version_at(ctx.now, person.zone).hours
    due = waits or approvals_hours.after(ctx.now, rules.UNCLEAR_HOURS, person.zone, hours, office_day)
    said = f"{case.words}\n{words}" if again else words
    return {"reason": "unclear", "words": said, "next_at": due}


def _tell(event: Event, ctx: Context, case: Case, person: Person, said: rules.Understood, words: str) -> None:
    if said.kind == "help":
        distress.page(event, ctx, person, words, case.id)
    elif said.kind == "medical":
        # Nobody but the person knows the reason: manager and HR see one and the same neutral line.
        boss = steps.boss_of(ctx, person)
        for each in [*([boss] if boss else []), *steps.hr_people(ctx, person)]:
            ctx.say(each, lambda: cards_manager.whereabouts(person.name, cards.LABELS["medical"]), case.id)
        ctx.record("leave.drafted", case.id, subject=person, parts={"kind": cards.LABELS["medical"]})
    elif said.kind == "device":
        for each in steps.hr_people(ctx, person):
            ctx.say(each, lambda: cards_manager.device(person.name, case.site), case.id)
    elif said.kind == "on_my_way" and said.time:
        boss, eta = steps.boss_of(ctx, person), said.span
        if boss:
            ctx.say(boss, lambda: cards_manager.whereabouts(person.name, cards.LABELS["on_my_way"], eta), case.id)


def _moment(case: Case, person: Person, said: time) -> datetime:
    """The wall-clock time on the shift's day, or on the next day for a shift over midnight."""
    zone = ZoneInfo(person.zone)
    local = datetime.combine(case.day, said, zone)
    following = datetime.combine(case.day + timedelta(days=1), said, zone)
    return following if local < case.start_at - store.EARLY and following < case.end_at else local


def submit(event: Event, ctx: Context, case: Case, person: Person, at: datetime, words: str, reason: str) -> Card:
    """Ask for the approval of a correction to `at`."""
    claimed, start = store.hhmm(at, person.zone), store.hhmm(case.start_at, person.zone)
    if at > ctx.now or not case.start_at - store.EARLY <= at < case.end_at:
        ref = _time_ask(ctx, case, person, start)
        steps.stop(ctx, case, person, event.at, state="time", reason=reason)
        return cards.time_again(ref, start, claimed, at > ctx.now)
    if not steps.deciders(ctx, person):
        # Not an error of theirs, and not one that may undo the sign of life: kept, and said plainly.
        steps.stop(ctx, case, person, event.at, reason=reason, claimed_at=at, words=words)
        return cards.no_approver(claimed)
    values: dict[str, Any] = {"claimed_at": at, "reason": reason, "words": words, "replied_at": ctx.now}
    if not store.move(ctx.db, case, states=steps.LISTENING, state="approval", next_at=None, **values):
        return where_it_stands(ctx, case)
    steps.retract(ctx, case, person, event.at)
    names = "、".join(each.name for each in approving.request_correction(ctx, case, person, words))
    ctx.record(
        "checkin.approval_requested",
        case.id,
        subject=person,
        parts={"claimed": at.isoformat(), "words": words},
        at=event.at,
    )

    def requested(_person: Person, ask: Ask) -> Card:
        return cards.requested(claimed, names, words, ask.ref)

    ctx.close(case.id, requested, kinds=(steps.CHECKIN, steps.TIME), interim=True)
    first = asks.of_matter(ctx.db, case.id, (steps.CHECKIN, steps.TIME))
    return requested(person, first[0]) if first else cards.requested(claimed, names, words)


def _time_ask(ctx: Context, case: Case, person: Person, start: str) -> str:
    """The open question for the time, asked now when there is none."""
    found: list[Ask] = [each for each in ctx.open_asks(person.id, steps.TIME) if each.matter == case.id]
    return found[0].ref if found else ctx.ask(person, steps.TIME, case.id, lambda ref: cards.ask_time(ref, start))
