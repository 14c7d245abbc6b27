"""Steps shared by the flows and the jobs: who is asked next, what stops the ladder, what ends a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot import access, asks
from bot.approvals.org import org_of
from bot.approvals.who import choose
from bot.card import Card
from bot.context import Context
from bot.delivery import outbox
from bot.people import Person
from handlers.missed_punch import cards, store
from handlers.missed_punch.cards import ladder as cards_ladder, manager as cards_manager
from handlers.missed_punch.ladder import reach, rungs
from handlers.missed_punch.store import Case

CHECKIN, TIME = "missed_punch.checkin", "missed_punch.time"
KNOWN, HR, HELP = "missed_punch.known", "missed_punch.hr", "missed_punch.help"
APPROVAL, REASON, REPAIR = "missed_punch.approval", "missed_punch.reason", "missed_punch.repair"
STORM = "missed_punch.storm"
EMERGENCY, HEARSAY, HEAD = "missed_punch.emergency", "missed_punch.hearsay", "missed_punch.head"
POLICE, LETTER = "missed_punch.police", "missed_punch.letter"
LETTER_SEND, CONTINUITY = "missed_punch.letter_send", "missed_punch.continuity"
OTHERS = (KNOWN, HR, EMERGENCY, HEARSAY, HEAD, POLICE, LETTER, LETTER_SEND, CONTINUITY)
"""What others are asked about somebody: a sign of life takes all of it back."""
LISTENING = ("waiting", "alive", "time")
"""States in which the employee's own words are still wanted."""
UNCLEAR_IN = ("alive", "time")
"""States in which an answer waits that nobody understood, when something is due."""


def page(ctx: Context, case_id: str, about: Person, reader: Person) -> str:
    """Address of the case's page, for whoever may open it; else empty."""
    return ctx.page(f"/absences/{quote(case_id, safe='')}", reader) if access.may_see(ctx.db, reader, about) else ""


def ask(
    ctx: Context, to: Person, kind: str, case: Case, card: Callable[[str], Card], *, about: Person | None = None
) -> str:
    """Ask a manager or HR about a case; the card leads to its page. Returns the question's ref."""
    about = about or ctx.people.get(case.person_id)
    link = page(ctx, case.id, about, to) if about else ""
    return ctx.ask(to, kind, case.id, lambda ref: replace(card(ref), link=link))


def hr_people(ctx: Context, but: Person | None = None, known: reach.Kept | None = None) -> list[Person]:
    """HR without the person concerned, or who stands in for whoever is away; the HR head when nobody else is left."""
    return list(hr_seats(ctx, but, known))


def hr_seats(ctx: Context, but: Person | None = None, known: reach.Kept | None = None) -> dict[Person, Person | None]:
    """The same, each with whom they stand in for."""
    subject = but.id if but else ""
    # Who sits in HR does not depend on the subject, only that the subject does not sit there.
    org = known.office() if known else org_of(ctx.db, subject, ctx.now)
    get = known.person if known else ctx.people.get
    seats = choose(org, subject, "hr").seats
    found = {person: get(each.behalf) for each in seats if (person := get(each.person))}
    return {person: behalf for person, behalf in found.items() if person.id != subject}


def behalf(ctx: Context, subject: Person) -> Person | None:
    """For whom the actor answers as HR about `subject`; None when in their own right."""
    return hr_seats(ctx, subject).get(ctx.actor) if ctx.actor else None


def boss_of(ctx: Context, person: Person, known: reach.Kept | None = None) -> Person | None:
    """The nearest manager who is here: those on leave or themselves missing are skipped."""
    if known and person.manager_id != person.id and (nearest := known.bosses().get(person.manager_id or "")):
        return nearest
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
    """Who may approve first: the manager or their stand-in, further up, else HR; never the person themself."""
    seats = choose(org_of(ctx.db, person.id, ctx.now), person.id, "manager").seats
    return [found for each in seats if (found := ctx.people.get(each.person))]


