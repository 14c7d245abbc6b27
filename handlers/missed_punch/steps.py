"""Steps shared by the flows and the jobs: who is asked next, what stops the ladder, what ends a case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.card import Card
from bot.context import Context
from bot.people import Person
from handlers.missed_punch import cards, cards_manager, rules, store
from handlers.missed_punch.store import Case

CHECKIN, TIME = "missed_punch.checkin", "missed_punch.time"
KNOWN, HR, HELP = "missed_punch.known", "missed_punch.hr", "missed_punch.help"
APPROVAL, REASON, REPAIR = "missed_punch.approval", "missed_punch.reason", "missed_punch.repair"
STORM = "missed_punch.storm"
LISTENING = ("waiting", "alive", "time")
"""States in which the employee's own words are still wanted."""


def hr_people(ctx: Context, but: Person | None = None) -> list[Person]:
    """HR without the person concerned; the HR head when nobody else is left."""
    for role in ("hr", "hr_head"):
        found = [each for each in ctx.people.with_role(role) if but is None or each.id != but.id]
        if found:
            return found
    return []


def boss_of(ctx: Context, person: Person) -> Person | None:
    """The nearest manager who is here: those on leave or themselves missing are skipped."""
    seen = {person.id}
    boss = ctx.people.manager_of(person)
    while boss and boss.id not in seen:
        missing = any(case.state == "waiting" for case in store.open_of(ctx.db, boss.id))
        if not missing and store.leave_at(ctx.db, boss.id, ctx.now) is None:
            return boss
        seen.add(boss.id)
        boss = ctx.people.manager_of(boss)
    return None


def deciders(ctx: Context, person: Person) -> list[Person]:
    """Who may approve: the manager, else HR; never the person themself."""
    boss = boss_of(ctx, person)
    return [boss] if boss else hr_people(ctx, person)


def climb_to(ctx: Context, case: Case, person: Person, rung: int) -> None:
    """Do one rung. A rung nobody can take is skipped and the next one comes earlier."""
    boss = boss_of(ctx, person) if rung == rules.MANAGER else None
    if rung == rules.MANAGER and boss is None:
        rung = rules.HR
    zone = person.zone
    if rung in (rules.EMPLOYEE, rules.EMPLOYEE_AGAIN):
        line = _ask_employee(ctx, case, person)
    elif boss:
        ctx.ask(
            boss,
            KNOWN,
            case.id,
            lambda ref: cards_manager.known(ref, person.name, store.span(case, zone), bool(case.asked_at)),
        )
        line = f"问过 {boss.name}"
    else:
        line = _ask_hr(ctx, case, person)
    values: dict[str, Any] = {"rung": rung, "next_at": rules.next_due(case.base_at, rung)}
    if rung < rules.MANAGER:
        values["asked_at"] = case.asked_at or ctx.now
    else:
        values["escalated_at"] = case.escalated_at or ctx.now
    store.move(ctx.db, case, timeline=store.noted(case, ctx.now, zone, line), **values)
    kind = "checkin.missed_punch_asked" if rung < rules.MANAGER else "checkin.escalated"
    ctx.record(kind, case.id, subject=person, parts={"step": line}, source={"rung": str(rung)})


def _ask_employee(ctx: Context, case: Case, person: Person) -> str:
    shift = store.span(case, person.zone)
    if case.asked_at is None:
        hello = greeting(ctx.now, person.zone)
        ctx.ask(person, CHECKIN, case.id, lambda ref: cards.checkin(ref, hello, shift), deadline=case.end_at)
        return "问过本人"
    ctx.ask(person, CHECKIN, case.id, lambda ref: cards.checkin_again(ref, shift), deadline=case.end_at)
    return "再次问候本人"


def _ask_hr(ctx: Context, case: Case, person: Person) -> str:
    lines, shift = case.timeline.splitlines(), store.span(case, person.zone)
    people = hr_people(ctx, person)
    for each in people:
        ctx.ask(each, HR, case.id, lambda ref: cards_manager.hr(ref, person.name, shift, lines, bool(case.asked_at)))
    return "已请 HR 关心：" + ("、".join(each.name for each in people) or "没有可用的 HR")


def greeting(now: datetime, zone: str) -> str:
    """早上好 / 下午好 / 晚上好 by the person's own clock."""
    hour = int(store.hhmm(now, zone)[:2])
    return "早上好" if 5 <= hour < 12 else "下午好" if 12 <= hour < 18 else "晚上好"


def stop(ctx: Context, case: Case, person: Person, at: datetime, **values: Any) -> None:
    """A sign of life dated `at`: nothing more climbs, every question to others is taken back."""
    store.move(ctx.db, case, states=LISTENING, **{"state": "alive", "next_at": None, **values})
    retract(ctx, case, person, at)


def retract(ctx: Context, case: Case, person: Person, at: datetime) -> None:
    """Take back what managers and HR were asked; who was asked although the answer was in time gets an apology."""
    if case.escalated_at is None:
        return
    asked: dict[str, Person] = {}
    when = store.hhmm(at, person.zone)
    card = cards_manager.retracted(person.name, f"{when} 有了平安信号")

    def outcome(each: Person, _ask: object) -> Card:
        asked[each.id] = each
        return card

    ctx.close(case.id, outcome, kinds=(KNOWN, HR))
    if at < case.escalated_at:
        for each in asked.values():
            ctx.say(each, cards.apology(person.name, when), case.id)
    store.move(ctx.db, case, escalated_at=None)
    ctx.record("checkin.retracted", case.id, subject=person, source={"life_at": at.isoformat()})


def finish(ctx: Context, case: Case, person: Person, outcome: str, why: str, at: datetime) -> None:
    """The matter ended by itself (a punch, a leave): close every ask and say so on every card."""
    if not store.move(
        ctx.db, case, states=LISTENING, state="closed", outcome=outcome, next_at=None, decided_at=ctx.now
    ):
        return
    ctx.close(case.id, lambda _person, _ask: cards.over(why), kinds=(CHECKIN, TIME))
    ctx.close(case.id, lambda _person, _ask: cards_manager.retracted(person.name, why), kinds=(KNOWN, HR, HELP))
    ctx.record("checkin.closed", case.id, subject=person, source={"outcome": outcome}, at=at)


def punched(ctx: Context, case: Case, person: Person, at: datetime) -> None:
    """A punch came after all."""
    finish(ctx, case, person, "punched", f"已看到 {store.hhmm(at, person.zone)} 的打卡", at)
