"""What the performance pages share: their words, who reads as what, and one transaction per form."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from urllib.parse import quote

from flask import make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection
from werkzeug.exceptions import NotFound

from bot import access, clock, receipts
from bot.context import Context
from bot.errors import Refused
from bot.evidence import audit
from bot.evidence.log import milliseconds
from bot.evidence.tables import ev_event
from bot.locale import speaking
from bot.people import People, Person
from bot.web.pages import Visit
from handlers.performance import rules, store, words, words_results
from handlers.performance.agreeing import sides
from handlers.performance.pages import words as page_words
from handlers.performance.pages.forms_score import NO_NUMBER, number
from handlers.performance.store import Cycle, Member

Role = Literal["own", "manager", "hr"]
LOOKS = "access:performance"
"""The matter under which looks at a whole cycle are on record: it is about nobody in particular."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One member of one cycle, and what the visitor is to them."""

    cycle: Cycle
    member: Member
    person: Person
    role: Role


def draw(visit: Visit, template: str, **values: object) -> str:
    """A page of this room, with its words `w` beside the core's."""
    helpers = {
        "w": functools.partial(page_words.say, visit.lang),
        "plain": rules.plain,
        "source": words.source,
        "problem": words_results.problem,
        "dims_of": lambda template: {each.code: each for each in template.dimensions} if template else {},
        "clauses_of": lambda policy: {each.no: each.text for each in policy.clauses} if policy else {},
        "when": lambda moment: visit.time(moment)[:16],
        "said": request.args.get("said", "") if request.args.get("said", "") in page_words.SAID else "",
    }
    with speaking(visit.lang):
        return visit.page(f"performance/{template}", **helpers | values)


def seat(visit: Visit, cycle_id: str, person_id: str) -> Seat:
    """NotFound for whom it does not concern: the page does not exist for them."""
    with visit.app.context(visit.person) as ctx:
        return seat_in(ctx, cycle_id, person_id)


def seat_in(ctx: Context, cycle_id: str, person_id: str) -> Seat:
    """The same inside a transaction."""
    cycle, member = store.cycle(ctx.db, cycle_id), store.member(ctx.db, cycle_id, person_id)
    person = People(ctx.db).get(person_id)
    role = role_in(ctx, member, person) if member and person else None
    if cycle is None or member is None or person is None or role is None:
        raise NotFound
    return Seat(cycle, member, person, role)


def role_in(ctx: Context, member: Member, person: Person) -> Role | None:
    """Own, the scorer's side (with whoever stands in, and the person's manager), HR, or nothing."""
    actor = ctx.actor
    if actor is None or not actor.active:
        return None
    try:
        side = sides.acting(ctx, member).side
    except Refused:
        return "manager" if access.may_see(ctx.db, actor, person) else None
    return {sides.EMPLOYEE: "own", sides.MANAGER: "manager"}.get(side, "hr")  # type: ignore[return-value]


def attempt(visit: Visit, work: Callable[[Context], object]) -> str:
    """Do it with its receipt in one transaction. What it was refused with, in the page's language; empty: done."""
    try:
        with visit.app.context(visit.person) as ctx:
            with speaking(visit.lang):
                work(ctx)
            with speaking(visit.person.locale):
                receipts.give(ctx)
    except Refused as error:
        return str(error)
    return ""


def looked(visit: Visit, subject: Person, page: str) -> None:
    """Opening somebody else's page is on record, once in ten minutes; one's own is not."""
    if subject.id == visit.person.id:
        return
    with visit.app.engine.connect() as db:
        if access.seen_lately(db, visit.person, subject, page, milliseconds(clock.now())):
            return
    with visit.app.context(visit.person) as ctx:
        access.viewed(ctx, subject, page)


def looked_at_all(visit: Visit, page: str) -> None:
    """Who saw a whole cycle is on record too, once in ten minutes."""
    since = milliseconds(clock.now() - access.AGAIN)
    where = (ev_event.c.object_id == LOOKS, ev_event.c.actor == visit.person.ref, ev_event.c.seen_ms > since)
    with visit.app.engine.connect() as db:
        if db.execute(ev_event.select().with_only_columns(ev_event.c.n).where(*where).limit(1)).first():
            return
    with visit.app.context(visit.person) as ctx:
        ctx.record(audit.VIEWED, LOOKS, source={"what": f"page:{page}"})


def need_hr(visit: Visit) -> None:
    """NotFound for everybody but HR."""
    if not access.is_hr(visit.person):
        raise NotFound


def cycle_of(db: Connection, cycle_id: str) -> Cycle:
    """The cycle, or NotFound."""
    found = store.cycle(db, cycle_id)
    if found is None:
        raise NotFound
    return found


def field(name: str) -> str:
    """A field of the form, without blanks at the ends."""
    return request.form.get(name, "").strip()


def day(text: str) -> date | None:
    """A typed day; None for what is none."""
    try:
        return date.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        return None


def unread(lang: str, days: Sequence[str] = (), numbers: Sequence[str] = (), more: Sequence[rules.Problem] = ()) -> str:
    """What is said about typed days and numbers that are none, with what else is wrong; empty when all can be read."""
    found = [rules.Problem("day", "no_date", each) for each in days if day(each) is None]
    found += [rules.Problem("number", "no_number", each) for each in numbers if number(each) is NO_NUMBER]
    with speaking(lang):
        return "\n".join(words.problem(each) for each in (*found, *more)) if found else ""


def local(visit: Visit, moment: datetime) -> date:
    """The visitor's own day."""
    return date.fromisoformat(visit.time(moment)[:10])


def wrong(page: str) -> ResponseReturnValue:
    """The same form once more, with what to change and everything that was typed."""
    return make_response(page, 422)


def path(*parts: str) -> str:
    """A path of this room."""
    return "/performance/" + "/".join(quote(each, safe="") for each in parts)