def advance(ctx: Context, case: Case, person: Person, known: reach.Kept | None = None) -> None:
    """Do the one rung that fits now; after a downtime the rungs in between are skipped (see `ladder`)."""
    plan = reach.plan(ctx, case, person, known)
    step = rungs.step(plan.due, ctx.now, case.rung, case.asked_at is not None)
    if step is None:
        store.move(ctx.db, case, next_at=rungs.following(plan.due, case.rung, ctx.now))
        return
    if step.shift:
        case = replace(case, base_at=case.base_at + step.shift)
        store.move(ctx.db, case, base_at=case.base_at)
    climb_to(ctx, case, person, step.rung, known)


def climb_to(ctx: Context, case: Case, person: Person, rung: int, known: reach.Kept | None = None) -> None:
    """Do one rung. A rung nobody can take is skipped and the next one comes earlier."""
    plan = reach.plan(ctx, case, person, known)
    for number in range(rung, len(plan.profile.rungs)):
        people = _asked(ctx, person, plan, number)
        if not people and number != rungs.HR:
            ctx.record("checkin.rung_skipped", case.id, subject=person, source={"rung": str(number)})
            continue
        if number > rungs.EMPLOYEE_AGAIN and (until := reach.held(ctx, plan.profile, people, known)):
            # The ladder stands still meanwhile: later rungs keep their distance.
            store.move(ctx.db, case, base_at=case.base_at + (until - plan.due[number]), next_at=until)
            return
        _do(ctx, case, person, plan, number, people)
        return
    store.move(ctx.db, case, next_at=None)


def _asked(ctx: Context, person: Person, plan: reach.Plan, rung: int) -> list[Person]:
    """Who takes the rung; nobody when it cannot be taken."""
    who = plan.profile.rungs[rung].who
    if who == "employee":
        return [person]
    if who == "manager":
        boss = boss_of(ctx, person, plan.known)
        return [boss] if boss else []
    if who == "emergency" and not plan.contact.kin:
        return []
    if who == "hr_head":
        heads = [each for each in ctx.people.with_role("hr_head") if each.id != person.id]
        return heads or hr_people(ctx, person, plan.known)
    return hr_people(ctx, person, plan.known)


def _do(ctx: Context, case: Case, person: Person, plan: reach.Plan, rung: int, people: list[Person]) -> None:
    refs, line = _cards(ctx, case, person, plan, rung, people)
    done = reach.others(ctx, case, person, plan.profile.rungs[rung], refs, known=plan.known)
    following = rungs.following(plan.due, rung, ctx.now)
    alone = plan.known is not None and person.id in plan.known.alone
    if not alone and reach.followed(ctx.db, case):
        following = None
    values: dict[str, Any] = {"rung": rung, "next_at": following}
    if rung < rungs.MANAGER:
        values["asked_at"] = case.asked_at or ctx.now
    else:
        values["escalated_at"] = case.escalated_at or ctx.now
    store.move(ctx.db, case, timeline=store.noted(case, ctx.now, person.zone, line), **values)
    kind = "checkin.missed_punch_asked" if rung < rungs.MANAGER else "checkin.escalated"
    source = {"rung": str(rung), "profile": f"{plan.profile.name}/{plan.profile.version}"}
    parts = {"step": line} | {f"channel.{name}": what for name, what in done.items()}
    ctx.record(kind, case.id, subject=person, parts=parts, source=source)


def _cards(
    ctx: Context, case: Case, person: Person, plan: reach.Plan, rung: int, people: list[Person]
) -> tuple[dict[str, Person], str]:
    """The rung's card to each of `people`: ask ref -> person, and the line for the timeline."""
    lines, shift, name = case.timeline.splitlines(), store.span(case, person.zone), person.name
    names = "、".join(each.name for each in people) or "没有可用的 HR"
    if rung <= rungs.EMPLOYEE_AGAIN:
        return _ask_employee(ctx, case, person)
    kinds: dict[int, tuple[str, str, Callable[[str], Card]]] = {
        rungs.MANAGER: (KNOWN, "问过 ", lambda ref: cards_manager.known(ref, name, shift, bool(case.asked_at))),
        rungs.HR: (HR, "已请 HR 关心：", lambda ref: cards_manager.hr(ref, name, shift, lines, bool(case.asked_at))),
        rungs.EMERGENCY: (
            EMERGENCY,
            "已请 HR 决定是否联系紧急联系人：",
            lambda ref: cards_ladder.emergency(ref, name, plan.contact.kin_name, lines),
        ),
        rungs.HR_HEAD: (HEAD, "已建议报警或走访：", lambda ref: cards_ladder.checklist(ref, name, lines)),
    }
    kind, line, card = kinds[rung]
    return {ask(ctx, each, kind, case, card, about=person): each for each in people}, line + names


def _ask_employee(ctx: Context, case: Case, person: Person) -> tuple[dict[str, Person], str]:
    shift = store.span(case, person.zone)
    if case.asked_at is None:
        hello = greeting(ctx.now, person.zone)
        ref = ctx.ask(person, CHECKIN, case.id, lambda ref: cards.checkin(ref, hello, shift), deadline=case.end_at)
        return {ref: person}, "问过本人"
    ref = ctx.ask(person, CHECKIN, case.id, lambda ref: cards.checkin_again(ref, shift), deadline=case.end_at)
    return {ref: person}, "再次问候本人"


def greeting(now: datetime, zone: str) -> str:
    """早上好 / 下午好 / 晚上好 by the person's own clock."""
    hour = int(store.hhmm(now, zone)[:2])
    return "早上好" if 5 <= hour < 12 else "下午好" if 12 <= hour < 18 else "晚上好"


def stop(ctx: Context, case: Case, person: Person, at: datetime, **values: Any) -> None:
    """A sign of life dated `at`: nothing more climbs, every question to others is taken back."""
    store.move(ctx.db, case, states=LISTENING, **{"state": "alive", "next_at": None, **values})
    # What waited behind an outage would ask somebody who has just spoken; the question stays open to be answered.
    outbox.unsay(ctx.db, [each.ref for each in asks.of_matter(ctx.db, case.id, (CHECKIN,))])
    # Whoever climbed it in this moment has committed by now: what they asked is taken back as well.
    retract(ctx, store.get(ctx.db, case.id) or case, person, at)


def retract(ctx: Context, case: Case, person: Person, at: datetime) -> None:
    """Take back what managers and HR were asked; who was asked although the answer was in time gets an apology."""
    if case.escalated_at is None:
        return
    asked: dict[str, Person] = {}
    when = store.hhmm(at, person.zone)

    def outcome(each: Person, _ask: object) -> Card:
        asked[each.id] = each
        return cards_manager.retracted(person.name, cards_manager.life_sign(when))

    ctx.close(case.id, outcome, kinds=OTHERS)
    if at < case.escalated_at:
        for each in asked.values():
            ctx.say(each, lambda: cards.apology(person.name, when), case.id)
    store.move(ctx.db, case, escalated_at=None)
    ctx.record("checkin.retracted", case.id, subject=person, source={"life_at": at.isoformat()})


def finish(ctx: Context, case: Case, person: Person, outcome: str, why: Callable[[], str], at: datetime) -> None:
    """The matter ended by itself (a punch, a leave): close every ask and say so on every card.

    `why` is called in each reader's language.
    """
    if not store.move(
        ctx.db, case, states=LISTENING, state="closed", outcome=outcome, next_at=None, decided_at=ctx.now
    ):
        return
    ctx.close(case.id, lambda _person, _ask: cards.over(why()), kinds=(CHECKIN, TIME))
    ctx.close(case.id, lambda _person, _ask: cards_manager.retracted(person.name, why()), kinds=(*OTHERS, HELP))
    ctx.record("checkin.closed", case.id, subject=person, source={"outcome": outcome}, at=at)


def punched(ctx: Context, case: Case, person: Person, at: datetime) -> None:
    """A punch came after all."""
    when = store.hhmm(at, person.zone)
    finish(ctx, case, person, "punched", lambda: cards.punch_seen(when), at)
